"""Find what is wrong with labelled complaints before a model learns from them.

A remark names rows and categories, never a word of a complaint.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from classifier.catalogue.ledger import Ledger
from classifier.errors import WrongCellError
from classifier.learn.dataset import Labelled, scan_labelled
from classifier.learn.duplicates import near_duplicates
from classifier.text.pipeline import said

ENOUGH: Final = 12
"""Complaints of a category below which little can be learnt of it."""

TOO_SHORT: Final = 5
"""Letters below which a text says too little to carry a label."""


class Problem(StrEnum):
    """What is wrong, from the worst."""

    UNREADABLE = "unreadable"
    CONTRADICTION = "contradiction"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    TOO_SHORT = "too_short"
    EMPTY_CATEGORY = "empty_category"
    THIN_CATEGORY = "thin_category"

    @property
    def label(self) -> str:
        """The problem in Chinese."""
        return _TITLES[self]


_TITLES: Final = {
    Problem.UNREADABLE: "行有错",
    Problem.CONTRADICTION: "同文异类",
    Problem.DUPLICATE: "重复",
    Problem.NEAR_DUPLICATE: "近似重复",
    Problem.TOO_SHORT: "过短",
    Problem.EMPTY_CATEGORY: "没有样本",
    Problem.THIN_CATEGORY: "样本过少",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One problem: of a row (`source` is `file:row`), beside `other` where two rows are concerned, or of a category.

    `category` and `other_category` are paths; `similarity` is the Jaccard similarity of two rows.
    """

    problem: Problem
    source: str = ""
    id: str = ""
    category: str = ""
    other: str = ""
    other_id: str = ""
    other_category: str = ""
    similarity: float | None = None
    detail: str = ""

    def __str__(self) -> str:
        parts = [self.problem.label + " ", self.source, self.id, self.category]
        if self.other:
            parts += ["↔", self.other, self.other_id, self.other_category]
        if self.similarity is not None:
            parts.append(f"相似度 {self.similarity:.2f}")
        return " ".join(part for part in [*parts, self.detail] if part)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read and what is wrong with it, the worst first."""

    rows: int
    categories: int
    remarks: tuple[Remark, ...]

    @property
    def counts(self) -> dict[Problem, int]:
        """How many remarks there are of each problem found."""
        found = Counter(remark.problem for remark in self.remarks)
        return {problem: found[problem] for problem in Problem if found[problem]}


def audit_files(paths: Sequence[Path], ledger: Ledger, enough: int = ENOUGH) -> Audit:
    """Audit files of labelled complaints; a row that cannot be read is a remark, not an end.

    Raises:
        TableError: a file cannot be read at all, or has no column of texts or of categories.
    """
    rows: list[Labelled] = []
    wrong: list[Remark] = []
    for path in paths:
        for row in scan_labelled(path, ledger):
            if isinstance(row, WrongCellError):
                wrong.append(Remark(Problem.UNREADABLE, f"{path.name}:{row.row}", detail=row.problem))
            else:
                rows.append(row)
    audit = audit_rows(rows, ledger, enough)
    return Audit(audit.rows + len(wrong), audit.categories, (*wrong, *audit.remarks))


def audit_rows(rows: Sequence[Labelled], ledger: Ledger, enough: int = ENOUGH) -> Audit:
    """Audit labelled complaints: duplicates, contradictions, short texts, categories with fewer than `enough`."""
    texts = [said(row.complaint) for row in rows]
    remarks = [*_duplicates(rows, texts, ledger), *_short(rows, texts, ledger), *_thin(rows, ledger, enough)]
    order = list(Problem)
    remarks.sort(key=lambda remark: order.index(remark.problem))
    return Audit(len(rows), len(ledger.categories.leaves_in_use), tuple(remarks))


def _duplicates(rows: Sequence[Labelled], texts: Sequence[str], ledger: Ledger) -> Iterator[Remark]:
    for pair in near_duplicates(texts):
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
            other.source,
            other.complaint.id,
            ledger.categories[other.categories[0]].path,
            round(pair.similarity, 3),
        )


def _short(rows: Sequence[Labelled], texts: Sequence[str], ledger: Ledger) -> Iterator[Remark]:
    for row, text in zip(rows, texts, strict=True):
        if len(text) < TOO_SHORT:
            path = ledger.categories[row.categories[0]].path
            yield Remark(Problem.TOO_SHORT, row.source, row.complaint.id, path, detail=f"{len(text)} 个字")


def _thin(rows: Sequence[Labelled], ledger: Ledger, enough: int) -> Iterator[Remark]:
    counts = Counter(row.categories[0] for row in rows)
    for leaf in ledger.categories.leaves_in_use:
        count = counts[leaf.code]
        if count < enough:
            problem = Problem.THIN_CATEGORY if count else Problem.EMPTY_CATEGORY
            yield Remark(problem, category=f"{leaf.code} {leaf.path}", detail=f"{count} 件，少于 {enough} 件")
