"""Probabilities that mean what they say: softmax with a temperature fitted on held-out scores (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

Floats = NDArray[np.float32]


def softmax(scores: Floats, sharpness: float) -> Floats:
    """Return probabilities `(n_rows, n_classes)`; a larger sharpness is more certain."""
    scaled = scores * np.float32(sharpness)
    scaled -= scaled.max(axis=-1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=-1, keepdims=True)
    return scaled


def log_loss(probabilities: Floats, truth: NDArray[np.integer], weights: Floats | None = None) -> float:
    """Return the mean of -ln p(true class); `truth` is `(n_rows,)` of column numbers."""
    chosen = np.maximum(probabilities[np.arange(len(truth)), truth], 1e-9)
    return float(np.average(-np.log(chosen), weights=weights))


def fit_sharpness(scores: Floats, truth: NDArray[np.integer], weights: Floats | None = None) -> float:
    """Find the sharpness with the least log loss on held-out `scores`.

    One further row whose class could be any keeps a small or easy set from making it certain.
    """
    if not len(truth):
        return 1.0

    def loss(exponent: float) -> float:
        chances = softmax(scores, float(np.exp(exponent)))
        anything = float(-np.log(np.maximum(chances, 1e-9)).mean())
        return log_loss(chances, truth, weights) + anything / len(truth)

    found = minimize_scalar(
        loss,
        bounds=(-2.0, 6.0),
        method="bounded",
        options={"xatol": 0.02},
    )
    return float(np.exp(found.x))


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error over equal-width bins of the first candidate's probability."""
    which = np.clip((confidence * bins).astype(int), 0, bins - 1)
    return float(
        sum(
            abs(float(confidence[which == one].mean()) - float(right[which == one].mean()))
            * float((which == one).mean())
            for one in range(bins)
            if (which == one).any()
        )
    )
