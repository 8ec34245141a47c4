"""Suggestions recorded as they were: a group of them in one transaction, each with what is like it already.

A ticket id that comes again is answered with what was recorded the first time. A complaint that says nearly what an
earlier one says, or tells of the same place in the same category within a month and in part by the same words, joins
that one's matter.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from classifier.domain import Suggestion
from classifier.learn.duplicates import NEARLY
from classifier.presentation import plain
from service import idempotency
from service.domain import Matter, Relation, Similar
from service.idempotency import Answer, Once
from service.similar import Findable, is_one_place, similarity
from service.store import tables
from service.store.database import now
from service.store.lists import Lookup, among, insert_plainly
from service.wire import suggestion_json

_LOCK: Final = 0x46656E62616E02
"""Advisory lock of PostgreSQL: tickets are recorded by one process at a time, so that a matter is never made twice."""

SAME_MATTER: Final = dt.timedelta(days=30)
"""How far apart two complaints of one place and category may be to tell of one matter."""

MOST_OF_A_PLACE: Final = 16
"""Matters of one place that are looked at, the newest: of a place that is named all day, most have been settled."""

_SHOWN: Final = 5
_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False).encode

_TICKETS: Final = tables.tickets.c
_COLUMNS: Final = tuple(tables.tickets.columns.keys())
_FIRST: Final = tables.tickets.alias("first")
_MATTER: Final = (_FIRST.c.no, _FIRST.c.id, _FIRST.c.matter_size, _FIRST.c.recorded)
"""Of the ticket that began a matter."""

_LAST: Final = sa.select(sa.func.max(_TICKETS.no).label("no")).subquery("last")
# With the ledgers, the index of ids serves; without them every ticket is looked at.
_RECORDED: Final = Lookup(
    sa.select(
        _LAST.c.no, *_MATTER, _TICKETS.ledger, _TICKETS.id, _TICKETS.suggestion, _TICKETS.digest, _TICKETS.recorded
    )
    .select_from(_LAST)
    .outerjoin(tables.tickets, among(_TICKETS.ledger, "ledgers") & among(_TICKETS.id, "ids"))
    .outerjoin(_FIRST, _FIRST.c.no == _TICKETS.matter)
)
"""The tickets of these ids, each with the last number of all; that alone where there is none."""
_BY_CLUE: Final = Lookup(
    sa.select(
        *_MATTER,
        tables.clues.c.key,
        _TICKETS.no,
        _TICKETS.id,
        _TICKETS.suggested_category,
        _TICKETS.sketch,
        _TICKETS.recorded,
    )
    .select_from(tables.clues)
    .join(tables.tickets, _TICKETS.no == tables.clues.c.ticket)
    .join(_FIRST, _FIRST.c.no == _TICKETS.matter)
    .where(among(tables.clues.c.key, "clues"))
)
_FORGET: Final = tables.clues.delete().where(
    tables.clues.c.key == sa.bindparam("clue"), tables.clues.c.ticket == sa.bindparam("of")
)
_GROW: Final = (
    tables.tickets.update().where(_TICKETS.no == sa.bindparam("matter_no")).values(matter_size=sa.bindparam("size"))
)


@dataclass(frozen=True, slots=True)
class Intake:
    """A complaint to be recorded (`id` not empty), or only compared with those recorded.

    `title` and `text` are masked, and None where nothing is to be kept of them; `expires` is when they go.
    """

    ledger: str
    id: str
    day: dt.date
    title: str | None
    text: str | None
    expires: dt.datetime | None
    suggestion: Suggestion
    findable: Findable
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What is known of a recorded ticket that shares a clue."""

    matter: int
    no: int
    id: str
    category: str
    sketch: bytes | None
    recorded: dt.datetime


@dataclass(frozen=True, slots=True)
class _Recorded:
    """What answers a ticket id that comes again."""

    matter: int
    suggestion: str
    digest: str
    recorded: dt.datetime


@dataclass(slots=True)
class _Known:
    """The state of the store that a group needs, kept up to date while the group is worked on."""

    by_clue: dict[int, list[_Earlier]] = field(default_factory=dict)
    recorded: dict[tuple[str, str], _Recorded] = field(default_factory=dict)
    matters: dict[int, Matter] = field(default_factory=dict)
    last_no: int = 0


@dataclass(slots=True)
class _Writes:
    tickets: list[dict[str, Any]] = field(default_factory=list)
    clues: list[tuple[int, int]] = field(default_factory=list)
    outdated: list[dict[str, int]] = field(default_factory=list)
    grown: dict[int, int] = field(default_factory=dict)
    answers: list[tuple[Once, Answer]] = field(default_factory=list)


def record(connection: sa.Connection, intakes: Sequence[Intake]) -> list[Answer | Exception]:
    """Record a group of complaints, in order, and return the answer to each; all or none is written."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    known, writes = _look_up(connection, intakes), _Writes()
    remembered = idempotency.recall(connection, [one.once for one in intakes if one.once])
    outcomes: list[Answer | Exception] = []
    for intake in intakes:
        outcome = remembered.get(intake.once) if intake.once else None
        if outcome is None:
            outcome = _record_one(intake, known, writes)
            if intake.once:
                remembered[intake.once] = outcome
                writes.answers.append((intake.once, outcome))
        outcomes.append(outcome)
    _write(connection, writes)
    return outcomes


def compare(connection: sa.Connection, intakes: Sequence[Intake]) -> list[Answer | Exception]:
    """Return the answer to each complaint of a group with what is like it, recording nothing."""
    known = _look_up(connection, intakes)
    outcomes: list[Answer | Exception] = []
    for intake in intakes:
        near = _similar(intake, known)
        matter = known.matters.get(near[0][1].matter) if near else None
        outcomes.append(_answer(suggestion_json(intake.suggestion), near, matter, None))
    return outcomes


def _look_up(connection: sa.Connection, intakes: Sequence[Intake]) -> _Known:
    """Ask the store what a group needs, in two queries."""
    known = _Known()
    names = {intake.id for intake in intakes if intake.id}
    if names:
        ledgers = {intake.ledger for intake in intakes}
        for last, no, first, size, since, ledger, name, suggestion, digest, recorded in _RECORDED(
            connection, ledgers=ledgers, ids=names
        ):
            known.last_no = last or 0
            if no is not None:
                known.matters[no] = Matter(first, size, tables.moment(since))
                known.recorded[ledger, name] = _Recorded(no, suggestion, digest, tables.moment(recorded))
    clues = {clue for intake in intakes for clue in intake.findable.clues}
    for matter, first, size, since, key, no, name, category, sketch, recorded in _BY_CLUE(connection, clues=clues):
        known.matters[matter] = Matter(first, size, tables.moment(since))
        known.by_clue.setdefault(key, []).append(_Earlier(matter, no, name, category, sketch, tables.moment(recorded)))
    return known


def _record_one(intake: Intake, known: _Known, writes: _Writes) -> Answer:
    before = known.recorded.get((intake.ledger, intake.id))
    if before is not None:
        return _repeated(intake, before, known)
    known.last_no += 1
    no, moment = known.last_no, now()
    near = _similar(intake, known)
    matter_no = near[0][1].matter if near else no
    matter = known.matters.get(matter_no) or Matter(intake.id, 0, moment)
    matter = known.matters[matter_no] = Matter(matter.ticket, matter.count + 1, matter.since)
    if matter_no != no:
        writes.grown[matter_no] = matter.count
    suggestion = suggestion_json(intake.suggestion)
    row = _row(intake, suggestion, no, matter_no, moment)
    writes.tickets.append(row)
    known.recorded[intake.ledger, intake.id] = _Recorded(matter_no, suggestion, intake.findable.digest, moment)
    _remember_clues(
        intake,
        known,
        writes,
        _Earlier(matter_no, no, intake.id, row["suggested_category"], intake.findable.sketch, moment),
        near,
    )
    return _answer(suggestion, near, matter, _receipt(intake.id, moment, repeated=False, same_text=True))


def _repeated(intake: Intake, before: _Recorded, known: _Known) -> Answer:
    same = before.digest == intake.findable.digest
    receipt = _receipt(intake.id, before.recorded, repeated=True, same_text=same)
    return _answer(before.suggestion, [], known.matters.get(before.matter), receipt)


def _row(intake: Intake, suggestion: str, no: int, matter: int, moment: dt.datetime) -> dict[str, Any]:
    said = intake.suggestion
    categories = [score.category.code for score in said.categories]
    lead = said.departments[0].department.code if said.departments else ""
    return {
        "no": no,
        "ledger": intake.ledger,
        "id": intake.id,
        "recorded": moment,
        "day": intake.day.isoformat(),
        "title": intake.title,
        "text": intake.text,
        "expires": intake.expires,
        "digest": intake.findable.digest,
        "suggestion": suggestion,
        "model": said.model,
        "suggested_category": categories[0],
        "suggested_department": lead,
        "runners_up": "|".join(categories[1:]),
        "probability": said.categories[0].probability,
        "verdict": said.decision.verdict.value,
        "kind": said.kind.value,
        "urgency": said.urgency.value,
        "region": said.region.code if said.region else "",
        "state": "suggested",
        "category": categories[0],
        "department": lead,
        "returns": 0,
        "matter": matter,
        "matter_size": 1,
        "sketch": intake.findable.sketch if intake.expires else None,
    }


def _values(row: dict[str, Any], dialect: sa.Dialect) -> tuple[Any, ...]:
    """Return a row's values in the order of the table's columns, as the driver takes them."""
    values = map(row.__getitem__, _COLUMNS)
    return tuple(tables.stored(one, dialect) if isinstance(one, dt.datetime) else one for one in values)


def _similar(intake: Intake, known: _Known) -> list[tuple[Similar, _Earlier]]:
    """Return earlier complaints like this one: near-duplicates, then those of the same matter, nearest first."""
    found: dict[int, tuple[Similar, _Earlier]] = {}
    likely = {score.category.code for score in intake.suggestion.categories[:2]}
    places = Counter(one.no for clue in intake.findable.places for one in known.by_clue.get(clue, ()))
    moment = now()
    for earlier in (one for clue in intake.findable.clues for one in known.by_clue.get(clue, ())):
        if earlier.no in found or earlier.sketch is None or earlier.id == intake.id:
            continue
        share = similarity(intake.findable.sketch, earlier.sketch)
        if share >= NEARLY:
            relation = Relation.DUPLICATE
        elif (
            is_one_place(places[earlier.no], share)
            and earlier.category in likely
            and moment - earlier.recorded <= SAME_MATTER
        ):
            relation = Relation.MATTER
        else:
            continue
        found[earlier.no] = Similar(earlier.id, relation, round(share, 2), earlier.recorded), earlier
    return sorted(found.values(), key=lambda pair: (pair[0].relation is Relation.MATTER, -pair[0].similarity))[:_SHOWN]


def _remember_clues(
    intake: Intake, known: _Known, writes: _Writes, ticket: _Earlier, near: list[tuple[Similar, _Earlier]]
) -> None:
    """Keep the clues that lead to nothing yet: a thousand copies of one letter cost no more than the first."""
    if not intake.expires:
        return
    is_copy = bool(near) and near[0][0].relation is Relation.DUPLICATE
    places = [
        clue
        for clue in intake.findable.places
        if all(one.matter != ticket.matter for one in known.by_clue.get(clue, ()))
    ]
    for clue in places:
        if len(named := known.by_clue.get(clue, [])) >= MOST_OF_A_PLACE:
            oldest = min(named, key=lambda one: one.no)
            named.remove(oldest)
            writes.outdated.append({"clue": clue, "of": oldest.no})
    for clue in {*(() if is_copy else intake.findable.bands), *places}:
        known.by_clue.setdefault(clue, []).append(ticket)
        writes.clues.append((clue, ticket.no))


def _receipt(ticket: str, recorded: dt.datetime, *, repeated: bool, same_text: bool) -> dict[str, Any]:
    return {"ticket": ticket, "recorded": recorded.isoformat(), "repeated": repeated, "same_text": same_text}


def _answer(
    suggestion: str, near: list[tuple[Similar, _Earlier]], matter: Matter | None, receipt: dict[str, Any] | None
) -> Answer:
    """Put what the store knows behind the suggestion, whose JSON stays as it was."""
    similar = [plain(one) | {"recorded": one.recorded.isoformat()} for one, _ in near]
    about = {"ticket": matter.ticket, "count": matter.count, "since": matter.since.isoformat()} if matter else None
    more = _WRITTEN({"similar": similar, "matter": about, "record": receipt})
    return Answer(200, f"{suggestion[:-1]}, {more[1:]}")


def _write(connection: sa.Connection, writes: _Writes) -> None:
    insert_plainly(connection, tables.tickets, [_values(row, connection.dialect) for row in writes.tickets])
    insert_plainly(connection, tables.clues, writes.clues)
    if writes.outdated:
        connection.execute(_FORGET, writes.outdated)
    if writes.grown:
        connection.execute(_GROW, [{"matter_no": matter, "size": size} for matter, size in writes.grown.items()])
    idempotency.keep(connection, writes.answers)
