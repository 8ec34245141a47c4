"""Probabilities from scores, by the compiled kernel or without it, to the last bit the same.

Libraries differ in the last bit of an exponential. Both paths use that of the Cephes Mathematical Library (Moshier
1989), in single precision.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.compiled import kernel

Floats = NDArray[np.float32]

DIGITS: Final = 6
"""Decimals of the probabilities that a suggestion shows."""

_FURTHEST: Final = np.float32(86)
_SMALLEST: Final = np.float32(1e-9)
_LN2: Final = np.float32(0.693359375), np.float32(-2.12194440e-4)
"""The natural logarithm of 2 in two parts, the first exact."""

_EXP: Final = (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_LOG: Final = (
    *(7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1),
    *(-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1),
)
_HALF_ROOT: Final = np.float32(0.707106781186547524)


def softmax_of_groups(scores: Floats, sharpness: Floats, starts: NDArray[np.int32]) -> Floats:
    """Return the probabilities `(n_outputs,)` of groups of outputs side by side: the softmax of each.

    Args:
        scores: `(n_outputs,)`.
        sharpness: `(n_outputs,)`; a larger one is more certain.
        starts: where each group begins, the first at 0; none is empty.
    """
    if kernel is None:
        return softmax_of_groups_plainly(scores, sharpness, starts)
    return np.frombuffer(kernel.softmax(scores, sharpness, starts), np.float32)


def softmax_of_groups_plainly(scores: Floats, sharpness: Floats, starts: NDArray[np.int32]) -> Floats:
    """Return what `softmax_of_groups` returns, without the compiled kernel."""
    sizes = np.diff(starts, append=np.int32(len(scores)))
    chances = scores * sharpness
    chances = _exponential(chances - np.repeat(np.maximum.reduceat(chances, starts), sizes))
    # Counting adds one after another, as the kernel does.
    sums = np.bincount(np.repeat(np.arange(len(sizes)), sizes), chances, len(sizes)).astype(np.float32)
    chances /= np.repeat(sums, sizes)
    return chances


def calibrated(probabilities: Floats, evidence: Floats | None, sharpness: float, doubt: float) -> Floats:
    """Return `(1 - doubt) * p ** sharpness * exp(evidence) / sum + doubt / n_classes` for each row.

    Args:
        probabilities: `(…, n_classes)`.
        evidence: of the same shape, or none.
        sharpness: above 1 is more certain.
        doubt: the share of cases in which any answer is as good.
    """
    if kernel is None:
        return calibrated_plainly(probabilities, evidence, sharpness, doubt)
    given = np.ascontiguousarray(probabilities)
    more = b"" if evidence is None else np.ascontiguousarray(evidence, np.float32)
    found = kernel.calibrate(given, more, given.shape[-1], sharpness, doubt)
    return np.frombuffer(found, np.float32).reshape(given.shape)


def calibrated_plainly(probabilities: Floats, evidence: Floats | None, sharpness: float, doubt: float) -> Floats:
    """Return what `calibrated` returns, without the compiled kernel."""
    raised = _exponential(np.float32(sharpness) * _logarithm(np.maximum(probabilities, _SMALLEST)))
    if evidence is not None:
        raised *= _exponential(evidence)
    sums = np.add.accumulate(raised, axis=-1, dtype=np.float64)[..., -1:]
    raised *= ((1 - doubt) / sums).astype(np.float32)
    raised += np.float32(doubt / probabilities.shape[-1])
    return raised


def best_of(values: Floats, count: int) -> list[int]:
    """Return the places of the largest values, the largest first, of equal ones the earlier.

    >>> best_of(np.array([0.2, 0.5, 0.1, 0.5], dtype=np.float32), 3)
    [1, 3, 0]
    """
    if kernel is None:
        return best_of_plainly(values, count)
    found: list[int] = kernel.best(values, count)
    return found


def best_of_plainly(values: Floats, count: int) -> list[int]:
    """Return what `best_of` returns, without the compiled kernel."""
    found: list[int] = np.argsort(-values, kind="stable")[:count].tolist()
    return found


def _exponential(values: Floats) -> Floats:
    left = np.clip(values, -_FURTHEST, _FURTHEST)
    n = np.rint(left * np.float32(1.44269504))
    for part in _LN2:
        left = left - n * part
    powers = np.full_like(left, _EXP[0])
    for coefficient in _EXP[1:]:
        powers = powers * left + np.float32(coefficient)
    raised = (powers * (left * left) + left) + np.float32(1)
    found: Floats = np.ldexp(raised, n.astype(np.int32))
    return found


def _logarithm(values: Floats) -> Floats:
    mantissa, exponent = np.frexp(values)
    low = mantissa < _HALF_ROOT
    times = (exponent - low).astype(np.float32)
    left = np.where(low, mantissa + mantissa, mantissa) - np.float32(1)
    square = left * left
    powers = np.full_like(left, _LOG[0])
    for coefficient in _LOG[1:]:
        powers = powers * left + np.float32(coefficient)
    small = (powers * left * square + times * _LN2[1]) - np.float32(0.5) * square
    found: Floats = (left + small) + times * _LN2[0]
    return found
