"""Write tables of any kind, by the ending. A file appears whole at the end or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from classifier.errors import UnsupportedFormatError
from classifier.files.delimited import CsvLines
from classifier.files.json_lines import JsonLines

WRITERS: Final = (".csv", ".jsonl", ".xlsx", ".parquet")


class Sink(Protocol):
    """Takes rows in order."""

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows, each with as many cells as there are columns."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class Lines(Protocol):
    """A kind of file that is its opening followed by its rows, so that it can be continued."""

    def opening(self) -> bytes:
        """Return what the file begins with."""
        ...

    def encode(self, rows: Iterable[Sequence[Any]]) -> list[bytes]:
        """Return what each of `rows` adds to the file."""
        ...

    def filled(self, line: bytes, at: int, cell: str) -> bytes:
        """Return a row that `encode` made, with another cell at one place."""
        ...


class _LineSink:
    def __init__(self, path: Path, lines: Lines) -> None:
        self._file = path.open("wb")
        self._lines = lines
        self._file.write(lines.opening())

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        self._file.writelines(self._lines.encode(rows))

    def close(self) -> None:
        self._file.close()


def check_output(path: Path) -> None:
    """Refuse an ending that cannot be written, before any work is done.

    Raises:
        UnsupportedFormatError: the ending is not known.
    """
    if path.suffix.lower() not in WRITERS:
        raise UnsupportedFormatError(path, WRITERS)


def lines_of(path: Path, columns: Sequence[str], *, guarded: bool = True) -> Lines | None:
    """Return how the rows of a file so called are encoded; None where it cannot be written line by line.

    `guarded` makes harmless in CSV what a spreadsheet program would run as a formula.
    """
    kind = path.suffix.lower()
    if kind == ".csv":
        return CsvLines(columns, guarded)
    return JsonLines(columns) if kind == ".jsonl" else None


def make_sink(path: Path, columns: Sequence[str], schema: Any = None, numeric: frozenset[str] = frozenset()) -> Sink:
    """Open `path` itself for writing, by its ending.

    Args:
        path: where to write, at once.
        columns: the headings.
        schema: the types of the first columns, from a Parquet file, for another one.
        numeric: further columns that hold numbers or nothing.
    """
    lines = lines_of(path, columns)
    if lines is not None:
        return _LineSink(path, lines)
    if path.suffix.lower() == ".xlsx":
        from classifier.files.workbooks import XlsxSink

        return XlsxSink(path, columns)
    from classifier.files.parquet import ParquetSink

    return ParquetSink(path, columns, schema, numeric)


@contextmanager
def open_sink(path: Path, columns: Sequence[str]) -> Iterator[Sink]:
    """Open a file for writing beside its place; it takes the place when all rows are written.

    Raises:
        UnsupportedFormatError: the ending is not known.
    """
    check_output(path)
    with written_whole(path) as draft:
        sink = make_sink(draft, columns)
        try:
            yield sink
        finally:
            sink.close()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a file beside `path` to write to, which takes the place when that is done, and is removed if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
