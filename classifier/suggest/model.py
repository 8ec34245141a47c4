"""A trained model in memory: features → scores → calibrated probabilities, for all its outputs at once.

A score is a plain sum over the features of a text, which is what makes evidence exact. Weights are kept in 8 bits
with a scale for each feature, so that workers share a model of moderate size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.registry.bundle import Bundle
from classifier.suggest.calibration import softmax
from classifier.text.features import Encoded, FeatureSpace

Floats = NDArray[np.float32]

LEAVES: Final = "leaves"
KINDS: Final = "kinds"
DEPARTMENTS: Final = "departments"
OWN: Final = "own"
"""Groups of outputs: the base's leaves, kinds, departments, and a child ledger's own categories."""


@dataclass(frozen=True, slots=True)
class Head:
    """One group of outputs, with a code for each and the sharpness of their softmax."""

    labels: tuple[str, ...]
    sharpness: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the model said of its own training rows when it had not seen them.

    `leaves` is `(n_rows, n_leaves)` of probabilities, `truth` the column of each row's label; `own` and
    `own_truth` the same for a child ledger's own categories, with no rows where it has none.
    """

    leaves: NDArray[np.float16]
    truth: NDArray[np.int32]
    own: NDArray[np.float16]
    own_truth: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities of each group for one complaint."""

    groups: dict[str, Floats]


class Model:
    """Predicts all groups of outputs for read complaints.

    `weights` is `(n_features, n_outputs)` of int8, the groups' columns side by side in the order of `heads`;
    a weight's value is the number times its feature's `scale`.
    """

    def __init__(
        self,
        name: str,
        space: FeatureSpace,
        weights: NDArray[np.int8],
        scale: Floats,
        heads: dict[str, Head],
        held_out: HeldOut,
    ) -> None:
        self.name = name
        self.space = space
        self.heads = heads
        self.held_out = held_out
        self._weights = weights
        self._scale = scale
        bounds = np.cumsum([0, *(len(head.labels) for head in heads.values())])
        self._slices = {group: slice(int(a), int(b)) for group, a, b in zip(heads, bounds, bounds[1:], strict=False)}

    def predict(self, encoded: Encoded) -> Prediction:
        """Return the probabilities of every group for one complaint."""
        columns = encoded.columns
        scores = (encoded.values * self._scale[columns]) @ self._weights[columns].astype(np.float32)
        return Prediction(
            {group: softmax(scores[at], self.heads[group].sharpness) for group, at in self._slices.items()}
        )

    def contributions(self, encoded: Encoded, group: str, direction: Floats) -> tuple[Floats, ...]:
        """Return, for title and text, how much each character spoke for `direction`.

        `direction` has one weight a label of `group`; each feature's part of that sum of scores is shared
        evenly among the characters on which it stands, so that all parts together are the sum.
        """
        found, columns = encoded.occurrences, encoded.columns
        weights = self._weights[columns, self._slices[group]].astype(np.float32)
        parts = encoded.values * self._scale[columns] * (weights @ direction)
        each = (parts / encoded.counts)[encoded.position] / np.maximum(found.size, 1)
        results = []
        for number, (_, read) in enumerate(encoded.complaint.fields):
            here = found.field == number
            length = len(read.text) + 1
            change = np.bincount(found.start[here], each[here], length)
            change -= np.bincount(found.start[here] + found.size[here], each[here], length)
            results.append(np.cumsum(change)[:-1].astype(np.float32))
        return tuple(results)

    def to_bundle(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
        """Return manifest entries, arrays and texts that `from_bundle` reads back."""
        space = self.space
        arrays: dict[str, NDArray[Any]] = {
            "characters": space.characters,
            "pairs": space.pairs,
            "title": space.title,
            "idf": space.idf,
            "weights": self._weights,
            "scale": self._scale,
            "held_out_leaves": self.held_out.leaves,
            "held_out_truth": self.held_out.truth,
            "held_out_own": self.held_out.own,
            "held_out_own_truth": self.held_out.own_truth,
        }
        texts = {"words": space.words}
        for group, head in self.heads.items():
            texts[f"labels_{group}"] = head.labels
        sharpness = {group: head.sharpness for group, head in self.heads.items()}
        return {"documents": space.n_documents, "sharpness": sharpness}, arrays, texts

    @classmethod
    def from_bundle(cls, name: str, bundle: Bundle) -> Model:
        """Rebuild a model from what `to_bundle` gave; large arrays stay mapped to their files."""
        arrays, texts = bundle.arrays, bundle.texts
        keys = (arrays["characters"], texts["words"], arrays["pairs"], arrays["title"])
        space = FeatureSpace(*keys, arrays["idf"], int(bundle.manifest["documents"]))
        heads = {
            group: Head(texts[f"labels_{group}"], float(sharpness))
            for group, sharpness in bundle.manifest["sharpness"].items()
        }
        held_out = HeldOut(
            arrays["held_out_leaves"], arrays["held_out_truth"], arrays["held_out_own"], arrays["held_out_own_truth"]
        )
        return cls(name, space, arrays["weights"], arrays["scale"], heads, held_out)


def quantise(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Round each row to 8 bits; returns the numbers and each row's scale."""
    scale = np.maximum(np.abs(weights).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(weights / scale[:, None]).astype(np.int8), scale
