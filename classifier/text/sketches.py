"""Sketches of texts (MinHash): how much two texts have in common is told by 256 bytes of each.

Broder, On the resemblance and containment of documents (1997); of each smallest hash 16 bits are kept (Li and König,
b-bit minwise hashing, 2010).
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.compiled import kernel

HASHES: Final = 128
BANDS: Final = 16
"""Bands of 4 hashes are 64 bits: two texts share one of the first 16 with a chance of 0.988 where 0.7 of their triples
are in common, and above 0.999 where it is 0.8."""

SIZE: Final = 2 * HASHES
"""Bytes of a sketch."""

NONE: Final = bytes(SIZE)
"""The sketch of an empty text, which is like no other."""

_FACTORS: Final = np.frombuffer(hashlib.shake_128(b"sketch").digest(4 * HASHES), "<u4").astype(np.uint32) | np.uint32(1)


def sketch(letters: str) -> bytes:
    """Return the sketch of a text: `HASHES` numbers of 16 bits, as many equal between two texts as they are alike.

    Args:
        letters: letters only (`classifier.text.pipeline.said`).
    """
    if kernel is None:
        return sketch_plainly(letters)
    found: bytes = kernel.sketch(letters, _FACTORS)
    return found


def sketch_plainly(letters: str) -> bytes:
    """Return what `sketch` returns, without the compiled kernel."""
    if not letters:
        return NONE
    codes = np.array([ord(letter) for letter in letters] + [0] * max(0, 3 - len(letters)), np.uint64)
    count = len(codes) - 2
    keys = codes[:count] | codes[1 : count + 1] << np.uint64(21) | codes[2:] << np.uint64(42)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        keys = (keys ^ keys >> np.uint64(33)) * np.uint64(factor)
    hashes = np.maximum((keys >> np.uint64(32)).astype(np.uint32), np.uint32(1))
    return b"".join((hashes * factor).min().astype(np.uint16).tobytes() for factor in _FACTORS)


def bands_of(sketches: bytes) -> NDArray[np.uint64]:
    """Return the bands of sketches that stand one after another, `(n_texts, BANDS)`."""
    return np.frombuffer(sketches, np.uint64).reshape(-1, SIZE // 8)[:, :BANDS]


def likeness(some: bytes, others: bytes) -> NDArray[np.float64]:
    """Return the estimated share of common triples in all triples of two texts (Jaccard), pair by pair, `(n_texts,)`.

    Args:
        some: sketches that stand one after another.
        others: as many, each to be compared with the one at its place.
    """
    equal = np.frombuffer(some, np.uint16) == np.frombuffer(others, np.uint16)
    shares: NDArray[np.float64] = equal.reshape(-1, HASHES).mean(axis=1)
    return shares
