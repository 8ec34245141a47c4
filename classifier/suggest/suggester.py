"""The intake path, in order: read → predict → classify → route → decide → show evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.catalogue.rules import Outcome
from classifier.domain import CategoryScore, Complaint, Disposal, Evidence, Kind, Region, Scope, Suggestion
from classifier.errors import UnknownRegionError
from classifier.suggest.chances import DIGITS, best_of
from classifier.suggest.circumstances import disposal_of, scope_of
from classifier.suggest.classification import Classification, Classified
from classifier.suggest.decision import Circumstances, decide
from classifier.suggest.evidence import evidence_spans, tells_two_matters
from classifier.suggest.model import KINDS, LEAVES, Model, Prediction
from classifier.suggest.naming import Names
from classifier.suggest.routing import Asked, Route, Router
from classifier.suggest.sharing import Where
from classifier.text.features import Encoded
from classifier.text.pipeline import ReadComplaint, TextPipeline

Floats = NDArray[np.float32]

_SHOWN = 3
_SMALLEST = np.float32(1e-30)
_COMPARED = 4
"""Categories that evidence sets against each other: the first against those next to it."""
_SECOND_MATTER = 0.15
"""Probability from which a second category may be a second matter."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What the model makes of one complaint, before departments and decision."""

    encoded: Encoded
    prediction: Prediction
    classified: Classified


@dataclass(frozen=True, slots=True)
class Seen:
    """What rules, place and day say of one complaint."""

    rules: Outcome
    where: Where


class Suggester:
    """Suggests for one ledger with one model; safe to share between threads."""

    def __init__(self, ledger: Ledger, model: Model, pipeline: TextPipeline | None = None) -> None:
        self.ledger = ledger
        self.model = model
        self.pipeline = pipeline or TextPipeline()
        self.classification = Classification(ledger, model)
        self.router = Router(ledger, model)
        self._labels_of = np.ascontiguousarray(self.classification.label_to_report.T)
        self._reports_labels = np.array_equal(self._labels_of, np.eye(*self._labels_of.shape))
        self._kinds = tuple(map(Kind, model.heads[KINDS].labels))
        self.names: Names | None = None
        if ledger.categories is not ledger.base.categories:
            self.names = Names.of(ledger, self.classification.categories, model.space, self.pipeline)

    def without_local(self) -> Suggester:
        """Return the same without what the ledger's own labels taught: the base that a training stands on."""
        if self.model.local is None:
            return self
        return Suggester(self.ledger, self.model.with_local(None), self.pipeline)

    def suggest(self, complaint: Complaint, *, with_evidence: bool = True) -> Suggestion:
        """Suggest categories, departments, urgency and what to do for one complaint.

        The duties of the complaint's own day count, today's where it has none.

        Raises:
            ComplaintError: the complaint cannot be read.
            UnknownRegionError: its region is not in the ledger.
        """
        return self.conclude(complaint, self.understand(complaint), with_evidence=with_evidence)

    def understand(self, complaint: Complaint) -> Understood:
        """Read and score one complaint, as the first half of `suggest`.

        Raises:
            ComplaintError: the complaint cannot be read.
        """
        return self.understand_each([self.pipeline.read(complaint)])[0]

    def understand_each(self, complaints: Sequence[ReadComplaint]) -> list[Understood]:
        """Score complaints that were read; a step is done for all of them before the next, while it is in the cache."""
        encoded = [self.model.space.encode(complaint) for complaint in complaints]
        return self.judge_each(encoded, self.model.predict_each(encoded))

    def judge_each(self, encoded: Sequence[Encoded], predictions: Sequence[Prediction]) -> list[Understood]:
        """Make probabilities of the ledger's categories from what a model says of some complaints."""
        named = [self.names(one) for one in encoded] if self.names is not None else None
        classified = self.classification.classify_each(predictions, [one.complaint.text for one in encoded], named)
        return [Understood(*each) for each in zip(encoded, predictions, classified, strict=True)]

    def named(self, encoded: Encoded) -> Floats | None:
        """Return what the names of the reported categories say, as logarithms of odds; None where the base has them."""
        return self.names(encoded) if self.names is not None else None

    def conclude(
        self,
        complaint: Complaint,
        understood: Understood,
        *,
        with_evidence: bool = True,
        scope: Scope | None = None,
    ) -> Suggestion:
        """Make the suggestion from what was understood of `complaint`, as the second half of `suggest`.

        `scope` is how far the matter reaches where more is known of it than this text tells.

        Raises:
            UnknownRegionError: its region is not in the ledger.
        """
        return self.conclude_each([understood], [self.look(complaint, understood, scope)], with_evidence=with_evidence)[
            0
        ]

    def look(self, complaint: Complaint, understood: Understood, scope: Scope | None = None) -> Seen:
        """Look at what rules, place and day say of a complaint.

        Raises:
            UnknownRegionError: its region is not in the ledger.
        """
        text = understood.encoded.complaint.text
        rules = self.ledger.rules.apply(text)
        scope = scope or scope_of(self.ledger, text, rules)
        return Seen(rules, Where(self._region(complaint, text, scope), complaint.date or dt.date.today(), scope))

    def conclude_each(
        self, understood: Sequence[Understood], seen: Sequence[Seen], *, with_evidence: bool = True
    ) -> list[Suggestion]:
        """Make the suggestions from what was understood and seen of some complaints."""
        if not understood:
            return []
        classified = [one.classified for one in understood]
        asked = [Asked(one.where, one.rules.departments) for one in seen]
        routes = self.router.route_each(classified, [one.prediction for one in understood], asked)
        best = [best_of(one.reported, _COMPARED) for one in classified]
        kinds = np.array([one.prediction.groups[KINDS] for one in understood]).argmax(axis=1).tolist()
        return [
            self._suggestion(*each, with_evidence=with_evidence)
            for each in zip(understood, seen, routes, best, [self._kinds[at] for at in kinds], strict=True)
        ]

    def _suggestion(
        self, understood: Understood, seen: Seen, route: Route, best: list[int], kind: Kind, *, with_evidence: bool
    ) -> Suggestion:
        classified, read, rules = understood.classified, understood.encoded.complaint, seen.rules
        chances = [float(classified.reported[at]) for at in best[:_SHOWN]]
        categories = [self.classification.categories[at] for at in best[:_SHOWN]]
        decision = decide(
            Circumstances(
                categories,
                chances,
                float(self.classification.thresholds[best[0]]),
                read.han_count,
                classified.outside,
                bool(route.leads),
                self._tells_two(understood, best),
                rules.manual,
            )
        )
        return Suggestion(
            categories=tuple(map(CategoryScore, categories, [round(chance, DIGITS) for chance in chances])),
            departments=route.leads,
            assisting=route.assisting,
            decision=decision,
            kind=kind,
            urgency=rules.urgency,
            deadline_hours=self.ledger.deadlines.get((kind, rules.urgency)),
            region=seen.where.region,
            model=self.model.name,
            alarms=rules.alarms,
            evidence=self._evidence(understood, best) if with_evidence else (),
            personal_data=read.personal_data,
            scope=seen.where.scope,
            disposal=self._disposal(classified, best[0], rules),
        )

    def _disposal(self, classified: Classified, column: int, rules: Outcome) -> Disposal | None:
        if not self.ledger.tells_disposals:
            return None
        return disposal_of(self.ledger, self.classification.lowest(classified, column), rules)

    def _region(self, complaint: Complaint, text: str, scope: Scope | None) -> Region | None:
        """Return the region given, or else the one the text tells of; for a common matter, the one around all named."""
        if complaint.region:
            try:
                return self.ledger.regions.find(complaint.region)
            except UnknownRegionError:
                if not len(self.ledger.regions):
                    return None
                raise
        villages = self.ledger.regions.villages(text) if scope is Scope.COMMON else set()
        around = self.ledger.regions.around(villages) if len(villages) > 1 else None
        return around or self.ledger.regions.locate(text)

    def _direction(self, classified: Classified, columns: Sequence[int], balance: Floats) -> Floats:
        """Return the labels' weights that tell some reported categories, so much for or against each, from the others.

        Within a category the labels count by how likely they are.
        """
        if self._reports_labels:
            direction = np.zeros(len(self._labels_of), np.float32)
            direction[columns] = balance
            return direction
        shares = self._labels_of[columns]
        if self.model.local is None:
            shares = shares * self.classification.to_model_order(classified.leaves)
        directions: Floats = balance @ (shares / np.maximum(shares.sum(axis=1, keepdims=True), _SMALLEST))
        return directions

    def _contributions(self, understood: Understood, direction: Floats) -> tuple[Floats, ...]:
        """Return how much each character of title and text spoke for `direction` among the labels that decide."""
        if understood.prediction.local is not None:
            return self.model.local_contributions(understood.encoded, understood.prediction.local, direction)
        return self.model.contributions(understood.encoded, LEAVES, direction)

    def _evidence(self, understood: Understood, best: Sequence[int]) -> tuple[Evidence, ...]:
        """Return what spoke for the first of the best categories rather than for those next to it."""
        chances = [float(understood.classified.reported[at]) for at in best]
        others = sum(chances[1:]) or 1.0
        balance = np.array([1.0, *(-chance / others for chance in chances[1:])], np.float32)
        direction = self._direction(understood.classified, best, balance)
        return evidence_spans(understood.encoded.complaint, self._contributions(understood, direction))

    def _tells_two(self, understood: Understood, best: Sequence[int]) -> bool:
        """Tell whether the first two categories, of different parents, are each told of in their own sentences."""
        classified = understood.classified
        if len(best) < 2 or classified.reported[best[1]] < _SECOND_MATTER:
            return False
        first, second = (self.classification.categories[at] for at in best[:2])
        if first.parent and first.parent == second.parent:
            return False
        difference = self._direction(classified, best[:2], np.array([1, -1], np.float32))
        return tells_two_matters(understood.encoded.complaint, self._contributions(understood, difference))
