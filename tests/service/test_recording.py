"""What is recorded of complaints to find them by; on both databases."""

from __future__ import annotations

import datetime as dt
import json

import pytest
import sqlalchemy as sa

from classifier.domain import Complaint
from classifier.suggest.suggester import Suggester
from service.idempotency import Answer
from service.recording import MOST_OF_A_PLACE, Intake, record
from service.similar import findable
from service.store import tables
from service.store.database import Store, now

PLACE = "翠湖小区"
MATTERS = [f"{PLACE}，{''.join(map(chr, range(0x4E00 + 60 * at, 0x4E00 + 60 * at + 60)))}" for at in range(20)]
"""Texts that name one place and share no more words."""


def _intake(suggester: Suggester, name: str, text: str) -> Intake:
    complaint = Complaint(text, id=name)
    understood = suggester.understand(complaint)
    read = understood.encoded.complaint
    said = suggester.conclude(complaint, understood)
    expires = now() + dt.timedelta(days=1)
    return Intake("small", name, dt.date.today(), "", text, expires, said, findable(read, "small", b"secret"))


def _record(store: Store, intakes: list[Intake], group: int) -> list[dict[str, object]]:
    answers: list[dict[str, object]] = []
    for at in range(0, len(intakes), group):
        with store.writing() as connection:
            for outcome in record(connection, intakes[at : at + group]):
                assert isinstance(outcome, Answer)
                answers.append(json.loads(outcome.body))
    return answers


@pytest.mark.parametrize("group", [1, 7])
def test_of_a_place_that_many_name_the_newest_matters_are_kept(store: Store, suggester: Suggester, group: int) -> None:
    assert len(MATTERS) > MOST_OF_A_PLACE
    intakes = [_intake(suggester, f"t{at}", what) for at, what in enumerate(MATTERS)]
    (clue,) = {one.findable.places[0] for one in intakes}
    answers = _record(store, intakes, group)
    assert [one["similar"] for one in answers] == [[]] * len(MATTERS)
    with store.reading() as connection:
        kept = connection.execute(sa.select(tables.clues.c.ticket).where(tables.clues.c.key == clue)).scalars().all()
        numbers = connection.execute(sa.select(tables.tickets.c.no)).scalars().all()
    assert len(numbers) == len(MATTERS)
    assert sorted(kept) == sorted(numbers)[-MOST_OF_A_PLACE:]


def test_tickets_are_numbered_one_after_the_other_whatever_comes_again(store: Store, suggester: Suggester) -> None:
    first = [_intake(suggester, name, what) for name, what in zip("abc", MATTERS, strict=False)]
    _record(store, first, 2)
    again = _record(store, [first[1], _intake(suggester, "d", f"{PLACE}路灯坏了"), first[0]], 3)
    repeated = [dict(one["record"])["repeated"] for one in again if isinstance(one["record"], dict)]
    assert repeated == [True, False, True]
    with store.reading() as connection:
        rows = connection.execute(sa.select(tables.tickets.c.id, tables.tickets.c.no, tables.tickets.c.recorded))
        found = {row.id: (row.no, row.recorded) for row in rows}
    assert {name: no for name, (no, _) in found.items()} == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert all(abs(now() - recorded) < dt.timedelta(minutes=5) for _, recorded in found.values())
