"""Write Excel workbooks in constant memory: text as text, never a formula, further sheets where one is full."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from classifier.errors import CellTooLongError, TooManyColumnsError
from classifier.files.limits import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, too_long

_WRITTEN: Final = dt.datetime(2026, 1, 1)
"""Stated as the time of writing, so that equal rows give equal files."""


class XlsxSink:
    """Writes rows to a workbook; every sheet repeats the headings."""

    def __init__(self, path: Path, columns: Sequence[str], title: str = "分办建议", rows: int = MOST_ROWS) -> None:
        if len(columns) > MOST_COLUMNS:
            raise TooManyColumnsError(path, len(columns), MOST_COLUMNS)
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "tmpdir": str(path.parent),
        }
        self._path, self._columns, self._title, self._most = path, columns, title, rows
        self._workbook = xlsxwriter.Workbook(str(path), options)
        self._workbook.use_zip64()
        self._workbook.set_properties({"created": _WRITTEN})
        self._day = self._workbook.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._workbook.add_worksheet(self._title + (str(self._sheets) if self._sheets > 1 else ""))
        self._sheet.freeze_panes(1, 0)
        self._at = 0
        self._put(self._columns)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows; a full sheet is followed by another.

        Raises:
            CellTooLongError: a cell is longer than Excel keeps.
        """
        for row in rows:
            if self._at == self._most:
                self._begin()
            self._put(row)

    def _put(self, row: Sequence[Any]) -> None:
        for column, cell in enumerate(row):
            if type(cell) is str:
                if cell:
                    self._put_text(column, cell)
            elif isinstance(cell, bool):
                self._sheet.write_boolean(self._at, column, cell)
            elif isinstance(cell, (int, float)) and math.isfinite(cell) and abs(cell) < 1e15:
                self._sheet.write_number(self._at, column, cell)
            elif isinstance(cell, dt.date) and cell.year >= 1900 and not getattr(cell, "tzinfo", None):
                style = self._moment if isinstance(cell, dt.datetime) else self._day
                self._sheet.write_datetime(self._at, column, cell, style)
            elif cell is not None:
                self._put_text(column, str(cell))
        self._at += 1

    def _put_text(self, column: int, text: str) -> None:
        if too_long(text):
            raise CellTooLongError(self._path, LONGEST_CELL, row=self._at + 1, column=self._columns[column])
        self._sheet.write_string(self._at, column, text.encode("utf-8", "replace").decode("utf-8"))

    def close(self) -> None:
        """Finish the file."""
        self._workbook.close()
