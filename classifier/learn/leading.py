"""Who would have been suggested to lead (主办) complaints whose handlers are known, had these been held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.domain import Complaint
from classifier.learn.dataset import Labelled
from classifier.suggest.local import Local, Scored
from classifier.suggest.routing import Asked
from classifier.suggest.suggester import Suggester, Understood
from classifier.text.features import Encoded
from classifier.text.pipeline import ReadComplaint

Floats = NDArray[np.float32]

_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class Leading:
    """Shares of `rows` complaints whose final handler is the first suggested, and among the first three.

    What is not the first would come back (退单) if the first were always taken.
    """

    rows: int
    first: float
    among_three: float


def held_out_leading(
    base: Suggester,
    local: Local,
    rows: Sequence[Labelled],
    read: Sequence[ReadComplaint],
    scores: Mapping[str, Floats],
) -> Leading | None:
    """Return how often those are suggested who handled the rows, each of them held out; None where nobody is named.

    Args:
        base: the ledger with the model on which `local` stands, which has not seen the rows.
        local: what was learnt from them.
        rows: the labelled complaints.
        read: the same as they were read.
        scores: for each group of outputs, the rows' scores when they were held out, `(n_rows, n_labels)`.
    """
    suggester = Suggester(base.ledger, base.model.with_local(local), base.pipeline)
    known = [at for at, row in enumerate(rows) if row.department]
    leads: list[list[str]] = []
    for begin in range(0, len(known), _TOGETHER):
        some = known[begin : begin + _TOGETHER]
        encoded = [base.model.space.encode(read[at]) for at in some]
        predictions = [
            dataclasses.replace(told, local=_held_out(one, scores, at))
            for at, one, told in zip(some, encoded, base.model.predict_each(encoded), strict=True)
        ]
        leads += _leads(suggester, [rows[at] for at in some], suggester.judge_each(encoded, predictions))
    return _compared([rows[at] for at in known], leads)


def _held_out(encoded: Encoded, scores: Mapping[str, Floats], at: int) -> Scored:
    """Return a row's scores when it was held out; what they were made from is not told."""
    return Scored(encoded, np.zeros(0, dtype=np.float32), 0.0, {name: each[at] for name, each in scores.items()})


def unseen_leading(suggester: Suggester, rows: Sequence[Labelled]) -> Leading | None:
    """Return the same for rows that the model has not learnt from."""
    known = [row for row in rows if row.department]
    leads: list[list[str]] = []
    for begin in range(0, len(known), _TOGETHER):
        some = known[begin : begin + _TOGETHER]
        understood = suggester.understand_each([suggester.pipeline.read(row.complaint) for row in some])
        leads += _leads(suggester, some, understood)
    return _compared(known, leads)


def _leads(suggester: Suggester, rows: Sequence[Labelled], understood: Sequence[Understood]) -> list[list[str]]:
    """Return the codes of the departments suggested, best first; the duties of each row's own day count."""
    # The rows' regions may follow another list than the ledger's: the text tells, as it does for `evaluate`.
    asked = [Complaint(row.complaint.text, row.complaint.title, date=row.complaint.date) for row in rows]
    seen = [suggester.look(*each) for each in zip(asked, understood, strict=True)]
    routes = suggester.router.route_each(
        [one.classified for one in understood],
        [one.prediction for one in understood],
        [Asked(one.where, one.rules.departments) for one in seen],
    )
    return [[lead.department.code for lead in route.leads] for route in routes]


def _compared(rows: Sequence[Labelled], leads: Sequence[Sequence[str]]) -> Leading | None:
    if not rows:
        return None
    first = [row.department in suggested[:1] for row, suggested in zip(rows, leads, strict=True)]
    three = [row.department in suggested[:3] for row, suggested in zip(rows, leads, strict=True)]
    return Leading(len(rows), float(np.mean(first)), float(np.mean(three)))
