"""Measure a model on labelled complaints: categories, automatic dispatch, departments, speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifier.domain import Complaint, Suggestion, Verdict
from classifier.errors import ComplaintError, NoLabelledDataError
from classifier.learn.dataset import Labelled
from classifier.learn.figures import Figures, measure
from classifier.learn.proof import unseen_answers
from classifier.suggest.suggester import Suggester

_NOT_AMONG = 99


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one evaluation; shares are 0 to 1. An unanswered row counts as wrong.

    Rows that the version learnt from count by what it said of them when they were held out; `auto_*`, `department_*`
    and `milliseconds` (median of one suggestion) are of rows it did not learn from, None where there are none.
    """

    figures: Figures
    auto_share: float | None
    auto_accuracy: float | None
    department_accuracy: float | None
    department_top3: float | None
    milliseconds: float | None


def evaluate(rows: Sequence[Labelled], suggester: Suggester, on_row: Callable[[], object] = lambda: None) -> Evaluation:
    """Suggest for each labelled row and compare at the ledger's reporting level.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    if not rows:
        raise NoLabelledDataError(suggester.ledger.name)
    answers = unseen_answers(rows, suggester, on_row)
    figures = measure(answers, department_names(rows, suggester))
    auto, right, ranks, seconds = [], [], [], []
    for at in np.flatnonzero(~answers.learnt_from).tolist():
        began = time.perf_counter()
        suggestion = _suggest(suggester, rows[at].complaint)
        seconds.append(time.perf_counter() - began)
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
        float(np.median(seconds)) * 1000 if seconds else None,
    )


def department_names(rows: Sequence[Labelled], suggester: Suggester) -> list[str]:
    """Return the name of who handled each row in the end, empty where none is given."""
    names = {department.code: department.name for department in suggester.ledger.departments}
    return [names.get(row.department, "") for row in rows]


def _suggest(suggester: Suggester, complaint: Complaint) -> Suggestion | None:
    try:
        return suggester.suggest(Complaint(complaint.text, complaint.title), with_evidence=False)
    except ComplaintError:
        return None
