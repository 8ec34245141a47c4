"""Which characters spoke for a category, as spans of the text the clerk sees; and whether two matters are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from classifier.compiled import kernel
from classifier.domain import Evidence
from classifier.text.pipeline import ReadComplaint, ReadField

Floats = NDArray[np.float32]

_MOST_SPANS = 8
_LEAST_SHARE = 0.04
_SENTENCE_ENDS = "。!?;\n,"
_MATTER_SHARE = 0.2
"""Share of all that speaks for either category which sentences must add for each of the two."""


def evidence_spans(complaint: ReadComplaint, contributions: Sequence[Floats]) -> tuple[Evidence, ...]:
    """Return the words that spoke most for a category, strongest first, placed in the original fields.

    `contributions` has one array for title and one for text, a value for each normalised character.
    """
    total = sum(map(positive, contributions))
    if total <= 0:
        return ()
    spans = [
        span
        for (name, read), part in zip(complaint.fields, contributions, strict=True)
        for span in _spans(name, read, part, total)
    ]
    return tuple(sorted(spans, key=lambda span: -span.weight)[:_MOST_SPANS])


def _spans(name: str, read: ReadField, part: Floats, total: float) -> Iterator[Evidence]:
    """Yield runs of neighbouring words whose share of all that spoke for the category is worth showing."""
    for begin, end, weight in runs_of_words(part, read.ends, total):
        start, stop = read.aligned.span(begin, end)
        yield Evidence(name, start, stop, round(min(weight, 1.0), 4))


def runs_of_words(part: Floats, ends: bytes, total: float) -> list[tuple[int, int, float]]:
    """Return start, end and share of `total` of runs of words: half the least share each, all of it together."""
    if kernel is None:
        return runs_of_words_plainly(part, ends, total)
    found: list[tuple[int, int, float]] = kernel.runs(part, ends, total, _LEAST_SHARE / 2, _LEAST_SHARE)
    return found


def runs_of_words_plainly(part: Floats, ends: bytes, total: float) -> list[tuple[int, int, float]]:
    """Return what `runs_of_words` returns, to the last bit, without the compiled kernel."""
    stops = np.frombuffer(ends, np.int32)
    sizes = np.diff(stops, prepend=np.int32(0))
    # Counting adds one after another, as the kernel does.
    shares = np.bincount(np.repeat(np.arange(len(stops)), sizes), part, len(stops)) / total
    told = np.flatnonzero(shares >= _LEAST_SHARE / 2)
    if not len(told):
        return []
    run = np.cumsum(np.diff(told, prepend=told[0]) > 1)
    weights = np.bincount(run, shares[told])
    first, last = np.searchsorted(run, np.arange(len(weights))), np.searchsorted(run, np.arange(len(weights)), "right")
    found = zip((stops - sizes)[told[first]].tolist(), stops[told[last - 1]].tolist(), weights.tolist(), strict=True)
    return [one for one in found if one[2] >= _LEAST_SHARE]


def tells_two_matters(complaint: ReadComplaint, difference: Sequence[Floats]) -> bool:
    """Tell whether some sentences speak clearly for one category and others for the other.

    `difference` holds, for each character, what it adds to the first category's score less the second's.
    """
    told = [sides(read.text, part) for (_, read), part in zip(complaint.fields, difference, strict=True)]
    for_first, against, size = (sum(parts) for parts in zip(*told, strict=True))
    return bool(size > 0 and min(for_first, -against) >= _MATTER_SHARE * size)


def positive(part: Floats) -> float:
    """Return the sum of what speaks for, above 0."""
    if kernel is None:
        return positive_plainly(part)
    found: float = kernel.positive(part)
    return found


def positive_plainly(part: Floats) -> float:
    """Return what `positive` returns, to the last bit, without the compiled kernel."""
    return _one_by_one(np.maximum(part, 0))


def sides(text: str, part: Floats) -> tuple[float, float, float]:
    """Return the sum of what the sentences say that speak for, of those that speak against, and of all amounts."""
    if kernel is None:
        return sides_plainly(text, part)
    found: tuple[float, float, float] = kernel.sides(text, part)
    return found


def sides_plainly(text: str, part: Floats) -> tuple[float, float, float]:
    """Return what `sides` returns, to the last bit, without the compiled kernel."""
    is_end = np.array([char in _SENTENCE_ENDS for char in text], dtype=bool)
    within = np.flatnonzero(~is_end)
    sums = np.bincount(np.cumsum(is_end)[within], part[within], int(is_end.sum()) + 1)
    return _one_by_one(np.maximum(sums, 0)), _one_by_one(np.minimum(sums, 0)), _one_by_one(np.abs(part))


def _one_by_one(values: NDArray[np.floating]) -> float:
    return float(np.bincount(np.zeros(len(values), np.intp), values, 1)[0])
