"""What changes over time, and what only seems to."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger
from classifier.domain import Complaint
from classifier.learn.audit.drift import FEWEST, divergences, drift, risen, times, unusual_mixes
from classifier.learn.audit.remarks import Problem
from classifier.learn.dataset import Labelled

MONTHS = 8
EACH = 100


def _rows(codes: np.ndarray, each: int = EACH) -> list[Labelled]:
    return [
        Labelled(Complaint("", date=dt.date(2025, 1 + at // each, 1 + at % 28)), (str(code),))
        for at, code in enumerate(codes)
    ]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_month_with_another_mix_is_named_with_what_changed(small_ledger: Ledger, random: np.random.Generator) -> None:
    codes = random.choice(["A1", "B1", "C1"], MONTHS * EACH, p=[0.5, 0.3, 0.2])
    codes[5 * EACH : 6 * EACH] = random.choice(["A1", "B1", "C1"], EACH, p=[0.2, 0.3, 0.5])
    found = list(drift(_rows(codes), None, small_ledger.categories))
    assert [remark.problem for remark in found] == [Problem.MIX_DRIFT]
    assert found[0].detail.startswith("2025年06月（100 件）与其余时期相比：")
    assert "环境/噪声" in found[0].detail
    assert "道路/路灯" in found[0].detail


def test_wording_that_the_model_does_not_know_and_labels_it_cannot_foretell_are_named(
    small_ledger: Ledger, random: np.random.Generator, make_opinions
) -> None:
    codes = np.array(["A1", "B1"] * (MONTHS * EACH // 2))
    given = (codes == "B1").astype(int)
    wrong = random.random(len(codes)) < np.where(np.arange(len(codes)) >= 7 * EACH, 0.3, 0.08)
    known = random.normal(0.9, 0.05, len(codes))
    known[2 * EACH : 3 * EACH] -= 0.06
    opinions = make_opinions(("A1", "B1"), given, np.where(wrong, 1 - given, given), None, known)
    found = {remark.problem: remark.detail for remark in drift(_rows(codes), opinions, small_ledger.categories)}
    assert set(found) == {Problem.WORDING_DRIFT, Problem.ACCURACY_DRIFT}
    assert found[Problem.WORDING_DRIFT].startswith("2025年03月（100 件）：模型不认识的字词占 1")
    assert found[Problem.ACCURACY_DRIFT].startswith("2025年08月（100 件）：未见过这些件的模型判对")


def test_where_nothing_changes_hardly_ever_is_anything_named(random: np.random.Generator) -> None:
    when = times([dt.date(2025, 1 + at // 60, 1) for at in range(8 * 60)])
    alarms = 0
    for _ in range(40):
        values = random.random(8 * 60)
        alarms += bool(risen(values, when, 0.0))
        codes = random.choice(4, 8 * 60, p=[0.4, 0.3, 0.2, 0.1])
        table = np.array([np.bincount(part, minlength=4) for part in codes.reshape(8, 60)])
        alarms += bool(unusual_mixes(table))
    assert alarms <= 4, "once in a hundred is expected, twice over"


def test_a_great_many_rows_do_not_make_a_trifle_a_drift() -> None:
    table = np.array([[50_000, 50_000], [50_000, 50_000], [51_500, 48_500]])
    assert unusual_mixes(table) == []


def test_divergence_is_nothing_between_equal_mixes_and_one_bit_between_those_with_nothing_in_common() -> None:
    assert divergences(np.array([[3, 1], [30, 10]])) == pytest.approx([0, 0])
    assert divergences(np.array([[7, 0], [0, 9]])) == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("a_month", "names"),
    [
        (FEWEST, ("2025年01月", "2025年02月", "2025年03月", "2025年04月")),
        (FEWEST // 2, ("2025年第1季度",)),
        (FEWEST // 4 + 1, ("2025年",)),
    ],
)
def test_times_are_months_quarters_or_years_as_the_rows_allow(a_month: int, names: tuple[str, ...]) -> None:
    days: list[dt.date | None] = [dt.date(2025, month, 1) for month in (1, 2, 3, 4) for _ in range(a_month)]
    when = times([*days, None])
    assert when.names[:4] == names[:4]
    assert when.number[-1] == -1


def test_without_dates_nothing_is_said_of_time(small_ledger: Ledger) -> None:
    rows = [Labelled(Complaint(""), ("A1",))] * 100
    assert list(drift(rows, None, small_ledger.categories)) == []
