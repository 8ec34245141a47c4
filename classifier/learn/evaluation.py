"""Measure a model on labelled complaints: categories, automatic dispatch, departments, speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.domain import Complaint, Suggestion, Verdict
from classifier.errors import ComplaintError, NoLabelledDataError, NothingUnseenError
from classifier.learn.dataset import Labelled
from classifier.learn.figures import Figures, measure
from classifier.learn.proof import judgeable, unseen_answers
from classifier.learn.timeline import Timeline, timeline
from classifier.suggest.suggester import Suggester

Floats = NDArray[np.float32]

_NOT_AMONG = 99


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one evaluation; shares are 0 to 1. An unanswered row counts as wrong.

    Rows that the version learnt from count by what it said of them when they were held out; `auto_*`, `department_*`
    and `milliseconds` (median of one suggestion) are of rows it did not learn from, None where there are none.
    `set_aside` rows it learnt from without ever holding them out; they are not judged. `timeline` tells how it does
    month by month, where rows have dates.
    """

    figures: Figures
    auto_share: float | None
    auto_accuracy: float | None
    department_accuracy: float | None
    department_top3: float | None
    milliseconds: float | None
    set_aside: int = 0
    timeline: Timeline | None = None


def evaluate(rows: Sequence[Labelled], suggester: Suggester, on_row: Callable[[], object] = lambda: None) -> Evaluation:
    """Suggest for each labelled row and compare at the ledger's reporting level.

    Raises:
        NoLabelledDataError: there are no rows.
        NothingUnseenError: the version learnt from all of them and kept no answer from before.
    """
    if not rows:
        raise NoLabelledDataError(suggester.ledger.name)
    given, rows = len(rows), judgeable(rows, suggester)
    if not rows:
        raise NothingUnseenError(suggester.model.name)
    hearing = _Hearing(suggester)
    answers = unseen_answers(rows, suggester, on_row, hearing.ask)
    figures = measure(answers, department_names(rows, suggester))
    auto, right, ranks = [], [], []
    for at, suggestion in zip(np.flatnonzero(~answers.learnt_from).tolist(), hearing.suggestions, strict=True):
        auto.append(bool(suggestion and suggestion.decision.verdict is Verdict.AUTO))
        right.append(bool(answers.right[at]))
        if rows[at].department:
            leads = [lead.department.code for lead in suggestion.departments] if suggestion else []
            ranks.append(leads.index(rows[at].department) if rows[at].department in leads else _NOT_AMONG)
    sure, places = np.array(auto, dtype=bool), np.array(ranks)
    return Evaluation(
        figures,
        float(sure.mean()) if len(sure) else None,
        float(np.array(right)[sure].mean()) if sure.any() else None,
        float((places == 0).mean()) if len(places) else None,
        float((places < 3).mean()) if len(places) else None,
        float(np.median(hearing.seconds)) * 1000 if hearing.seconds else None,
        given - len(rows),
        timeline([row.complaint.date for row in rows], answers),
    )


def department_names(rows: Sequence[Labelled], suggester: Suggester) -> list[str]:
    """Return the name of who handled each row in the end, empty where none is given."""
    names = {department.code: department.name for department in suggester.ledger.departments}
    return [names.get(row.department, "") for row in rows]


class _Hearing:
    """Asks for suggestions one after another, and keeps each with the time it took; None where nothing can be said."""

    def __init__(self, suggester: Suggester) -> None:
        self.suggestions: list[Suggestion | None] = []
        self.seconds: list[float] = []
        self._suggester = suggester

    def ask(self, row: Labelled) -> Floats:
        """Return the probabilities of the reported categories, all zero where nothing can be said."""
        complaint = Complaint(row.complaint.text, row.complaint.title)
        began = time.perf_counter()
        try:
            understood = self._suggester.understand(complaint)
            suggestion = self._suggester.conclude(complaint, understood, with_evidence=False)
        except ComplaintError:
            chances = np.zeros(len(self._suggester.classification.categories), dtype=np.float32)
            suggestion = None
        else:
            chances = understood.classified.reported
        self.seconds.append(time.perf_counter() - began)
        self.suggestions.append(suggestion)
        return chances
