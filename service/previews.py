"""How an uploaded backlog was read, before anybody starts it: encoding or sheet, columns, first rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from classifier.errors import MissingColumnError
from classifier.files.columns import recognise
from classifier.files.reading import open_source
from classifier.files.source import ReadAs
from service.uploads import JobFiles

_ROWS: Final = 5
_LONGEST_CELL: Final = 80


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as it was read; `rows` are its first, cells cut to 80 characters; empty column names were not found.

    `encoding` is that of a text file, `sheets` are those of a workbook that hold a table; else they are empty.
    """

    how: str
    encoding: str
    sheets: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_column: str
    title_column: str


def preview(data: Path, name: str, content: BinaryIO, told: ReadAs) -> Preview:
    """Read the beginning of an upload, of which nothing is kept, by itself or as a person says.

    Raises:
        TableError, UnsupportedFormatError: it cannot be read.
    """
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        path, _ = JobFiles(Path(folder)).save("preview", 0, name, content)
        source = open_source(path, told)
        columns = source.columns
        try:
            known = recognise(columns, path, told.text_column)
            text, title = columns[known.text], columns[known.title] if known.title is not None else ""
        except MissingColumnError:
            text = title = ""
        rows = tuple(tuple(_short(cell) for cell in cells) for _, cells in islice(source.rows, _ROWS))
    return Preview(source.how, source.encoding, source.sheets, columns, rows, text, title)


def _short(cell: object) -> str:
    shown = "" if cell is None else str(cell)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}…"
