"""Which characters spoke for a category, as spans of the text the clerk sees; and whether two matters are told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from classifier.domain import Evidence
from classifier.text.pipeline import ReadComplaint, ReadField

Floats = NDArray[np.float32]

_MOST_SPANS = 8
_LEAST_SHARE = 0.04
_FIRST = np.zeros(1, dtype=np.int32)
_SENTENCE = re.compile(r"[^。!?;\n,]+")
_MATTER_SHARE = 0.2
"""Share of all that speaks for either category which sentences must add for each of the two."""


def evidence_spans(complaint: ReadComplaint, contributions: Sequence[Floats]) -> tuple[Evidence, ...]:
    """Return the words that spoke most for a category, strongest first, placed in the original fields.

    `contributions` has one array for title and one for text, a value for each normalised character.
    """
    total = sum(float(np.maximum(part, 0).sum()) for part in contributions)
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
    if not read.ends:
        return
    ends = np.frombuffer(read.ends, np.int32)
    begins = np.concatenate([_FIRST, ends[:-1]])
    shares = np.add.reduceat(part, begins) / np.float32(total)
    numbered = enumerate(np.flatnonzero(shares >= _LEAST_SHARE / 2).tolist())
    for _, run in groupby(numbered, lambda pair: pair[1] - pair[0]):
        words = [word for _, word in run]
        weight = float(shares[words].sum())
        if weight >= _LEAST_SHARE:
            start, stop = read.aligned.span(int(begins[words[0]]), int(ends[words[-1]]))
            yield Evidence(name, start, stop, round(min(weight, 1.0), 4))


def tells_two_matters(complaint: ReadComplaint, difference: Sequence[Floats]) -> bool:
    """Tell whether some sentences speak clearly for one category and others for the other.

    `difference` holds, for each character, what it adds to the first category's score less the second's.
    """
    size = sum(float(np.abs(part).sum()) for part in difference)
    sums = np.array(
        [
            float(part[match.start() : match.end()].sum())
            for (_, read), part in zip(complaint.fields, difference, strict=True)
            for match in _SENTENCE.finditer(read.text)
        ]
    )
    for_first, for_second = float(sums[sums > 0].sum()), -float(sums[sums < 0].sum())
    return size > 0 and min(for_first, for_second) >= _MATTER_SHARE * size
