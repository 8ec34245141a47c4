"""What an audit can say: the problems, a remark on a row, a category or a time, and all remarks together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Problem(StrEnum):
    """What is wrong, from the worst."""

    UNREADABLE = "unreadable"
    UNKNOWN_CATEGORY = "unknown_category"
    UNKNOWN_DEPARTMENT = "unknown_department"
    CONTRADICTION = "contradiction"
    DOUBTFUL_LABEL = "doubtful_label"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    TOO_SHORT = "too_short"
    CONFUSABLE = "confusable"
    EMPTY_CATEGORY = "empty_category"
    THIN_CATEGORY = "thin_category"
    MIX_DRIFT = "mix_drift"
    WORDING_DRIFT = "wording_drift"
    ACCURACY_DRIFT = "accuracy_drift"

    @property
    def label(self) -> str:
        """The problem in Chinese."""
        return _TITLES[self]


_TITLES: Final = {
    Problem.UNREADABLE: "行有错",
    Problem.UNKNOWN_CATEGORY: "类别不明",
    Problem.UNKNOWN_DEPARTMENT: "部门不明",
    Problem.CONTRADICTION: "同文异类",
    Problem.DOUBTFUL_LABEL: "类别存疑",
    Problem.DUPLICATE: "重复",
    Problem.NEAR_DUPLICATE: "近似重复",
    Problem.TOO_SHORT: "过短",
    Problem.CONFUSABLE: "难以区分",
    Problem.EMPTY_CATEGORY: "没有样本",
    Problem.THIN_CATEGORY: "样本过少",
    Problem.MIX_DRIFT: "构成有变",
    Problem.WORDING_DRIFT: "用语有变",
    Problem.ACCURACY_DRIFT: "判对下降",
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One problem: of a row, of two rows, of a category, of two categories, or of a time.

    `source` is `file:row`, `other` that of the second row; categories are paths. A model that had not seen the row
    gives `suggested` the probability `probability`, and the label the row carries `given_probability`. `similarity` is
    the Jaccard similarity of two rows, `department` a name that no directory has.
    """

    problem: Problem
    source: str = ""
    id: str = ""
    category: str = ""
    suggested: str = ""
    probability: float | None = None
    given_probability: float | None = None
    other: str = ""
    other_id: str = ""
    other_category: str = ""
    similarity: float | None = None
    department: str = ""
    detail: str = ""

    def __str__(self) -> str:
        parts = [self.problem.label + " ", self.source, self.id, self.category, self.department]
        if self.suggested:
            parts.append(f"（{self.given_probability:.1%}）→ {self.suggested}（{self.probability:.1%}）")
        if self.other or self.other_category:
            parts += ["↔", self.other, self.other_id, self.other_category]
        if self.similarity is not None:
            parts.append(f"相似度 {self.similarity:.2f}")
        return " ".join(part for part in [*parts, self.detail] if part)


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read and what is wrong with it, the worst first; `notes` say how it was examined."""

    rows: int
    categories: int
    remarks: tuple[Remark, ...]
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Problem, int]:
        """How many remarks there are of each problem found."""
        found = Counter(remark.problem for remark in self.remarks)
        return {problem: found[problem] for problem in Problem if found[problem]}
