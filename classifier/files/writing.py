"""Write suggestions beside the rows they belong to. The file appears whole at the end or not at all."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from classifier.errors import UnsupportedFormatError


class Sink(Protocol):
    """Takes rows in order."""

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows, each with as many cells as there are columns."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class _CsvSink:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        # The byte-order mark is what makes Excel on Chinese Windows read UTF-8.
        self._file = path.open("w", encoding="utf-8-sig", errors="replace", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(columns)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _JsonlSink:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        # Half a surrogate pair, which JSON may carry, stays what it was: `\ud800`.
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        self._columns = columns

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            record = dict(zip(self._columns, row, strict=True))
            self._file.write(json.dumps(record, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        self._file.close()


class _XlsxSink:
    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        import xlsxwriter

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._workbook = xlsxwriter.Workbook(str(path), options)
        self._sheet = self._workbook.add_worksheet("分办建议")
        self._sheet.freeze_panes(1, 0)
        self._at = 0
        self.write([columns])

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        for row in rows:
            for column, cell in enumerate(row):
                if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) < 1e15:
                    self._sheet.write_number(self._at, column, cell)
                elif cell not in ("", None):
                    text = str(cell)[:_XLSX_CELL].encode("utf-8", "replace").decode("utf-8")
                    self._sheet.write_string(self._at, column, text)
            self._at += 1

    def close(self) -> None:
        self._workbook.close()


_XLSX_CELL: Final = 32767
"""Characters Excel keeps in a cell."""

_SINKS: Final[dict[str, type[_CsvSink] | type[_JsonlSink] | type[_XlsxSink]]] = {
    ".csv": _CsvSink,
    ".jsonl": _JsonlSink,
    ".xlsx": _XlsxSink,
}


def check_output(path: Path) -> None:
    """Refuse an ending that cannot be written, before any work is done.

    Raises:
        UnsupportedFormatError: the ending is not known.
    """
    if path.suffix.lower() not in _SINKS:
        raise UnsupportedFormatError(path, tuple(_SINKS))


@contextmanager
def open_sink(path: Path, columns: Sequence[str]) -> Iterator[Sink]:
    """Open a file for writing beside its place; it takes the place when all rows are written."""
    check_output(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        sink = _SINKS[path.suffix.lower()](draft, columns)
        try:
            yield sink
        finally:
            sink.close()
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
