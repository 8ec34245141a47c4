"""Which of many expressions could match a text at all, told by characters that a match cannot do without.

Searching every text with every rule's expression is most of the work of suggesting; one search for their clues,
the first two characters of literals that a match must hold, leaves few expressions to try.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from operator import add

from classifier.compiled import kernel
from classifier.expressions import least_common, ways


class Clues:
    """Sorts out, for a text, the expressions that could match it; those without clues always could."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._always: list[int] = []
        numbers: dict[str, int] = {}
        self._owners: dict[int, list[tuple[int, list[frozenset[int]]]]] = {}
        for number, pattern in enumerate(patterns):
            told = ways(pattern)
            if not told:
                self._always.append(number)
            for way in told:
                by_literals = {one: frozenset(numbers.setdefault(it[:2], len(numbers)) for it in one) for one in way}
                first = least_common(way)
                others = [clues for literals, clues in by_literals.items() if literals != first]
                for clue in by_literals[first] if first else ():
                    self._owners.setdefault(clue, []).append((number, others))
        self._numbers = numbers
        keys = [ord(clue[0]) << 21 | (ord(clue[1]) if clue[1:] else 0) for clue in numbers]
        self._table = kernel.make_table(array("Q", keys)) if kernel is not None else None

    def candidates(self, text: str) -> list[int]:
        """Return, in order, the numbers of the expressions that could match `text`."""
        met = self._met(text)
        found = set(self._always)
        for clue in met & self._owners.keys():
            for number, others in self._owners[clue]:
                if number not in found and not any(map(met.isdisjoint, others)):
                    found.add(number)
        return sorted(found)

    def _met(self, text: str) -> set[int]:
        """Return the numbers of the clues that stand in `text`."""
        if self._table is None:
            return {self._numbers[clue] for clue in self._numbers.keys() & {*text, *map(add, text, text[1:])}}
        return set(array("i", kernel.find_pairs(self._table, text)))
