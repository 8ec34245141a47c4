"""How a parent ledger's categories become a child's: a matrix of shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.categories import CategoryTree
from classifier.catalogue.tables import Finding, Findings, Row

OUTSIDE = "-"
"""As a code of a crosswalk: what the child ledger does not handle."""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """`shares` is `(n_parent_leaves, n_child_leaves)` of float32; what a row lacks to 1 lies outside the ledger."""

    shares: NDArray[np.float32]

    def outside(self) -> NDArray[np.float32]:
        """Return, for each parent leaf, the share that the child ledger does not handle."""
        share: NDArray[np.float32] = np.clip(1 - self.shares.sum(axis=1), 0, 1).astype(np.float32)
        return share


def read_crosswalk(
    rows: Sequence[Row], parent: CategoryTree, child: CategoryTree, findings: Findings, parent_name: str
) -> Crosswalk:
    """Build the matrix; a row for a higher parent category holds for all leaves below it without their own.

    Notes unknown codes, weights that are not positive, and parent leaves that no row reaches.
    """
    given: dict[str, list[tuple[Row, str, float]]] = {}
    for row in rows:
        if row["parent_code"] not in parent:
            findings.error(row, "parent_code", f"上级台账没有类别 {row['parent_code']}")
            continue
        if row["code"] != OUTSIDE and row["code"] not in child:
            findings.error(row, "code", f"没有类别 {row['code']}；不受理的写 {OUTSIDE}")
            continue
        weight = row.number_in("weight", 1.0, findings)
        if weight <= 0:
            findings.error(row, "weight", "权重应大于 0")
            continue
        given.setdefault(row["parent_code"], []).append((row, row["code"], weight))
    column = {leaf.code: at for at, leaf in enumerate(child.leaves)}
    shares = np.zeros((len(parent.leaves), len(child.leaves)), dtype=np.float32)
    unmapped = []
    for at, leaf in enumerate(parent.leaves):
        entries = next((given[one.code] for one in parent.ancestry(leaf) if one.code in given), None)
        if entries is None:
            unmapped.append(leaf)
            continue
        total = sum(weight for _, _, weight in entries)
        for row, code, weight in entries:
            if code == OUTSIDE:
                continue
            if code not in column:
                findings.error(row, "code", f"类别 {code} 还有下级，请写到最末级")
                continue
            shares[at, column[code]] += weight / total
    findings.found.extend(
        Finding(
            f"{parent_name}/categories.csv",
            parent.rows.get(leaf.code, 0),
            "code",
            f"上级台账的类别 {leaf.code} {leaf.path} 在 crosswalk.csv 中没有对应；不受理的写 {OUTSIDE}",
        )
        for leaf in unmapped
    )
    return Crosswalk(shares)


def identity(categories: CategoryTree) -> Crosswalk:
    """Return the crosswalk of a ledger that keeps its parent's categories."""
    return Crosswalk(np.eye(len(categories.leaves), dtype=np.float32))


def chain(crosswalks: Iterable[Crosswalk]) -> Crosswalk | None:
    """Join crosswalks from the base ledger down; None for no step at all."""
    shares: NDArray[np.float32] | None = None
    for crosswalk in crosswalks:
        shares = crosswalk.shares if shares is None else shares @ crosswalk.shares
    return None if shares is None else Crosswalk(shares)
