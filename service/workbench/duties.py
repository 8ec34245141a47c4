"""Who answers for a category on a day and in a place, and by which ledger's list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from classifier.catalogue.ledger import Ledger
from classifier.domain import JURISDICTION, Category, Region
from classifier.suggest.sharing import Where, duty_of_category


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who leads and who assists, as people call them; `ledger` is whose list says so."""

    lead: str
    assisting: tuple[str, ...]
    basis: str
    ledger: str


def responsible(ledger: Ledger, category: Category, region: Region | None, day: dt.date) -> Responsible | None:
    """Return who answers for one of a ledger's lowest categories; None where no list says it without a text."""
    places = [place.code for place in ledger.regions.ancestry(region)] if region else []
    duty = duty_of_category(ledger, category, places, Where(region, day))
    if duty is None:
        return None
    assisting = tuple(_name(ledger, one, region) for one in duty.assisting)
    return Responsible(_name(ledger, duty.lead, region), assisting, duty.basis, ledger.settings.title)


def _name(ledger: Ledger, given: str, region: Region | None) -> str:
    if given == JURISDICTION:
        around = ledger.regions.ancestry(region) if region else ()
        given = next((place.department for place in around if place.department), "属地")
    department = ledger.departments.get(given)
    return department.name if department else given
