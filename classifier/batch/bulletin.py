"""The paragraph a place publishes of its ledger (情况通报), and the counts behind it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from classifier.batch.matters import Common
from classifier.batch.visits import State
from classifier.catalogue.ledger import Ledger
from classifier.catalogue.settings import Rhythm
from classifier.domain import Disposal, Region, Scope

USUAL: Final = (
    "截至{last_day}，共走访{households}户，收集问题{problems}件，其中{kinds}。已办结{solved}件，办结率{solved_share}，"
    "其余{open}件交{departments}办理。"
)
_SHOWN_DEPARTMENTS: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One problem of a backlog as it is counted; `handed_to` is who has it, as the file or the duty list says."""

    row: int
    day: dt.date | None
    top: str
    kind: str
    region: Region | None
    handed_to: str
    state: State
    closed: dt.date | None
    scope: Scope | None
    disposal: Disposal | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a sort were found, and how many of these are solved."""

    name: str
    found: int
    solved: int


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A place's report; `repeats` are rows that belong to one matter, the first row first."""

    ledger: str
    paragraph: str
    figures: dict[str, int | str]
    kinds: tuple[Count, ...]
    departments: tuple[Count, ...]
    periods: tuple[Count, ...]
    common: tuple[Common, ...]
    repeats: tuple[tuple[int, ...], ...]
    errors: dict[int, str]


def compose(
    ledger: Ledger,
    entries: Sequence[Entry],
    households: int,
    common: Sequence[Common],
    first_rows: dict[int, int],
    errors: dict[int, str],
) -> Bulletin:
    """Count the entries and write the ledger's paragraph.

    Args:
        ledger: whose form and categories are used.
        entries: the problems, in the order of their rows.
        households: how many were visited.
        common: matters of several villages.
        first_rows: for each row that repeats a matter, the row that told of it first.
        errors: what could not be read, by row.
    """
    kinds = _counts(entries, lambda one: one.kind, _order(ledger))
    departments = _counts([one for one in entries if one.state is State.OPEN], lambda one: one.handed_to)
    periods = _periods(entries, ledger.settings.report.rhythm)
    figures = _figures(ledger, entries, households, len(first_rows), kinds, departments, periods)
    form = ledger.settings.report.paragraph or USUAL
    together: dict[int, list[int]] = {}
    for row, first in first_rows.items():
        together.setdefault(first, [first]).append(row)
    return Bulletin(
        ledger.name,
        re.sub(r"\{(\w+)\}", lambda match: str(figures[match[1]]), form),
        figures,
        kinds,
        departments,
        periods,
        tuple(common),
        tuple(tuple(rows) for rows in together.values()),
        errors,
    )


def _figures(
    ledger: Ledger,
    entries: Sequence[Entry],
    households: int,
    repeated: int,
    kinds: Sequence[Count],
    departments: Sequence[Count],
    periods: Sequence[Count],
) -> dict[str, int | str]:
    days = sorted(day for one in entries for day in (one.day, one.closed) if day)
    solved = sum(one.state is not State.OPEN for one in entries)
    regions = ledger.regions
    places = {one.region.code: one.region for one in entries if one.region}
    towns = {town.code for place in places.values() for town in regions.ancestry(place) if town.department}
    tops = _counts(entries, lambda one: one.top, _order(ledger))
    shown = [f"{one.name}{one.found}件" for one in departments[:_SHOWN_DEPARTMENTS]]
    return {
        "title": ledger.settings.title,
        "first_day": _day(days[0] if days else None),
        "last_day": _day(days[-1] if days else None),
        "households": households,
        "problems": len(entries),
        "matters": len(entries) - repeated,
        "kinds": "、".join(f"{one.name}{one.found}件" for one in kinds) or "无",
        "tops": "、".join(f"{one.name}{one.found}件" for one in tops) or "无",
        "towns": len(towns),
        "villages": sum(bool(place.parent) and place.code not in towns for place in places.values()),
        "solved": solved,
        "solved_share": f"{solved / len(entries):.1%}" if entries else "0%",
        "open": len(entries) - solved,
        "revisited": sum(one.state is State.REVISITED for one in entries),
        "departments": "、".join(shown) + ("等" if len(departments) > len(shown) else "") or "各责任单位",
        "n_departments": len(departments),
        "individual": sum(one.scope is Scope.INDIVIDUAL for one in entries),
        "common": sum(one.scope is Scope.COMMON for one in entries),
        "on_the_spot": sum(one.disposal is Disposal.ON_THE_SPOT for one in entries),
        "time_limit": sum(one.disposal is Disposal.TIME_LIMIT for one in entries),
        "meeting": sum(one.disposal is Disposal.MEETING for one in entries),
        "periods": "；".join(f"{one.name}新增{one.found}件、解决{one.solved}件" for one in periods)
        + ("。" if periods else ""),
    }


def _order(ledger: Ledger) -> list[str]:
    return [one.name for one in ledger.categories]


def _counts(entries: Iterable[Entry], name_of: Callable[[Entry], str], order: Sequence[str] = ()) -> tuple[Count, ...]:
    """Count by name, in `order`, or the most frequent first."""
    entries = list(entries)
    found = Counter(name_of(one) for one in entries)
    solved = Counter(name_of(one) for one in entries if one.state is not State.OPEN)
    place = {name: at for at, name in reversed(list(enumerate(order)))}
    names = sorted(found, key=lambda name: (place.get(name, len(place)), -found[name], name))
    return tuple(Count(name or "未定", found[name], solved[name]) for name in names)


def _periods(entries: Sequence[Entry], rhythm: Rhythm) -> tuple[Count, ...]:
    """Count what was told and what was solved in each period; a solved row without a day of its own counts at once."""
    if rhythm is Rhythm.NONE:
        return ()
    told: Counter[tuple[int, int, int]] = Counter()
    solved: Counter[tuple[int, int, int]] = Counter()
    for one in entries:
        if one.day:
            told[_period(one.day, rhythm)] += 1
        day = one.closed or one.day
        if day and one.state is not State.OPEN:
            solved[_period(day, rhythm)] += 1
    return tuple(Count(_period_name(key), told[key], solved[key]) for key in sorted({*told, *solved}))


def _period(day: dt.date, rhythm: Rhythm) -> tuple[int, int, int]:
    half = 0 if rhythm is Rhythm.MONTH else 1 if day.day <= 15 else 2
    return day.year, day.month, half


def _period_name(key: tuple[int, int, int]) -> str:
    year, month, half = key
    return f"{year}年{month}月{('', '上半月', '下半月')[half]}"


def _day(day: dt.date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "目前"
