"""Trainings as jobs: a ledger's model learnt anew from what departments decided and from uploaded labels.

A decision is evidence where a person has looked: the category and department a ticket stands at after it was accepted,
corrected, reassigned or closed. A ticket that is only suggested, or was returned and has not found its department
yet, teaches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint
from classifier.errors import PromotionRefusedError
from classifier.learn.dataset import Labelled, LabelledFiles, Together
from classifier.presentation import plain
from classifier.text.masking import HIDDEN
from classifier.workshop import promote_version, train_version
from service.domain import Action
from service.store import tables
from service.store.database import Store
from service.worker import Underway, Work

_DECIDED: Final = (Action.ACCEPTED, Action.CORRECTED, Action.REASSIGNED, Action.CLOSED)
_AT_ONCE: Final = 1_000
_REDACTED: Final = re.compile(r"\[[\u4e00-\u9fff]{2,5}[号箱话]\]")
"""What stands for personal data in a stored text; the model reads `HIDDEN` in its place, as it does at intake."""


def work_training(store: Store) -> Work:
    """Return how a training is done, with decisions from this store."""

    def work(underway: Underway) -> dict[str, Any]:
        """Train, and promote if that was asked for and the gate lets it pass; return version, report and gate.

        A training that was cut off begins anew; a version is stored whole or not at all.
        """
        job, places = underway.job, underway.settings.places
        ledger = load_ledger(job.ledger, places.ledgers)
        underway.report("读取标注", 0.0)
        uploads = LabelledFiles(ledger, tuple(underway.files.inputs(job.id)))
        uploaded = sum(1 for _ in uploads)
        decided = decided_rows(store, ledger) if job.options.get("decisions") else []
        version, trained = train_version(ledger, places, Together((uploads, decided)), underway.report)
        result = {
            "version": version.name,
            "uploaded": uploaded,
            "decisions": len(decided),
            "promoted": False,
            "refused": "",
            **{name: trained.facts.get(name) for name in ("rows", "metrics", "comparison", "gate")},
        }
        if job.options.get("promote"):
            try:
                promote_version(ledger, places, version.name, reason=f"training {job.id}")
                result["promoted"] = True
            except PromotionRefusedError as error:
                result["refused"] = str(error)
        shown: dict[str, Any] = plain(result)
        return shown

    return work


def decided_rows(store: Store, ledger: Ledger) -> list[Labelled]:
    """Return the tickets of a ledger that were decided on and whose text is still kept, oldest first.

    Categories that are no longer lowest categories of the ledger are left out.
    """
    table = tables.tickets
    leaves = {leaf.code for leaf in ledger.categories.leaves}
    query = (
        sa.select(
            table.c.no, table.c.id, table.c.title, table.c.text, table.c.day, table.c.category, table.c.department
        )
        .where(
            table.c.ledger == ledger.name,
            table.c.state.in_([one.value for one in _DECIDED]),
            table.c.text.is_not(None),
        )
        .order_by(table.c.no)
        .limit(_AT_ONCE)
    )
    rows: list[Labelled] = []
    last = 0
    while True:
        with store.reading() as connection:
            found = connection.execute(query.where(table.c.no > last)).all()
            returned = _returned_by(connection, [row.no for row in found])
        if not found:
            return rows
        last = found[-1].no
        rows += [_labelled(row, returned.get(row.no, ())) for row in found if row.category in leaves]


def _returned_by(connection: sa.Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the departments that sent these tickets back (退单), in order."""
    table = tables.rulings
    is_return = (table.c.ticket.in_(numbers), table.c.action == Action.RETURNED.value, table.c.department != "")
    found: dict[int, tuple[str, ...]] = {}
    for ticket, department in connection.execute(
        sa.select(table.c.ticket, table.c.department).where(*is_return).order_by(table.c.no)
    ):
        found[ticket] = (*found.get(ticket, ()), department)
    return found


def _labelled(row: Any, returned_by: tuple[str, ...]) -> Labelled:
    title, text = (_REDACTED.sub(HIDDEN, one) for one in (row.title, row.text))
    others = tuple(one for one in returned_by if one != row.department)
    source = f"ticket:{row.no}"
    return Labelled(Complaint(text, title, id=row.id), (row.category,), row.department, None, source, others)
