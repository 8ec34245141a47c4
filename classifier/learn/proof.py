"""What a version says of labelled complaints that it has not learnt from.

A complaint that it did learn from counts by what was said of it when it was held out, which the version keeps; any
other by what the version says now. So two versions can be judged on the same rows, whatever each was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ComplaintError
from classifier.learn.dataset import Labelled
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import fingerprint

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answers:
    """One version's answers to labelled rows, at the level the ledger reports.

    `chances` is `(n_rows, n_categories)`, all zero where nothing could be said; `truth` `(n_rows,)` the column of each
    label; `thresholds` `(n_categories,)` the probability from which a dispatch is automatic; `learnt_from` tells which
    rows the version was trained on, so that what it said when they were held out counts.
    """

    names: tuple[str, ...]
    chances: Floats
    truth: NDArray[np.intp]
    thresholds: Floats
    learnt_from: NDArray[np.bool_]

    @property
    def first(self) -> NDArray[np.intp]:
        """The column of the first candidate of each row; -1 where nothing was said."""
        return np.where(self.chances.max(axis=1, initial=0) > 0, self.chances.argmax(axis=1), -1)

    @property
    def confidence(self) -> Floats:
        """The probability of the first candidate."""
        highest: Floats = self.chances.max(axis=1, initial=0)
        return highest

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which rows have their label as first candidate."""
        right: NDArray[np.bool_] = self.first == self.truth
        return right

    @property
    def automatic(self) -> NDArray[np.bool_]:
        """Which rows are sure enough to be dispatched automatically."""
        first = self.first
        return (first >= 0) & (self.confidence >= self.thresholds[first])


def judgeable(rows: Sequence[Labelled], *versions: Suggester) -> Sequence[Labelled]:
    """Return the rows by which versions can be judged: those that none of them learnt from without holding them out."""
    proofs = [version.model.local.proof for version in versions if version.model.local is not None]
    if not any(len(proof.learnt) for proof in proofs):
        return rows
    numbers = np.array([fingerprint(row.complaint) for row in rows], dtype=np.uint64)
    # Nothing is known of a row that was held out by one and learnt by another.
    learnt = np.any([proof.has_learnt(numbers) for proof in proofs], axis=0)
    return [row for row, out in zip(rows, learnt.tolist(), strict=True) if not out]


def unseen_answers(
    rows: Sequence[Labelled],
    suggester: Suggester,
    on_row: Callable[[], object] = lambda: None,
    ask: Callable[[Labelled], Floats] | None = None,
) -> Answers:
    """Return what a version says of `rows`, of those it learnt from when they were held out.

    Args:
        rows: labelled complaints.
        suggester: the ledger with the version.
        on_row: called after each row.
        ask: how the version is asked of a row that it did not learn from; for its probabilities alone when None.
    """
    ask = ask or (lambda row: _live(suggester, row))
    classification = suggester.classification
    names = tuple(category.path for category in classification.categories)
    column = {name: at for at, name in enumerate(names)}
    held_out = classification.held_out(suggester.model)
    kept = dict(zip(map(int, held_out.rows), held_out.chances, strict=True))
    chances = np.zeros((len(rows), len(names)), dtype=np.float32)
    learnt_from = np.zeros(len(rows), dtype=bool)
    tree, level = suggester.ledger.categories, suggester.ledger.reporting_level
    for at, row in enumerate(rows):
        stored = kept.get(fingerprint(row.complaint))
        learnt_from[at] = stored is not None
        chances[at] = ask(row) if stored is None else stored
        on_row()
    truth = [column[tree.at_level(tree[row.categories[0]], level).path] for row in rows]
    return Answers(names, chances, np.array(truth, dtype=np.intp), classification.thresholds, learnt_from)


def shared_answers(one: Suggester, other: Suggester) -> tuple[Answers, Answers]:
    """Return what two versions of a ledger said of the rows that both learnt from, when these were held out.

    Without any text: both keep these answers. No rows where they share none.
    """
    first, second = one.classification.held_out(one.model), other.classification.held_out(other.model)
    _, here, there = np.intersect1d(first.rows, second.rows, return_indices=True)
    known = first.truth[here] >= 0
    here, there = here[known], there[known]
    truth = first.truth[here].astype(np.intp)

    def answers(suggester: Suggester, chances: Floats) -> Answers:
        names = tuple(category.path for category in suggester.classification.categories)
        thresholds = suggester.classification.thresholds
        return Answers(names, chances, truth, thresholds, np.ones(len(truth), dtype=bool))

    return answers(one, first.chances[here]), answers(other, second.chances[there])


def _live(suggester: Suggester, row: Labelled) -> Floats:
    try:
        return suggester.understand(row.complaint).classified.reported
    except ComplaintError:
        return np.zeros(len(suggester.classification.categories), dtype=np.float32)
