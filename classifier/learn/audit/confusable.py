"""Categories that nobody can tell apart: labels and an unseeing model agree on them hardly better than by chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from classifier.catalogue.categories import CategoryTree
from classifier.learn.audit.opinions import Opinions
from classifier.learn.audit.remarks import Problem, Remark

AGREEMENT: Final = 0.4
"""Cohen's kappa up to which agreement is no more than fair (Landis and Koch 1977)."""

FEWEST: Final = 12
"""Rows of each of two categories from which their confusion says something."""

_CONFIDENCE: Final = 1.645
"""Standard errors by which kappa must lie below `AGREEMENT`: 95 %, one-sided."""


def confusable(opinions: Opinions, tree: CategoryTree) -> Iterator[Remark]:
    """Remark on pairs of categories whose labels hardly separate them, the worst first.

    Counted are the rows that carry one of two labels and that a model which had not seen them gives one of the two;
    the statistic is Cohen's kappa of these (Cohen 1960). A pair is confusable when both are taken for the other, and
    kappa is below `AGREEMENT` by more than chance explains.
    """
    asked = opinions.asked
    given, best = opinions.given[asked], opinions.best[asked]
    wrong = given != best
    taken, counts = np.unique(np.stack([given[wrong], best[wrong]], axis=1), axis=0, return_counts=True)
    mistaken = {(int(a), int(b)): int(count) for (a, b), count in zip(taken, counts, strict=True)}
    right = np.bincount(given[~wrong], minlength=len(opinions.labels))
    carried = np.bincount(given, minlength=len(opinions.labels))
    found = []
    for (a, b), count in mistaken.items():
        back = mistaken.get((b, a), 0)
        if a < b and back and min(carried[a], carried[b]) >= FEWEST:
            kappa, error = _kappa(int(right[a]), count, back, int(right[b]))
            if kappa + _CONFIDENCE * error < AGREEMENT:
                found.append((kappa, a, b))
    for kappa, a, b in sorted(found):
        one, other = (tree[opinions.labels[at]].path for at in (a, b))
        detail = (
            f"前者 {carried[a]} 件中 {mistaken[a, b]} 件被判为后者，"
            f"后者 {carried[b]} 件中 {mistaken[b, a]} 件被判为前者（κ={kappa:.2f}）；请统一口径、合并类别或重新标注"
        )
        yield Remark(Problem.CONFUSABLE, category=one, other_category=other, detail=detail)


def _kappa(a: int, a_as_b: int, b_as_a: int, b: int) -> tuple[float, float]:
    """Return Cohen's kappa of a table of two categories, and its standard error."""
    table = np.array([[a, a_as_b], [b_as_a, b]], dtype=np.float64)
    n = table.sum()
    agreed = float(np.trace(table) / n)
    by_chance = float(table.sum(axis=1) @ table.sum(axis=0) / n**2)
    if by_chance >= 1:
        return 1.0, 0.0
    return (agreed - by_chance) / (1 - by_chance), float(np.sqrt(agreed * (1 - agreed) / n)) / (1 - by_chance)
