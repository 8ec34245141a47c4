"""Figures from a version's answers to labelled rows: right and wrong, calibration, thresholds, sets.

What is chosen on rows, thresholds and prediction sets, is measured on other rows: each half is judged by what the other
half chose.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from classifier.learn.proof import Answers
from classifier.suggest.calibration import calibration_error
from classifier.suggest.sets import choose_inclusion, members
from classifier.suggest.thresholds import choose_thresholds

Floats = NDArray[np.float32]

TARGETS: Final = (0.9, 0.925, 0.95, 0.975, 0.99)
"""Accuracies of automatic dispatch that the simulator is asked for."""

SET_COVERAGE: Final = 0.95
_BINS: Final = 10
_SEED: Final = 20240101


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    """How one category fares; `rows` are labelled with it, `said` get it as first candidate."""

    category: str
    rows: int
    said: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Rows whose first candidate has a probability in one tenth: mean probability and share right."""

    rows: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """What automatic dispatch would do at one target: share of rows, and share of these right.

    `by_category` and `by_department` give the share for the rows labelled with each.
    """

    target: float
    share: float
    right: float | None
    by_category: dict[str, float]
    by_department: dict[str, float]

    def returns(self, rows: float) -> float:
        """Return how many of `rows` complaints would be dispatched automatically to a wrong category."""
        return rows * self.share * (1 - (self.right if self.right is not None else 1))


@dataclass(frozen=True, slots=True)
class Sets:
    """Prediction sets that should hold the right category with `target` in every category; `size` is their mean."""

    target: float
    size: float
    covered: dict[str, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything measured on labelled rows; shares are 0 to 1. A row without an answer counts as wrong.

    `coverage_975` is the largest share of rows, most confident first, of which 97.5 % are right. `confused` lists
    (label, said, rows) from the commonest. `learnt_from` of the rows were part of the training and count by what was
    said of them when held out.
    """

    rows: int
    answered: int
    learnt_from: int
    accuracy: float
    macro_f1: float
    top2: float
    top3: float
    calibration_error: float
    coverage_975: float
    categories: tuple[CategoryFigures, ...]
    confused: tuple[tuple[str, str, int], ...]
    bins: tuple[Bin, ...]
    simulated: tuple[Simulated, ...]
    sets: Sets


def measure(answers: Answers, departments: Sequence[str] = ()) -> Figures:
    """Compute all figures of one version's answers; there is at least one row.

    `departments` names who handled each row in the end, empty where nobody is named; none where no row says.
    """
    first, right = answers.first, answers.right
    categories = _categories(answers)
    return Figures(
        rows=len(right),
        answered=int((first >= 0).sum()),
        learnt_from=int(answers.learnt_from.sum()),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean([one.f1 for one in categories if one.rows])),
        top2=within(answers, 2),
        top3=within(answers, 3),
        calibration_error=calibration_error(answers.confidence, right),
        coverage_975=coverage(answers.confidence, right, 0.975),
        categories=categories,
        confused=_confused(answers),
        bins=_calibration_bins(answers),
        simulated=tuple(_simulate(answers, target, departments) for target in TARGETS),
        sets=_sets(answers),
    )


def within(answers: Answers, places: int) -> float:
    """Return the share of rows whose label is among the first `places` candidates."""
    best = np.argsort(-answers.chances, axis=1, kind="stable")[:, :places]
    found = (best == answers.truth[:, None]).any(axis=1) & (answers.first >= 0)
    return float(found.mean())


def coverage(confidence: Floats, right: NDArray[np.bool_], floor: float) -> float:
    """Return the largest share of rows, most confident first, of which at least `floor` are right."""
    order = np.argsort(-confidence, kind="stable")
    running = right[order].cumsum() / np.arange(1, len(right) + 1)
    good = np.flatnonzero(running >= floor)
    return float((good[-1] + 1) / len(right)) if len(good) else 0.0


def _categories(answers: Answers) -> tuple[CategoryFigures, ...]:
    columns = np.union1d(answers.truth, answers.first[answers.first >= 0])
    scores = precision_recall_fscore_support(answers.truth, answers.first, labels=columns, zero_division=0)
    said = np.bincount(answers.first[answers.first >= 0], minlength=len(answers.names))
    return tuple(
        CategoryFigures(answers.names[at], int(rows), int(said[at]), float(precision), float(recall), float(f1))
        for at, precision, recall, f1, rows in zip(columns, *scores, strict=True)
    )


def _confused(answers: Answers) -> tuple[tuple[str, str, int], ...]:
    answered = answers.first >= 0
    columns = np.arange(len(answers.names))
    counts = confusion_matrix(answers.truth[answered], answers.first[answered], labels=columns)
    np.fill_diagonal(counts, 0)
    pairs = [(answers.names[row], answers.names[at], int(counts[row, at])) for row, at in np.argwhere(counts)]
    return tuple(sorted(pairs, key=lambda pair: -pair[2]))


def _calibration_bins(answers: Answers) -> tuple[Bin, ...]:
    which = np.clip((answers.confidence * _BINS).astype(int), 0, _BINS - 1)
    return tuple(
        Bin(int(here.sum()), float(answers.confidence[here].mean()), float(answers.right[here].mean()))
        for here in (which == one for one in range(_BINS))
        if here.any()
    )


def _halves(answers: Answers) -> Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return which rows choose and which are judged, twice, so that each row is judged once."""
    order = np.random.default_rng(_SEED).permutation(len(answers.truth))
    one, other = np.sort(order[::2]), np.sort(order[1::2])
    return ((one, other), (other, one))


def _chosen_apart(answers: Answers, choose: Callable[[Floats, NDArray[np.intp]], Floats]) -> Floats:
    """Return, for each row, the numbers for each category that the other half of the rows chose."""
    chosen = np.empty_like(answers.chances)
    for choosing, judged in _halves(answers):
        chosen[judged] = choose(answers.chances[choosing], answers.truth[choosing])
    return chosen


def _simulate(answers: Answers, target: float, departments: Sequence[str]) -> Simulated:
    thresholds = _chosen_apart(answers, lambda chances, truth: choose_thresholds(chances, truth, target))
    first = answers.first
    sure = (first >= 0) & (answers.confidence >= thresholds[np.arange(len(first)), first])
    right = float(answers.right[sure].mean()) if sure.any() else None
    labels = [answers.names[at] for at in answers.truth]
    return Simulated(target, float(sure.mean()), right, _shares(sure, labels), _shares(sure, departments))


def _shares(flags: NDArray[np.bool_], names: Sequence[str]) -> dict[str, float]:
    """Return the share of flagged rows for each name, in order of name; an empty name is none."""
    each = np.array(names)
    return {str(name): round(float(flags[each == name].mean()), 4) for name in np.unique(each) if name}


def _sets(answers: Answers) -> Sets:
    least = _chosen_apart(answers, lambda chances, truth: choose_inclusion(chances, truth, SET_COVERAGE))
    held = members(answers.chances, least)
    inside = held[np.arange(len(held)), answers.truth]
    covered = {
        answers.names[at]: round(float(inside[answers.truth == at].mean()), 4) for at in np.unique(answers.truth)
    }
    return Sets(SET_COVERAGE, float(held.sum(axis=1).mean()), covered)
