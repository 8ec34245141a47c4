"""Turn read complaints into sparse feature vectors.

Three blocks, each of unit length before its weight: character 1–3-grams of title and text, words and pairs of
words of both, and character 1–3-grams of the title alone (a title names the matter). Values are sublinear
term frequency times inverse document frequency. Every n-gram is an exact 64-bit key, so that features are
counted in arrays, looked up by binary search, and stored as plain numbers.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.compiled import kernel
from classifier.text.ngrams import (
    Indices,
    Keys,
    character_keys,
    column_of,
    frequent,
    look_up,
    pair_keys,
    pair_set,
)
from classifier.text.pipeline import LONGEST, ReadComplaint, ReadField

Floats = NDArray[np.float32]

BLOCKS: Final = ("characters", "words", "title")
BLOCK_WEIGHTS: Final = (1.0, 1.0, 0.5)
"""Weights of the blocks, chosen by group-wise cross-validation; see `tests/benchmarks`."""

MIN_DOCUMENTS: Final = 2

_GRID: Final = 2.0**30
"""Squares are summed as whole numbers of 1 / `_GRID`, so that their order is of no account."""

_UNKNOWN: Final = -1
_NO_WORD: Final = -2
_WORD_BITS = np.uint64(32)
_LOW_BITS = np.uint64(0xFFFFFFFF)


def _is_word(word: str) -> bool:
    return any("\u3400" <= char <= "\u9fff" or "a" <= char <= "z" or char >= "\U00020000" for char in word)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where features stand: feature number, field (0 title, 1 text), start and length of each occurrence.

    `totals` counts the occurrences in each block, those of unknown features included.
    """

    feature: Indices
    field: Indices
    start: Indices
    size: Indices
    totals: tuple[int, int, int]

    @property
    def known(self) -> float:
        """The share of the text's features that the vocabulary knows, 0 to 1."""
        return len(self.feature) / max(sum(self.totals), 1)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A complaint in a feature space: ascending `columns` with their `values`, and where they stand.

    `counts` says how many occurrences each column has. `found` holds, one behind the other, feature, field, start and
    size of each occurrence, and its place in `columns`, as int32; `totals` are those of `Occurrences`.
    """

    complaint: ReadComplaint
    columns: Indices
    values: Floats
    counts: Indices
    found: bytes
    totals: tuple[int, int, int]

    @property
    def occurrences(self) -> Occurrences:
        """Where the features stand."""
        feature, field, start, size, _ = self._parts
        return Occurrences(feature, field, start, size, self.totals)

    @property
    def position(self) -> Indices:
        """The place in `columns` of each occurrence."""
        place: Indices = self._parts[4]
        return place

    @property
    def _parts(self) -> NDArray[np.int32]:
        return np.frombuffer(self.found, np.int32).reshape(5, -1)

    def spread(self, parts: Floats) -> tuple[Floats, ...]:
        """Share each feature's part evenly among the characters on which it stands, for each field of the complaint.

        Args:
            parts: one number for each of `columns`.
        """
        if kernel is None:
            return self.spread_plainly(parts)
        lengths = len(self.complaint.title.text), len(self.complaint.body.text)
        straight = np.ascontiguousarray(parts, np.float32)
        spoken = kernel.spread(straight, self.counts, self.found, lengths)
        return tuple(np.frombuffer(part, np.float32) for part in spoken)

    def spread_plainly(self, parts: Floats) -> tuple[Floats, ...]:
        """Return what `spread` returns, to the last bit, without the compiled kernel."""
        found = self.occurrences
        each = (parts / self.counts)[self.position] / np.maximum(found.size, 1)
        results = []
        for number, (_, read) in enumerate(self.complaint.fields):
            here = found.field == number
            length = len(read.text) + 1
            change = np.bincount(found.start[here], each[here], length)
            change -= np.bincount(found.start[here] + found.size[here], each[here], length)
            results.append(np.cumsum(change)[:-1].astype(np.float32))
        return tuple(results)


@dataclass(frozen=True)
class FeatureSpace:
    """A fitted vocabulary. Columns are the blocks in the order of `BLOCKS`.

    `characters` and `title` are sorted keys, `words` sorted words, `pairs` sorted keys of two word numbers;
    `idf` has one value a column.
    """

    characters: Keys
    words: tuple[str, ...]
    pairs: Keys
    title: Keys
    idf: Floats
    n_documents: int

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `from_parts` needs beside the words and the number of documents, by name."""
        return {"characters": self.characters, "pairs": self.pairs, "title": self.title, "idf": self.idf}

    @classmethod
    def from_parts(cls, arrays: Mapping[str, NDArray[Any]], words: tuple[str, ...], n_documents: int) -> FeatureSpace:
        """Rebuild a space from its `arrays`, `words` and `n_documents`."""
        return cls(arrays["characters"], words, arrays["pairs"], arrays["title"], arrays["idf"], n_documents)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return len(self.characters) + len(self.words) + len(self.pairs) + len(self.title)

    @cached_property
    def _word_number(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def _bounds(self) -> tuple[int, int, int]:
        first = len(self.characters)
        second = first + len(self.words)
        return first, second, second + len(self.pairs)

    @classmethod
    def fit(cls, complaints: Sequence[ReadComplaint], min_documents: int = MIN_DOCUMENTS) -> FeatureSpace:
        """Learn the vocabulary and document frequencies of `complaints`."""
        cut = [[read.words for _, read in complaint.fields] for complaint in complaints]
        word_counts: Counter[str] = Counter()
        for fields in cut:
            word_counts.update({word for words in fields for word in words})
        words = tuple(sorted(word for word, count in word_counts.items() if count >= min_documents and _is_word(word)))
        number = {word: index for index, word in enumerate(words)}
        titles = [np.unique(character_keys(one.title.text)[0]) for one in complaints]
        grams = (
            np.unique(np.concatenate([said, character_keys(one.body.text)[0]]))
            for said, one in zip(titles, complaints, strict=True)
        )
        characters, characters_df = frequent(grams, min_documents)
        title, title_df = frequent(titles, min_documents)
        pairs, pairs_df = frequent((pair_set(fields, number) for fields in cut), min_documents)
        df = np.concatenate(
            [characters_df, np.array([word_counts[word] for word in words], np.int64), pairs_df, title_df]
        )
        idf = np.log((1 + len(complaints)) / (1 + df)).astype(np.float32) + np.float32(1)
        return cls(characters, words, pairs, title, idf, len(complaints))

    def places_in(self, other: FeatureSpace) -> NDArray[np.intp]:
        """Return the column of each feature in another space, -1 where it has none."""
        first, second, third = other._bounds
        words = np.array([other._word_number.get(word, -1) for word in self.words], dtype=np.int64)
        left, right = words[self.pairs >> _WORD_BITS], words[self.pairs & _LOW_BITS]
        both = np.flatnonzero((left >= 0) & (right >= 0))
        pairs = np.full(len(self.pairs), -1, dtype=np.intp)
        pairs[both] = column_of(other.pairs, pair_keys(left[both], right[both]), second)
        return np.concatenate(
            [
                column_of(other.characters, self.characters, 0),
                np.where(words >= 0, words + first, -1),
                pairs,
                column_of(other.title, self.title, third),
            ]
        )

    def occurrences(self, complaint: ReadComplaint) -> Occurrences:
        """List every known feature of `complaint` wherever it stands."""
        first, second, third = self._bounds
        parts: list[tuple[Indices, Indices, Indices, Indices]] = []
        n_characters = n_words = n_title = 0
        for number, (name, read) in enumerate(complaint.fields):
            keys, starts, sizes = character_keys(read.text)
            n_characters += len(keys)
            found, there = look_up(self.characters, keys)
            parts.append(_row(found, number, starts[there], sizes[there]))
            if name == "title":
                n_title = len(keys)
                found, there = look_up(self.title, keys)
                parts.append(_row(found + third, number, starts[there], sizes[there]))
            words, begins, lengths = self._known_words(read)
            there = np.flatnonzero(words >= 0)
            parts.append(_row(words[there] + first, number, begins[there], lengths[there]))
            found, left, n_pairs = self._known_pairs(words)
            parts.append(_row(found + second, number, begins[left], lengths[left] + lengths[left + 1]))
            n_words += int((words > _NO_WORD).sum()) + n_pairs
        feature, field, start, size = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Occurrences(feature, field, start, size, (n_characters, n_words, n_title))

    def _known_words(self, read: ReadField) -> tuple[Indices, Indices, Indices]:
        """Return each token's number in `words` (or `_UNKNOWN`, `_NO_WORD`), start and length."""
        words = np.array([self._number_of(word) for word in read.words], dtype=np.int32)
        lengths = np.array([len(word) for word in read.words], dtype=np.int32)
        return words, (np.cumsum(lengths) - lengths).astype(np.int32), lengths

    def _number_of(self, word: str) -> int:
        known = self._word_number.get(word)
        return known if known is not None else _UNKNOWN if _is_word(word) else _NO_WORD

    def _known_pairs(self, words: Indices) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
        """Return numbers in `pairs`, the place of each one's first word, and how many pairs there are at all."""
        left, right = words[:-1], words[1:]
        both = np.flatnonzero((left >= 0) & (right >= 0))
        found, kept = look_up(self.pairs, pair_keys(left[both], right[both]))
        return found, both[kept], int(((left > _NO_WORD) & (right > _NO_WORD)).sum())

    @cached_property
    def _rare(self) -> float:
        """The square of what a feature in a single document would weigh."""
        return float((np.log((1 + self.n_documents) / 2) + 1) ** 2)

    @cached_property
    def _compiled(self) -> object | None:
        """The space as the kernel wants it; None without a kernel, or where it is too large for it."""
        if kernel is None:
            return None
        numbers = (self.characters, self.title, self.pairs)
        keys = (np.ascontiguousarray(one, np.uint64) for one in numbers)
        idf = np.ascontiguousarray(self.idf, np.float32)
        made: object | None = kernel.make_space(*keys, self.words, idf, _sublinear(), self._rare, BLOCK_WEIGHTS)
        return made

    def encode(self, complaint: ReadComplaint) -> Encoded:
        """Return one complaint's features and where they stand.

        A block's length counts what the vocabulary does not know as well, each occurrence as a feature of its
        own: a text that is mostly strange has small values and, from them, small certainty.
        """
        if self._compiled is None:
            return self.encode_plainly(complaint)
        title, body = complaint.title, complaint.body
        columns, values, counts, found, totals = kernel.encode(
            self._compiled, title.text, title.ends, body.text, body.ends
        )
        read = np.frombuffer
        return Encoded(
            complaint, read(columns, np.int32), read(values, np.float32), read(counts, np.int32), found, totals
        )

    def encode_plainly(self, complaint: ReadComplaint) -> Encoded:
        """Return what `encode` returns, to the last bit, without the compiled kernel."""
        found = self.occurrences(complaint)
        columns, position, counts = np.unique(found.feature, return_inverse=True, return_counts=True)
        tf = _sublinear()
        values = tf[np.minimum(counts, len(tf) - 1)] * self.idf[columns]
        edges = np.searchsorted(columns, self._bounds)
        cuts = (0, edges[0], edges[2], len(columns))
        for weight, begin, end, total in zip(BLOCK_WEIGHTS, cuts[:-1], cuts[1:], found.totals, strict=True):
            unknown = max(0, total - int(counts[begin:end].sum()))
            squares = int(np.rint(np.square(values[begin:end], dtype=np.float64) * _GRID).astype(np.int64).sum())
            norm = math.sqrt(squares / _GRID + self._rare * unknown)
            if norm:
                values[begin:end] *= np.float32(weight / norm)
        parts = np.stack([found.feature, found.field, found.start, found.size, position.astype(np.int32)])
        narrow = np.int32
        return Encoded(complaint, columns.astype(narrow), values, counts.astype(narrow), parts.tobytes(), found.totals)

    def transform(self, complaints: Sequence[ReadComplaint]) -> sparse.csr_matrix:
        """Return a matrix `(n_complaints, n_features)` of float32."""
        rows = [(one.columns, one.values) for one in map(self.encode, complaints)]
        pointers = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.concatenate([columns for columns, _ in rows]) if rows else np.zeros(0, np.int32)
        values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0, np.float32)
        return sparse.csr_matrix((values, columns, pointers), shape=(len(rows), self.n_features))


@cache
def _sublinear() -> Floats:
    """Return 1 + ln(count) for each count that a complaint can have."""
    counts = np.maximum(np.arange(2 * LONGEST + 2), 1)
    return (1 + np.log(counts)).astype(np.float32)


def _row(
    feature: NDArray[np.integer], field: int, start: Indices, size: Indices
) -> tuple[Indices, Indices, Indices, Indices]:
    return feature.astype(np.int32), np.full(len(feature), field, np.int32), start, size
