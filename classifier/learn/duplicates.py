"""Find texts that say the same, exactly or nearly, among many: MinHash finds candidates, Jaccard decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rensa import RMinHash, RMinHashLSH

NEARLY: Final = 0.7
"""Share of common character triples (Jaccard) from which two texts tell of the same thing in the same words."""

_TRIPLE: Final = 3
_HASHES: Final = 128
_BANDS: Final = 32
"""Bands of 4 hashes: a pair at `NEARLY` is found with a chance above 0.999."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`later` and `earlier` are places in the sequence; `similarity` is 1 where their letters are equal."""

    later: int
    earlier: int
    similarity: float


class Known:
    """Texts that others are looked for among."""

    def __init__(self, texts: Sequence[str], threshold: float = NEARLY) -> None:
        self._threshold = threshold
        self._index = RMinHashLSH(threshold, _HASHES, _BANDS)
        self._triples = [_triples(text) for text in texts]
        for at, triples in enumerate(self._triples):
            self._index.insert(at, _sketch(triples))

    def nearest(self, text: str) -> int | None:
        """Return the place of the first text that says nearly the same, None where none does."""
        triples = _triples(text)
        near = sorted(self._index.query(_sketch(triples)))
        return next((one for one in near if _jaccard(triples, self._triples[one]) >= self._threshold), None)


def near_duplicates(texts: Sequence[str], threshold: float = NEARLY) -> Iterator[Pair]:
    """Yield each text that says what an earlier one says, with the earliest such, in order.

    Args:
        texts: letters only (`classifier.text.pipeline.said`); an empty one is like no other.
        threshold: Jaccard similarity of their sets of character triples from which two count as near.
    """
    first: dict[str, tuple[int, float]] = {}
    index = RMinHashLSH(threshold, _HASHES, _BANDS)
    for at, text in enumerate(texts):
        if not text:
            continue
        if text in first:
            yield Pair(at, *first[text])
            continue
        first[text] = (at, 1.0)
        triples = _triples(text)
        sketch = _sketch(triples)
        # The triples of candidates, which are few, are made again: kept, they would fill the memory.
        near = ((one, _jaccard(triples, _triples(texts[one]))) for one in sorted(index.query(sketch)))
        found = next((Pair(at, one, similarity) for one, similarity in near if similarity >= threshold), None)
        if found:
            # Not in the index: whatever is like it is compared with the earliest, so that a popular text costs no more.
            first[text] = (found.earlier, found.similarity)
            yield found
        else:
            index.insert(at, sketch)


def _sketch(triples: frozenset[str]) -> RMinHash:
    sketch = RMinHash(_HASHES, 0)
    sketch.update(sorted(triples))
    return sketch


def _triples(text: str) -> frozenset[str]:
    return frozenset(text[at : at + _TRIPLE] for at in range(max(1, len(text) - _TRIPLE + 1)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)
