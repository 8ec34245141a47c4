"""From category probabilities to departments: the duty list decides, the text fills what it leaves open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import JURISDICTION, Category, Department, DepartmentScore, Duty, Region, Scope, Source
from classifier.suggest.calibration import Confidence
from classifier.suggest.classification import Classified
from classifier.suggest.local import OWN_DEPARTMENTS
from classifier.suggest.model import DEPARTMENTS, LEAVES, Model, Prediction
from classifier.suggest.ranking import best_of

Floats = NDArray[np.float32]

_KEPT_TABLES = 256
_FITTED_ON = 5_000
"""Held-out complaints by which the probabilities are mended; of more, every so many."""


@dataclass(frozen=True, slots=True)
class Where:
    """What decides beside the category who is responsible: place, day, and how far the matter reaches."""

    region: Region | None
    day: dt.date
    scope: Scope | None = None


@dataclass(frozen=True)
class _Table:
    """For one place, day and scope: duties, and the number of each one's lead (-1 for none).

    First those of the ledger's own lowest categories, behind them those of the base's leaves as the ledgers
    above see them; `left` is, for each base leaf, the share that no own duty answers for.
    """

    duties: tuple[Duty | None, ...]
    leads: NDArray[np.int32]
    left: Floats | None

    @cached_property
    def held(self) -> NDArray[np.intp]:
        """The places of duties that have a lead."""
        return np.flatnonzero(self.leads >= 0)

    @cached_property
    def led_by(self) -> dict[int, NDArray[np.intp]]:
        """For each lead, the places of its duties."""
        return {int(lead): np.flatnonzero(self.leads == lead) for lead in np.unique(self.leads[self.held])}

    def mass(self, classified: Classified) -> Floats:
        """Return the probability that falls to each duty."""
        if self.left is None:
            return classified.leaves
        return np.concatenate([classified.own, classified.leaves * self.left])


@dataclass(frozen=True, slots=True)
class Route:
    """Candidates for the lead (主办), best first, and who assists (协办)."""

    leads: tuple[DepartmentScore, ...]
    assisting: tuple[Department, ...]


class Router:
    """Looks up duties of a ledger and those it starts from; tables are kept by place and day."""

    def __init__(self, ledger: Ledger, model: Model) -> None:
        self._ledger = ledger
        self._learnt_share = ledger.settings.learnt_share
        self._departments: Sequence[Department] = list(ledger.departments)
        self._number = {department.code: at for at, department in enumerate(self._departments)}
        self._tables: dict[tuple[str, dt.date, Scope | None], _Table] = {}
        # A base department goes by the ledger's own of the same code or name.
        names = {department.code: department.name for department in ledger.base.departments}
        labels = model.heads[DEPARTMENTS].labels
        local = [ledger.departments.get(code) or ledger.departments.get(names.get(code, "")) for code in labels]
        pairs = [(at, self._number[department.code]) for at, department in enumerate(local) if department]
        self._learnt_from = np.array([at for at, _ in pairs], dtype=np.intp)
        self._learnt_to = np.array([to for _, to in pairs], dtype=np.intp)
        self._local = model.local.groups.get(OWN_DEPARTMENTS) if model.local else None
        local_labels = self._local.labels if self._local else ()
        self._local_place = np.array([self._number.get(code, -1) for code in local_labels], dtype=np.intp)
        self._confidence = self._fit_confidence(model, self._learnt_share)

    def route(self, classified: Classified, prediction: Prediction, where: Where, added: Sequence[str] = ()) -> Route:
        """Rank the departments for one complaint.

        Args:
            classified: the probabilities of its categories.
            prediction: the model's, for what the text says of departments.
            where: place, day and scope, whose duties count.
            added: departments that a rule adds as assisting.
        """
        table = self._table(where)
        mass = table.mass(classified)
        by_duty = np.bincount(table.leads[table.held], mass[table.held], minlength=len(self._departments))
        learnt = self.learnt(prediction)
        total = (1 - self._learnt_share) * by_duty + self._learnt_share * learnt
        total = self._confidence((total / max(float(total.sum()), 1e-9)).astype(np.float32))
        best = best_of(total, 3)
        leads = tuple(
            self._score(
                at,
                float(total[at]),
                bool(by_duty[at] * (1 - self._learnt_share) >= learnt[at] * self._learnt_share),
                table,
                mass,
            )
            for at in best
            if total[at] > 0
        )
        return Route(leads, self._assisting(leads, table, mass, where.region, added))

    def carried(self, prediction: Prediction) -> Floats:
        """Return what the base alone learnt of departments, in the order of the ledger's directory."""
        learnt = np.zeros(len(self._departments), dtype=np.float32)
        learnt[self._learnt_to] = prediction.groups[DEPARTMENTS][self._learnt_from]
        return learnt

    def learnt(self, prediction: Prediction) -> Floats:
        """Return what texts of the past say of departments, the ledger's own where it has labels of them."""
        carried = self.carried(prediction)
        if self._local is None or prediction.local is None:
            return carried
        prior = np.where(self._local_place >= 0, carried[self._local_place], np.float32(0))
        probabilities = self._local.blend(prediction.local.groups[OWN_DEPARTMENTS], prior)
        known = self._local_place >= 0
        learnt = np.zeros_like(carried)
        learnt[self._local_place[known]] = probabilities[known]
        return learnt

    def _fit_confidence(self, model: Model, learnt_share: float) -> Confidence:
        """Compare with who really led the base's own complaints, each held out of the model, by the base's duties.

        Where a place has labels of its own departments, their blend was fitted on those: nothing is changed here.
        """
        if self._local is not None:
            return Confidence()
        if self._ledger.parent is not None:
            return Router(self._ledger.base, model)._fit_confidence(model, learnt_share)
        held_out = model.held_out
        known = np.flatnonzero(held_out.departments_truth >= 0)
        if not len(known):
            return Confidence()
        rows = known[:: max(1, len(known) // _FITTED_ON)]
        place = self._ledger.categories.places(model.heads[LEAVES].labels)
        leads = np.where(place >= 0, self._table(Where(None, dt.date.today())).leads[place], -1)
        duty = np.zeros((len(leads), len(self._departments)), dtype=np.float32)
        held = np.flatnonzero(leads >= 0)
        duty[held, leads[held]] = 1 - learnt_share
        total = held_out.leaves[rows].astype(np.float32) @ duty
        total[:, self._learnt_to] += learnt_share * held_out.departments[rows][:, self._learnt_from].astype(np.float32)
        total /= np.maximum(total.sum(axis=1, keepdims=True), 1e-9)
        column = np.full(len(model.heads[DEPARTMENTS].labels), -1)
        column[self._learnt_from] = self._learnt_to
        right = total.argmax(axis=1) == column[held_out.departments_truth[rows]]
        return Confidence.fit(total.max(axis=1), right)

    def _score(self, at: int, probability: float, by_duty: bool, table: _Table, mass: Floats) -> DepartmentScore:
        department = self._departments[at]
        duty = self._main_duty(at, table, mass)
        if duty is None or not by_duty:
            return DepartmentScore(department, probability, Source.LEARNT)
        source = Source.JURISDICTION if duty.lead == JURISDICTION else Source.DUTY
        return DepartmentScore(department, probability, source, duty.basis)

    def _main_duty(self, at: int, table: _Table, mass: Floats) -> Duty | None:
        """Return the likeliest duty under which this department leads."""
        led = table.led_by.get(at)
        return None if led is None else table.duties[led[mass[led].argmax()]]

    def _assisting(
        self,
        leads: Sequence[DepartmentScore],
        table: _Table,
        mass: Floats,
        region: Region | None,
        added: Sequence[str],
    ) -> tuple[Department, ...]:
        if not leads:
            return ()
        lead = leads[0].department
        duty = self._main_duty(self._number[lead.code], table, mass) or table.duties[int(mass.argmax())]
        names = [*added, *(duty.assisting if duty else ())]
        found = [self._department(name, region) for name in names]
        unique = {one.code: one for one in found if one is not None and one.code != lead.code}
        return tuple(unique.values())

    def _department(self, name: str, region: Region | None) -> Department | None:
        if name != JURISDICTION:
            return self._ledger.departments.get(name)
        if region is not None:
            for place in self._ledger.regions.ancestry(region):
                if place.department:
                    return self._ledger.departments.get(place.department)
        return self._ledger.departments.town()

    def _table(self, where: Where) -> _Table:
        key = (where.region.code if where.region else "", where.day, where.scope)
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) >= _KEPT_TABLES:
                self._tables.clear()
            table = self._tables[key] = self._build(where)
        return table

    def _build(self, where: Where) -> _Table:
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
        duties = (*own, *(self._duty_of_leaf(leaf, above, places, where) for leaf in leaves))
        leads = []
        for duty in duties:
            department = self._department(duty.lead, where.region) if duty else None
            leads.append(self._number[department.code] if department else -1)
        return _Table(duties, np.array(leads, dtype=np.int32), left)

    def _duty_of_leaf(self, leaf: int, lineage: Sequence[Ledger], places: Sequence[str], where: Where) -> Duty | None:
        """Find the duty of a base leaf in the nearest ledger that has one for what the leaf becomes there."""
        for ledger in lineage:
            projection = ledger.projection
            at = leaf
            if projection is not None:
                at = int(projection.shares[leaf].argmax())
                if projection.shares[leaf, at] <= 0:
                    continue
            duty = duty_of_category(ledger, ledger.categories.leaves[at], places, where)
            if duty is not None:
                return duty
        return None


def duty_of_category(ledger: Ledger, category: Category, places: Sequence[str], where: Where) -> Duty | None:
    """Return a ledger's own duty for one of its categories; `places` are the region's codes, smallest first."""
    line = [one.code for one in ledger.categories.ancestry(category)]
    return ledger.duties.responsible(line, places, where.day, where.scope)
