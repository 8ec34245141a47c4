"""A version beside another one on the same rows, and the report of that."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from classifier.errors import ComplaintError, UnknownRegionError
from classifier.learn.dataset import Labelled
from classifier.learn.evaluation import Evaluation
from classifier.learn.gate import Comparison, compare_answers, judge
from classifier.learn.proof import Answers, judgeable, unseen_answers
from classifier.learn.report import Report, monthly_rows
from classifier.learn.timeline import Timeline
from classifier.registry.history import now
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester

MOST_COMPARED: Final = 5_000
"""Labelled rows on which a candidate is compared with the version in use; of more, evenly spaced ones."""

_TIMED: Final = 200
"""Rows by which the time of one suggestion is measured."""


def _some(rows: Sequence[Labelled]) -> Sequence[Labelled]:
    """Return an even part of the rows, `MOST_COMPARED` at most."""
    return rows[:: max(1, -(-len(rows) // MOST_COMPARED))]


def compared(
    rows: Sequence[Labelled], candidate: Suggester, other: Suggester
) -> tuple[Sequence[Labelled], Answers, Comparison] | None:
    """Compare two versions on an even part of labelled rows; None where no row is left to judge both by.

    Returns the rows judged, what the candidate said of them, and the comparison.
    """
    judged = _some(judgeable(rows, candidate, other))
    if not judged:
        return None
    after = unseen_answers(judged, candidate)
    before = unseen_answers(judged, other)
    return judged, after, compare_answers(candidate.model.name, after, other.model.name, before)


def megabytes(model: Model) -> float:
    """Return how large a model is as it is stored."""
    _, arrays, texts = model.to_bundle()
    words = sum(len(line.encode()) + 1 for lines in texts.values() for line in lines)
    return (sum(array.nbytes for array in arrays.values()) + words) / 1e6


def milliseconds(suggester: Suggester, rows: Sequence[Labelled]) -> float | None:
    """Return the median time of one suggestion with evidence; None where none can be made."""
    times = []
    for row in rows[:_TIMED]:
        began = time.perf_counter()
        try:
            suggester.suggest(row.complaint)
        except (ComplaintError, UnknownRegionError):
            continue
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1000 if times else None


def evaluation_report(
    suggester: Suggester, rows: Sequence[Labelled], result: Evaluation, other: Suggester | None = None
) -> Report:
    """Return the report of an evaluation, beside `other`, the version in use, where that is another one."""
    ledger = suggester.ledger
    facts: dict[str, Any] = {"rows": {"evaluated": len(rows)}, "timeline": told(result.timeline)}
    found = compared(rows, suggester, other) if other is not None else None
    changed: tuple[str, ...] = ()
    if found is not None:
        judged, _, comparison = found
        gate = judge(comparison, ledger.settings.allowed_fall)
        facts |= {"comparison": asdict(comparison), "gate": asdict(gate)}
        changed = tuple(judged[at].source for at in comparison.changed)
    return Report(
        ledger.settings.title,
        suggester.model.name,
        now(),
        result.figures,
        facts,
        changed,
        monthly=monthly_rows([row.complaint.date for row in rows], len(rows)),
        megabytes=megabytes(suggester.model),
        milliseconds=result.milliseconds,
        departments=both(result.department_accuracy, result.department_top3),
    )


def told(found: Timeline | None) -> dict[str, Any] | None:
    """Return what a report keeps of how a version does over time."""
    return {**asdict(found), "finding": found.finding} if found is not None else None


def both(first: float | None, three: float | None) -> tuple[float, float] | None:
    """Return two shares that belong together, None where one is not known."""
    return None if first is None or three is None else (first, three)
