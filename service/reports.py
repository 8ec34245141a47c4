"""Reports (报表) from what is recorded: counts, returns, agreement of people with the model, matters.

All count tickets of one ledger by their day of intake, both ends included.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from service.domain import Action, Matter
from service.store import tables
from service.store.tables import count_where


class By(StrEnum):
    """What to count by."""

    CATEGORY = "category"
    DEPARTMENT = "department"
    REGION = "region"
    KIND = "kind"
    URGENCY = "urgency"
    VERDICT = "verdict"
    STATE = "state"
    MODEL = "model"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of one ledger, both ends included."""

    ledger: str
    first: dt.date
    last: dt.date

    @property
    def before(self) -> Period:
        """The period of the same length right before."""
        begins = max(self.first.toordinal() - (self.last - self.first).days - 1, 1)
        ends = max(self.first.toordinal() - 1, 1)
        return Period(self.ledger, dt.date.fromordinal(begins), dt.date.fromordinal(ends))


@dataclass(frozen=True, slots=True)
class Count:
    """Tickets that share a value; `automatic` could be dispatched without a person."""

    key: str
    tickets: int
    automatic: int
    returned: int
    closed: int


@dataclass(frozen=True, slots=True)
class Week:
    """Tickets of one week; `right` is the share of automatic ones that people neither changed nor returned.

    `decided` were looked at by people, who left the category of the share `category_kept` as suggested.
    """

    key: str
    tickets: int
    decided: int
    category_kept: float | None
    automatic: int
    right: float | None
    returned: int
    closed: int


@dataclass(frozen=True, slots=True)
class Returns:
    """A department's first dispatches and how many it returned (退单); `rate` is their share."""

    department: str
    dispatched: int
    returned: int
    rate: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the decided tickets of one verdict ended, as shares of `decided`; None where nothing was decided.

    `in_first_three` is the share whose category was among the candidates, `unreturned` of those never returned.
    """

    verdict: str
    tickets: int
    decided: int
    category_kept: float | None
    in_first_three: float | None
    department_kept: float | None
    unreturned: float | None


def counts(connection: sa.Connection, period: Period, by: By) -> list[Count]:
    """Count tickets by what they are now, most first; by time, in order."""
    table = tables.tickets
    column: sa.ColumnElement[str] = table.c["day" if by in (By.WEEK, By.MONTH) else by.value]
    query = tickets_of(
        period,
        column,
        sa.func.count(),
        count_where(table.c.verdict == "auto"),
        count_where(table.c.returns > 0),
        count_where(table.c.state == Action.CLOSED.value),
    ).group_by(column)
    totals: dict[str, list[int]] = {}
    name = _TIMES.get(by, str)
    for key, *numbers in connection.execute(query):
        total = totals.setdefault(name(key), [0, 0, 0, 0])
        totals[name(key)] = [one + int(other) for one, other in zip(total, numbers, strict=True)]
    in_order = by in (By.DAY, By.WEEK, By.MONTH)
    found = [Count(key, *numbers) for key, numbers in totals.items()]
    return sorted(found, key=lambda one: (0, one.key) if in_order else (-one.tickets, one.key))


def weeks(connection: sa.Connection, period: Period) -> list[Week]:
    """Return, week by week, how people took the suggestions, and those that could be dispatched automatically."""
    table = tables.tickets
    decided = table.c.state != "suggested"
    kept = sa.and_(decided, table.c.category == table.c.suggested_category)
    automatic = table.c.verdict == "auto"
    query = tickets_of(
        period,
        table.c.day,
        sa.func.count(),
        count_where(decided),
        count_where(kept),
        count_where(automatic),
        count_where(sa.and_(automatic, decided)),
        count_where(sa.and_(automatic, kept, table.c.returns == 0)),
        count_where(table.c.returns > 0),
        count_where(table.c.state == Action.CLOSED.value),
    ).group_by(table.c.day)
    totals: dict[str, list[int]] = {}
    for day, *numbers in connection.execute(query):
        total = totals.setdefault(_week(day), [0] * len(numbers))
        totals[_week(day)] = [one + int(other) for one, other in zip(total, numbers, strict=True)]
    return [
        Week(name, total, known, share_of(kept, known), sure, share_of(right, sure_and_known), returned, closed)
        for name, (total, known, kept, sure, sure_and_known, right, returned, closed) in sorted(totals.items())
    ]


def weekly_returns(connection: sa.Connection, period: Period) -> dict[str, dict[str, int]]:
    """Return, for each department, how many tickets of each week it sent back."""
    found: dict[str, Counter[str]] = {}
    for department, day, count in connection.execute(_returned(period, tables.tickets.c.day)):
        found.setdefault(department, Counter())[_week(day)] += count
    return {department: dict(counted) for department, counted in found.items()}


def returns(connection: sa.Connection, period: Period) -> list[Returns]:
    """Return what each department was sent first and what it sent back, most returns first."""
    table = tables.tickets
    query = tickets_of(period, table.c.suggested_department, sa.func.count()).group_by(table.c.suggested_department)
    sent: dict[str, int] = {name: count for name, count in connection.execute(query)}  # noqa: C416 - rows are no pairs
    returned: dict[str, int] = {name: count for name, count in connection.execute(_returned(period))}  # noqa: C416
    found = [
        Returns(
            name, sent.get(name, 0), returned.get(name, 0), share_of(returned.get(name, 0), sent.get(name, 0)) or 0.0
        )
        for name in {*sent, *returned} - {""}
    ]
    return sorted(found, key=lambda one: (-one.returned, -one.dispatched, one.department))


def _returned(period: Period, *by: sa.ColumnElement[Any]) -> Any:
    """Count the tickets that each department sent back, for each value of other columns of theirs."""
    table, rulings = tables.tickets, tables.rulings
    return (
        tickets_of(period, rulings.c.department, *by, sa.func.count(sa.distinct(table.c.no)))
        .select_from(table.join(rulings, rulings.c.ticket == table.c.no))
        .where(rulings.c.action == Action.RETURNED.value)
        .group_by(rulings.c.department, *by)
    )


def agreement(connection: sa.Connection, period: Period) -> list[Agreement]:
    """Return how decided tickets ended beside what was suggested, for each verdict and for all (`""`)."""
    table = tables.tickets
    decided = table.c.state != "suggested"
    kept = sa.and_(decided, table.c.category == table.c.suggested_category)
    candidates = sa.literal("|") + table.c.runners_up + "|"
    among = candidates.contains(sa.literal("|") + table.c.category + "|")
    query = tickets_of(
        period,
        table.c.verdict,
        sa.func.count(),
        count_where(decided),
        count_where(kept),
        count_where(sa.or_(kept, sa.and_(decided, among))),
        count_where(sa.and_(decided, table.c.department == table.c.suggested_department)),
        count_where(sa.and_(decided, table.c.returns == 0)),
    ).group_by(table.c.verdict)
    rows = {verdict: [int(one) for one in numbers] for verdict, *numbers in connection.execute(query)}
    if not rows:
        return []
    rows = {"": [sum(column) for column in zip(*rows.values(), strict=True)], **dict(sorted(rows.items()))}
    return [
        Agreement(name, total, of, *(share_of(one, of) for one in parts)) for name, (total, of, *parts) in rows.items()
    ]


def matters(connection: sa.Connection, period: Period, least: int, limit: int) -> list[tuple[Matter, str]]:
    """Return the matters that began in the period and that most people complain of, with their categories."""
    table = tables.tickets
    query = (
        tickets_of(period, table.c.id, table.c.matter_size, table.c.recorded, table.c.category)
        .where(table.c.matter == table.c.no, table.c.matter_size >= least)
        .order_by(table.c.matter_size.desc(), table.c.no)
        .limit(limit)
    )
    return [(Matter(name, size, since), category) for name, size, since, category in connection.execute(query)]


def tickets_of(period: Period, *columns: Any) -> Any:
    """Select columns of a period's tickets."""
    table = tables.tickets
    return sa.select(*columns).where(
        table.c.ledger == period.ledger, table.c.day.between(period.first.isoformat(), period.last.isoformat())
    )


def share_of(part: int, whole: int) -> float | None:
    """Return a share rounded to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


def _week(day: str) -> str:
    """Return the ISO week of a day, such as 2026-W48."""
    year, week, _ = dt.date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02d}"


_TIMES: Final[Mapping[By, Callable[[str], str]]] = {By.WEEK: _week, By.MONTH: lambda day: day[:7]}
