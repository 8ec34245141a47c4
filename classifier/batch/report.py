"""Read a backlog of visit notes, sort each, and put the place's report together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from classifier.batch.bulletin import Bulletin, Entry, compose
from classifier.batch.matters import Told, common_matters, repeats
from classifier.batch.visits import Visit, read_visits
from classifier.domain import Category, Complaint, Scope, Suggestion
from classifier.errors import ComplaintError, UnknownCategoryError, UnknownRegionError
from classifier.suggest.suggester import Suggester, Understood
from classifier.text.pipeline import said


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """What to report on; `households` is how many were visited where the file does not hold them all."""

    source: Path
    text_column: str | None = None
    title_column: str | None = None
    households: int | None = None


@dataclass(frozen=True, slots=True)
class _Sorted:
    """A row with what was made of it; `category` is the file's own, or the likeliest lowest one."""

    visit: Visit
    complaint: Complaint
    suggestion: Suggestion
    category: Category


def report(
    request: ReportRequest, suggester: Suggester, on_rows: Callable[[int], object] = lambda _count: None
) -> Bulletin:
    """Report on a backlog: a first reading sorts each row, then what several villages tell of becomes common.

    Raises:
        TableError, UnsupportedFormatError: the file cannot be read.
    """
    rows: list[_Sorted] = []
    errors: dict[int, str] = {}
    households: set[tuple[str, str]] = set()
    nameless = 0
    for visit in read_visits(request.source, request.text_column, request.title_column):
        where = visit.complaint.region if visit.complaint else ""
        if visit.person:
            households.add((visit.person, where))
        else:
            nameless += 1
        if visit.complaint is not None:
            try:
                rows.append(_sort(visit, visit.complaint, suggester))
            except ComplaintError as error:
                errors[visit.row] = str(error)
        on_rows(1)
    told = [_told(one) for one in rows]
    ledger = suggester.ledger
    above = {one.code: ledger.regions.find(one.parent).name for one in ledger.regions if one.parent}
    common = common_matters(told, above, ledger.settings.common_villages)
    shared = {row for one in common for row in one.rows}
    entries = [_entry(_as_common(one, suggester) if one.visit.row in shared else one, suggester) for one in rows]
    visited = len(households) + nameless if request.households is None else request.households
    return compose(ledger, entries, visited, common, repeats(told), errors)


def _sort(visit: Visit, complaint: Complaint, suggester: Suggester, scope: Scope | None = None) -> _Sorted:
    understood = suggester.understand(complaint)
    try:
        suggestion = suggester.conclude(complaint, understood, with_evidence=False, scope=scope)
    except UnknownRegionError:
        complaint = replace(complaint, region="")
        suggestion = suggester.conclude(complaint, understood, with_evidence=False, scope=scope)
    return _Sorted(visit, complaint, suggestion, _category(visit, understood, suggester))


def _category(visit: Visit, understood: Understood, suggester: Suggester) -> Category:
    """Return what the file itself says the matter is, where the ledger knows it, else the likeliest lowest category."""
    try:
        return suggester.ledger.categories.find(visit.category)
    except UnknownCategoryError:
        best = int(np.argmax(understood.classified.reported))
        return suggester.classification.lowest(understood.classified, best)


def _as_common(one: _Sorted, suggester: Suggester) -> _Sorted:
    """Decide again on a matter of one village that turned out to be one of many; its place stays."""
    if one.suggestion.scope is Scope.COMMON:
        return one
    placed = replace(one.complaint, region=one.suggestion.region.code if one.suggestion.region else "")
    return _sort(one.visit, placed, suggester, Scope.COMMON)


def _told(one: _Sorted) -> Told:
    visit = one.visit
    return Told(visit.row, visit.person, visit.phone, one.suggestion.region, one.category, said(one.complaint))


def _entry(one: _Sorted, suggester: Suggester) -> Entry:
    suggestion, visit = one.suggestion, one.visit
    tree = suggester.ledger.categories
    kind = tree.at_level(one.category, suggester.ledger.reporting_level)
    lead = suggestion.departments[0].department.name if suggestion.departments else ""
    return Entry(
        visit.row,
        one.complaint.date,
        tree.ancestry(kind)[-1].name,
        kind.name,
        suggestion.region,
        visit.department or lead,
        visit.state,
        visit.closed,
        suggestion.scope,
        suggestion.disposal,
    )
