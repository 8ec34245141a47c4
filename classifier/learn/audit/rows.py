"""What labelled rows show of themselves, without a model: repeats, contradictions, short texts, thin categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from classifier.catalogue.ledger import Ledger
from classifier.learn.audit.remarks import Problem, Remark
from classifier.learn.dataset import Labelled
from classifier.learn.duplicates import Pair

ENOUGH: Final = 12
"""Complaints of a category below which little can be learnt of it."""

TOO_SHORT: Final = 5
"""Letters below which a text says too little to carry a label."""


def repeated(rows: Sequence[Labelled], pairs: Sequence[Pair], ledger: Ledger) -> Iterator[Remark]:
    """Remark on rows that say what an earlier one says, under the same category or another."""
    for pair in pairs:
        row, other = rows[pair.later], rows[pair.earlier]
        if row.categories[0] != other.categories[0]:
            problem = Problem.CONTRADICTION
        else:
            problem = Problem.DUPLICATE if pair.similarity == 1 else Problem.NEAR_DUPLICATE
        yield Remark(
            problem,
            row.source,
            row.complaint.id,
            ledger.categories[row.categories[0]].path,
            other=other.source,
            other_id=other.complaint.id,
            other_category=ledger.categories[other.categories[0]].path,
            similarity=round(pair.similarity, 3),
        )


def short(rows: Sequence[Labelled], texts: Sequence[str], ledger: Ledger) -> Iterator[Remark]:
    """Remark on rows whose `texts`, letters alone, are too short."""
    for row, text in zip(rows, texts, strict=True):
        if len(text) < TOO_SHORT:
            path = ledger.categories[row.categories[0]].path
            yield Remark(Problem.TOO_SHORT, row.source, row.complaint.id, path, detail=f"{len(text)} 个字")


def thin(rows: Sequence[Labelled], ledger: Ledger, enough: int) -> Iterator[Remark]:
    """Remark on categories with fewer than `enough` complaints, or none."""
    counts = Counter(row.categories[0] for row in rows)
    for leaf in ledger.categories.leaves_in_use:
        count = counts[leaf.code]
        if count < enough:
            problem = Problem.THIN_CATEGORY if count else Problem.EMPTY_CATEGORY
            yield Remark(problem, category=f"{leaf.code} {leaf.path}", detail=f"{count} 件，少于 {enough} 件")


def unknown_departments(rows: Sequence[Labelled]) -> Iterator[Remark]:
    """Remark on rows whose department, or one that returned them, is in no directory; training leaves it out."""
    for row in rows:
        for name in row.unknown_departments:
            yield Remark(
                Problem.UNKNOWN_DEPARTMENT,
                row.source,
                row.complaint.id,
                department=name,
                detail="不在 departments.csv 中，训练时不计这个部门",
            )
