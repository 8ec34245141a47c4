"""N-grams as exact 64-bit keys: those of a text, those that many texts have, and where one stands among known ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Indices = NDArray[np.int32]

_BITS = np.uint64(21)
_WORD_BITS = np.uint64(32)


def _is_letter(code: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which code points are Chinese characters or Latin letters; digits and punctuation separate."""
    latin = (code >= 0x61) & (code <= 0x7A)
    return latin | ((code >= 0x3400) & (code <= 0x9FFF)) | (code >= 0x20000)


def character_keys(text: str) -> tuple[Keys, Indices, Indices]:
    """List the character 1–3-grams of a normalised text: key, start and length of each occurrence."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)
    good = _is_letter(codes)
    wide = codes.astype(np.uint64)
    keys, starts, sizes = [], [], []
    value, together = wide, good
    for size in (1, 2, 3):
        if size > 1:
            if len(codes) < size:
                break
            value = (value[:-1] << _BITS) | wide[size - 1 :]
            together = together[:-1] & good[size - 1 :]
        at = np.flatnonzero(together).astype(np.int32)
        keys.append(value[at])
        starts.append(at)
        sizes.append(np.full(len(at), size, dtype=np.int32))
    if not keys:
        nothing = np.zeros(0, dtype=np.int32)
        return np.zeros(0, dtype=np.uint64), nothing, nothing
    return np.concatenate(keys), np.concatenate(starts), np.concatenate(sizes)


def look_up(known: Keys, keys: Keys) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions in `known` of those `keys` that stand there, and which keys these are."""
    if not len(known):
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    there = np.flatnonzero(known[at] == keys)
    return at[there], there


def column_of(known: Keys, keys: Keys, first: int) -> NDArray[np.intp]:
    """Return the position of each of `keys` in `known`, counted from `first`; -1 where it is not there."""
    columns = np.full(len(keys), -1, dtype=np.intp)
    found, there = look_up(known, keys)
    columns[there] = found + first
    return columns


def pair_keys(left: NDArray[np.integer], right: NDArray[np.integer]) -> Keys:
    """Return the key of each pair of neighbouring words, by their numbers."""
    return (left.astype(np.uint64) << _WORD_BITS) | right.astype(np.uint64)


def pair_set(fields: Iterable[Sequence[str]], number: dict[str, int]) -> Keys:
    """Return the keys of the pairs of numbered words that fields of words have, each once, in order."""
    keys = []
    for given in fields:
        words = np.array([number.get(word, -1) for word in given], dtype=np.int64)
        both = np.flatnonzero((words[:-1] >= 0) & (words[1:] >= 0))
        keys.append(pair_keys(words[both], words[both + 1]))
    return np.unique(np.concatenate(keys))


def frequent(sets: Iterable[Keys], min_documents: int) -> tuple[Keys, NDArray[np.int64]]:
    """Return the sorted keys that stand in at least `min_documents` of the sets, and in how many."""
    every = list(sets)
    if not every:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    keys, counts = np.unique(np.concatenate(every), return_counts=True)
    often = counts >= min_documents
    return keys[often], counts[often].astype(np.int64)
