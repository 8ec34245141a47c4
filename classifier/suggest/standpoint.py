"""Where a text stands among a ledger's labelled complaints: by what the base says of it, and by the words they share.

Each is a unit vector; how near two texts are is `exp(reach * (cosine - 1))` of both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.suggest.sums import along, row_sums
from classifier.text.features import Encoded

Floats = NDArray[np.float32]

_SMALLEST = np.float32(1e-9)


@dataclass(frozen=True, slots=True)
class Views:
    """Places the base's scores of a text on a sphere: centred, turned to `axes` `(n_leaves, n_axes)`, unit length."""

    axes: Floats

    def __call__(self, scores: Floats) -> Floats:
        """Return `(…, n_axes)` for scores `(…, n_leaves)`."""
        return to_unit((scores - scores.mean(axis=-1, keepdims=True)) @ self.axes)


@dataclass(frozen=True, slots=True)
class Latent:
    """Places a text by its n-grams on the axes along which a ledger's complaints differ most, unit length.

    Latent semantic analysis (Deerwester et al. 1990). `places` is `(n_features,)`: the row of each n-gram in `weights`,
    `(n_rows, n_axes)` of int8 with `scale` `(n_rows,)`, and -1 for n-grams too rare to have one.
    """

    places: NDArray[np.int32]
    weights: NDArray[np.int8]
    scale: Floats

    def __call__(self, encoded: Encoded) -> tuple[Floats, float]:
        """Return the place of one text, `(n_axes,)`, and how long it was before it was made a unit."""
        kept, rows = self._kept(encoded)
        straight = row_sums(np.ascontiguousarray(encoded.values[kept]), rows, self.scale, self.weights)
        length = max(float(np.linalg.norm(straight)), float(_SMALLEST))
        return straight / np.float32(length), length

    def many(self, X: sparse.csr_matrix) -> Floats:
        """Return the places of many texts, `(n_rows, n_axes)`, from their features `(n_rows, n_features)`."""
        known = np.flatnonzero(self.places >= 0)
        rows = self.places[known]
        return to_unit(X[:, known] @ (self.weights[rows] * self.scale[rows, None]))

    def along(self, encoded: Encoded, direction: Floats) -> Floats:
        """Return what each n-gram adds along a direction of the axes, before the whole is made a unit."""
        kept, rows = self._kept(encoded)
        parts = np.zeros(len(encoded.columns), dtype=np.float32)
        everything = slice(0, self.weights.shape[1])
        parts[kept] = encoded.values[kept] * self.scale[rows] * along(rows, self.weights, everything, direction)
        return parts

    def _kept(self, encoded: Encoded) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        rows = self.places[encoded.columns]
        kept = np.flatnonzero(rows >= 0)
        return kept, np.ascontiguousarray(rows[kept])


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Both views of a text as one point; `reach` is how far apart, by each of them, texts still count as near."""

    views: Views
    latent: Latent | None
    reach: tuple[float, float]

    @property
    def total(self) -> np.float32:
        """The inner product of a point with itself."""
        return np.float32(sum(self.reach))

    def __call__(self, scores: Floats, encoded: Encoded) -> tuple[Floats, float]:
        """Return the point of one text, and the length of its latent part before it was made a unit.

        Args:
            scores: the base's, of its leaves.
            encoded: the text's n-grams in the place's own vocabulary.
        """
        view = self._root(0) * self.views(scores)
        if self.latent is None:
            return view, 1.0
        place, length = self.latent(encoded)
        return np.concatenate([view, self._root(1) * place]), length

    def many(self, scores: Floats, X: sparse.csr_matrix) -> Floats:
        """Return the points of many texts, `(n_rows, n_axes)`."""
        view = self._root(0) * self.views(scores)
        return view if self.latent is None else np.hstack([view, self._root(1) * self.latent.many(X)])

    def slopes(self, direction: Floats, encoded: Encoded, length: float) -> tuple[Floats, Floats | None]:
        """Return the slope along the base's score of each leaf, and what each n-gram adds by its latent place.

        Args:
            direction: along the point, `(n_axes,)`.
            encoded: the text's n-grams.
            length: as `__call__` returned it.
        """
        n_views = self.views.axes.shape[1]
        slope = self.views.axes @ (self._root(0) * direction[:n_views])
        if self.latent is None:
            return slope, None
        return slope, self.latent.along(encoded, direction[n_views:] * (self._root(1) / np.float32(length)))

    def to_bundle(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return entries and arrays that `from_bundle` reads back."""
        arrays: dict[str, NDArray[Any]] = {"axes": self.views.axes}
        if self.latent is not None:
            one = self.latent
            arrays |= {"latent_places": one.places, "latent_weights": one.weights, "latent_scale": one.scale}
        return {"reach": list(self.reach)}, arrays

    @classmethod
    def from_bundle(cls, entries: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Standpoint:
        """Rebuild what `to_bundle` gave."""
        latent = None
        if "latent_places" in arrays:
            latent = Latent(arrays["latent_places"], arrays["latent_weights"], arrays["latent_scale"])
        by_base, by_words = entries["reach"]
        return cls(Views(arrays["axes"]), latent, (float(by_base), float(by_words)))

    def _root(self, at: int) -> np.float32:
        return np.float32(np.sqrt(self.reach[at]))


def to_unit(vectors: Floats) -> Floats:
    """Return vectors `(…, n_axes)` at unit length; those of no length stay as they are."""
    unit: Floats = (vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), _SMALLEST)).astype(np.float32)
    return unit
