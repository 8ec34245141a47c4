"""A version in shadow (影子运行): what it says of recorded tickets is kept beside what the version in use said.

A worker reads the tickets recorded since, as they are kept: no request waits for it, none is missed however many
processes serve, and a worker that was killed goes on where it stood. Tickets whose texts are not kept are left out.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from classifier.catalogue.ledger import load_ledger
from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.errors import FenbanError
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from service.desks import Stamp, stamp_of
from service.reports import Period, tickets_of
from service.store import tables
from service.store.database import Store, now
from service.store.tables import count_where

_log = logging.getLogger("fenban.worker")

_GROUP: Final = 50
"""Tickets answered in one go, between two looks for a job."""

_LOOK_EVERY: Final = 2.0
"""Seconds between looks for new tickets once all are answered."""


class Shadows:
    """Answers recorded tickets with the versions in shadow, a group at a time."""

    def __init__(self, places: Places, store: Store) -> None:
        self._places = places
        self._registry = Registry(places.models)
        self._store = store
        self._held: dict[str, tuple[object, Suggester | None]] = {}
        self._due = 0.0

    def work_once(self) -> bool:
        """Answer the next tickets of every ledger that has a version in shadow; False where there were none."""
        if time.monotonic() < self._due:
            return False
        worked = [self._follow(ledger, version) for ledger, version in self._registry.shadows().items()]
        if not any(worked):
            self._due = time.monotonic() + _LOOK_EVERY
        return any(worked)

    def _follow(self, ledger: str, version: str) -> bool:
        suggester = self._open(ledger, version)
        since = self._registry.shadow_since(ledger)
        if suggester is None or since is None:
            return False
        model = f"{ledger}/{version}"
        with self._store.reading() as connection:
            rows = connection.execute(_unanswered(ledger, model, since)).all()
        answers = [_answer(suggester, model, row) for row in rows]
        if answers:
            try:
                with self._store.writing() as connection:
                    connection.execute(tables.shadows.insert(), answers)
            except sa.exc.IntegrityError:
                _log.info("another worker has answered these tickets in shadow")
        return bool(answers)

    def _open(self, ledger: str, version: str) -> Suggester | None:
        """Return the suggester of a version, None where it cannot be used; told once, and tried again on a change."""
        key, suggester = self._held.get(ledger, (None, None))
        wanted = version, _stamp(suggester)
        if ledger in self._held and key == wanted:
            return suggester
        try:
            stamp = stamp_of(load_ledger(ledger, self._places.ledgers).files)
            suggester = open_desk(self._places, ledger, version)
        except FenbanError as error:
            _log.error("version %s of ledger %s cannot be in shadow: %s", version, ledger, error.code)
            stamp, suggester = (), None
        self._held[ledger] = (version, stamp), suggester
        return suggester


def _stamp(suggester: Suggester | None) -> Stamp:
    return stamp_of(suggester.ledger.files) if suggester else ()


def _unanswered(ledger: str, model: str, since: dt.datetime) -> sa.Select[Any]:
    """Select the next tickets; their numbers rise in the order in which they are recorded."""
    table, shadows = tables.tickets, tables.shadows
    last = sa.select(sa.func.coalesce(sa.func.max(shadows.c.ticket), 0)).where(shadows.c.model == model)
    return (
        sa.select(table.c.no, table.c.title, table.c.text, table.c.day, table.c.region)
        .where(
            table.c.no > last.scalar_subquery(),
            table.c.ledger == ledger,
            table.c.recorded >= since,
            table.c.text.is_not(None),
            table.c.model != model,
        )
        .order_by(table.c.no)
        .limit(_GROUP)
    )


def _answer(suggester: Suggester, model: str, row: Any) -> dict[str, Any]:
    """Return the row that keeps an answer; its category is empty where the text cannot be read."""
    kept = {"model": model, "ticket": row.no, "at": now(), "category": "", "department": "", "verdict": ""}
    complaint = Complaint(row.text, row.title or "", row.region, dt.date.fromisoformat(row.day))
    try:
        said = suggester.suggest(complaint, with_evidence=False)
    except FenbanError:
        return {**kept, "probability": 0.0}
    best, lead = said.categories[0], said.departments[0].department.code if said.departments else ""
    return {
        **kept,
        "category": best.category.code,
        "department": lead,
        "probability": best.probability,
        "verdict": said.decision.verdict.value,
    }


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How many tickets one version decided on as `before` and the one in shadow as `after`."""

    before: str
    after: str
    tickets: int


@dataclass(frozen=True, slots=True)
class Shadowing:
    """How a version in shadow compares with the versions in use, on the tickets of some days.

    `decided` have been decided on by people: of these the version in use had the category right in `right_in_use`, the
    one in shadow in `right_in_shadow`; only one of them in `only_in_use` and `only_in_shadow`. People saw the answers
    of the version in use, and may have followed it: the comparison favours it.
    """

    model: str
    verdicts: tuple[Verdicts, ...]
    tickets: int
    same_category: int
    same_department: int
    decided: int
    right_in_use: int
    right_in_shadow: int
    only_in_use: int
    only_in_shadow: int


def compare(connection: sa.Connection, period: Period, version: str) -> Shadowing:
    """Count what a version said in shadow against what was suggested, and what people decided."""
    table, shadows = tables.tickets, tables.shadows
    model = f"{period.ledger}/{version}"
    joined = shadows.join(table, table.c.no == shadows.c.ticket)
    decided = table.c.state != "suggested"
    in_use = decided & (table.c.category == table.c.suggested_category)
    in_shadow = decided & (table.c.category == shadows.c.category)
    counted = (
        shadows.c.category == table.c.suggested_category,
        shadows.c.department == table.c.suggested_department,
        decided,
        in_use,
        in_shadow,
        in_use & (table.c.category != shadows.c.category),
        in_shadow & (table.c.category != table.c.suggested_category),
    )

    def among(*columns: Any) -> Any:
        return tickets_of(period, *columns).select_from(joined).where(shadows.c.model == model)

    found = connection.execute(among(sa.func.count(), *map(count_where, counted))).one()
    pairs = connection.execute(
        among(table.c.verdict, shadows.c.verdict, sa.func.count())
        .group_by(table.c.verdict, shadows.c.verdict)
        .order_by(table.c.verdict, shadows.c.verdict)
    )
    verdicts = tuple(Verdicts(*pair) for pair in pairs)
    return Shadowing(model, verdicts, *map(int, found))
