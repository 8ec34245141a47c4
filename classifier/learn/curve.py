"""The same training on parts of the rows: what a further labelled complaint is worth, and what the past foretells.

The words that are counted and the axes found are those of all rows: what is held out are their labels.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from classifier.learn.ridge import fit_ridge
from classifier.suggest.local import Blend

Floats = NDArray[np.float32]
FitBlend = Callable[[Floats, Floats, NDArray[np.int32]], Blend]

PARTS: Final = (0.125, 0.25, 0.5)
FEWEST: Final = 16
"""Rows below which a part says nothing."""

_NEWEST: Final = 0.2
_MOST_JUDGED: Final = 2_000
_SEED: Final = 20240101


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a training on `rows` labelled complaints got right of complaints it had not seen."""

    rows: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Newest:
    """What a training on `past` complaints, all from before the day `since`, got right of the `rows` from then on."""

    since: str
    past: int
    rows: int
    accuracy: float
    macro_f1: float


@dataclass(frozen=True, slots=True)
class System:
    """What a training solves: inner products of the rows, their targets, priors, labels, groups of near-duplicates."""

    K: Floats
    Y: Floats
    prior: Floats
    truth: NDArray[np.int32]
    groups: NDArray[np.int32]
    penalty: float


def learning_curve(system: System, fit_blend: FitBlend) -> list[Lesson]:
    """Train on an eighth, a quarter and half of the groups of rows, and judge each on rows of the other groups."""
    random = np.random.default_rng(_SEED)
    order = random.permutation(system.groups.max() + 1)
    place = np.argsort(order)[system.groups] / max(len(order), 1)
    lessons = []
    for part in PARTS:
        train = np.flatnonzero(place < part)
        judged = np.flatnonzero(place >= part)[:_MOST_JUDGED]
        if len(train) < FEWEST or len(judged) < FEWEST:
            continue
        lessons.append(_taught(system, train, judged, fit_blend))
    return lessons


def newest_lesson(system: System, days: Sequence[dt.date | None], fit_blend: FitBlend) -> Newest | None:
    """Train on the past and judge on the newest fifth, as a model is used; None where too few rows have a day.

    Rows of the past that nearly equal one of the newest are left out.

    Args:
        system: what the training solves.
        days: each row's, None where it is not known; at least half must be.
        fit_blend: as in the training.
    """
    known = sorted(day for day in days if day)
    if len(known) * 2 < len(days) or len(known) < 2 * FEWEST:
        return None
    since = known[int(len(known) * (1 - _NEWEST))]
    newest = np.array([bool(day and day >= since) for day in days])
    past = np.array([bool(day and day < since) for day in days]) & ~np.isin(system.groups, system.groups[newest])
    if min(int(newest.sum()), int(past.sum())) < FEWEST:
        return None
    judged = np.flatnonzero(newest)
    found = _taught(system, np.flatnonzero(past), judged, fit_blend)
    return Newest(since.isoformat(), found.rows, len(judged), found.accuracy, found.macro_f1)


def _taught(system: System, train: NDArray[np.intp], judged: NDArray[np.intp], fit_blend: FitBlend) -> Lesson:
    """Train on some rows and judge on others."""
    fit = fit_ridge(system.K[np.ix_(train, train)], system.Y[train], system.penalty, None, None)
    blend = fit_blend(fit.held_out, system.prior[train], system.truth[train])
    first = blend(system.K[np.ix_(judged, train)] @ fit.dual, system.prior[judged]).argmax(axis=1)
    return lesson(len(train), first, system.truth[judged])


def lesson(rows: int, first: NDArray[np.intp], truth: NDArray[np.int32]) -> Lesson:
    """Return the figures of a training on `rows` complaints whose first candidates were `first`."""
    names = np.unique(truth)
    f1 = f1_score(truth, first, labels=names, average="macro", zero_division=0)
    return Lesson(rows, round(float((first == truth).mean()), 4), round(float(f1), 4))
