"""Tables whose rows name a parent in the same table: each row's line of names, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, TypeVar

from classifier.catalogue.tables import Findings, Row


class Node(Protocol):
    """What stands in such a table."""

    @property
    def code(self) -> str: ...  # noqa: D102 - the table's own columns
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def parent(self) -> str: ...  # noqa: D102


N = TypeVar("N", bound=Node)


def descend(by_code: Mapping[str, tuple[Row, N]], findings: Findings) -> Iterator[tuple[N, str, list[str]]]:
    """Yield each node with its parent's code and the names from the top down to it.

    A node whose parent is unknown, or whose line comes back to itself, is noted and stands at the top.
    """
    for row, node in by_code.values():
        parent, names, problem = node.parent, [node.name], ""
        seen, at = {node.code}, node
        while at.parent and not problem:
            if at.parent not in by_code:
                problem = f"没有代码 {at.parent}" if at is node else ""
                break
            at = by_code[at.parent][1]
            if at.code in seen:
                problem = f"上级关系成环：{node.code} 经 {at.code} 又回到自己"
            seen.add(at.code)
            names.append(at.name)
        if problem:
            findings.error(row, "parent", problem)
            parent, names = "", [node.name]
        yield node, parent, names[::-1]
