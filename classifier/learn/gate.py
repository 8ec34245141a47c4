"""Is a candidate better than the version in use, on the same rows and beyond chance, without a category falling?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from classifier.learn.proof import Answers

CHANCE: Final = 0.05
"""Probability below which a difference is not put down to chance (one-sided)."""

FEWEST: Final = 20
"""Labelled rows of a category below which its figures say too little for the gate."""


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """One category's F1 in both versions; `rows` are labelled with it."""

    category: str
    rows: int
    before: float
    after: float

    @property
    def fall(self) -> float:
        """By how much F1 fell; below 0 where it rose."""
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate beside another version on the same labelled rows.

    `gained` rows only the candidate has right, `lost` only the other; `p_value` is the chance of so many gained if both
    were equally good (exact one-sided McNemar test). `changed` numbers the rows whose first category differs, in the
    order of the rows.
    """

    candidate: str
    other: str
    rows: int
    accuracy_before: float
    accuracy_after: float
    macro_f1_before: float
    macro_f1_after: float
    automatic_before: float
    automatic_after: float
    gained: int
    lost: int
    p_value: float
    categories: tuple[CategoryChange, ...]
    changed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate may be promoted, and what speaks against it, in Chinese."""

    passed: bool
    findings: tuple[str, ...]


def compare_answers(candidate: str, after: Answers, other: str, before: Answers) -> Comparison:
    """Compare two versions' answers to the same rows."""
    gained = int((after.right & ~before.right).sum())
    lost = int((before.right & ~after.right).sum())
    chance = binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue if gained + lost else 1.0
    counts = np.bincount(after.truth, minlength=len(after.names))
    there = np.flatnonzero(counts)
    f1_before, f1_after = _f1(before, there), _f1(after, there)
    changes = [
        CategoryChange(after.names[at], int(counts[at]), round(float(one), 4), round(float(two), 4))
        for at, one, two in zip(there, f1_before, f1_after, strict=True)
    ]
    return Comparison(
        candidate,
        other,
        len(after.truth),
        _share(before.right),
        _share(after.right),
        round(float(f1_before.mean()), 4),
        round(float(f1_after.mean()), 4),
        _share(before.automatic),
        _share(after.automatic),
        gained,
        lost,
        round(float(chance), 6),
        tuple(sorted(changes, key=lambda change: -change.fall)),
        tuple(int(at) for at in np.flatnonzero(before.first != after.first)),
    )


def judge(comparison: Comparison, allowed_fall: float) -> Verdict:
    """Apply the gate: better beyond chance, and no category with enough rows falls by more than `allowed_fall`."""
    findings = []
    if comparison.p_value >= CHANCE:
        findings.append(
            f"在同样的 {comparison.rows} 件上没有显著更好（准确率 {comparison.accuracy_before:.1%} → "
            f"{comparison.accuracy_after:.1%}，改对 {comparison.gained} 件、改错 {comparison.lost} 件，"
            f"p = {comparison.p_value:.3f}）"
        )
    findings += [
        f"“{change.category}”的 F1 由 {change.before:.3f} 降到 {change.after:.3f}（{change.rows} 件，"
        f"最多可降 {allowed_fall:g}）"
        for change in comparison.categories
        if change.rows >= FEWEST and change.fall > allowed_fall
    ]
    return Verdict(not findings, tuple(findings))


def _f1(answers: Answers, columns: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = f1_score(
        answers.truth, answers.first, labels=list(columns), average=None, zero_division=0
    )
    return scores


def _share(flags: NDArray[np.bool_]) -> float:
    return round(float(flags.mean()), 4)
