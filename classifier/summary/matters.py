"""Find what many people tell of: rows of one category that share distinctive words, named by those words."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

_KEPT_WORDS: Final = 8
"""Distinctive words of a row that are looked at: 28 pairs."""
_TOO_COMMON: Final = 0.1
"""Share of all rows from which a word says nothing of a matter."""
_IN_NAME: Final = 0.5
"""Share of a matter's rows that have a word which joins its name."""
_LONGEST_NAME: Final = 4

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """What matters of a row: its name in the backlog, and its most distinctive words, best first."""

    name: str
    category: str
    department: str
    region: str
    month: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Matter:
    """Rows that tell of the same thing; `words` name it, the counts are by how often, most frequent first."""

    words: tuple[str, ...]
    category: str
    rows: tuple[str, ...]
    departments: tuple[tuple[str, int], ...]
    regions: tuple[tuple[str, int], ...]
    months: tuple[tuple[str, int], ...]


def distinctive(words: Iterable[str], documents: Mapping[str, int], n_rows: int) -> tuple[str, ...]:
    """Return the words that say most of what a row is about: by term frequency times inverse document frequency.

    Args:
        words: the row's, of two characters or more.
        documents: in how many rows each word stands.
        n_rows: how many rows there are.
    """
    most = max(2.0, _TOO_COMMON * n_rows)
    counts = Counter(word for word in words if 2 <= documents.get(word, 0) <= most)
    weights = {word: (1 + math.log(count)) * math.log(n_rows / documents[word]) for word, count in counts.items()}
    return tuple(sorted(weights, key=lambda word: (-weights[word], word))[:_KEPT_WORDS])


def find_matters(rows: Iterable[Told], least: int = 3) -> list[Matter]:
    """Group rows into matters of at least `least` rows, the largest first; a row belongs to one matter at most."""
    by_category: dict[str, list[Told]] = defaultdict(list)
    for row in rows:
        if row.category:
            by_category[row.category].append(row)
    found = [matter for category in by_category.values() for matter in _of_category(category, least)]
    return sorted(found, key=lambda matter: (-len(matter.rows), matter.category, matter.words))


def _of_category(rows: Sequence[Told], least: int) -> list[Matter]:
    """Take the pair of words that most rows share, then of the rest, until too few share any."""
    holders: dict[Pair, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        for pair in combinations(sorted(row.words), 2):
            holders[pair].append(at)
    queue = [(-len(holding), pair) for pair, holding in holders.items() if len(holding) >= least]
    heapq.heapify(queue)
    free = [True] * len(rows)
    found = []
    while queue:
        size, pair = heapq.heappop(queue)
        members = [at for at in holders[pair] if free[at]]
        if len(members) < least:
            continue
        if len(members) < -size:
            heapq.heappush(queue, (-len(members), pair))
            continue
        for at in members:
            free[at] = False
        found.append(_matter(pair, [rows[at] for at in members]))
    return found


def _matter(pair: Pair, members: Sequence[Told]) -> Matter:
    shared = Counter(word for row in members for word in row.words if word not in pair)
    often = [word for word, count in _ranked(shared) if count >= _IN_NAME * len(members)]
    return Matter(
        (*pair, *often)[:_LONGEST_NAME],
        members[0].category,
        tuple(row.name for row in members),
        _ranked(Counter(row.department for row in members if row.department)),
        _ranked(Counter(row.region for row in members if row.region)),
        tuple(sorted(Counter(row.month for row in members if row.month).items())),
    )


def _ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
