"""How the tickets of a period differ from those of the one before it: their mix, and how sure the model was."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from service.reports import Period, share_of, tickets_of
from service.store import tables
from service.store.tables import count_where


@dataclass(frozen=True, slots=True)
class Shift:
    """A category's share before and now."""

    category: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Drift:
    """How a period differs from the one before it.

    `stability_index` is the population stability index over categories: below 0.1 the mix is the same, above 0.25 it
    has changed (Siddiqi, Credit Risk Scorecards, 2006); None where either period has no ticket.
    """

    tickets_before: int
    tickets_now: int
    stability_index: float | None
    probability_before: float | None
    probability_now: float | None
    manual_before: float | None
    manual_now: float | None
    shifts: tuple[Shift, ...]


_SHIFTS: Final = 10
_LEAST_SHARE: Final = 1e-4
"""What a category without a ticket counts as, so that the index stays finite."""


def compared(connection: sa.Connection, period: Period) -> Drift:
    """Compare a period with the one of the same length right before it."""
    then, now = (_mix(connection, one) for one in (period.before, period))
    shares = {
        name: Shift(
            name,
            share_of(then.categories[name], then.tickets) or 0.0,
            share_of(now.categories[name], now.tickets) or 0.0,
        )
        for name in {*then.categories, *now.categories}
    }
    largest = sorted(shares.values(), key=lambda one: (-abs(one.now - one.before), one.category))
    index = None
    if then.tickets and now.tickets:
        index = round(sum(_divergence(one) for one in shares.values()), 4)
    return Drift(
        then.tickets,
        now.tickets,
        index,
        then.probability,
        now.probability,
        share_of(then.manual, then.tickets),
        share_of(now.manual, now.tickets),
        tuple(largest[:_SHIFTS]),
    )


@dataclass(frozen=True, slots=True)
class _Mix:
    tickets: int
    categories: Counter[str]
    manual: int
    probability: float | None


def _mix(connection: sa.Connection, period: Period) -> _Mix:
    table = tables.tickets
    query = tickets_of(
        period,
        table.c.suggested_category,
        sa.func.count(),
        count_where(table.c.verdict == "manual"),
        sa.func.sum(table.c.probability),
    ).group_by(table.c.suggested_category)
    categories: Counter[str] = Counter()
    manual, probability = 0, 0.0
    for name, count, by_hand, total in connection.execute(query):
        categories[name] = count
        manual += int(by_hand)
        probability += total
    tickets = categories.total()
    return _Mix(tickets, categories, manual, round(probability / tickets, 4) if tickets else None)


def _divergence(shift: Shift) -> float:
    before, now = max(shift.before, _LEAST_SHARE), max(shift.now, _LEAST_SHARE)
    return (now - before) * math.log(now / before)
