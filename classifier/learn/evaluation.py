"""Measure a model on labelled complaints it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from classifier.domain import Complaint, Suggestion, Verdict
from classifier.errors import ComplaintError, NoLabelledDataError
from classifier.learn.dataset import Labelled
from classifier.suggest.calibration import calibration_error
from classifier.suggest.suggester import Suggester


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one evaluation; shares are 0 to 1. An unanswered row counts as wrong.

    `coverage_975` is the largest share of rows, most confident first, of which 97.5 % are right.
    `department_accuracy` is over the rows that name a department, None where none does.
    """

    rows: int
    answered: int
    accuracy: float
    macro_f1: float
    top2: float
    top3: float
    calibration_error: float
    auto_share: float
    auto_accuracy: float | None
    coverage_975: float
    department_accuracy: float | None
    department_top3: float | None
    per_category: dict[str, float]


def evaluate(rows: Sequence[Labelled], suggester: Suggester, on_row: Callable[[], object] = lambda: None) -> Evaluation:
    """Suggest for each labelled row and compare at the ledger's reporting level.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    if not rows:
        raise NoLabelledDataError(suggester.ledger.name)
    tree, level = suggester.ledger.categories, suggester.ledger.reporting_level
    truth, guesses, confidence, auto, lead_ranks = [], [], [], [], []
    for row in rows:
        truth.append(tree.at_level(tree[row.categories[0]], level).path)
        suggestion = _suggest(suggester, row.complaint)
        guesses.append([score.category.path for score in suggestion.categories] if suggestion else [])
        confidence.append(suggestion.categories[0].probability if suggestion else 0.0)
        auto.append(bool(suggestion and suggestion.decision.verdict is Verdict.AUTO))
        if row.department:
            leads = [lead.department.code for lead in suggestion.departments] if suggestion else []
            lead_ranks.append(leads.index(row.department) if row.department in leads else 99)
        on_row()
    first = [guess[0] if guess else "" for guess in guesses]
    right = np.array([guess == true for guess, true in zip(first, truth, strict=True)])
    sure = np.array(auto)
    names = sorted(set(truth))
    per_category = f1_score(truth, first, labels=names, average=None, zero_division=0)
    ranks = np.array(lead_ranks)
    return Evaluation(
        rows=len(rows),
        answered=sum(bool(guess) for guess in guesses),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean(per_category)),
        top2=_within(guesses, truth, 2),
        top3=_within(guesses, truth, 3),
        calibration_error=calibration_error(np.array(confidence, dtype=np.float32), right),
        auto_share=float(sure.mean()),
        auto_accuracy=float(right[sure].mean()) if sure.any() else None,
        coverage_975=_coverage(np.array(confidence), right, 0.975),
        department_accuracy=float((ranks == 0).mean()) if len(ranks) else None,
        department_top3=float((ranks < 3).mean()) if len(ranks) else None,
        per_category=dict(zip(names, map(float, per_category), strict=True)),
    )


def _suggest(suggester: Suggester, complaint: Complaint) -> Suggestion | None:
    try:
        return suggester.suggest(Complaint(complaint.text, complaint.title), with_evidence=False)
    except ComplaintError:
        return None


def _within(guesses: Sequence[Sequence[str]], truth: Sequence[str], first: int) -> float:
    return float(np.mean([true in guess[:first] for guess, true in zip(guesses, truth, strict=True)]))


def _coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_], floor: float) -> float:
    order = np.argsort(-confidence, kind="stable")
    running = right[order].cumsum() / np.arange(1, len(right) + 1)
    good = np.flatnonzero(running >= floor)
    return float((good[-1] + 1) / len(right)) if len(good) else 0.0
