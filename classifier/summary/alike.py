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

from classifier.batch.nearly import neighbours
from classifier.learn.duplicates import NEARLY, jaccard, triples_of
from classifier.summary.spool import Strings
from classifier.text.sketches import BANDS, bands_of, sketch

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
        earlier, later = neighbours(keys)
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
            earlier, later = neighbours(bands, with_previous=True)
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
                sketches = b"".join(sketch(self._said[row]) for row in rows)
                table[:, begin : begin + len(rows)] = bands_of(sketches).T
            for band in range(BANDS):
                yield np.array(table[band])

    def close(self) -> None:
        """Give the disk back."""
        self._said.close()


def _flat(roots: Rows) -> Rows:
    while not np.array_equal(roots, above := roots[roots]):
        roots = above
    return roots


def _root(roots: Rows, at: int) -> int:
    while (above := int(roots[at])) != at:
        at = above
    return at
