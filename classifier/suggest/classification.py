"""From a model's probabilities to those of a ledger's categories, calibrated at the level it reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import Category
from classifier.suggest.calibration import Calibration
from classifier.suggest.keywords import Keywords
from classifier.suggest.local import weigh
from classifier.suggest.local_categories import LocalCategories
from classifier.suggest.model import LEAVES, Model, Prediction
from classifier.suggest.thresholds import choose_thresholds

Floats = NDArray[np.float32]

OUTSIDE_LIMIT = 0.5
"""Probability of not being handled by a ledger from which a person decides."""


ESTIMATED = 0.02
"""Share of a place's labels that no estimated crosswalk foretells: slips, and customs of the place. The base's own
complaints, by which probabilities are calibrated, have neither."""


@dataclass(frozen=True, slots=True)
class Classified:
    """One complaint's probabilities: of the base's leaves, and of the ledger's reported categories.

    `reported` is among what the ledger handles and sums to 1; `outside` is the probability that the ledger
    does not handle the complaint at all. `own` are those of the ledger's lowest categories, as its crosswalk or
    its labels say, not calibrated; for the base itself these are the leaves.
    """

    leaves: Floats
    reported: Floats
    outside: float
    own: Floats


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """What a model said of rows it learnt from when they were held out, at the level the ledger reports.

    `rows` are fingerprints of the texts, `chances` is `(n_rows, n_reported)`, `truth` the column of each label, -1 for
    one outside what is reported.
    """

    rows: NDArray[np.uint64]
    chances: Floats
    truth: NDArray[np.int32]


class Classification:
    """Carries probabilities over crosswalk and levels, with calibration and thresholds from held-out rows."""

    def __init__(self, ledger: Ledger, model: Model) -> None:
        self.ledger = ledger
        self._place = ledger.base.categories.places(model.heads[LEAVES].labels)
        self._local = LocalCategories(model.local, ledger) if model.local else None
        self._keywords = Keywords(ledger)
        self._unmoved = np.array_equal(self._place, np.arange(len(ledger.base.categories.leaves)))
        projection = ledger.projection
        self._shares = projection.shares if projection is not None else None
        self._outside = projection.outside() if projection is not None else None
        self.categories, self._report = _reporting(ledger)
        self._is_lowest = np.array_equal(self._report, np.eye(len(self._report), dtype=np.float32))
        self.leaf_to_report = self._report if self._shares is None else self._shares @ self._report
        probabilities, truth = self._held_out(model, handled=True)
        self.calibration = Calibration.fit(probabilities, truth)
        if projection is not None and self._local is None:
            self.calibration = self.calibration.doubting(ESTIMATED)
        calibrated = self.calibration(probabilities)
        self.thresholds = choose_thresholds(calibrated, truth, ledger.settings.target_accuracy)
        self.expected_mix = calibrated.mean(axis=0) if len(calibrated) else np.ones_like(self.thresholds)

    @property
    def label_to_report(self) -> Floats:
        """The matrix from the labels that decide, in the model's order, to the reported categories.

        These are the ledger's own where it learnt from labels of its own, otherwise the base's leaves.
        """
        if self._local is not None:
            return self._local.shares @ self._report
        return np.where(self._place[:, None] >= 0, self.leaf_to_report[self._place], np.float32(0))

    def to_model_order(self, leaves: Floats) -> Floats:
        """Return probabilities of the base's leaves in the order of the model's labels."""
        return np.where(self._place >= 0, leaves[self._place], np.float32(0))

    def lowest(self, classified: Classified, column: int) -> Category:
        """Return the likeliest of the ledger's lowest categories within a reported one."""
        return self.ledger.categories.leaves[int((classified.own * self._report[:, column]).argmax())]

    def classify_each(
        self, predictions: Sequence[Prediction], texts: Sequence[str], named: Sequence[Floats] | None
    ) -> list[Classified]:
        """Return the probabilities of each complaint.

        Args:
            predictions: the model's.
            texts: the complaints' normalised words, for the ledger's keywords.
            named: what the names of the reported categories say, as logarithms of odds; None where the base has them.
        """
        spoken = named if named is not None else [None] * len(predictions)
        return [self._classify(*each) for each in zip(predictions, texts, spoken, strict=True)]

    def _classify(self, prediction: Prediction, text: str, named: Floats | None) -> Classified:
        leaves, own, outside = self._uncalibrated(prediction, text, named)
        reported = own if self._is_lowest else own @ self._report
        return Classified(leaves, self.calibration(reported, named if self._local is None else None), outside, own)

    def _uncalibrated(self, prediction: Prediction, text: str, named: Floats | None) -> tuple[Floats, Floats, float]:
        """Return the base's leaves, the ledger's own lowest categories, and how likely it is outside of all."""
        leaves = self._row_in_ledger_order(prediction)
        if self._local is not None and prediction.local is not None:
            own, leaves = self._local(prediction.local, leaves, named if named is None else self._report @ named)
            outside = 0.0
        else:
            own = self._carried(leaves)
            outside = float(leaves @ self._outside) if self._outside is not None else 0.0
        return leaves, self._keywords.weigh(own, text), outside

    def carried(self, prediction: Prediction, named: Floats | None = None) -> Floats:
        """Return what the base alone says of the ledger's lowest categories, in their order, with their names."""
        own = self._carried(self._row_in_ledger_order(prediction))
        return own if named is None else weigh(own, self._report @ named)

    def held_out(self, model: Model) -> HeldOutRows:
        """Return what the model says, as calibrated, of each row it learnt from when that was held out."""
        rows = model.local.proof.rows if model.local is not None else model.held_out.rows
        chances, truth = self._held_out(model, handled=False)
        # A model of before there were fingerprints cannot say which rows these are.
        known = len(rows)
        return HeldOutRows(rows, self.calibration(chances[:known]), truth[:known])

    def _carried(self, leaves: Floats) -> Floats:
        return leaves if self._shares is None else leaves @ self._shares

    def _row_in_ledger_order(self, prediction: Prediction) -> Floats:
        leaves = prediction.groups[LEAVES]
        return leaves if self._unmoved else self._in_ledger_order(leaves[None, :])[0]

    def _in_ledger_order(self, probabilities: Floats) -> Floats:
        """Carry `(n_rows, n_labels)` of the model to `(n_rows, n_leaves)` of the ledger's base."""
        if self._unmoved:
            return probabilities
        moved = np.zeros((len(probabilities), len(self.ledger.base.categories.leaves)), dtype=np.float32)
        known = np.flatnonzero(self._place >= 0)
        np.add.at(moved.T, self._place[known], probabilities.T[known])
        return moved

    def _held_out(self, model: Model, *, handled: bool) -> tuple[Floats, NDArray[np.int32]]:
        """Return held-out probabilities of the reported categories, before calibration, and each row's true column.

        With `handled`, only of rows that are not left to a person as not handled here: the others say nothing of
        automatic dispatch.
        """
        if self._local is not None and model.local is not None:
            proof, to_report = model.local.proof, self._local.shares @ self._report
            return proof.probabilities.astype(np.float32) @ to_report, _columns_of(proof.truth, to_report)
        held_out = model.held_out
        truth = np.where(held_out.truth >= 0, self._place[held_out.truth], -1)
        leaves = self._in_ledger_order(held_out.leaves.astype(np.float32))
        if handled and self._outside is not None:
            here = leaves @ self._outside < OUTSIDE_LIMIT
            leaves, truth = leaves[here], truth[here]
        if self._shares is None and self._is_lowest:
            return leaves, truth.astype(np.int32)
        return (leaves @ self.leaf_to_report).astype(np.float32), _columns_of(truth, self.leaf_to_report)


def _columns_of(truth: NDArray[np.integer], shares: Floats) -> NDArray[np.int32]:
    """Carry true leaves to reported columns; -1 where a leaf is outside what is reported."""
    inside = shares.max(axis=1, initial=0) > 0
    best = shares.argmax(axis=1)
    return np.where((truth >= 0) & inside[truth], best[truth], -1).astype(np.int32)


def _reporting(ledger: Ledger) -> tuple[Sequence[Category], Floats]:
    """Return the categories reported and the matrix `(n_leaves, n_reported)` that sums leaves into them."""
    tree = ledger.categories
    above = [tree.at_level(leaf, ledger.reporting_level) for leaf in tree.leaves]
    reported = list({category.code: category for category in above}.values())
    column = {category.code: at for at, category in enumerate(reported)}
    matrix = np.zeros((len(tree.leaves), len(reported)), dtype=np.float32)
    matrix[np.arange(len(above)), [column[category.code] for category in above]] = 1
    return reported, matrix
