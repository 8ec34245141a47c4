"""Figures of answers to labelled rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.learn.figures import coverage, measure
from classifier.learn.proof import Answers

NAMES = ("甲", "乙", "丙")


def _answers(first: np.ndarray, truth: np.ndarray, confidence: np.ndarray) -> Answers:
    chances = np.zeros((len(truth), 3), np.float32)
    for column in range(3):
        chances[:, column] = np.where(first == column, confidence, (1 - confidence) / 2)
    return Answers(NAMES, chances, truth, np.full(3, 0.9, np.float32), np.arange(len(truth)) % 2 == 0)


@pytest.fixture
def honest() -> Answers:
    """2,000 rows whose first candidate is right as often as its probability says."""
    random = np.random.default_rng(3)
    truth = random.integers(0, 3, 2000)
    confidence = random.uniform(0.5, 1, 2000)
    right = random.uniform(size=2000) < confidence
    return _answers(np.where(right, truth, (truth + 1) % 3), truth, confidence)


def test_the_figures_of_an_honest_model(honest: Answers) -> None:
    figures = measure(honest)
    assert (figures.rows, figures.answered, figures.learnt_from) == (2000, 2000, 1000)
    assert figures.accuracy == pytest.approx(honest.right.mean())
    assert figures.calibration_error < 0.05
    assert all(abs(one.probability - one.right) < 0.1 for one in figures.bins)
    assert sum(one.rows for one in figures.bins) == 2000
    assert sum(one.rows for one in figures.categories) == 2000
    assert figures.accuracy <= figures.top2 <= figures.top3 == 1
    assert sum(rows for _, _, rows in figures.confused) == (~honest.right).sum()


def test_the_simulator_keeps_what_it_promises_and_sends_less_the_more_is_asked(honest: Answers) -> None:
    simulated = measure(honest).simulated
    shares = [one.share for one in simulated]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.2
    for one in simulated[:3]:
        assert one.right is not None
        assert one.right > one.target - 0.02
        assert one.returns(1000) == pytest.approx(1000 * one.share * (1 - one.right))


def test_the_simulator_tells_departments_apart(honest: Answers) -> None:
    names = ["城管" if at % 2 else "" for at in range(2000)]
    first = measure(honest, names).simulated[0]
    assert set(first.by_department) == {"城管"}
    assert set(first.by_category) == set(NAMES)


def test_prediction_sets_cover_every_category(honest: Answers) -> None:
    sets = measure(honest).sets
    assert set(sets.covered) == set(NAMES)
    assert all(covered > 0.92 for covered in sets.covered.values())
    assert 1 < sets.size < 3


def test_a_row_without_an_answer_is_wrong_everywhere(honest: Answers) -> None:
    honest.chances[:200] = 0
    figures = measure(honest)
    assert figures.answered == 1800
    assert figures.top3 == pytest.approx(0.9)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_what_is_covered_is_as_right_as_asked(rows: list[tuple[float, bool]]) -> None:
    confidence, right = (np.array(column) for column in zip(*rows, strict=True))
    share = coverage(confidence.astype(np.float32), right, 0.8)
    kept = np.argsort(-confidence.astype(np.float32), kind="stable")[: round(share * len(rows))]
    assert not len(kept) or right[kept].mean() >= 0.8 - 1e-9
