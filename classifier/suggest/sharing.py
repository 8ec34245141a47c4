"""Who may lead (主办) for a category: the duty list names them, the text tells them apart.

A row of a duty list often names several: the one that leads, and those that lead where the matter is theirs, as the
power company does of water, power and gas. A ledger says whether its list is to be read so (`assisting_may_lead`); if
not, the lead alone counts. Of a category's probability the lead holds at least half before the text is
heard; the rest is shared by how often each of those named led such complaints, where that is known. What the text says
of departments then favours one or the other of those named, never one that is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import JURISDICTION, Category, Department, Duty, Region, Scope, Source
from classifier.suggest.classification import Classified
from classifier.suggest.leads import Namings

Floats = NDArray[np.float32]
Numbers = NDArray[np.intp]

LEADS: Final = 0.5
"""Share of a category's probability that its lead holds before the text is heard."""

_ASSISTS: Final = 0.2
"""How often one that assists leads after all, beside once for the lead, where nothing is known of the past."""

_SMALLEST: Final = np.float32(1e-9)
_KEPT_TABLES: Final = 256


@dataclass(frozen=True, slots=True)
class Where:
    """What decides beside the category who is responsible: place, day, and how far the matter reaches."""

    region: Region | None
    day: dt.date
    scope: Scope | None = None


def shares_of(led: Floats) -> Floats:
    """Return the share of each department a duty names, the lead's first; together 1.

    Args:
        led: how many complaints of this category each of them led.
    """
    weights = led + np.float32(_ASSISTS)
    weights[0] += np.float32(1 - _ASSISTS)
    shares: Floats = weights * np.float32((1 - LEADS) / weights.sum())
    shares[0] += np.float32(LEADS)
    return shares


def without_one(shares: Floats, led: Floats, led_by: Numbers) -> Floats:
    """Return shares as they are without one of the complaints that were counted, `(n_rows, n_departments)`.

    Args:
        shares: each row's, as `shares_of` returns them; 0 for departments that are not named.
        led: how many complaints of the row's category each department led.
        led_by: the department that led the one, `(n_rows,)`.
    """
    rows = np.arange(len(shares))
    leads = shares >= LEADS
    rest = shares - np.float32(LEADS) * leads
    weights = np.where(shares > 0, led + np.where(leads, np.float32(1), np.float32(_ASSISTS)), np.float32(0))
    total = weights.sum(axis=1, keepdims=True)
    weights[rows, led_by] -= shares[rows, led_by] > 0
    fewer = weights.sum(axis=1, keepdims=True)
    rest = np.where(fewer < total, np.float32(1 - LEADS) * weights / np.maximum(fewer, _SMALLEST), rest)
    found: Floats = (rest + np.float32(LEADS) * leads).astype(np.float32)
    return found


@dataclass(frozen=True, slots=True)
class Naming:
    """A duty that names a department; `leads` where it does so as the lead, not as one that assists."""

    duty: Duty
    leads: bool

    @property
    def source(self) -> Source:
        """Why the department is suggested."""
        return Source.JURISDICTION if self.leads and self.duty.lead == JURISDICTION else Source.DUTY


@dataclass(frozen=True)
class DutyTable:
    """For one place, day and scope: duties, and who may lead under each.

    First those of the ledger's own lowest categories, behind them those of the base's leaves as the ledgers above see
    them; `left` is, for each base leaf, the share that no own duty answers for. `namings` say by the numbers of
    duties and departments who may lead.
    """

    duties: tuple[Duty | None, ...]
    namings: Namings
    left: Floats | None

    @cached_property
    def _named(self) -> tuple[Naming | None, ...]:
        given = zip(self.namings.duties.tolist(), self.namings.shares.tolist(), strict=True)
        return tuple(Naming(duty, share >= LEADS) if (duty := self.duties[at]) else None for at, share in given)

    def naming(self, at: int) -> Naming | None:
        """Return one of the namings by its number; None for -1."""
        return self._named[at] if at >= 0 else None

    def mass(self, classified: Classified) -> Floats:
        """Return the probability that falls to each duty."""
        if self.left is None:
            return classified.leaves
        return np.concatenate([classified.own, classified.leaves * self.left])

    def dense(self, n_departments: int) -> Floats:
        """Return the shares as `(n_duties, n_departments)`."""
        table = np.zeros((len(self.duties), n_departments), dtype=np.float32)
        table[self.namings.duties, self.namings.departments] = self.namings.shares
        return table


class DutyTables:
    """The duties of a ledger and those it starts from; tables are kept by place, day and scope."""

    def __init__(self, ledger: Ledger, led: Floats) -> None:
        """Take the ledger, and how many complaints of each base leaf each department led: `(n_leaves, n_departments)`.

        The numbers of departments are their places in the ledger's directory.
        """
        self._ledger = ledger
        self._led = led
        self._number = {department.code: at for at, department in enumerate(ledger.departments)}
        self._tables: dict[tuple[str, dt.date, Scope | None], DutyTable] = {}

    def at(self, where: Where) -> DutyTable:
        """Return the duties in force at a place on a day."""
        key = (where.region.code if where.region else "", where.day, where.scope)
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) >= _KEPT_TABLES:
                self._tables.clear()
            table = self._tables[key] = self._build(where)
        return table

    def department(self, name: str, region: Region | None) -> Department | None:
        """Return the department a duty names, which for 属地 is that of the place; None where there is none."""
        if name != JURISDICTION:
            return self._ledger.departments.get(name)
        if region is not None:
            for place in self._ledger.regions.ancestry(region):
                if place.department:
                    return self._ledger.departments.get(place.department)
        return self._ledger.departments.town()

    def _build(self, where: Where) -> DutyTable:
        places = [place.code for place in self._ledger.regions.ancestry(where.region)] if where.region else []
        own: list[Duty | None] = []
        left = None
        above = self._ledger.lineage
        if self._ledger.projection is not None:
            own = [duty_of_category(self._ledger, leaf, places, where) for leaf in self._ledger.categories.leaves]
            stated = np.array([duty is not None for duty in own], dtype=np.float32)
            left = np.clip(1 - self._ledger.projection.shares @ stated, 0, 1).astype(np.float32)
            above = above[1:]
        leaves = range(len(self._ledger.base.categories.leaves))
        inherited = (self._duty_of_leaf(leaf, above, places, where) for leaf in leaves)
        held = [*((duty, self._ledger) for duty in own), *inherited]
        rows: list[int] = []
        departments: list[int] = []
        shares: list[Floats] = []
        for at, (duty, ledger) in enumerate(held):
            named = [*dict.fromkeys(self._named(duty, where.region))] if duty else []
            named = named if ledger.settings.assisting_may_lead else named[:1]
            if named:
                led = self._led[at - len(own), named] if at >= len(own) else np.zeros(len(named), dtype=np.float32)
                rows += [at] * len(named)
                departments += named
                shares.append(shares_of(led))
        joined = np.concatenate(shares) if shares else np.zeros(0, dtype=np.float32)
        duties = tuple(duty for duty, _ in held)
        namings = Namings(np.array(rows, dtype=np.int32), np.array(departments, dtype=np.int32), joined)
        return DutyTable(duties, namings, left)

    def _named(self, duty: Duty, region: Region | None) -> Iterator[int]:
        """Yield the numbers of the departments a duty names, its lead first; none where it has no lead here."""
        lead = self.department(duty.lead, region)
        if lead is None:
            return
        yield self._number[lead.code]
        for name in duty.assisting:
            other = self.department(name, region)
            if other is not None:
                yield self._number[other.code]

    def _duty_of_leaf(
        self, leaf: int, lineage: Sequence[Ledger], places: Sequence[str], where: Where
    ) -> tuple[Duty | None, Ledger]:
        """Find the duty of a base leaf in the nearest ledger that has one for what the leaf becomes there, and it."""
        for ledger in lineage:
            projection = ledger.projection
            at = leaf
            if projection is not None:
                at = int(projection.shares[leaf].argmax())
                if projection.shares[leaf, at] <= 0:
                    continue
            duty = duty_of_category(ledger, ledger.categories.leaves[at], places, where)
            if duty is not None:
                return duty, ledger
        return None, self._ledger


def duty_of_category(ledger: Ledger, category: Category, places: Sequence[str], where: Where) -> Duty | None:
    """Return a ledger's own duty for one of its categories; `places` are the region's codes, smallest first."""
    line = [one.code for one in ledger.categories.ancestry(category)]
    return ledger.duties.responsible(line, places, where.day, where.scope)
