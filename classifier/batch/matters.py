"""From rows to matters: the same person's repeats are one (重复信访), and what many villages tell of is common."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.domain import Category, Region

_SAME: Final = 0.3
"""Share of common character triples (Jaccard) from which one person's two letters tell of one matter."""

_HIDDEN_NAME = re.compile(r"某|[*×xX○〇]")


@dataclass(frozen=True, slots=True)
class Told:
    """What one row tells: by whom, where, of what; `said` holds its letters alone."""

    row: int
    person: str
    phone: str
    region: Region | None
    category: Category
    said: str


@dataclass(frozen=True, slots=True)
class Common:
    """A matter told of by several villages of one town (共性问题); `town` is empty where no place lies above."""

    category: Category
    town: str
    villages: tuple[str, ...]
    rows: tuple[int, ...]


def repeats(told: Iterable[Told]) -> dict[int, int]:
    """Return, for each row in which someone tells again of their own matter, the row that told of it first.

    Who it is follows from the telephone number, else from the name and village. A full name or a number and the
    same lowest category are enough; with a name that is hidden in part (王某某), the words must be alike too.
    """
    first: dict[int, int] = {}
    by_person: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        key = _person(one)
        if key is None:
            continue
        before = next((other for other in by_person[key] if _same_matter(one, other)), None)
        if before is not None:
            first[one.row] = before.row
        else:
            by_person[key].append(one)
    return first


def _person(one: Told) -> tuple[str, str] | None:
    if one.phone:
        return "phone", one.phone
    return (one.person, one.region.code if one.region else "") if one.person else None


def _same_matter(one: Told, other: Told) -> bool:
    if not one.phone and _HIDDEN_NAME.search(one.person) and one.category.code != other.category.code:
        return False
    if one.category.code == other.category.code and (one.phone or not _HIDDEN_NAME.search(one.person)):
        return True
    return _alike(one.said, other.said) >= _SAME


def _alike(one: str, other: str) -> float:
    mine, theirs = ({text[at : at + 3] for at in range(max(1, len(text) - 2))} for text in (one, other))
    return len(mine & theirs) / len(mine | theirs)


def common_matters(told: Sequence[Told], towns: dict[str, str], villages_needed: int) -> list[Common]:
    """Return what at least `villages_needed` villages of one town tell of, most villages first.

    `towns` gives the name of the place above each region, by the region's code.
    """
    groups: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        if one.region is not None:
            groups[one.category.code, towns.get(one.region.code, "")].append(one)
    found = []
    for (_, town), rows in groups.items():
        villages = tuple(dict.fromkeys(one.region.name for one in rows if one.region and one.region.parent))
        if len(villages) >= villages_needed > 0:
            found.append(Common(rows[0].category, town, villages, tuple(one.row for one in rows)))
    return sorted(found, key=lambda one: -len(one.villages))
