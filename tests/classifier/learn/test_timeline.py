"""How a version does month by month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from classifier.learn.proof import Answers
from classifier.learn.timeline import FEWEST, Timeline, timeline

SURE, UNSURE = 0.9, 0.6


def _answers(right: list[bool], confidence: list[float]) -> Answers:
    chances = np.array([[one, 1 - one] for one in confidence], np.float32)
    truth = np.array([0 if one else 1 for one in right])
    return Answers(("甲", "乙"), chances, truth, np.full(2, 0.8, np.float32), np.zeros(len(right), bool))


def _told(months: dict[tuple[int, int], tuple[int, int]]) -> Timeline | None:
    """Tell of months, given by year and number, with so many rows right and so many wrong; the wrong ones are unsure."""
    days, right = list[dt.date | None](), list[bool]()
    for (year, month), (good, bad) in months.items():
        days += [dt.date(year, month, 1 + at % 28) for at in range(good + bad)]
        right += [True] * good + [False] * bad
    return timeline(days, _answers(right, [SURE if one else UNSURE for one in right]))


def test_each_month_has_its_rows_its_share_right_and_what_is_automatic() -> None:
    told = _told({(2025, 12): (30, 10), (2026, 1): (36, 4)})
    assert told is not None
    first, second = told.periods
    assert [one.name for one in told.periods] == ["2025-12", "2026-01"]
    assert (first.rows, first.right, first.automatic, first.automatic_right) == (40, 0.75, 0.75, 1.0)
    assert first.confidence == pytest.approx(0.75 * SURE + 0.25 * UNSURE, abs=1e-3)
    assert (second.rows, second.right) == (40, 0.9)


def test_months_come_in_order_whatever_the_order_of_rows() -> None:
    days = [dt.date(2026, 3, 1), dt.date(2026, 1, 1)] * FEWEST
    told = timeline(days, _answers([True, False] * FEWEST, [SURE] * 2 * FEWEST))
    assert told is not None
    assert [(one.first, one.right) for one in told.periods] == [("2026-01", 0.0), ("2026-03", 1.0)]


def test_a_month_of_few_rows_is_told_with_the_next_and_the_last_with_the_one_before() -> None:
    told = _told({(2026, 1): (5, 0), (2026, 2): (20, 0), (2026, 3): (25, 0), (2026, 4): (3, 0)})
    assert told is not None
    assert [(one.name, one.rows) for one in told.periods] == [("2026-01～2026-02", 25), ("2026-03～2026-04", 28)]


def test_a_fall_beyond_chance_is_told_as_one() -> None:
    told = _told({(2026, 1): (90, 10), (2026, 2): (90, 10), (2026, 3): (60, 40)})
    assert told is not None
    assert told.before == 0.9
    assert told.finding == "最近（2026-03）判对 60.0%，此前 90.0%，比以前差，不像是偶然的（p < 0.001）"


def test_a_difference_that_chance_explains_is_told_so() -> None:
    told = _told({(2026, 1): (27, 3), (2026, 2): (26, 4)})
    assert told is not None
    assert told.p_value == pytest.approx(1.0)
    assert "可能是偶然的" in told.finding


def test_one_period_says_nothing_of_change() -> None:
    told = _told({(2026, 5): (30, 0)})
    assert told is not None
    assert (told.before, told.p_value) == (None, None)
    assert told.finding == "有日期的都在 2026-05，看不出变化"


def test_rows_without_a_date_are_counted_and_left_out() -> None:
    days = [dt.date(2026, 1, 1)] * FEWEST + [None] * 7
    told = timeline(days, _answers([True] * (FEWEST + 7), [SURE] * (FEWEST + 7)))
    assert told is not None
    assert (told.undated, told.periods[0].rows) == (7, FEWEST)


def test_too_few_dates_tell_nothing() -> None:
    assert _told({(2026, 1): (FEWEST - 1, 0)}) is None
    assert timeline([None] * 50, _answers([True] * 50, [SURE] * 50)) is None
