"""Which of many expressions could match a text at all, told by characters that a match cannot do without.

Searching every text with every rule's expression is most of the work of suggesting; one search for their clues,
the first two characters of literals that a match must hold, leaves few expressions to try, and these only about there.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from operator import add

from classifier.compiled import kernel
from classifier.expressions import least_common, longest, ways


class Clues:
    """Finds out, for a text, which expressions match; those without clues always could."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._patterns = tuple(patterns)
        self._reach = [longest(pattern) for pattern in patterns]
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
        self._clues = tuple(numbers)
        keys = [ord(clue[0]) << 21 | (ord(clue[1]) if clue[1:] else 0) for clue in numbers]
        self._table = kernel.make_table(array("Q", keys)) if kernel is not None else None

    def matching(self, text: str) -> list[int]:
        """Return, in order, the numbers of the expressions that match somewhere in `text`."""
        return sorted(number for number, clues in self.candidates(text).items() if self._matches(number, text, clues))

    def candidates(self, text: str) -> dict[int, list[str]]:
        """Return the numbers of the expressions that could match `text`, with the clues of which a match holds one."""
        met = self._met(text)
        found: dict[int, list[str]] = {number: [] for number in self._always}
        for clue in met & self._owners.keys():
            for number, others in self._owners[clue]:
                if not any(map(met.isdisjoint, others)):
                    found.setdefault(number, []).append(self._clues[clue])
        return found

    def _matches(self, number: int, text: str, clues: Sequence[str]) -> bool:
        """Tell whether an expression matches, looking only as far about its clues as a match can reach."""
        search, reach = self._patterns[number].search, self._reach[number]
        if reach is None or not clues:
            return search(text) is not None
        for clue in clues:
            at = text.find(clue)
            while at >= 0:
                if search(text, max(at - reach, 0), at + reach):
                    return True
                at = text.find(clue, at + 1)
        return False

    def _met(self, text: str) -> set[int]:
        """Return the numbers of the clues that stand in `text`."""
        if self._table is None:
            return {self._numbers[clue] for clue in self._numbers.keys() & {*text, *map(add, text, text[1:])}}
        return set(array("i", kernel.find_pairs(self._table, text)))
