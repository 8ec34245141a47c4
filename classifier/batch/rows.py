"""The one function from a table to a table: complaints in, the columns of suggestions out."""

from __future__ import annotations

import hashlib
import math
from typing import Final

import pandas as pd

from classifier.batch.columns import OUTPUT
from classifier.domain import Complaint, Suggestion
from classifier.errors import ComplaintError, NotTextError, UnknownRegionError
from classifier.files.columns import parse_day
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import said

INPUT: Final = ("text", "title", "region", "date")
KEY: Final = "key"
"""Column of equal values for complaints that say the same, whatever their punctuation."""


def suggest_table(table: pd.DataFrame, suggester: Suggester) -> pd.DataFrame:
    """Return, for each row of `table` (columns `INPUT`), the columns of `OUTPUT` and `KEY`, in order.

    A row that cannot be read has its reason in `error` and the rest empty. `duplicate_of` is left empty: it
    depends on earlier tables.
    """
    records = [
        _record(text, title, region, date, suggester)
        for text, title, region, date in table[list(INPUT)].itertuples(index=False, name=None)
    ]
    return pd.DataFrame.from_records(records, columns=[*OUTPUT, KEY], index=table.index)


def _record(text: object, title: object, region: object, date: object, suggester: Suggester) -> dict[str, object]:
    empty: dict[str, object] = dict.fromkeys((*OUTPUT, KEY), "")
    try:
        complaint = Complaint(_text(text), _text(title), str(region or "").strip(), parse_day(date))
        return {**empty, **_cells(_suggest(complaint, suggester)), KEY: _key(complaint)}
    except ComplaintError as error:
        return {**empty, "error": str(error)}


def _suggest(complaint: Complaint, suggester: Suggester) -> Suggestion:
    try:
        return suggester.suggest(complaint, with_evidence=False)
    except UnknownRegionError:
        # A backlog's region column may follow another list than the ledger's; then the text decides.
        return suggester.suggest(Complaint(complaint.text, complaint.title, "", complaint.date), with_evidence=False)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise NotTextError(type(value).__name__)


def _key(complaint: Complaint) -> str:
    return hashlib.blake2b(said(complaint).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _cells(suggestion: Suggestion) -> dict[str, object]:
    cells: dict[str, object] = {}
    for at, score in enumerate(suggestion.categories[:3], 1):
        suffix = "" if at == 1 else f"_{at}"
        cells[f"category{suffix}"] = score.category.name
        cells[f"probability{suffix}"] = round(score.probability, 6)
    for at, lead in enumerate(suggestion.departments[:3], 1):
        suffix = "" if at == 1 else f"_{at}"
        cells[f"department{suffix}"] = lead.department.name
        cells[f"department_probability{suffix}"] = round(lead.probability, 6)
    first = suggestion.categories[0].category
    return cells | {
        "category_code": first.code,
        "category_path": first.path,
        "assisting": "|".join(department.name for department in suggestion.assisting),
        "decision": suggestion.decision.verdict.value,
        "reason": suggestion.decision.reason,
        "kind": suggestion.kind.value,
        "urgency": suggestion.urgency.value,
        "deadline_hours": "" if suggestion.deadline_hours is None else suggestion.deadline_hours,
        "region": suggestion.region.path if suggestion.region else "",
        "model": suggestion.model,
    }
