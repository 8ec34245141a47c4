"""Open a backlog of any kind an office produces, by its ending."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from classifier.errors import UnreadableFileError, UnsupportedFormatError
from classifier.files.columns import holds_texts
from classifier.files.delimited import read_csv
from classifier.files.json_lines import read_jsonl
from classifier.files.source import ReadAs, Source

AS_IT_SAYS: Final = ReadAs()


def open_source(path: Path, told: ReadAs = AS_IT_SAYS) -> Source:
    """Open CSV, XLSX, XLS, JSONL or Parquet, by the file itself where a person says nothing of it.

    A table in Parquet may also be a folder of files.

    Raises:
        UnsupportedFormatError: the ending is none of these.
        UnreadableFileError: the file is damaged, not what its ending says, or lacks the sheet named.
        WrongEncodingError: no encoding, or not the one named, decodes it without loss.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UnsupportedFormatError(path, tuple(READERS))
    if path.is_dir() and reader is not _parquet:
        raise UnreadableFileError(path, "这是一个文件夹；只有 Parquet 的表可以是一个文件夹")
    if not path.exists():
        raise UnreadableFileError(path, "文件不存在")
    return reader(path, told)


def parts_of(path: Path) -> list[Path]:
    """Return the files that hold a table: one, or those of a folder of Parquet files."""
    from classifier.files.parquet import parquet_files

    return parquet_files(path) if path.is_dir() else [path]


def _csv(path: Path, told: ReadAs) -> Source:
    return read_csv(path, told.encoding)


def _jsonl(path: Path, _told: ReadAs) -> Source:
    return read_jsonl(path)


def _parquet(path: Path, _told: ReadAs) -> Source:
    from classifier.files.parquet import read_parquet

    return read_parquet(path)


def _spreadsheet(path: Path, told: ReadAs) -> Source:
    from classifier.files.excel import read_spreadsheet

    return read_spreadsheet(path, lambda columns: holds_texts(columns, told.text_column), told.sheet)


READERS: Final[dict[str, Callable[[Path, ReadAs], Source]]] = {
    ".csv": _csv,
    ".xlsx": _spreadsheet,
    ".xls": _spreadsheet,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
