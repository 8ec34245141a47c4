"""A ledger's departments and operators, found by code, name or alias."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from classifier.catalogue.tables import Findings, Row
from classifier.domain import Department
from classifier.errors import UnknownDepartmentError

LEVELS = ("市", "区县", "镇街", "村社", "垂管", "企业")


class DepartmentDirectory:
    """Departments in the order of their table; a child ledger's come before its parent's."""

    def __init__(self, departments: Iterable[Department]) -> None:
        self._by_code: dict[str, Department] = {}
        for department in departments:
            self._by_code.setdefault(department.code, department)
        self._by_name: dict[str, Department] = {}
        for department in self._by_code.values():
            self._by_name.setdefault(department.name, department)
        for department in self._by_code.values():
            for alias in department.aliases:
                self._by_name.setdefault(alias, department)

    def __iter__(self) -> Iterator[Department]:
        return iter(self._by_code.values())

    def __len__(self) -> int:
        return len(self._by_code)

    def get(self, given: str) -> Department | None:
        """Return the department with this code, name or alias, or None."""
        return self._by_code.get(given) or self._by_name.get(given)

    def find(self, given: str) -> Department:
        """Return the department with this code, name or alias.

        Raises:
            UnknownDepartmentError: none is called so.
        """
        department = self.get(given.strip())
        if department is None:
            raise UnknownDepartmentError(given, difflib.get_close_matches(given, self._by_name, 3))
        return department

    def merged(self, parent: DepartmentDirectory) -> DepartmentDirectory:
        """Add the parent ledger's departments behind these; one of the same code or name is replaced by ours.

        A department of the parent's code is the same office by its local name: it still answers to the
        parent's name and aliases, so that duties taken over from the parent find it.
        """
        own = {department.name for department in self}
        above = {department.code: department for department in parent}
        local = [_with_names_of(one, above.get(one.code)) for one in self]
        return DepartmentDirectory([*local, *(one for one in parent if one.name not in own)])

    def town(self) -> Department | None:
        """Return who stands for the town or street when the place is not known (属地)."""
        return next((one for one in self if one.level == "镇街"), None)


def _with_names_of(local: Department, above: Department | None) -> Department:
    if above is None:
        return local
    names = dict.fromkeys((*local.aliases, above.name, *above.aliases))
    return replace(local, aliases=tuple(name for name in names if name != local.name))


def read_departments(rows: Iterable[Row], findings: Findings) -> DepartmentDirectory:
    """Build the directory, noting codes and names used twice and unknown levels."""
    seen: dict[str, int] = {}
    departments = []
    for row in rows:
        if not row["code"] or not row["name"]:
            findings.error(row, "code" if not row["code"] else "name", "不能为空")
            continue
        for column in ("code", "name"):
            if row[column] in seen:
                findings.error(row, column, f"{row[column]} 已在第 {seen[row[column]]} 行用过")
        seen.setdefault(row["code"], row.number)
        seen.setdefault(row["name"], row.number)
        if row["level"] and row["level"] not in LEVELS:
            findings.error(row, "level", f"“{row['level']}”不是层级；可用：{'、'.join(LEVELS)}")
        departments.append(Department(row["code"], row["name"], row["level"], row.several("aliases")))
    return DepartmentDirectory(departments)
