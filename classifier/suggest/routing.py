"""From category probabilities to departments: the duty list decides, the text fills what it leaves open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import JURISDICTION, Department, DepartmentScore, Duty, Region, Source
from classifier.suggest.calibration import Confidence
from classifier.suggest.local import OWN_DEPARTMENTS
from classifier.suggest.model import DEPARTMENTS, LEAVES, Model, Prediction

Floats = NDArray[np.float32]

_KEPT_TABLES = 256
_FITTED_ON = 5_000
"""Held-out complaints by which the probabilities are mended; of more, every so many."""


@dataclass(frozen=True, slots=True)
class _Table:
    """For one place and day: each base leaf's duty and the number of its lead (-1 for none)."""

    duties: tuple[Duty | None, ...]
    leads: NDArray[np.int32]


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
        self._tables: dict[tuple[str, dt.date], _Table] = {}
        known = {department.name: at for at, department in enumerate(self._departments)}
        base = {department.code: department.name for department in ledger.base.departments}
        labels = model.heads[DEPARTMENTS].labels
        pairs = [(at, known[base[code]]) for at, code in enumerate(labels) if base.get(code) in known]
        self._learnt_from = np.array([at for at, _ in pairs], dtype=np.intp)
        self._learnt_to = np.array([to for _, to in pairs], dtype=np.intp)
        self._local = model.local.groups.get(OWN_DEPARTMENTS) if model.local else None
        local_labels = self._local.labels if self._local else ()
        self._local_place = np.array([self._number.get(code, -1) for code in local_labels], dtype=np.intp)
        self._confidence = self._fit_confidence(model, self._learnt_share)

    def route(
        self, leaves: Floats, prediction: Prediction, region: Region | None, day: dt.date, added: Sequence[str] = ()
    ) -> Route:
        """Rank the departments for one complaint.

        Args:
            leaves: probabilities of the base's leaves.
            prediction: the model's, for what the text says of departments.
            region: where the complaint is, or None.
            day: the day whose duties count.
            added: departments that a rule adds as assisting.
        """
        table = self._table(region, day)
        held = table.leads >= 0
        by_duty = np.bincount(table.leads[held], leaves[held], minlength=len(self._departments))
        learnt = self.learnt(prediction)
        total = (1 - self._learnt_share) * by_duty + self._learnt_share * learnt
        total = self._confidence((total / max(float(total.sum()), 1e-9)).astype(np.float32))
        best = np.argsort(-total, kind="stable")[:3]
        leads = tuple(
            self._score(
                int(at),
                float(total[at]),
                bool(by_duty[at] * (1 - self._learnt_share) >= learnt[at] * self._learnt_share),
                table,
                leaves,
            )
            for at in best
            if total[at] > 0
        )
        return Route(leads, self._assisting(leads, table, leaves, region, added))

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
        leads = np.where(place >= 0, self._table(None, dt.date.today()).leads[place], -1)
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

    def _score(self, at: int, probability: float, by_duty: bool, table: _Table, leaves: Floats) -> DepartmentScore:
        department = self._departments[at]
        duty = self._main_duty(at, table, leaves)
        if duty is None or not by_duty:
            return DepartmentScore(department, probability, Source.LEARNT)
        source = Source.JURISDICTION if duty.lead == JURISDICTION else Source.DUTY
        return DepartmentScore(department, probability, source, duty.basis)

    def _main_duty(self, at: int, table: _Table, leaves: Floats) -> Duty | None:
        """Return the likeliest duty under which this department leads."""
        mass = np.where(table.leads == at, leaves, -1)
        leaf = int(mass.argmax())
        return table.duties[leaf] if mass[leaf] >= 0 else None

    def _assisting(
        self,
        leads: Sequence[DepartmentScore],
        table: _Table,
        leaves: Floats,
        region: Region | None,
        added: Sequence[str],
    ) -> tuple[Department, ...]:
        if not leads:
            return ()
        lead = leads[0].department
        duty = self._main_duty(self._number[lead.code], table, leaves) or table.duties[int(leaves.argmax())]
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

    def _table(self, region: Region | None, day: dt.date) -> _Table:
        key = (region.code if region else "", day)
        table = self._tables.get(key)
        if table is None:
            if len(self._tables) >= _KEPT_TABLES:
                self._tables.clear()
            table = self._tables[key] = self._build(region, day)
        return table

    def _build(self, region: Region | None, day: dt.date) -> _Table:
        places = [place.code for place in self._ledger.regions.ancestry(region)] if region else []
        duties = tuple(self._duty_of(at, places, day) for at in range(len(self._ledger.base.categories.leaves)))
        leads = []
        for duty in duties:
            department = self._department(duty.lead, region) if duty else None
            leads.append(self._number[department.code] if department else -1)
        return _Table(duties, np.array(leads, dtype=np.int32))

    def _duty_of(self, leaf: int, places: Sequence[str], day: dt.date) -> Duty | None:
        """Find the duty of a base leaf: the ledger's own for what the leaf becomes there, else its parent's."""
        for ledger in self._ledger.lineage:
            projection = ledger.projection
            at = leaf
            if projection is not None:
                at = int(projection.shares[leaf].argmax())
                if projection.shares[leaf, at] <= 0:
                    continue
            line = [one.code for one in ledger.categories.ancestry(ledger.categories.leaves[at])]
            duty = ledger.duties.responsible(line, places, day)
            if duty is not None:
                return duty
        return None
