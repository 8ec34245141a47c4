"""The axes on which a ledger's labelled complaints are placed: of the base's views, and of the words they share."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.suggest.standpoint import Latent, Views
from classifier.suggest.weights import quantise

Floats = NDArray[np.float32]

_AXES: Final = 128
_PER_AXIS: Final = 10
"""Labelled complaints for each latent axis, at least."""

_FREQUENT: Final = 10
"""Complaints that have an n-gram for which it is placed on the latent axes, at most."""

_ROUNDS: Final = 4
_SEED: Final = 20240101


def view_axes(scores: Floats) -> Floats:
    """Return the directions in which the views vary: all of them for few rows, the strongest for many."""
    n_rows, n_leaves = scores.shape
    if n_leaves <= _AXES or n_rows < 4 * n_leaves:
        return np.eye(n_leaves, dtype=np.float32)
    unit = Views(np.eye(n_leaves, dtype=np.float32))(scores)
    _, vectors = np.linalg.eigh(unit.T @ unit)
    return np.ascontiguousarray(vectors[:, -_AXES:], dtype=np.float32)


def latent_axes(X: sparse.csr_matrix, text: Floats, telling: Floats) -> Latent | None:
    """Find the axes along which complaints differ most by their n-grams; None for too few complaints.

    Args:
        X: features as they count, `(n_rows, n_features)`.
        text: their inner products, `(n_rows, n_rows)`.
        telling: by how much each feature was multiplied, `(n_features,)`.
    """
    n_rows, n_features = X.shape
    n_axes = min(_AXES, n_rows // _PER_AXIS)
    if n_axes < 1:
        return None
    strengths, vectors = _largest(text, n_axes)
    frequent = np.bincount(X.indices, minlength=n_features) >= min(_FREQUENT, max(2, n_rows // 100))
    places = np.full(n_features, -1, dtype=np.int32)
    places[frequent] = np.arange(int(frequent.sum()), dtype=np.int32)
    turned = X[:, frequent].T @ (vectors / np.sqrt(strengths))
    return Latent(places, *quantise(telling[frequent, None] * turned))


def _largest(K: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues of a kernel and their vectors, by subspace iteration (Halko et al. 2011)."""
    basis = np.random.default_rng(_SEED).standard_normal((len(K), min(len(K), count + count // 8 + 4)))
    span = basis.astype(np.float32)
    for _ in range(_ROUNDS):
        span, _ = np.linalg.qr(K @ span)
    strengths, turned = np.linalg.eigh(span.T @ (K @ span))
    kept = np.argsort(-strengths)[:count]
    return np.maximum(strengths[kept], np.float32(1e-6)), span @ turned[:, kept]
