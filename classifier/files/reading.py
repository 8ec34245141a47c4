"""Open a backlog of any kind an office produces, by its ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from classifier.errors import UnreadableFileError, UnsupportedFormatError
from classifier.files.columns import holds_texts
from classifier.files.delimited import read_csv
from classifier.files.json_lines import read_jsonl
from classifier.files.source import Source


def open_source(path: Path, text_column: str | None = None) -> Source:
    """Open CSV, XLSX, XLS, JSONL or Parquet; `text_column` tells which sheets of a workbook hold complaints.

    Raises:
        UnsupportedFormatError: the ending is none of these.
        UnreadableFileError: the file is damaged, or not what its ending says.
        WrongEncodingError: no encoding decodes it without loss.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnsupportedFormatError(path, tuple(READERS))
    if not path.is_file():
        raise UnreadableFileError(path, "文件不存在")
    return reader(path, text_column)


def _csv(path: Path, _text_column: str | None) -> Source:
    return read_csv(path)


def _jsonl(path: Path, _text_column: str | None) -> Source:
    return read_jsonl(path)


def _parquet(path: Path, _text_column: str | None) -> Source:
    from classifier.files.parquet import read_parquet

    return read_parquet(path)


def _spreadsheet(path: Path, text_column: str | None) -> Source:
    from classifier.files.spreadsheets import read_spreadsheet

    return read_spreadsheet(path, lambda columns: holds_texts(columns, text_column))


READERS: Final[dict[str, Callable[[Path, str | None], Source]]] = {
    ".csv": _csv,
    ".xlsx": _spreadsheet,
    ".xls": _spreadsheet,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
