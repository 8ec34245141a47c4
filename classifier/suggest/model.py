"""A trained model in memory: features → scores → calibrated probabilities, for all its outputs at once.

Weights are kept as a product of two small matrices, an embedding of each feature and a head for each group of
outputs, so that five hundred categories cost little more than fifty. A score remains a plain sum over the
features of a text, which is what makes evidence exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.registry.bundle import Bundle
from classifier.suggest.calibration import softmax
from classifier.text.features import FeatureSpace
from classifier.text.pipeline import ReadComplaint

Floats = NDArray[np.float32]

LEAVES: Final = "leaves"
KINDS: Final = "kinds"
DEPARTMENTS: Final = "departments"
OWN: Final = "own"
"""Groups of outputs: the base's leaves, kinds, departments, and a child ledger's own categories."""


@dataclass(frozen=True, slots=True)
class Head:
    """One group of outputs: `labels` are codes, `weights` is `(n_dimensions, n_labels)`."""

    labels: tuple[str, ...]
    weights: Floats
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
    """Probabilities of each group for one complaint; `known` is the number of features the model knows."""

    groups: dict[str, Floats]
    known: int


class Model:
    """Predicts all groups of outputs for read complaints."""

    def __init__(
        self,
        name: str,
        space: FeatureSpace,
        embedding: NDArray[np.int8],
        scale: Floats,
        heads: dict[str, Head],
        held_out: HeldOut,
    ) -> None:
        self.name = name
        self.space = space
        self.heads = heads
        self.held_out = held_out
        self._embedding = embedding
        self._scale = scale
        self._weights = np.ascontiguousarray(np.concatenate([head.weights for head in heads.values()], axis=1))
        bounds = np.cumsum([0, *(len(head.labels) for head in heads.values())])
        self._slices = {group: slice(int(a), int(b)) for group, a, b in zip(heads, bounds, bounds[1:], strict=False)}

    def predict(self, complaint: ReadComplaint) -> Prediction:
        """Return the probabilities of every group for one complaint."""
        columns, values = self.space.vector(complaint)
        hidden = (values * self._scale[columns]) @ self._embedding[columns].astype(np.float32)
        scores = hidden @ self._weights
        return Prediction(
            {group: softmax(scores[at], self.heads[group].sharpness) for group, at in self._slices.items()},
            len(columns),
        )

    def contributions(self, complaint: ReadComplaint, group: str, direction: Floats) -> tuple[Floats, ...]:
        """Return, for title and text, how much each character spoke for `direction`.

        `direction` has one weight a label of `group`; each feature's part of that sum of scores is shared
        evenly among the characters on which it stands, so that all parts together are the sum.
        """
        found = self.space.occurrences(complaint)
        columns, values = self.space.vector(complaint)
        hidden = self.heads[group].weights @ direction
        parts = values * self._scale[columns] * (self._embedding[columns].astype(np.float32) @ hidden)
        at = np.searchsorted(columns, found.feature)
        each = parts[at] / np.bincount(at, minlength=len(columns))[at] / np.maximum(found.size, 1)
        results = []
        for number, (_, read) in enumerate(complaint.fields):
            here = found.field == number
            change = np.zeros(len(read.text) + 1)
            np.add.at(change, found.start[here], each[here])
            np.add.at(change, found.start[here] + found.size[here], -each[here])
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
            "embedding": self._embedding,
            "scale": self._scale,
            "held_out_leaves": self.held_out.leaves,
            "held_out_truth": self.held_out.truth,
            "held_out_own": self.held_out.own,
            "held_out_own_truth": self.held_out.own_truth,
        }
        texts = {"words": space.words}
        for group, head in self.heads.items():
            arrays[f"head_{group}"] = head.weights
            texts[f"labels_{group}"] = head.labels
        return {"sharpness": {group: head.sharpness for group, head in self.heads.items()}}, arrays, texts

    @classmethod
    def from_bundle(cls, name: str, bundle: Bundle) -> Model:
        """Rebuild a model from what `to_bundle` gave; large arrays stay mapped to their files."""
        arrays, texts = bundle.arrays, bundle.texts
        space = FeatureSpace(arrays["characters"], texts["words"], arrays["pairs"], arrays["title"], arrays["idf"])
        heads = {
            group: Head(texts[f"labels_{group}"], np.asarray(arrays[f"head_{group}"]), float(sharpness))
            for group, sharpness in bundle.manifest["sharpness"].items()
        }
        held_out = HeldOut(
            arrays["held_out_leaves"], arrays["held_out_truth"], arrays["held_out_own"], arrays["held_out_own_truth"]
        )
        return cls(name, space, arrays["embedding"], arrays["scale"], heads, held_out)


def compress(product: Floats, rank: int) -> Floats:
    """Return the projection `P`, `(n_outputs, rank)`, for which `(W @ P) @ P.T` is nearest to weights `W`.

    `product` is `W.T @ W`, `(n_outputs, n_outputs)` (Eckart and Young 1936).
    """
    values, vectors = np.linalg.eigh(product.astype(np.float64))
    best = np.argsort(values)[::-1][:rank]
    projection: Floats = vectors[:, best].astype(np.float32)
    return projection


def quantise(embedding: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Round each row to 8 bits; returns the numbers and each row's scale."""
    scale = np.maximum(np.abs(embedding).max(axis=1), 1e-12).astype(np.float32) / np.float32(127)
    return np.rint(embedding / scale[:, None]).astype(np.int8), scale
