"""What the past foretells of the newest complaints, on rows whose right answers are known beforehand."""

from __future__ import annotations

import datetime as dt

import numpy as np

from classifier.learn.curve import FEWEST, System, newest_lesson
from classifier.learn.local import fit_blend

N = 200
DAYS = [dt.date(2026, 1, 1) + dt.timedelta(days=at) for at in range(N)]
TRUTH = (np.arange(N) % 2).astype(np.int32)


def _system(truth: np.ndarray, groups: np.ndarray | None = None) -> System:
    """Rows that stand at one of two points, by their number: odd or even."""
    points = np.eye(2, dtype=np.float32)[np.arange(N) % 2]
    Y = np.eye(2, dtype=np.float32)[truth]
    prior = np.full((N, 2), 0.5, np.float32)
    return System(points @ points.T, Y, prior, truth, np.arange(N) if groups is None else groups, 0.1)


def test_the_newest_fifth_is_judged_by_what_the_past_taught() -> None:
    told = newest_lesson(_system(TRUTH), DAYS, fit_blend)
    assert told is not None
    assert (told.since, told.past, told.rows) == (DAYS[160].isoformat(), 160, 40)
    assert told.accuracy == told.macro_f1 == 1


def test_what_changed_lately_shows_as_wrong() -> None:
    changed = np.where(np.arange(N) < 160, TRUTH, 1 - TRUTH).astype(np.int32)
    told = newest_lesson(_system(changed), DAYS, fit_blend)
    assert told is not None
    assert told.accuracy == 0


def test_the_past_is_without_near_duplicates_of_the_newest() -> None:
    groups = np.arange(N)
    groups[:30] = np.arange(170, 200)
    told = newest_lesson(_system(TRUTH, groups), DAYS, fit_blend)
    assert told is not None
    assert told.past == 130


def test_the_order_of_the_rows_is_of_no_account() -> None:
    order = np.random.default_rng(3).permutation(N)
    shuffled = System(*_moved(order))
    told = newest_lesson(shuffled, [DAYS[at] for at in order], fit_blend)
    assert told == newest_lesson(_system(TRUTH), DAYS, fit_blend)


def _moved(order: np.ndarray) -> tuple:  # type: ignore[type-arg]
    one = _system(TRUTH)
    return one.K[np.ix_(order, order)], one.Y[order], one.prior[order], one.truth[order], one.groups[order], one.penalty


def test_without_enough_days_nothing_is_said() -> None:
    assert newest_lesson(_system(TRUTH), [None] * N, fit_blend) is None
    assert newest_lesson(_system(TRUTH), [*DAYS[:99], *[None] * 101], fit_blend) is None
    assert newest_lesson(_system(TRUTH), [DAYS[0]] * N, fit_blend) is None, "no past"
    late = [DAYS[0]] * (N - FEWEST + 1) + DAYS[1:FEWEST]
    assert newest_lesson(_system(TRUTH), late, fit_blend) is None
