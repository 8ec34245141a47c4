"""How a version does month by month, and whether it did worse lately than before."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from classifier.learn.proof import Answers
from classifier.presentation import months

FEWEST: Final = 20
"""Rows of a period at least: a month with fewer is told with the next, the last one with the one before."""

CHANCE: Final = 0.05
"""Probability below which a difference is not put down to chance (two-sided)."""


@dataclass(frozen=True, slots=True)
class Period:
    """One month or several, from `first` to `last` (`2026-01`): how many rows, and shares of them, 0 to 1.

    `confidence` is the mean probability of the first candidate; `automatic_right` is None where none is automatic.
    """

    first: str
    last: str
    rows: int
    right: float
    confidence: float
    automatic: float
    automatic_right: float | None

    @property
    def name(self) -> str:
        """The month, or both ends."""
        return months(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Figures by month, oldest first, of the rows that have a date; `undated` have none.

    `before` is the share right in all but the newest period, and `p_value` how probable so large a difference of the
    newest from it would be by chance (Fisher's exact test); both are None where there is one period alone.
    """

    periods: tuple[Period, ...]
    undated: int
    before: float | None = None
    p_value: float | None = None

    @property
    def finding(self) -> str:
        """What a steward reads of the newest period."""
        newest = self.periods[-1]
        if self.before is None or self.p_value is None:
            return f"有日期的都在 {newest.name}，看不出变化"
        shown = f"最近（{newest.name}）判对 {newest.right:.1%}，此前 {self.before:.1%}"
        chance = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        if self.p_value >= CHANCE:
            return f"{shown}，差别可能是偶然的（{chance}）"
        return f"{shown}，比以前{'差' if newest.right < self.before else '好'}，不像是偶然的（{chance}）"


def timeline(days: Sequence[dt.date | None], answers: Answers) -> Timeline | None:
    """Return how a version does over time; None where fewer than `FEWEST` rows have a date.

    Args:
        days: each row's, None where it is not known.
        answers: what the version says of the rows.
    """
    months: defaultdict[str, list[int]] = defaultdict(list)
    for at, day in enumerate(days):
        if day is not None:
            months[f"{day:%Y-%m}"].append(at)
    joined = _joined(sorted(months.items()))
    if not joined:
        return None
    periods = tuple(_period(first, last, np.array(rows), answers) for first, last, rows in joined)
    undated = len(days) - sum(len(rows) for _, _, rows in joined)
    if len(joined) == 1:
        return Timeline(periods, undated)
    newest = answers.right[joined[-1][2]]
    before = answers.right[[at for _, _, rows in joined[:-1] for at in rows]]
    table = np.array([[one.sum(), (~one).sum()] for one in (newest, before)])
    return Timeline(periods, undated, round(float(before.mean()), 4), float(fisher_exact(table).pvalue))


def _joined(months: Sequence[tuple[str, list[int]]]) -> list[tuple[str, str, list[int]]]:
    """Join neighbouring months until each period has `FEWEST` rows; none where all together have fewer."""
    found: list[tuple[str, str, list[int]]] = []
    for month, rows in months:
        if found and len(found[-1][2]) < FEWEST:
            first, _, before = found.pop()
            found.append((first, month, [*before, *rows]))
        else:
            found.append((month, month, rows))
    if len(found) > 1 and len(found[-1][2]) < FEWEST:
        _, last, rows = found.pop()
        first, _, before = found.pop()
        found.append((first, last, [*before, *rows]))
    return [one for one in found if len(one[2]) >= FEWEST]


def _period(first: str, last: str, rows: NDArray[np.intp], answers: Answers) -> Period:
    right, automatic = answers.right[rows], answers.automatic[rows]
    return Period(
        first,
        last,
        len(rows),
        _share(right),
        round(float(answers.confidence[rows].mean()), 4),
        _share(automatic),
        _share(right[automatic]) if automatic.any() else None,
    )


def _share(which: NDArray[np.bool_]) -> float:
    return round(float(which.mean()), 4)
