"""Lists in a statement: many values asked for as one parameter, and many rows of numbers written at once.

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
        values = list(value or ())
        return _WRITTEN(values) if dialect.name == "sqlite" else values


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


def insert_numbers(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[int, ...]]) -> None:
    """Write rows of whole numbers, one for each column of `table`, past all that makes an insert of other things safe.

    A quarter of the time of `table.insert()`, which looks at every value by itself.
    """
    if not rows:
        return
    sign = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    columns = ", ".join(column.name for column in table.columns)
    places = ", ".join(sign for _ in table.columns)
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({columns}) VALUES ({places})", list(rows))  # noqa: S608
