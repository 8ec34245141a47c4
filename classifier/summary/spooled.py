"""What is kept of each row until all are known: the words that may name a matter, what it says, where and when."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classifier.summary.alike import Alike
from classifier.summary.matters import Matter, Told, distinctive, find_matters
from classifier.summary.spool import Strings

Rows = NDArray[np.int64]

_CELL: Final = "\x1f"
_WORD: Final = "\x1e"


class SpooledRow(NamedTuple):
    """One row; `category` is empty where it has none, `said` holds its letters alone."""

    name: str
    category: str
    department: str
    region: str
    month: str
    said: str
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class Retold:
    """Rows that say the same or nearly so, the earliest first; `same` of them say exactly what an earlier one says."""

    rows: tuple[str, ...]
    same: int
    category: str
    regions: tuple[tuple[str, int], ...]
    months: tuple[str, ...]


class Alikeness(NamedTuple):
    """For each row, the first that says exactly the same, and the first of all that are alike."""

    same: Rows
    alike: Rows


class Spooled:
    """Takes in rows, and tells what they say together."""

    def __init__(self) -> None:
        self._rows = Strings()
        self._alike = Alike()
        self._categories: dict[str, int] = {}
        self._category = array("I")
        self._documents: Counter[str] = Counter()

    def append(self, row: SpooledRow) -> None:
        """Take in one more."""
        self._rows.append(_CELL.join([*(_plain(cell) for cell in row[:5]), _WORD.join(row.words)]))
        self._alike.append(row.said)
        self._category.append(self._categories.setdefault(row.category, len(self._categories)))
        self._documents.update(set(row.words))

    def alike(self) -> Alikeness:
        """Tell which rows say the same, and which nearly so."""
        return Alikeness(*self._alike.groups())

    def matters(self, alike: Alikeness, least: int, most: int) -> list[tuple[Matter, int]]:
        """Return the `most` largest matters, each with how many of its rows repeat an earlier one of it."""
        found: list[Matter] = []
        for category, members in self._by_category():
            if category:
                found = _largest([*found, *find_matters(map(self._told, members), least)], most)
        return [self._named(matter, alike) for matter in found]

    def retold(self, alike: Alikeness, most: int) -> tuple[int, list[Retold]]:
        """Return how many rows nearly repeat another, and the `most` complaints that most rows tell."""
        numbers = np.arange(len(alike.alike))
        order = np.argsort(alike.alike, kind="stable")
        begins = np.flatnonzero(np.diff(alike.alike[order], prepend=-1))
        groups = [order[begin:end] for begin, end in pairwise([*begins.tolist(), len(order)]) if end - begin > 1]
        groups.sort(key=lambda rows: -len(rows))
        near = (alike.same == numbers) & (alike.alike != numbers)
        return int(near.sum()), [self._retold(rows, alike) for rows in groups[:most]]

    def _retold(self, rows: Rows, alike: Alikeness) -> Retold:
        told = [self._row(row) for row in rows.tolist()]
        regions = Counter(one.region for one in told if one.region)
        return Retold(
            tuple(one.name for one in told),
            int((alike.same[rows] != rows).sum()),
            told[0].category,
            tuple(sorted(regions.items(), key=lambda item: (-item[1], item[0]))),
            tuple(sorted({one.month for one in told if one.month})),
        )

    def _by_category(self) -> Iterator[tuple[str, list[int]]]:
        names = list(self._categories)
        order = np.argsort(np.asarray(self._category, np.int64), kind="stable")
        counts = np.bincount(np.asarray(self._category, np.int64), minlength=len(names))
        end = 0
        for name, count in zip(names, counts.tolist(), strict=True):
            begin, end = end, end + count
            yield name, order[begin:end].tolist()

    def _told(self, row: int) -> Told:
        """Return a row as what matters are found by, called by its place."""
        one = self._row(row)
        words = distinctive(one.words, self._documents, len(self._rows))
        return Told(str(row), one.category, one.department, one.region, one.month, words)

    def _named(self, matter: Matter, alike: Alikeness) -> tuple[Matter, int]:
        places = [int(place) for place in matter.rows]
        names = tuple(self._row(place).name for place in places)
        # Of rows that are alike, all but one repeat another.
        return replace(matter, rows=names), len(places) - len(set(alike.alike[places].tolist()))

    def _row(self, at: int) -> SpooledRow:
        *cells, words = self._rows[at].split(_CELL)
        return SpooledRow(cells[0], cells[1], cells[2], cells[3], cells[4], "", words.split(_WORD) if words else [])

    def close(self) -> None:
        """Give the disk back."""
        self._rows.close()
        self._alike.close()


def _largest(matters: list[Matter], most: int) -> list[Matter]:
    return sorted(matters, key=lambda matter: (-len(matter.rows), matter.category, matter.words))[:most]


def _plain(cell: str) -> str:
    return cell.replace(_CELL, " ")
