"""Which rows of a backlog say nearly what an earlier one says, in memory that is small beside the texts.

Texts and sketches are on disk. Band by band of their sketches (locality-sensitive hashing; Leskovec, Rajaraman, Ullman,
Mining of Massive Datasets, chapter 3), rows with an equal band are compared, each with the first of them and the one
before it, so that a text told by thousands costs no more than any other. What is alike is joined: A with B and B with C
makes one matter of three.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.learn.duplicates import BANDS, HASHES, NEARLY, jaccard, sketch_of, triples_of
from classifier.summary.spool import Strings

Rows = NDArray[np.int64]

_BLOCK: Final = 4096


class Alike:
    """Takes in what rows say and groups them."""

    def __init__(self, threshold: float = NEARLY) -> None:
        self._threshold = threshold
        self._said = Strings()
        self._keys = array("Q")

    def append(self, said: str) -> None:
        """Take in the letters of one more row (`classifier.text.pipeline.said`); '' is like no other."""
        digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        self._keys.append((int.from_bytes(digest, "little") or 1) if said else 0)
        self._said.append(said)

    def groups(self) -> tuple[Rows, Rows]:
        """Return, for each row, the first row that says exactly the same, and the first of all that are alike."""
        keys = np.frombuffer(self._keys, np.uint64) if self._keys else np.empty(0, np.uint64)
        same = np.arange(len(keys))
        earlier, later = _neighbours(keys)
        told = keys[later] != 0
        same[later[told]] = earlier[told]
        distinct = np.flatnonzero((same == np.arange(len(keys))) & (keys != 0))
        place = np.zeros(len(keys), np.int64)
        place[distinct] = np.arange(len(distinct))
        alike = np.arange(len(keys))
        alike[distinct] = distinct[self._joined(distinct)]
        return same, alike[same]

    def _joined(self, distinct: Rows) -> Rows:
        """Return, for each of the texts, the place of the first one that it is joined with."""
        roots = np.arange(len(distinct))
        for bands in self._bands(distinct):
            earlier, later = _neighbours(bands, with_previous=True)
            roots = _flat(roots)
            open_ = roots[earlier] != roots[later]
            for one, other in zip(earlier[open_].tolist(), later[open_].tolist(), strict=True):
                first, second = sorted((_root(roots, one), _root(roots, other)))
                if first != second and self._near(int(distinct[one]), int(distinct[other])):
                    roots[second] = first
        return _flat(roots)

    def _near(self, one: int, other: int) -> bool:
        return jaccard(triples_of(self._said[one]), triples_of(self._said[other])) >= self._threshold

    def _bands(self, distinct: Rows) -> Iterator[NDArray[np.uint64]]:
        """Yield each band of the texts' sketches, which lie on disk meanwhile."""
        if not len(distinct):
            return
        with tempfile.TemporaryFile() as file:
            table = np.memmap(file, np.uint64, "w+", shape=(BANDS, len(distinct)))
            for begin in range(0, len(distinct), _BLOCK):
                rows = distinct[begin : begin + _BLOCK].tolist()
                hashes = np.array([sketch_of(triples_of(self._said[row])).digest() for row in rows], np.uint64)
                table[:, begin : begin + len(rows)] = _mixed(hashes.reshape(len(rows), BANDS, HASHES // BANDS)).T
            for band in range(BANDS):
                yield np.array(table[band])

    def close(self) -> None:
        """Give the disk back."""
        self._said.close()


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Make one number of the hashes of each band."""
    mixed = np.zeros(hashes.shape[:2], np.uint64)
    for at in range(hashes.shape[2]):
        mixed = (mixed ^ hashes[:, :, at]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _neighbours(keys: NDArray[np.uint64], *, with_previous: bool = False) -> tuple[Rows, Rows]:
    """Return pairs of rows with equal keys: each but the first with the first and, if asked for, the one before it."""
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


def _flat(roots: Rows) -> Rows:
    while not np.array_equal(roots, above := roots[roots]):
        roots = above
    return roots


def _root(roots: Rows, at: int) -> int:
    while (above := int(roots[at])) != at:
        at = above
    return at
