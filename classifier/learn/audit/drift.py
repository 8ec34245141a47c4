"""What changes over time: how complaints are mixed, how they are worded, and how well the labels can be foretold.

Times are months, or quarters or years where months hold too few complaints. A time stands out when it differs from all
others by more than the same complaints at random times would, once in a hundred files, and by an amount that matters.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, random_table

from classifier.catalogue.categories import CategoryTree
from classifier.learn.audit.opinions import Opinions
from classifier.learn.audit.remarks import Problem, Remark
from classifier.learn.dataset import Labelled

Doubles = NDArray[np.float64]

FEWEST: Final = 30
"""Complaints of a time from which it is compared."""

BY_CHANCE: Final = 0.01
"""Share of files without any drift in which some time stands out."""

LEAST_DIVERGENCE: Final = 0.01
"""Jensen-Shannon divergence, in bits, from which a change of the mix matters: one of seven equal categories growing by
two thirds is about this much."""

LEAST_STRANGE: Final = 0.02
"""Rise of the share of n-grams the base does not know from which a change of wording matters."""

LEAST_FALL: Final = 0.03
"""Fall of the share of rows whose label is foretold from which it matters."""

_DRAWS: Final = 500
_SEED: Final = 20240101


@dataclass(frozen=True, slots=True)
class Times:
    """`number` `(n_rows,)` is the place of each row's time in `names`, -1 where it has none or one of too few rows."""

    names: tuple[str, ...]
    number: NDArray[np.intp]


def times(days: Sequence[dt.date | None]) -> Times:
    """Deal rows to the shortest of months, quarters and years that hold enough of them, for half of the rows."""
    dated = [day for day in days if day is not None]
    named, counts = _month, dict[str, int]()
    for named in (_month, _quarter, _year):
        counts = {name: count for name, count in Counter(map(named, dated)).items() if count >= FEWEST}
        if 2 * sum(counts.values()) >= len(dated):
            break
    names = tuple(sorted(counts))
    place = {name: at for at, name in enumerate(names)}
    number = [place.get(named(day), -1) if day is not None else -1 for day in days]
    return Times(names, np.array(number, dtype=np.intp))


def _month(day: dt.date) -> str:
    return f"{day.year}年{day.month:02}月"


def _quarter(day: dt.date) -> str:
    return f"{day.year}年第{(day.month + 2) // 3}季度"


def _year(day: dt.date) -> str:
    return f"{day.year}年"


def drift(rows: Sequence[Labelled], opinions: Opinions | None, tree: CategoryTree) -> Iterator[Remark]:
    """Remark on times that stand out; without `opinions` only by their mix."""
    when = times([row.complaint.date for row in rows])
    if len(when.names) < 2:
        return
    yield from _mix(rows, when, tree)
    if opinions is not None:
        yield from _wording(opinions, when)
        yield from _accuracy(opinions, when)


def _mix(rows: Sequence[Labelled], when: Times, tree: CategoryTree) -> Iterator[Remark]:
    """Remark on times at which other categories are frequent than at all others."""
    codes, label = np.unique([row.categories[0] for row in rows], return_inverse=True)
    inside = when.number >= 0
    table = np.zeros((len(when.names), len(codes)), dtype=np.int64)
    np.add.at(table, (when.number[inside], label[inside]), 1)
    for at, divergence in unusual_mixes(table):
        share, other = table[at] / table[at].sum(), np.delete(table, at, axis=0).sum(axis=0)
        change = share - other / other.sum()
        order = np.argsort(-np.abs(change), kind="stable")[:3]
        told = "、".join(f"{tree[codes[one]].path} {share[one] - change[one]:.1%}→{share[one]:.1%}" for one in order)
        detail = f"{when.names[at]}（{table[at].sum()} 件）与其余时期相比：{told}（JS 散度 {divergence:.3f}）"
        yield Remark(Problem.MIX_DRIFT, detail=detail)


def unusual_mixes(table: NDArray[np.int64]) -> list[tuple[int, float]]:
    """Return the rows of a table `(n_times, n_categories)` that are mixed unlike the others, with their divergence.

    The threshold comes from tables with the same sums in which times and categories are unrelated, as a permutation of
    the days would give (Patefield 1981): the divergences are put in standard deviations of their own row, and the
    greatest of each table compared.
    """
    table = table[:, table.sum(axis=0) > 0]
    null = random_table(table.sum(axis=1), table.sum(axis=0), seed=np.random.default_rng(_SEED))
    drawn = np.array([divergences(null.rvs()) for _ in range(_DRAWS)])
    mean, spread = drawn.mean(axis=0), np.maximum(drawn.std(axis=0), 1e-12)
    limit = float(np.quantile(((drawn - mean) / spread).max(axis=1), 1 - BY_CHANCE))
    found = divergences(table)
    unusual = np.flatnonzero(((found - mean) / spread > limit) & (found >= LEAST_DIVERGENCE))
    return [(int(at), float(found[at])) for at in unusual]


def divergences(table: NDArray[np.int64] | Doubles) -> Doubles:
    """Return the Jensen-Shannon divergence, in bits, of each row's mix from that of all other rows."""
    others = table.sum(axis=0) - table
    one = table / table.sum(axis=1, keepdims=True)
    rest = others / np.maximum(others.sum(axis=1, keepdims=True), 1)
    middle = (one + rest) / 2
    result: Doubles = _entropy(middle) - (_entropy(one) + _entropy(rest)) / 2
    return result


def _entropy(shares: Doubles) -> Doubles:
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    result: Doubles = -(shares * logs).sum(axis=-1)
    return result


def _wording(opinions: Opinions, when: Times) -> Iterator[Remark]:
    strange = 1 - opinions.known.astype(np.float64)
    for at, here, rest, count in risen(strange, when, LEAST_STRANGE):
        detail = f"{when.names[at]}（{count} 件）：模型不认识的字词占 {here:.1%}，其余时期 {rest:.1%}"
        yield Remark(Problem.WORDING_DRIFT, detail=detail)


def _accuracy(opinions: Opinions, when: Times) -> Iterator[Remark]:
    wrong = np.where(opinions.best >= 0, opinions.best != opinions.given, np.nan)
    for at, here, rest, count in risen(wrong, when, LEAST_FALL):
        detail = f"{when.names[at]}（{count} 件）：未见过这些件的模型判对 {1 - here:.1%}，其余时期 {1 - rest:.1%}"
        yield Remark(Problem.ACCURACY_DRIFT, detail=detail)


def risen(values: Doubles, when: Times, least: float) -> list[tuple[int, float, float, int]]:
    """Return the times at which `values` `(n_rows,)` are higher, with their mean, that of the others, and the count.

    The limit is that of the means of as many rows taken at random from all, whose variance is known exactly (sampling
    without replacement), shared among the times (Bonferroni). NaN stands for a row without a value.
    """
    inside = (when.number >= 0) & ~np.isnan(values)
    number, kept = when.number[inside], values[inside]
    n, counts = len(kept), np.bincount(number, minlength=len(when.names))
    sums = np.bincount(number, kept, len(when.names))
    found = []
    for at in np.flatnonzero((counts >= FEWEST) & (counts < n)):
        here, rest = sums[at] / counts[at], (kept.sum() - sums[at]) / (n - counts[at])
        spread = kept.std() * np.sqrt((n - counts[at]) / (counts[at] * (n - 1)))
        surprising = here - kept.mean() > norm.isf(BY_CHANCE / len(when.names)) * spread
        if surprising and here - rest >= least:
            found.append((int(at), float(here), float(rest), int(counts[at])))
    return found
