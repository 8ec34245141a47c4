"""A ledger's categories: a tree by code, with names, paths and days of validity."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.hierarchy import descend
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Category, Disposal
from classifier.errors import UnknownCategoryError

_NEAR = 0.4
"""Similarity from which a name is offered as the one that was meant; Chinese names are short."""


class CategoryTree:
    """Categories by code, in the order of their table; leaves have no children.

    `rows` says in which row of the table each code stands, for messages about it.
    """

    def __init__(self, categories: Iterable[Category], rows: Mapping[str, int] | None = None) -> None:
        self._by_code = {category.code: category for category in categories}
        self.rows = rows or {}
        parents = {category.parent for category in self._by_code.values()}
        self.leaves: tuple[Category, ...] = tuple(one for one in self._by_code.values() if one.code not in parents)

    @cached_property
    def leaves_in_use(self) -> tuple[Category, ...]:
        """The leaves that no other category has replaced."""
        return tuple(leaf for leaf in self.leaves if not leaf.replaced_by)

    def __len__(self) -> int:
        return len(self._by_code)

    def __iter__(self) -> Iterator[Category]:
        return iter(self._by_code.values())

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Category:
        try:
            return self._by_code[code]
        except KeyError:
            raise UnknownCategoryError(code, difflib.get_close_matches(code, self._by_code, 3)) from None

    @cached_property
    def depth(self) -> int:
        """Number of levels."""
        return max((category.level for category in self), default=0)

    @cached_property
    def _by_name(self) -> dict[str, list[Category]]:
        named: dict[str, list[Category]] = {}
        for category in self:
            for name in {category.name, category.path}:
                named.setdefault(name, []).append(category)
        return named

    def find(self, given: str) -> Category:
        """Return the category with this code, path or unambiguous name; a retired one gives its successor.

        Raises:
            UnknownCategoryError: nothing, or more than one category, is called so.
        """
        given = given.strip()
        if given in self._by_code:
            return self.successor(self._by_code[given])
        candidates = self._by_name.get(given, [])
        if len(candidates) > 1:
            # A name may stand at a leaf and above it (其他/其他): the lowest of one line is meant.
            lowest = max(candidates, key=lambda one: one.level)
            line = {one.code for one in self.ancestry(lowest)}
            if all(one.code in line for one in candidates):
                candidates = [lowest]
        if len(candidates) != 1:
            near = [one.path for one in candidates] or difflib.get_close_matches(given, self._by_name, 3, _NEAR)
            raise UnknownCategoryError(given, near)
        return self.successor(candidates[0])

    def successor(self, category: Category) -> Category:
        """Follow `replaced_by` to the category in use today."""
        seen = {category.code}
        while category.replaced_by and category.replaced_by in self._by_code and category.replaced_by not in seen:
            category = self._by_code[category.replaced_by]
            seen.add(category.code)
        return category

    def places(self, labels: Sequence[str]) -> NDArray[np.intp]:
        """Return, for each code a model knows, the number among `leaves` of what it is today.

        A retired category counts for its successor; one that is gone without a successor is -1.
        """
        number = {leaf.code: at for at, leaf in enumerate(self.leaves)}
        today = [self.successor(self[code]).code if code in self else "" for code in labels]
        return np.array([number.get(code, -1) for code in today], dtype=np.intp)

    def ancestry(self, category: Category) -> Sequence[Category]:
        """Return the category and those above it, lowest first."""
        line = [category]
        while line[-1].parent:
            line.append(self._by_code[line[-1].parent])
        return line

    def at_level(self, category: Category, level: int) -> Category:
        """Return the category's ancestor at `level`, or itself where it stands higher."""
        return next((one for one in self.ancestry(category) if one.level <= level), category)


def read_categories(rows: Iterable[Row], findings: Findings) -> CategoryTree:
    """Build the tree, noting codes used twice, unknown parents and successors, and cycles."""
    by_code: dict[str, tuple[Row, Category]] = {}
    for row in rows:
        code = row["code"]
        if not code or not row["name"]:
            findings.error(row, "code" if not code else "name", "不能为空")
        elif code in by_code:
            findings.error(row, "code", f"代码 {code} 已在第 {by_code[code][0].number} 行用过")
        else:
            by_code[code] = (
                row,
                Category(
                    code,
                    row["name"],
                    row["parent"],
                    row["definition"],
                    row.several("keywords"),
                    row.validity(findings),
                    row["replaced_by"],
                    disposal=row.one_of("disposal", Disposal, findings),
                ),
            )
    for row, category in by_code.values():
        seen, at = {category.code}, category
        while at.replaced_by:
            if at.replaced_by not in by_code or at.replaced_by in seen:
                problem = "替代关系成环" if at.replaced_by in seen else f"没有代码 {at.replaced_by}"
                findings.error(row, "replaced_by", problem)
                break
            at = by_code[at.replaced_by][1]
            seen.add(at.code)
    placed = (
        replace(category, parent=parent, path="/".join(names), level=len(names))
        for category, parent, names in descend(by_code, findings)
    )
    return CategoryTree(placed, {code: row.number for code, (row, _) in by_code.items()})
