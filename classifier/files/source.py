"""An opened backlog of any kind: its columns, and its rows as often as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Cells = list[Any]
"""One row: strings from CSV, any JSON value from JSONL, text, numbers and days from a spreadsheet."""

Numbered = tuple[int, Cells]
"""A row with the number it has in its file."""


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a person says a file is to be read; None is decided by the file.

    `text_column` also tells which sheets of a workbook hold complaints; `encoding` is one of
    `classifier.files.encoding.ENCODINGS`, `sheet` the name of the only sheet to read.
    """

    text_column: str | None = None
    encoding: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """An opened backlog; `how` says how it was read, `schema` holds the column types where the file states them.

    `encoding` is the one a text file was read in; `sheets` are those of a workbook that hold a table.
    """

    columns: tuple[str, ...]
    read: Callable[[], Iterator[Numbered]]
    how: str
    schema: Any = None
    encoding: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def rows(self) -> Iterator[Numbered]:
        """The rows, from the first one, each time they are asked for."""
        return self.read()


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give empty and repeated headings names of their own, as a spreadsheet would."""
    taken: set[str] = set()
    result = []
    for at, name in enumerate(names, 1):
        base = name or f"列{at}"
        unique, count = base, 2
        while unique in taken:
            unique = f"{base}_{count}"
            count += 1
        taken.add(unique)
        result.append(unique)
    return tuple(result)
