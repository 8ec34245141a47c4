"""What the review page (复核) offers for each case: what one key says, and the decision it records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from classifier.catalogue.ledger import Ledger
from classifier.domain import Region
from service.domain import Action, Ticket
from service.workbench.duties import responsible
from service.workbench.rendering import percent

_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Choice:
    """What a key stands for, as people read it, and the decision: codes of a category or of a department."""

    label: str
    note: str
    action: Action
    category: str = ""
    department: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket a person is to look at, with the choices in the order of their keys."""

    ticket: Ticket
    choices: tuple[Choice, ...]


def unsure_case(ticket: Ticket) -> Case:
    """Offer the categories that were suggested."""
    scored = ticket.suggestion["categories"]
    return Case(
        ticket,
        tuple(
            Choice(
                one["category"]["path"],
                _percent(one["probability"]),
                Action.CORRECTED if at else Action.ACCEPTED,
                category=one["category"]["code"],
            )
            for at, one in enumerate(scored)
        ),
    )


def returned_case(ticket: Ticket, ledger: Ledger, today: dt.date) -> Case:
    """Offer who else may answer for a returned ticket (退单), and that its department answers after all.

    The candidates that were suggested come first, then who the duty list names for its category as it stands now.
    """
    refused = {one.department for one in ticket.rulings if one.action is Action.RETURNED}
    others: dict[str, str] = {}
    for code, why in _candidates(ticket, ledger, today):
        if code not in refused:
            others.setdefault(code, why)
    choices = [_reassigned(ledger, code, why) for code, why in islice(others.items(), _MOST)]
    if last := next((one.department for one in reversed(ticket.rulings) if one.department in refused), ""):
        choices.append(_reassigned(ledger, last, "退单不成立，仍由它办理"))
    return Case(ticket, tuple(choices))


def disputed_case(ticket: Ticket, ledger: Ledger) -> Case:
    """Offer the categories that people gave, each with who gave it last."""
    given = {one.category: one.by or one.key for one in ticket.rulings if one.category}
    paths = {code: ledger.categories[code].path if code in ledger.categories else code for code in given}
    return Case(ticket, tuple(Choice(paths[code], by, Action.CORRECTED, category=code) for code, by in given.items()))


def _percent(share: float) -> str:
    return percent(share) if share >= 0.01 else "<1%"


def _reassigned(ledger: Ledger, code: str, why: str) -> Choice:
    department = ledger.departments.get(code)
    return Choice(department.name if department else code, why, Action.REASSIGNED, department=code)


def _candidates(ticket: Ticket, ledger: Ledger, today: dt.date) -> Iterator[tuple[str, str]]:
    """Yield codes of departments that may answer, with why; some more than once."""
    for one in ticket.suggestion["departments"]:
        yield one["department"]["code"], one["basis"] or _percent(one["probability"])
    yield from _by_duty(ticket, ledger, today)
    for one in ticket.suggestion["assisting"]:
        yield one["code"], "建议的协办部门"


def _by_duty(ticket: Ticket, ledger: Ledger, today: dt.date) -> Iterator[tuple[str, str]]:
    if ticket.category not in {leaf.code for leaf in ledger.categories.leaves}:
        return
    duty = responsible(ledger, ledger.categories[ticket.category], _region(ticket, ledger), today)
    if duty is None:
        return
    named = [(duty.lead, duty.basis), *((name, "协办部门") for name in duty.assisting)]
    for name, why in named:
        department = ledger.departments.get(name)
        if department is not None:
            yield department.code, why or "职责清单"


def _region(ticket: Ticket, ledger: Ledger) -> Region | None:
    region = ticket.suggestion.get("region")
    return ledger.regions.get(region["code"]) if region else None
