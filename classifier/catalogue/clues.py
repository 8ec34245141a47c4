"""Which of many expressions could match a text at all, told by characters that a match cannot do without.

Searching every text with every rule's expression is most of the work of suggesting; one search for their clues,
the first two characters of literals that a match must hold, leaves few expressions to try, and these only about there.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from itertools import accumulate
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
        self._compiled = self._compile() if kernel is not None else None

    def _compile(self) -> object:
        """Return the same for the kernel: what each clue owns and needs besides, one behind the other."""
        keys = [ord(clue[0]) << 21 | (ord(clue[1]) if clue[1:] else 0) for clue in self._clues]
        owned = [self._owners.get(clue, []) for clue in range(len(keys))]
        entries = [entry for one in owned for entry in one]
        groups = [group for _, others in entries for group in others]
        lists = (
            accumulate(map(len, owned), initial=0),
            (number for number, _ in entries),
            accumulate((len(others) for _, others in entries), initial=0),
            accumulate(map(len, groups), initial=0),
            (clue for group in groups for clue in sorted(group)),
        )
        made: object = kernel.make_clues(array("Q", keys), *(array("i", one) for one in lists))
        return made

    def matching(self, text: str) -> list[int]:
        """Return, in order, the numbers of the expressions that match somewhere in `text`."""
        return sorted(number for number, clues in self.candidates(text).items() if self._matches(number, text, clues))

    def candidates(self, text: str) -> dict[int, list[str]]:
        """Return the numbers of the expressions that could match `text`, with the clues of which a match holds one."""
        found: dict[int, list[str]] = {number: [] for number in self._always}
        for number, clue in self.met(text):
            found.setdefault(number, []).append(self._clues[clue])
        return found

    def met(self, text: str) -> list[tuple[int, int]]:
        """Return expressions that could match, with the clue that `text` holds; one comes with each of its clues."""
        if self._compiled is None:
            return self.met_plainly(text)
        found: list[tuple[int, int]] = kernel.candidates(self._compiled, text)
        return found

    def met_plainly(self, text: str) -> list[tuple[int, int]]:
        """Return what `met` returns, in another order, without the compiled kernel."""
        met = {self._numbers[clue] for clue in self._numbers.keys() & {*text, *map(add, text, text[1:])}}
        return [
            (number, clue)
            for clue in met & self._owners.keys()
            for number, others in self._owners[clue]
            if not any(map(met.isdisjoint, others))
        ]

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
