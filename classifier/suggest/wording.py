"""What the n-grams of a text say: a vocabulary, and what each of its n-grams adds to each of some outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.suggest.sums import along, row_sums
from classifier.text.features import Encoded, FeatureSpace
from classifier.text.pipeline import ReadComplaint

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Wording:
    """`weights` `(n_features, n_outputs)` of int8 with `scale` `(n_features,)`, for the features of `space`."""

    space: FeatureSpace
    weights: NDArray[np.int8]
    scale: Floats

    def scores(self, encoded: Encoded) -> Floats:
        """Return what a text's n-grams add to each output, `(n_outputs,)`."""
        return row_sums(encoded.values, encoded.columns, self.scale, self.weights)

    def many(self, complaints: Sequence[ReadComplaint]) -> Floats:
        """Return the same of many texts, `(n_complaints, n_outputs)`."""
        scores: Floats = self.space.transform(complaints) @ self.unfolded()
        return scores

    def parts(self, encoded: Encoded, outputs: slice, direction: Floats) -> Floats:
        """Return what each of a text's n-grams adds along a direction of some outputs, `(n_columns,)`."""
        columns = encoded.columns
        return encoded.values * self.scale[columns] * along(columns, self.weights, outputs, direction)

    def unfolded(self) -> Floats:
        """Return the weights as plain numbers."""
        return self.weights.astype(np.float32) * self.scale[:, None]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_parts` needs beside the words and the number of documents, by name."""
        return {**self.space.arrays(), "weights": self.weights, "scale": self.scale}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], words: tuple[str, ...], n_documents: int) -> Wording:
        """Rebuild a wording from its `arrays`, the words and the number of documents of its space."""
        space = FeatureSpace.from_parts(arrays, words, n_documents)
        return cls(
            space, np.ascontiguousarray(arrays["weights"], np.int8), np.ascontiguousarray(arrays["scale"], np.float32)
        )
