"""Find texts that say the same, exactly or nearly, among many: MinHash finds candidates, Jaccard decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rensa import RMinHash, RMinHashLSH

from classifier.compiled import kernel

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
        self._triples = [triples_of(text) for text in texts]
        for at, triples in enumerate(self._triples):
            self._index.insert(at, _sketch_of(triples))

    def nearest(self, text: str) -> int | None:
        """Return the place of the first text that says nearly the same, None where none does."""
        triples = triples_of(text)
        near = sorted(self._index.query(_sketch_of(triples)))
        return next((one for one in near if jaccard(triples, self._triples[one]) >= self._threshold), None)


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
        triples = triples_of(text)
        sketch = _sketch_of(triples)
        # The triples of candidates, which are few, are made again: kept, they would fill the memory.
        near = ((one, jaccard(triples, triples_of(texts[one]))) for one in sorted(index.query(sketch)))
        found = next((Pair(at, one, similarity) for one, similarity in near if similarity >= threshold), None)
        if found:
            # Not in the index: whatever is like it is compared with the earliest, so that a popular text costs no more.
            first[text] = (found.earlier, found.similarity)
            yield found
        else:
            index.insert(at, sketch)


def _sketch_of(triples: frozenset[str]) -> RMinHash:
    """Return the MinHash of a set: `_HASHES` numbers, each equal between two sets as often as the sets are alike."""
    sketch = RMinHash(_HASHES, 0)
    sketch.update(sorted(triples))
    return sketch


def triples_of(text: str) -> frozenset[str]:
    """Return the different character triples of a text; a shorter text is its own."""
    return frozenset(runs_of_three(text))


def runs_of_three(text: str) -> list[str]:
    """Return a text's runs of three characters, one after the other; the text itself where it is shorter.

    >>> runs_of_three("路灯坏了")
    ['路灯坏', '灯坏了']
    """
    if kernel is None:
        return runs_of_three_plainly(text)
    found: list[str] = kernel.triples(text)
    return found


def runs_of_three_plainly(text: str) -> list[str]:
    """Return what `runs_of_three` returns, without the compiled kernel."""
    return [text[at : at + _TRIPLE] for at in range(max(1, len(text) - _TRIPLE + 1))]


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common elements in all elements of two sets."""
    common = len(one & other)
    return common / (len(one) + len(other) - common)
