"""Which of many expressions could match a text at all, told by characters that a match cannot do without.

Searching every text with every rule's expression is most of the work of suggesting; one search for their clues,
the first two characters of literals of which each match holds one, leaves few expressions to try.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from operator import add

from classifier.compiled import kernel
from classifier.expressions import required


class Clues:
    """Sorts out, for a text, the expressions that could match it; those without clues always could."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._always: set[int] = set()
        self._owners: dict[str, set[int]] = {}
        for number, pattern in enumerate(patterns):
            literals = required(pattern)
            if not literals:
                self._always.add(number)
            for literal in literals:
                self._owners.setdefault(literal[:2], set()).add(number)
        self._clues = list(self._owners)
        keys = [ord(clue[0]) << 21 | (ord(clue[1]) if clue[1:] else 0) for clue in self._clues]
        self._table = kernel.make_table(array("Q", keys)) if kernel is not None else None

    def candidates(self, text: str) -> list[int]:
        """Return, in order, the numbers of the expressions that could match `text`."""
        found = set(self._always)
        for clue in self._met(text):
            found |= self._owners[clue]
        return sorted(found)

    def _met(self, text: str) -> Iterable[str]:
        if self._table is None:
            return self._owners.keys() & {*text, *map(add, text, text[1:])}
        return [self._clues[at] for at in set(array("i", kernel.find_pairs(self._table, text)))]
