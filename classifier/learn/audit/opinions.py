"""What models that had not seen a row say of it, at the cost of one training.

More rows than one exact training takes are examined in parts, texts that say the same kept together, so that memory
hardly grows with them: of each row five numbers are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.errors import ComplaintError
from classifier.learn.dataset import Labelled
from classifier.learn.duplicates import Pair
from classifier.learn.local import MOST_EXACT, learn
from classifier.suggest.model import LEAVES
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import fingerprint

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Progress = Callable[[str, float], None]

MOST_ALIKE: Final = 100
"""Rows that say the same of which a model is asked; more of them are compared with the first by their words alone."""

_SEED: Final = 20240101


@dataclass(frozen=True, slots=True)
class Opinions:
    """Of each row, by a model without it and its near-duplicates; all arrays are `(n_rows,)`.

    `given` and `best` are columns of `labels`: the label the row carries, and the likeliest; both are -1 where no model
    was asked. `given_chance` and `best_chance` are their probabilities. `known` is the share of the row's n-grams that
    the base model knows, NaN where it was not read. `faults` says of rows that cannot be read why, `parts` in how many
    trainings the rows were examined, `skipped` how many have no opinion as the base may have learnt from them.
    """

    labels: tuple[str, ...]
    given: NDArray[np.int32]
    best: NDArray[np.int32]
    given_chance: Floats
    best_chance: Floats
    known: Floats
    errors: int
    faults: dict[int, str]
    parts: int
    skipped: int

    @property
    def asked(self) -> Places:
        """The rows of which a model was asked."""
        return np.flatnonzero(self.best >= 0)


def hold_out(
    base: Suggester, rows: Sequence[Labelled], pairs: Sequence[Pair], progress: Progress, most: int = MOST_EXACT
) -> Opinions:
    """Ask of each row a model that had not seen it.

    Args:
        base: the ledger with a model; what that learnt from the ledger's own labels is not used.
        rows: labelled complaints of the ledger.
        pairs: which of them say what an earlier one says.
        progress: told how far it is, and how long it will take when there are many parts.
        most: rows of a part.
    """
    base = base.without_local()
    labels = tuple(leaf.code for leaf in base.ledger.categories.leaves)
    known, faults = _known(base, rows, progress)
    gathered = _Gathered(labels, rows)
    in_base = _rows_of_base(base, rows)
    gathered.take_base(base, in_base)
    left = np.array([at for at in range(len(rows)) if at not in faults and at not in in_base], dtype=np.intp)
    parts = split(left, pairs, most)
    began = time.monotonic()
    for number, part in enumerate(parts):
        rest = (time.monotonic() - began) / number * (len(parts) - number) if number else 0.0
        what = f"复核第 {number + 1}/{len(parts)} 份" + (f"，约还需 {ceil(rest / 60)} 分钟" if number else "")

        def report(_what: str, share: float, what: str = what, number: int = number) -> None:
            progress(what, 0.1 + 0.9 * (number + share) / len(parts))

        proof = learn(base, [rows[at] for at in part], progress=report, with_curve=False).local.proof
        gathered.take(part, proof.probabilities.astype(np.float32))
    progress("复核完毕", 1.0)
    skipped = sum(place < 0 for place in in_base.values())
    return Opinions(labels, *gathered.arrays, known, gathered.errors, faults, len(parts), skipped)


def split(rows: Places, pairs: Sequence[Pair], most: int) -> list[Places]:
    """Deal `rows` at random to parts of about `most` or fewer, what says the same to one part.

    Of more than `MOST_ALIKE` that say the same, the further ones are left out.
    """
    if not len(rows):
        return []
    owner = np.arange(max(int(rows.max()) + 1, *(pair.later + 1 for pair in pairs), 1))
    for pair in pairs:
        owner[pair.later] = pair.earlier
    order = np.random.default_rng(_SEED).permutation(len(owner))[owner[rows]]
    at = np.argsort(order, kind="stable")
    begins = np.flatnonzero(np.diff(order[at], prepend=-1))
    place = np.arange(len(at)) - np.repeat(begins, np.diff([*begins, len(at)]))
    kept = at[place < MOST_ALIKE]
    n_parts = ceil(len(kept) / most)
    if n_parts == 1:
        return [np.sort(rows[kept])]
    firsts = np.flatnonzero(np.diff(order[kept], prepend=-1))
    wanted = np.arange(1, n_parts) * len(kept) / n_parts
    bounds = firsts[np.minimum(np.searchsorted(firsts, wanted), len(firsts) - 1)]
    return [np.sort(rows[part]) for part in np.split(kept, np.unique(bounds)) if len(part)]


def count_errors(chances: Floats, given: NDArray[np.int32]) -> int:
    """Return how many labels are likely to be wrong: those off the diagonal of the confident joint.

    A row is confidently of the likeliest among the classes to which it belongs at least as much as rows so labelled
    do on average (Northcutt, Jiang and Chuang 2021, "Confident learning").

    Args:
        chances: held-out probabilities, `(n_rows, n_classes)`.
        given: `(n_rows,)` of column numbers.
    """
    counts = np.bincount(given, minlength=chances.shape[1])
    sums = np.bincount(given, chances[np.arange(len(given)), given], chances.shape[1])
    usual = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    confident = np.where(chances >= usual, chances, -1)
    return int(((confident.max(axis=1) >= 0) & (confident.argmax(axis=1) != given)).sum())


class _Gathered:
    """Collects, part by part, the five numbers that are kept of each row."""

    def __init__(self, labels: Sequence[str], rows: Sequence[Labelled]) -> None:
        column = {code: at for at, code in enumerate(labels)}
        self._column = column
        self._label = np.array([column[row.categories[0]] for row in rows], dtype=np.int32)
        self._given = np.full(len(rows), -1, dtype=np.int32)
        self._best = np.full(len(rows), -1, dtype=np.int32)
        self._given_chance = np.zeros(len(rows), dtype=np.float32)
        self._best_chance = np.zeros(len(rows), dtype=np.float32)
        self.errors = 0

    def take(self, at: Places, chances: Floats) -> None:
        """Take `(n, n_labels)` of probabilities of the rows `at`."""
        self._given[at] = self._label[at]
        self._best[at] = chances.argmax(axis=1)
        self._given_chance[at] = chances[np.arange(len(at)), self._label[at]]
        self._best_chance[at] = chances.max(axis=1)
        self.errors += count_errors(chances, self._label[at])

    def take_base(self, base: Suggester, in_base: dict[int, int]) -> None:
        """Take what the base said of rows of its own corpus when it had not seen them."""
        there = {at: place for at, place in in_base.items() if place >= 0}
        if not there:
            return
        chances = np.zeros((len(there), len(self._column)), dtype=np.float32)
        columns = [self._column[code] for code in base.model.heads[LEAVES].labels]
        chances[:, columns] = base.model.held_out.leaves[list(there.values())]
        self.take(np.array(list(there)), chances)

    @property
    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int32], Floats, Floats]:
        """The labels given and the likeliest, and the probabilities of each."""
        return self._given, self._best, self._given_chance, self._best_chance


def _known(base: Suggester, rows: Sequence[Labelled], progress: Progress) -> tuple[Floats, dict[int, str]]:
    """Return the share of each row's n-grams that the base knows, and why some rows cannot be read at all."""
    known, faults = np.full(len(rows), np.nan, dtype=np.float32), {}
    for at, row in enumerate(rows):
        try:
            known[at] = base.model.space.occurrences(base.pipeline.read(row.complaint)).known
        except ComplaintError as error:
            faults[at] = str(error)
            continue
        if at % 250 == 0:
            progress("阅读诉求", 0.1 * at / len(rows))
    return known, faults


def _rows_of_base(base: Suggester, rows: Sequence[Labelled]) -> dict[int, int]:
    """Return which rows the base itself has learnt from, each with its place in what the base says of unseen rows.

    The place is -1 for every row where the base was stored before it noted what it had learnt from.
    """
    if base.ledger.parent is not None:
        return {}
    numbers = base.model.held_out.rows
    if not len(numbers):
        return dict.fromkeys(range(len(rows)), -1)
    place = {int(number): at for at, number in enumerate(numbers)}
    found = (place.get(fingerprint(row.complaint)) for row in rows)
    return {at: number for at, number in enumerate(found) if number is not None}
