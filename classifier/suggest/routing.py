"""From category probabilities to departments: the duty list decides, the text fills what it leaves open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import Department, DepartmentScore, Region, Source
from classifier.suggest.calibration import Confidence
from classifier.suggest.chances import DIGITS
from classifier.suggest.classification import Classified
from classifier.suggest.leads import favours, likeliest_leads
from classifier.suggest.local import OWN_DEPARTMENTS
from classifier.suggest.model import DEPARTMENTS, LEAVES, Model, Prediction
from classifier.suggest.sharing import DutyTables, Naming, Where, without_one

Floats = NDArray[np.float32]

_FITTED_ON = 5_000
"""Held-out complaints by which the probabilities are mended; of more, every so many."""

_RARE = 1e-4
_SHOWN = 3
_SMALLEST = np.float32(1e-9)


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a complaint is, and the departments that a rule adds as assisting."""

    where: Where
    added: Sequence[str] = ()


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
        self._led = self._count_led(model)
        usual = self._led.sum(axis=0) / max(float(self._led.sum()), 1.0)
        self._expected = np.where(usual > 0, usual + np.float32(_RARE), np.float32(0)).astype(np.float32)
        self._duties = DutyTables(ledger, self._led)
        self._confidence = self._fit_confidence(model, self._learnt_share)

    def route_each(
        self, classified: Sequence[Classified], predictions: Sequence[Prediction], asked: Sequence[Asked]
    ) -> list[Route]:
        """Rank the departments for each complaint.

        Args:
            classified: the probabilities of their categories.
            predictions: the model's, for what the texts say of departments.
            asked: where each is, and what rules add.
        """
        carried = self._carried_each(predictions)
        return [self._route(*each) for each in zip(classified, predictions, carried, asked, strict=True)]

    def _route(self, classified: Classified, prediction: Prediction, carried: Floats, asked: Asked) -> Route:
        table = self._duties.at(asked.where)
        mass, learnt = table.mass(classified), self._learnt(prediction, carried)
        shares = learnt, self._learnt_share
        found = likeliest_leads(mass, carried, self._expected, *shares, table.namings, _SHOWN)
        if not found:
            return Route((), ())
        chances = self._confidence([chance for _, chance, _, _ in found])
        namings = [table.naming(at) for *_, at in found]
        leads = [
            self._score(department, round(chance, DIGITS), naming if by_duty else None)
            for (department, _, by_duty, _), chance, naming in zip(found, chances, namings, strict=True)
        ]
        duty = namings[0].duty if namings[0] else table.duties[int(mass.argmax())]
        main = [duty.lead] if namings[0] and duty and not namings[0].leads else []
        names = [*asked.added, *main, *(duty.assisting if duty else ())]
        return Route(tuple(leads), self._assisting(leads[0].department, names, asked.where.region))

    def carried(self, prediction: Prediction) -> Floats:
        """Return what the base alone learnt of departments, in the order of the ledger's directory."""
        carried: Floats = self._carried_each([prediction])[0]
        return carried

    def _carried_each(self, predictions: Sequence[Prediction]) -> Floats:
        carried = np.zeros((len(predictions), len(self._departments)), dtype=np.float32)
        said = np.array([prediction.groups[DEPARTMENTS] for prediction in predictions])
        carried[:, self._learnt_to] = said[:, self._learnt_from]
        return carried

    def learnt(self, prediction: Prediction) -> Floats:
        """Return what texts of the past say of departments, the ledger's own where it has labels of them."""
        return self._learnt(prediction, self.carried(prediction))

    def _learnt(self, prediction: Prediction, carried: Floats) -> Floats:
        if self._local is None or prediction.local is None:
            return carried
        prior = np.where(self._local_place >= 0, carried[self._local_place], np.float32(0))
        probabilities = self._local.blend(prediction.local.groups[OWN_DEPARTMENTS], prior)
        known = self._local_place >= 0
        learnt = np.zeros_like(carried)
        learnt[self._local_place[known]] = probabilities[known]
        return learnt

    def _count_led(self, model: Model) -> Floats:
        """Count the base's own complaints by leaf and the department that led: `(n_leaves, n_departments)`."""
        base = self._ledger.base.categories
        counts = np.zeros((len(base.leaves), len(self._departments)), dtype=np.float32)
        held_out = model.held_out
        known = np.flatnonzero(held_out.departments_truth >= 0)
        leaf = base.places(model.heads[LEAVES].labels)[held_out.truth[known]]
        department = self._column(model)[held_out.departments_truth[known]]
        both = (leaf >= 0) & (department >= 0)
        np.add.at(counts, (leaf[both], department[both]), 1)
        return counts

    def _column(self, model: Model) -> NDArray[np.intp]:
        """Return the number here of each department the model knows, -1 where there is none."""
        column = np.full(len(model.heads[DEPARTMENTS].labels), -1, dtype=np.intp)
        column[self._learnt_from] = self._learnt_to
        return column

    def _fit_confidence(self, model: Model, learnt_share: float) -> Confidence:
        """Compare with who really led the base's own complaints, each held out of the model, by the base's duties.

        Where a place has labels of its own departments, their blend was fitted on those: nothing is changed here.
        """
        if self._local is not None:
            return Confidence()
        if self._ledger.parent is not None:
            base = Router(self._ledger.base, model)
            return base._confidence if base._learnt_share == learnt_share else base._fit_confidence(model, learnt_share)
        held_out = model.held_out
        known = np.flatnonzero(held_out.departments_truth >= 0)
        if not len(known):
            return Confidence()
        rows = known[:: max(1, len(known) // _FITTED_ON)]
        truth = self._column(model)[held_out.departments_truth[rows]]
        learnt = np.zeros((len(rows), len(self._departments)), dtype=np.float32)
        learnt[:, self._learnt_to] = held_out.departments[rows][:, self._learnt_from]
        place = self._ledger.categories.places(model.heads[LEAVES].labels)
        mass = np.zeros((len(rows), len(self._ledger.categories.leaves)), dtype=np.float32)
        mass[:, place[place >= 0]] = held_out.leaves[rows][:, place >= 0]
        total = (1 - learnt_share) * self._by_duty(mass, learnt, place[held_out.truth[rows]], truth)
        total += learnt_share * learnt
        total /= np.maximum(total.sum(axis=1, keepdims=True), 1e-9)
        return Confidence.fit(total.max(axis=1), total.argmax(axis=1) == truth)

    def _by_duty(self, mass: Floats, learnt: Floats, leaf: NDArray[np.intp], led_by: NDArray[np.intp]) -> Floats:
        """Return what falls to each department by duties, for many, each without what it adds to the counts itself.

        `leaf` and `led_by` are each complaint's own, -1 where unknown here.
        """
        shares = self._duties.at(Where(None, dt.date.today())).dense(len(self._departments))
        favour = favours(learnt, self._expected)
        found = (mass / np.maximum(favour @ shares.T, _SMALLEST)) @ shares
        at = np.flatnonzero((leaf >= 0) & (led_by >= 0))
        counted = shares[leaf[at]]
        uncounted = without_one(counted, self._led[leaf[at]], led_by[at])
        heard = [
            one / np.maximum((one * favour[at]).sum(axis=1, keepdims=True), _SMALLEST) for one in (uncounted, counted)
        ]
        found[at] += mass[at, leaf[at]][:, None] * (heard[0] - heard[1])
        total: Floats = found * favour
        return total

    def _score(self, at: int, probability: float, duty: Naming | None) -> DepartmentScore:
        department = self._departments[at]
        if duty is None:
            return DepartmentScore(department, probability, Source.LEARNT)
        return DepartmentScore(department, probability, duty.source, duty.duty.basis)

    def _assisting(self, lead: Department, names: Sequence[str], region: Region | None) -> tuple[Department, ...]:
        """Return the departments named, each once, but for the one that leads."""
        found = [self._duties.department(name, region) for name in names]
        unique = {one.code: one for one in found if one is not None and one.code != lead.code}
        return tuple(unique.values())
