"""Text that remembers, for each of its characters, where it stood in the original."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Replacement = str | Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class AlignedText:
    """A text with, for character `i`, its place `[starts[i], ends[i])` in `original`.

    `starts` and `ends` are None while every character still stands where it stood, which is the usual case.
    """

    original: str
    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    @classmethod
    def whole(cls, original: str) -> AlignedText:
        """Begin with the original itself."""
        return cls(original, original)

    def sub(self, pattern: re.Pattern[str], replacement: Replacement) -> AlignedText:
        r"""Replace each match; every new character points at the whole of what it replaces.

        An inner part that must be kept belongs outside the match (look-around), or it loses its exact place.

        >>> note = AlignedText.whole("开(kāi)展").sub(re.compile(r"\(kāi\)"), "")
        >>> note.text, note.span(0, 2)
        ('开展', (0, 7))
        """
        edits = (
            (*match.span(), replacement if isinstance(replacement, str) else replacement(match))
            for match in pattern.finditer(self.text)
        )
        return self.splice(edits)

    def splice(self, edits: Iterable[tuple[int, int, str]]) -> AlignedText:
        """Replace each `[start, end)` by its new text; edits are in order and do not overlap."""
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        old_starts = self.starts if self.starts is not None else range(len(self.text))
        old_ends = self.ends if self.ends is not None else range(1, len(self.text) + 1)
        at = 0
        for begin, stop, new in edits:
            if begin == stop or new == self.text[begin:stop]:
                continue
            pieces += (self.text[at:begin], new)
            starts += old_starts[at:begin]
            ends += old_ends[at:begin]
            starts += [old_starts[begin]] * len(new)
            ends += [old_ends[stop - 1]] * len(new)
            at = stop
        if not pieces:
            return self
        pieces.append(self.text[at:])
        starts += old_starts[at:]
        ends += old_ends[at:]
        return AlignedText(self.original, "".join(pieces), tuple(starts), tuple(ends))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where `[start, end)` of this text stands in the original; an empty span stays empty."""
        if start >= end:
            if self.starts is None:
                return start, start
            place = self.starts[start] if start < len(self.starts) else len(self.original)
            return place, place
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]
