"""Sums over the weights of a text's features, by the compiled kernel or, to the last bit the same, without it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.compiled import kernel
from classifier.suggest.weights import Packed, Weights, rows_of

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

_LANES: Final = 16
_LARGEST_FACTOR: Final = 32_767
_LARGEST_SUM: Final = (2**31 - 1) // 128
"""Of factors together, so that their sums with weights of 8 bits stay below 2 ** 31."""


def row_sums(values: Floats, columns: Indices, scale: Floats, weights: Weights) -> Floats:
    """Return the sum `(n_outputs,)` of the rows `columns`, each times its value and scale.

    These factors are first rounded to whole multiples of a 30,000th or so of the largest, so that the sums are exact.
    """
    if kernel is None:
        return row_sums_plainly(values, columns, scale, weights)
    return np.frombuffer(kernel.score(values, columns, scale, *_numbers(weights)), np.float32)


def _numbers(weights: Weights) -> tuple[NDArray[np.generic], NDArray[np.int8] | bytes, int]:
    """Return numbers, levels and how many outputs there are, as the kernel takes them."""
    if isinstance(weights, Packed):
        return weights.numbers, weights.levels, weights.n_outputs
    return weights, b"", weights.shape[1]


def row_sums_plainly(values: Floats, columns: Indices, scale: Floats, weights: Weights) -> Floats:
    """Return what `row_sums` returns, without the compiled kernel."""
    factors = values * scale[columns]
    largest = np.abs(factors).max(initial=0)
    if not largest:
        return np.zeros(_numbers(weights)[2], np.float32)
    steps = np.float32(min(_LARGEST_FACTOR, _LARGEST_SUM // len(factors)))
    # Sums of whole numbers below 2 ** 53 are exact in floating point.
    sums = np.rint(factors * (steps / largest)).astype(np.float64) @ rows_of(weights, columns).astype(np.float64)
    total: Floats = sums.astype(np.float32) * (largest / steps)
    return total


def along(columns: Indices, weights: Weights, at: slice, direction: Floats) -> Floats:
    """Return the inner product `(len(columns),)` of the outputs `at` of each row with `direction`."""
    straight = np.ascontiguousarray(direction, np.float32)
    if kernel is None:
        return along_plainly(columns, weights, at, straight)
    return np.frombuffer(kernel.dot(columns, *_numbers(weights), at.start, straight), np.float32)


def along_plainly(columns: Indices, weights: Weights, at: slice, direction: Floats) -> Floats:
    """Return what `along` returns, without the compiled kernel, summing as it does in 16 lanes."""
    products = rows_of(weights, columns)[:, at].astype(np.float32) * direction
    padded = np.pad(products, ((0, 0), (0, -products.shape[1] % _LANES)))
    lanes = padded.reshape(len(columns), padded.shape[1] // _LANES, _LANES)
    # Along an axis that is not the last, sums are taken one after another.
    sums = np.concatenate([np.add.reduce(lanes, axis=1), np.zeros((1, _LANES), np.float32)])
    total: Floats = np.add.reduce(np.ascontiguousarray(sums.T), axis=0)[:-1]
    return total
