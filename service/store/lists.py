"""Lists in a statement: many values asked for as one parameter, and many rows written at once.

The statement stays the same however long a list is, so that it is made and compiled once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_WRITTEN: Final = json.JSONEncoder(ensure_ascii=False).encode


def as_list(values: Iterable[Any], dialect: sa.Dialect) -> Any:
    """Write values as the database takes a list: JSON in SQLite, an array in PostgreSQL."""
    given = list(values)
    return _WRITTEN(given) if dialect.name == "sqlite" else given


class _List(sa.types.TypeDecorator[Iterable[Any]]):
    """An array in PostgreSQL, JSON in SQLite."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Return the type by which the database takes it."""
        kind: sa.types.TypeEngine[Any] = sa.Text() if dialect.name == "sqlite" else ARRAY(self.item)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Iterable[Any] | None, dialect: sa.Dialect) -> Any:
        """Write the values as the database takes them."""
        return as_list(value or (), dialect)


class among(FunctionElement[bool]):  # noqa: N801 - reads as the function it is
    """The condition that a column holds one of the values of a parameter: `among(table.c.no, "numbers")`."""

    name: Final = "among"
    type = sa.Boolean()
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], parameter: str) -> None:
        super().__init__(column, sa.bindparam(parameter, type_=_List(column.type)))

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002
        """Stand as it is: compared with 1, as SQLite has no truth values, no index would serve."""
        return self


@compiles(among, "sqlite")
def _in_json(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - of names and a parameter


@compiles(among, "postgresql")
def _in_array(element: among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({values})"


class Lookup:
    """A select whose parameters are lists, compiled once for each database, whose rows come as the driver gives them.

    A third of the time of handing the statement to the engine. What the driver gives for a moment is read by
    `tables.moment`.
    """

    def __init__(self, statement: sa.Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, SQLCompiler] = {}

    def __call__(self, connection: sa.Connection, **lists: Iterable[Any]) -> Sequence[Any]:
        """Return the rows for these lists, by the names that the statement gives them."""
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = self._statement.compile(dialect=connection.dialect)
        given = {name: as_list(values, connection.dialect) for name, values in lists.items()}
        order = compiled.positiontup
        parameters = tuple(given[name] for name in order) if order is not None else given
        return connection.exec_driver_sql(str(compiled), parameters).all()


def insert_plainly(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of values that the driver takes as they are, one for each column of `table`.

    A quarter of the time of `table.insert()`, which looks at every value by itself.
    """
    if not rows:
        return
    sign = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    columns = ", ".join(column.name for column in table.columns)
    places = ", ".join(sign for _ in table.columns)
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", list(rows))  # noqa: S608
