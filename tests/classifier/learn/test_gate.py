"""When a candidate is better than the version in use."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from classifier.learn.gate import compare_answers, judge
from classifier.learn.proof import Answers

NAMES = ("甲", "乙", "丙")


def _answers(truth: np.ndarray, wrong: np.ndarray) -> Answers:
    """Answers that are right but on the rows in `wrong`, where the next category is said."""
    first = np.where(wrong, (truth + 1) % 3, truth)
    chances = np.full((len(truth), 3), 0.1, np.float32)
    chances[np.arange(len(truth)), first] = 0.8
    return Answers(NAMES, chances, truth, np.full(3, 0.7, np.float32), np.ones(len(truth), bool))


@pytest.fixture
def truth() -> np.ndarray:
    return np.arange(300) % 3


def _wrong(truth: np.ndarray, *rows: int) -> np.ndarray:
    flags = np.zeros(len(truth), bool)
    flags[list(rows)] = True
    return flags


def test_a_candidate_that_is_right_more_often_passes(truth: np.ndarray) -> None:
    comparison = compare_answers("v2", _answers(truth, _wrong(truth)), "v1", _answers(truth, _wrong(truth, *range(12))))
    assert (comparison.gained, comparison.lost) == (12, 0)
    assert comparison.p_value == pytest.approx(binom.sf(11, 12, 0.5), abs=1e-6)
    assert comparison.changed == tuple(range(12))
    assert judge(comparison, 0.03).passed


def test_a_difference_of_chance_does_not_pass(truth: np.ndarray) -> None:
    after, before = _answers(truth, _wrong(truth, 1, 2)), _answers(truth, _wrong(truth, 4, 5, 6))
    verdict = judge(compare_answers("v2", after, "v1", before), 0.5)
    assert not verdict.passed
    assert "没有显著更好" in verdict.findings[0]


def test_an_equal_candidate_does_not_pass(truth: np.ndarray) -> None:
    same = _answers(truth, _wrong(truth, 3))
    comparison = compare_answers("v2", same, "v1", same)
    assert comparison.p_value == 1
    assert not judge(comparison, 0.03).passed


def test_a_category_that_falls_is_named_with_by_how_much(truth: np.ndarray) -> None:
    """Better on the whole, but one category pays for it."""
    before = _answers(truth, _wrong(truth, *range(0, 180, 3)))
    after = _answers(truth, _wrong(truth, *range(1, 60, 3)))
    comparison = compare_answers("v2", after, "v1", before)
    assert comparison.p_value < 0.05
    worst = comparison.categories[0]
    assert worst.fall > 0
    verdict = judge(comparison, worst.fall - 0.001)
    assert not verdict.passed
    assert f"“{worst.category}”的 F1" in verdict.findings[0]
    assert judge(comparison, worst.fall + 0.001).passed


def test_a_category_with_few_rows_decides_nothing() -> None:
    truth = np.array([0] * 200 + [1] * 100 + [2] * 5)
    before = _answers(truth, _wrong(truth, *range(40)))
    after = _answers(truth, _wrong(truth, 300, 301, 302))
    comparison = compare_answers("v2", after, "v1", before)
    assert comparison.categories[0].category == "丙"
    assert comparison.categories[0].rows == 5
    assert judge(comparison, 0.03).passed


def test_a_row_without_an_answer_is_wrong(truth: np.ndarray) -> None:
    answers = _answers(truth, _wrong(truth))
    answers.chances[7] = 0
    assert answers.first[7] == -1
    assert not answers.right[7]
    assert not answers.automatic[7]
