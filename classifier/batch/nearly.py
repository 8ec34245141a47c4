"""Which rows say nearly what an earlier one says, told by their sketches, which lie on disk.

A row is compared with the first row of each of its bands (locality-sensitive hashing; Leskovec, Rajaraman, Ullman,
Mining of Massive Datasets, chapter 3): at most 16 comparisons, so that a text told by thousands costs no more than any
other, and no answer depends on rows that come later.
"""

from __future__ import annotations

import os
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from classifier.learn.duplicates import NEARLY
from classifier.text.sketches import BANDS, SIZE, bands_of, likeness

Rows = NDArray[np.int64]
Bands = NDArray[np.uint64]

_HELD: Final = 1 << 20
"""Bands in memory at a time, 8 bytes each, and as many bytes again several times over while they are sorted."""

_BLOCK: Final = 1 << 13
"""Sketches read at a time."""


def earliest_alike(file: BinaryIO, held: int = _HELD) -> NDArray[np.int32]:
    """Return, for each row, the earliest row that is first in one of its bands and nearly says the same, or -1.

    Args:
        file: the sketches of all rows, one after another; one of zeros is like no other.
        held: bands in memory at a time.
    """
    count = file.seek(0, os.SEEK_END) // SIZE
    found = np.full(count, -1, np.int32)
    width = max(1, min(BANDS, held // max(count, 1)))
    shares = -(-count // held)
    for band in range(0, BANDS, width):
        for share in range(shares):
            rows, columns = _columns(file, count, slice(band, band + width), share, shares)
            for keys in columns:
                first, later = (rows[at] for at in neighbours(keys))
                _compare(file, found, first, later)
    return found


def neighbours(keys: Bands, *, with_previous: bool = False) -> tuple[Rows, Rows]:
    """Return places of equal keys in pairs: each but the first with the first and, if asked for, the one before it."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    later = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    begins = np.arange(len(keys))
    begins[later] = 0
    first = np.maximum.accumulate(begins)[later] if len(keys) else later
    if not with_previous:
        return order[first], order[later]
    third = first != later - 1
    return order[np.concatenate([first, later[third] - 1])], order[np.concatenate([later, later[third]])]


def _columns(file: BinaryIO, count: int, bands: slice, share: int, shares: int) -> tuple[Rows, Bands]:
    """Return the rows that have a sketch, and their bands; of several shares, those that fall to `share`."""
    rows, columns = [], []
    for begin in range(0, count, _BLOCK):
        all_bands = bands_of(os.pread(file.fileno(), SIZE * _BLOCK, SIZE * begin))
        block, there = all_bands[:, bands], all_bands.any(axis=1)
        if shares > 1:
            there &= (block[:, 0] >> np.uint64(7)) % np.uint64(shares) == share
        rows.append(begin + np.flatnonzero(there))
        columns.append(block[there])
    return np.concatenate(rows), np.concatenate(columns).T


def _compare(file: BinaryIO, found: NDArray[np.int32], first: Rows, later: Rows) -> None:
    """Note where a row says nearly what the first of its band says, unless an earlier such row is known."""
    open_ = (found[later] < 0) | (found[later] > first)
    first, later = first[open_], later[open_]
    for begin in range(0, len(first), _BLOCK):
        one, other = first[begin : begin + _BLOCK], later[begin : begin + _BLOCK]
        alike = likeness(_sketches(file, one), _sketches(file, other)) >= NEARLY
        found[other[alike]] = one[alike]


def _sketches(file: BinaryIO, rows: Rows) -> bytes:
    return b"".join(os.pread(file.fileno(), SIZE, SIZE * row) for row in rows.tolist())
