"""Tickets (工单): what was suggested, what was decided since; decisions are appended and change nothing before them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from classifier.catalogue.ledger import Ledger
from classifier.errors import InputError
from classifier.text.masking import redact
from classifier.text.pipeline import TextPipeline
from service import audit
from service.domain import Action, Caller, Matter, Ruling, Ticket
from service.errors import TicketNotFoundError
from service.store import tables
from service.store.database import now
from service.store.tables import count_where

SUGGESTED: Final = "suggested"
"""The state of a ticket on which nothing was decided yet; later it is the last action."""


class RulingIncompleteError(InputError):
    """A decision lacks what its action needs."""

    code = "decision_incomplete"

    def __init__(self, action: Action, missing: str) -> None:
        super().__init__(f"action 为 {action.value} 时必须给出 {missing}")


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets to list, newest first; `before` is the number of one to go on from."""

    id: str = ""
    state: str = ""
    category: str = ""
    department: str = ""
    matter: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    before: int | None = None
    limit: int = 50


def checked(ruling: Ruling, ledger: Ledger, pipeline: TextPipeline) -> Ruling:
    """Return a decision with codes for names and its reason masked, or say what it lacks.

    Raises:
        RulingIncompleteError: the action needs more than was given.
        UnknownCategoryError, UnknownDepartmentError: a name is not in the ledger.
    """
    action = ruling.action
    if action is Action.CORRECTED and not (ruling.category or ruling.department):
        raise RulingIncompleteError(action, "category 或 department")
    if action is Action.REASSIGNED and not ruling.department:
        raise RulingIncompleteError(action, "department")
    if action is Action.RETURNED and not ruling.reason.strip():
        raise RulingIncompleteError(action, "reason（退单原因）")
    read = pipeline.read_field(ruling.reason)
    return replace(
        ruling,
        category=ledger.categories.find(ruling.category).code if ruling.category else "",
        department=ledger.departments.find(ruling.department).code if ruling.department else "",
        reason=redact(read.aligned.original, read.found).replace("\0", ""),
        at=now(),
    )


def decide(connection: sa.Connection, ledger: str, ticket: str, ruling: Ruling, caller: Caller) -> Ticket:
    """Append a decision, as `checked` returns it, and return the ticket as it stands now.

    Raises:
        TicketNotFoundError: no such ticket was recorded.
    """
    table = tables.tickets
    query = sa.select(table).where(table.c.ledger == ledger, table.c.id == ticket).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise TicketNotFoundError(ledger)
    if ruling.action is Action.RETURNED and not ruling.department:
        ruling = replace(ruling, department=row.department)
    connection.execute(
        tables.rulings.insert().values(
            ticket=row.no,
            at=ruling.at,
            action=ruling.action.value,
            category=ruling.category,
            department=ruling.department,
            reason=ruling.reason,
            by=ruling.by,
            key=caller.name,
        )
    )
    holds_it = ruling.department and ruling.action is not Action.RETURNED
    connection.execute(
        table.update()
        .where(table.c.no == row.no)
        .values(
            state=ruling.action.value,
            category=ruling.category or row.category,
            department=ruling.department if holds_it else row.department,
            returns=row.returns + (ruling.action is Action.RETURNED),
        )
    )
    audit.note(connection, caller, "decision", ticket, ledger, {"action": ruling.action.value})
    return find(connection, ledger, ticket)


def find(connection: sa.Connection, ledger: str, ticket: str) -> Ticket:
    """Return everything known of a ticket.

    Raises:
        TicketNotFoundError: no such ticket was recorded.
    """
    table = tables.tickets
    query = sa.select(table).where(table.c.ledger == ledger, table.c.id == ticket)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise TicketNotFoundError(ledger)
    return _assemble(connection, [row])[0]


def listed(connection: sa.Connection, ledger: str, wanted: TicketFilter) -> tuple[list[Ticket], int | None]:
    """Return tickets, newest first, and the number to give as `before` for those that follow, if any do."""
    table = tables.tickets
    query = sa.select(table).where(table.c.ledger == ledger)
    for column, value in (
        (table.c.id, wanted.id),
        (table.c.state, wanted.state),
        (table.c.category, wanted.category),
        (table.c.department, wanted.department),
    ):
        query = query.where(column == value) if value else query
    if wanted.matter:
        first = sa.select(table.c.matter).where(table.c.ledger == ledger, table.c.id == wanted.matter)
        query = query.where(table.c.matter == first.scalar_subquery())
    query = query.where(table.c.day >= wanted.first.isoformat()) if wanted.first else query
    query = query.where(table.c.day <= wanted.last.isoformat()) if wanted.last else query
    query = query.where(table.c.no < wanted.before) if wanted.before is not None else query
    rows = connection.execute(query.order_by(table.c.no.desc()).limit(wanted.limit + 1)).all()
    shown = rows[: wanted.limit]
    return _assemble(connection, shown), shown[-1].no if len(rows) > wanted.limit else None


def unsure(connection: sa.Connection, ledger: str, limit: int) -> list[Ticket]:
    """Return undecided tickets that the model would not send out by itself, the least sure first."""
    table = tables.tickets
    query = (
        sa.select(table)
        .where(table.c.ledger == ledger, table.c.state == SUGGESTED, table.c.verdict != "auto")
        .order_by(table.c.probability, table.c.no)
        .limit(limit)
    )
    return _assemble(connection, connection.execute(query).all())


def disputed(connection: sa.Connection, ledger: str, limit: int) -> list[Ticket]:
    """Return tickets whose category one person decided otherwise than another, the latest first.

    What anybody decides after that settles it, whichever category it is.
    """
    table, rulings = tables.tickets, tables.rulings
    person = sa.case((rulings.c.by != "", rulings.c.by), else_=rulings.c.key)
    is_last = count_where(rulings.c.category == table.c.category)
    several = (
        sa.select(table.c.no)
        .select_from(table.join(rulings, rulings.c.ticket == table.c.no))
        .where(table.c.ledger == ledger, rulings.c.category != "")
        .group_by(table.c.no)
        .having(
            sa.func.count(sa.distinct(rulings.c.category)) == 2, sa.func.count(sa.distinct(person)) > 1, is_last == 1
        )
    )
    query = sa.select(table).where(table.c.no.in_(several)).order_by(table.c.no.desc())
    return _assemble(connection, connection.execute(query.limit(limit)).all())


def _assemble(connection: sa.Connection, rows: Sequence[Any]) -> list[Ticket]:
    """Turn rows into tickets, with the decisions and matters of all fetched at once."""
    if not rows:
        return []
    table = tables.rulings
    rulings: dict[int, list[Ruling]] = {}
    numbers = [row.no for row in rows]
    for one in connection.execute(sa.select(table).where(table.c.ticket.in_(numbers)).order_by(table.c.no)):
        ruling = Ruling(Action(one.action), one.category, one.department, one.reason, one.by, one.at, one.key)
        rulings.setdefault(one.ticket, []).append(ruling)
    first = tables.tickets
    query = sa.select(first.c.no, first.c.id, first.c.matter_size, first.c.recorded)
    found = connection.execute(query.where(first.c.no.in_({row.matter for row in rows})))
    matters = {no: Matter(name, size, since) for no, name, size, since in found}
    return [
        Ticket(
            id=row.id,
            ledger=row.ledger,
            recorded=row.recorded,
            day=dt.date.fromisoformat(row.day),
            title=row.title,
            text=row.text,
            text_expires=row.expires,
            suggestion=json.loads(row.suggestion),
            state=row.state,
            category=row.category,
            department=row.department,
            returns=row.returns,
            matter=matters[row.matter],
            rulings=tuple(rulings.get(row.no, ())),
        )
        for row in rows
    ]
