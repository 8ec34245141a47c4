"""A trained model in memory: features → scores → calibrated probabilities, for all its outputs at once.

A score is a plain sum over the features of a text, which is what makes evidence exact. Weights are kept in four bits
with a scale for each feature, so that workers share a model of moderate size and a score reads little of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.registry.bundle import Bundle
from classifier.suggest.chances import softmax_of_groups
from classifier.suggest.local import OWN, Local, Scored
from classifier.suggest.sums import along, row_sums
from classifier.suggest.weights import Packed, Weights, rows_of
from classifier.text.features import Encoded, FeatureSpace

Floats = NDArray[np.float32]

LEAVES: Final = "leaves"
KINDS: Final = "kinds"
DEPARTMENTS: Final = "departments"
"""Groups of outputs: the base's leaves, kinds and departments."""

_ROWS_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Head:
    """One group of outputs, with a code for each and the sharpness of their softmax."""

    labels: tuple[str, ...]
    sharpness: float


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What the model said of its own training rows when it had not seen them.

    `leaves` is `(n_rows, n_leaves)` of probabilities, `truth` the column of each row's label, `rows` the fingerprint
    of each text; `departments` and `departments_truth` are the same of departments, with -1 for a row that names none.
    A model of before there were fingerprints, or departments, has none.
    """

    leaves: NDArray[np.float16]
    truth: NDArray[np.int32]
    rows: NDArray[np.uint64]
    departments: NDArray[np.float16]
    departments_truth: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities of each group for one complaint, with the scores behind them.

    `leaf_scores` are the base's of its leaves, `local` what the ledger's own labels taught says.
    """

    groups: dict[str, Floats]
    leaf_scores: Floats
    local: Scored | None = None


class Model:
    """Predicts all groups of outputs for read complaints.

    `weights` are of `n_features` and of the outputs of all groups, side by side in the order of `heads`; a weight's
    value is its number or level times its feature's `scale`.
    """

    def __init__(
        self,
        name: str,
        space: FeatureSpace,
        weights: Weights,
        scale: Floats,
        heads: dict[str, Head],
        held_out: HeldOut,
        local: Local | None = None,
    ) -> None:
        self.name = name
        self.space = space
        self.heads = heads
        self.held_out = held_out
        self.local = local
        self._weights = weights
        self._scale = np.ascontiguousarray(scale, np.float32)
        bounds = np.cumsum([0, *(len(head.labels) for head in heads.values())])
        sharpness = np.array([head.sharpness for head in heads.values()], dtype=np.float32)
        self._strengths: dict[str, Floats] = {}
        self._starts = bounds[:-1].astype(np.int32)
        self._sharpness = np.repeat(sharpness, np.diff(bounds))
        self._slices = {group: slice(int(a), int(b)) for group, a, b in zip(heads, bounds, bounds[1:], strict=False)}

    def with_local(self, local: Local | None) -> Model:
        """Return the same base with what was learnt from local labels, or with nothing of that sort."""
        return Model(self.name, self.space, self._weights, self._scale, self.heads, self.held_out, local)

    def scores(self, encoded: Encoded) -> Floats:
        """Return the scores of every output for one complaint, the groups side by side."""
        return row_sums(encoded.values, encoded.columns, self._scale, self._weights)

    def strengths(self, group: str) -> Floats:
        """Return how much each feature says of `group`: the length of its centred weights, `(n_features,)`."""
        if group not in self._strengths:
            self._strengths[group] = self._measure_strengths(self._slices[group])
        return self._strengths[group]

    def _measure_strengths(self, at: slice) -> Floats:
        lengths = np.empty(len(self._scale), dtype=np.float32)
        for begin in range(0, len(lengths), _ROWS_AT_ONCE):
            part = rows_of(self._weights, slice(begin, begin + _ROWS_AT_ONCE))[:, at].astype(np.float32)
            part -= part.mean(axis=1, keepdims=True)
            lengths[begin : begin + _ROWS_AT_ONCE] = np.linalg.norm(part, axis=1)
        return lengths * self._scale

    def predict(self, encoded: Encoded) -> Prediction:
        """Return the probabilities of every group for one complaint."""
        return self.predict_each([encoded])[0]

    def predict_each(self, encoded: Sequence[Encoded]) -> list[Prediction]:
        """Return the probabilities of every group for each complaint."""
        # Step by step for all of them, so that each step's code stays in the cache.
        scores = [self.scores(one) for one in encoded]
        chances = [softmax_of_groups(one, self._sharpness, self._starts) for one in scores]
        leaves = self._slices[LEAVES]
        return [
            Prediction(
                {group: row[at] for group, at in self._slices.items()},
                told[leaves],
                self.local.score(one.complaint, told[leaves]) if self.local else None,
            )
            for one, told, row in zip(encoded, scores, chances, strict=True)
        ]

    def contributions(self, encoded: Encoded, group: str, direction: Floats) -> tuple[Floats, ...]:
        """Return, for title and text, how much each character spoke for `direction`, one weight a label of `group`.

        The parts of all characters together are that sum of scores.
        """
        columns = encoded.columns
        spoken = along(columns, self._weights, self._slices[group], direction)
        return encoded.spread(encoded.values * self._scale[columns] * spoken)

    def local_contributions(self, encoded: Encoded, scored: Scored, direction: Floats) -> tuple[Floats, ...]:
        """Return the same for the ledger's own categories: what the text itself says, and what the base reads in it."""
        assert self.local is not None  # noqa: S101 - whoever has scores of it has it
        spoken, slope = self.local.spoken(scored, OWN, direction)
        fields = zip(spoken, self.contributions(encoded, LEAVES, slope), strict=True)
        return tuple(own + base for own, base in fields)

    def to_bundle(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]], dict[str, tuple[str, ...]]]:
        """Return manifest entries, arrays and texts that `from_bundle` reads back."""
        arrays: dict[str, NDArray[Any]] = {
            **self.space.arrays(),
            **_arrays(self._weights),
            "scale": self._scale,
            "held_out_leaves": self.held_out.leaves,
            "held_out_truth": self.held_out.truth,
            "held_out_rows": self.held_out.rows,
            "held_out_departments": self.held_out.departments,
            "held_out_departments_truth": self.held_out.departments_truth,
        }
        texts = {"words": self.space.words}
        for group, head in self.heads.items():
            texts[f"labels_{group}"] = head.labels
        sharpness = {group: head.sharpness for group, head in self.heads.items()}
        entries: dict[str, Any] = {"documents": self.space.n_documents, "sharpness": sharpness}
        if self.local is not None:
            facts, numbers, lines = self.local.to_bundle()
            entries, arrays, texts = entries | facts, arrays | numbers, texts | lines
        return entries, arrays, texts

    @classmethod
    def from_bundle(cls, name: str, bundle: Bundle) -> Model:
        """Rebuild a model from what `to_bundle` gave; large arrays stay mapped to their files."""
        arrays, texts = bundle.arrays, bundle.texts
        space = FeatureSpace.from_parts(arrays, texts["words"], int(bundle.manifest["documents"]))
        heads = {
            group: Head(texts[f"labels_{group}"], float(sharpness))
            for group, sharpness in bundle.manifest["sharpness"].items()
        }
        held_out = HeldOut(
            arrays["held_out_leaves"],
            arrays["held_out_truth"],
            arrays.get("held_out_rows", np.zeros(0, dtype=np.uint64)),
            arrays.get("held_out_departments", np.zeros((0, 0), dtype=np.float16)),
            arrays.get("held_out_departments_truth", np.zeros(0, dtype=np.int32)),
        )
        n_outputs = sum(len(head.labels) for head in heads.values())
        weights = _weights_of(arrays, n_outputs)
        return cls(name, space, weights, arrays["scale"], heads, held_out, Local.from_bundle(bundle))


def _arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    if isinstance(weights, Packed):
        return {"weights": weights.numbers, "levels": weights.levels}
    return {"weights": weights}


def _weights_of(arrays: Mapping[str, NDArray[Any]], n_outputs: int) -> Weights:
    """Read what `_arrays` gave; versions of before there were levels have a byte for each weight."""
    if "levels" in arrays:
        return Packed(arrays["weights"], arrays["levels"], n_outputs)
    return np.ascontiguousarray(arrays["weights"], np.int8)
