"""Weights in few bits: a byte each, or four bits that name one of sixteen levels, which halves what scoring reads.

Nearly all weights of a feature are small beside its largest, so that evenly spaced levels would tell few of them apart;
these are placed where the weights are (Lloyd 1982, "Least squares quantization in PCM"). Of every 32 packed weights the
first 16 are the lower halves of 16 bytes, the others the upper halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indices = NDArray[np.integer]

LARGEST: Final = 127
_LEVELS: Final = 16
_PACK: Final = 32
_SMALLEST: Final = 1e-12
_ROWS_AT_ONCE: Final = 20_000
_TURNS: Final = 60
_CROWDING: Final = 2.2
"""How much closer to zero the levels stand at first."""


@dataclass(frozen=True, slots=True)
class Packed:
    """Weights of four bits: `numbers` is `(n_features, n_bytes)`, two in a byte; `levels` are sixteen of 8 bits."""

    numbers: NDArray[np.uint8]
    levels: NDArray[np.int8]
    n_outputs: int

    def rows(self, which: Indices | slice) -> NDArray[np.int8]:
        """Return some rows with a byte for each weight, `(n_rows, n_outputs)`."""
        numbers = self.numbers[which]
        halves = numbers.reshape(len(numbers), numbers.shape[1] // (_PACK // 2), 1, _PACK // 2)
        codes = np.concatenate([halves & 15, halves >> 4], axis=2).reshape(len(numbers), 2 * numbers.shape[1])
        unpacked: NDArray[np.int8] = self.levels[codes[:, : self.n_outputs]]
        return unpacked


Weights = NDArray[np.int8] | Packed


def rows_of(weights: Weights, which: Indices | slice) -> NDArray[np.int8]:
    """Return some rows with a byte for each weight, `(n_rows, n_outputs)`."""
    return weights.rows(which) if isinstance(weights, Packed) else weights[which]


def quantise(weights: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Round each row to 8 bits; returns the numbers and each row's scale."""
    scale = np.maximum(np.abs(weights).max(axis=1), _SMALLEST).astype(np.float32) / np.float32(LARGEST)
    return np.rint(weights / scale[:, None]).astype(np.int8), scale


def pack(weights: Floats) -> tuple[Packed, Floats]:
    """Round each row to four bits; returns them with each row's scale, that of the least squared error."""
    n_features, n_outputs = weights.shape
    starts = range(0, n_features, _ROWS_AT_ONCE)
    counts = sum((_counted(quantise(weights[at : at + _ROWS_AT_ONCE])[0]) for at in starts), _counted(np.zeros(0)))
    levels = _levels(counts)
    nearest = np.abs(np.arange(-LARGEST, LARGEST + 1)[:, None] - levels).argmin(axis=1).astype(np.uint8)
    n_bytes = -(-n_outputs // _PACK) * (_PACK // 2)
    numbers, scale = np.empty((n_features, n_bytes), np.uint8), np.empty(n_features, np.float32)
    for at in starts:
        part = weights[at : at + _ROWS_AT_ONCE]
        codes = nearest[quantise(part)[0].astype(np.int16) + LARGEST]
        chosen = levels[codes].astype(np.float32)
        squares = np.maximum(np.square(chosen).sum(axis=1), np.float32(1))
        scale[at : at + len(part)] = np.maximum((part * chosen).sum(axis=1) / squares, np.float32(_SMALLEST))
        padded = np.pad(codes, ((0, 0), (0, 2 * n_bytes - n_outputs))).reshape(len(part), -1, 2, _PACK // 2)
        numbers[at : at + len(part)] = (padded[:, :, 0] | padded[:, :, 1] << 4).reshape(len(part), -1)
    return Packed(numbers, levels, n_outputs), scale


def _counted(numbers: NDArray[np.generic]) -> NDArray[np.int64]:
    return np.bincount(numbers.ravel().astype(np.int16) + LARGEST, minlength=2 * LARGEST + 1)


def _levels(counts: NDArray[np.int64]) -> NDArray[np.int8]:
    """Place the levels so that numbers from -127 to 127, so often each, are nearest to one on average."""
    numbers = np.arange(-LARGEST, LARGEST + 1)
    even = np.linspace(-1, 1, _LEVELS)
    levels = np.sign(even) * LARGEST * np.abs(even) ** _CROWDING
    for _ in range(_TURNS):
        nearest = np.abs(numbers[:, None] - levels).argmin(axis=1)
        held = np.bincount(nearest, counts, _LEVELS)
        means = np.bincount(nearest, counts * numbers, _LEVELS) / np.maximum(held, 1)
        levels = np.sort(np.where(held > 0, means, levels))
    rounded: NDArray[np.int8] = np.rint(levels).astype(np.int8)
    return rounded
