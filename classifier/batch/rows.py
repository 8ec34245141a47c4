"""The one function every engine maps: what a row says in, the cells of its suggestion out."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from classifier.batch.columns import OUTPUT
from classifier.domain import Complaint, Suggestion
from classifier.errors import ComplaintError, NotTextError, UnknownRegionError
from classifier.files.columns import KnownColumns, parse_day
from classifier.files.source import Cells
from classifier.suggest.suggester import Seen, Suggester, Understood
from classifier.text.pipeline import ReadComplaint
from classifier.text.sketches import NONE, sketch

INPUT: Final = ("text", "title", "region", "date")

_TOGETHER: Final = 64
"""Rows of which each step is done before the next."""

_NAMES: Final = tuple(OUTPUT)
_NONE: Final = (("", ""),) * 3
"""In place of candidates that are not there."""

DUPLICATE_OF: Final = _NAMES.index("duplicate_of")
NEAR_DUPLICATE_OF: Final = _NAMES.index("near_duplicate_of")
ERROR: Final = _NAMES.index("error")
DECISION: Final = _NAMES.index("decision")

Given = tuple[Any, Any, Any, Any]
"""The cells of a row in the order of `INPUT`."""


class Answer(NamedTuple):
    """A row's cells in the order of `OUTPUT`, a key that is equal for rows that say the same, and a sketch of that.

    `duplicate_of` and `near_duplicate_of` are left empty: they depend on the rows before. A row that cannot be read has
    the key 0 and no sketch.
    """

    cells: list[Any]
    key: int
    sketch: bytes


@dataclass(slots=True)
class Tally:
    """How many rows of a result are of each sort that is reported."""

    errors: int = 0
    automatic: int = 0
    manual: int = 0
    duplicates: int = 0
    near_duplicates: int = 0

    def add(self, cells: Sequence[Any]) -> None:
        """Count a row by its cells in the order of `OUTPUT`."""
        self.errors += cells[ERROR] != ""
        self.automatic += cells[DECISION] == "auto"
        self.manual += cells[DECISION] == "manual"
        self.duplicates += cells[DUPLICATE_OF] != ""
        self.near_duplicates += cells[NEAR_DUPLICATE_OF] != ""


def given_of(columns: KnownColumns, cells: Cells) -> Given:
    """Return what a row gives to be read."""
    text, title, region, date = ("" if at is None else cells[at] for at in (getattr(columns, name) for name in INPUT))
    return text, title, region, date


def name_of(columns: KnownColumns, number: int, cells: Cells) -> str:
    """Return what a row is called: its id, or else its number."""
    given = "" if columns.id is None else cells[columns.id]
    return str(number) if given in ("", None) else str(given)


def suggest_rows(rows: Iterable[Given], suggester: Suggester, day: dt.date) -> list[Answer]:
    """Return an answer for each row, in order; `day` is the day whose duties count where a row has none.

    A row that cannot be read has its reason in `error` and the rest empty.
    """
    waiting, answers = iter(rows), list[Answer]()
    while group := list(islice(waiting, _TOGETHER)):
        answers += _answers(group, suggester, day)
    return answers


def _answers(rows: Sequence[Given], suggester: Suggester, day: dt.date) -> Iterator[Answer]:
    given = [_read(row, suggester, day) for row in rows]
    read = [one for one in given if not isinstance(one, ComplaintError)]
    understood = suggester.understand_each([one for _, one in read])
    seen = [_look(complaint, one, suggester) for (complaint, _), one in zip(read, understood, strict=True)]
    suggestions = iter(suggester.conclude_each(understood, seen, with_evidence=False))
    for one in given:
        if isinstance(one, ComplaintError):
            yield Answer([str(one) if name == "error" else "" for name in _NAMES], 0, NONE)
        else:
            said = one[1].said
            yield Answer(_cells(next(suggestions)), _key(said), sketch(said))


def _read(row: Given, suggester: Suggester, day: dt.date) -> tuple[Complaint, ReadComplaint] | ComplaintError:
    text, title, region, date = row
    try:
        complaint = Complaint(_text(text), _text(title), _text(region).strip(), parse_day(date) or day)
        return complaint, suggester.pipeline.read(complaint)
    except ComplaintError as error:
        return error


def _look(complaint: Complaint, understood: Understood, suggester: Suggester) -> Seen:
    try:
        return suggester.look(complaint, understood)
    except UnknownRegionError:
        # A backlog's region column may follow another list than the ledger's; then the text decides.
        return suggester.look(Complaint(complaint.text, complaint.title, "", complaint.date), understood)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise NotTextError(type(value).__name__)


def _key(said: str) -> int:
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def _cells(suggestion: Suggestion) -> list[Any]:
    """Return what a suggestion says, in the order of `OUTPUT`."""
    first = suggestion.categories[0].category
    scored = [(one.category.name, one.probability) for one in suggestion.categories]
    leads = [(one.department.name, one.probability) for one in suggestion.departments]
    return [
        first.name,
        first.code,
        first.path,
        scored[0][1],
        *chain.from_iterable((*scored[1:], *_NONE[len(scored) :])),
        *chain.from_iterable((*leads, *_NONE[len(leads) :])),
        "|".join(department.name for department in suggestion.assisting),
        suggestion.decision.verdict.value,
        suggestion.decision.reason,
        suggestion.kind.value,
        suggestion.urgency.value,
        "" if suggestion.deadline_hours is None else suggestion.deadline_hours,
        suggestion.region.path if suggestion.region else "",
        suggestion.scope.value if suggestion.scope else "",
        suggestion.disposal.value if suggestion.disposal else "",
        "",
        "",
        suggestion.model,
        "",
    ]
