"""Read and write CSV: commas or tabs, in any encoding an office uses, with every cell as it stands."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from classifier.errors import UnreadableFileError
from classifier.files.encoding import Encoding, decide_encoding
from classifier.files.source import Cells, Numbered, Source, unique_names

csv.field_size_limit(50_000_000)


def read_csv(path: Path, named: str | None = None) -> Source:
    """Open a CSV file, in the encoding named or the one that decodes it.

    Raises:
        UnreadableFileError: it has no header, or is no text.
        WrongEncodingError: no encoding, or not the one named, decodes it without loss.
    """
    encoding = decide_encoding(path, named)
    with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as file:
        sample = file.read(65536)
    if "\0" in sample:
        raise UnreadableFileError(path, "不是文本文件；如果是 Excel 工作簿，请把扩展名改为 .xlsx 或 .xls")
    first_line = sample.lstrip().split("\n", 1)[0]
    delimiter = "\t" if "\t" in first_line and "," not in first_line else ","
    table = _csv_rows(path, encoding, delimiter)
    header = next(table, None)
    table.close()
    if header is None:
        raise UnreadableFileError(path, "文件是空的，没有标题行")
    columns = unique_names([cell.strip() for cell in header[1]])

    def rows() -> Iterator[Numbered]:
        for at, (number, cells) in enumerate(_csv_rows(path, encoding, delimiter)):
            if at > 0:
                yield number, _fit(cells, columns, path, number)

    return Source(columns, rows, f"CSV，编码 {encoding.name}", encoding=encoding.name)


def _csv_rows(path: Path, encoding: Encoding, delimiter: str) -> Generator[tuple[int, list[str]], None, None]:
    """Yield the rows that hold anything, each with the number of the line where it begins."""
    with path.open(encoding=encoding.codec, errors=encoding.errors, newline="") as file:
        ended = False

        def lines() -> Iterator[str]:
            # One empty line more: a row that takes it in has a quote that never closed, and swallowed all below it.
            nonlocal ended
            yield from file
            ended = True
            yield "\n"

        reader = csv.reader(lines(), delimiter=delimiter)
        number = 1
        seen_header = False
        try:
            for cells in reader:
                if cells and ended:
                    raise UnreadableFileError(path, "不是完整的 CSV：从这一行开始的双引号没有结束", row=number)
                if cells and (seen_header or any(cell.strip() for cell in cells)):
                    seen_header = True
                    yield number, cells
                number = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableFileError(path, f"不是完整的 CSV：{error}", row=number) from error


def _fit(cells: Cells, columns: tuple[str, ...], path: Path, number: int) -> Cells:
    if len(cells) == len(columns):
        return cells
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        problem = f"有 {len(cells)} 格，标题只有 {len(columns)} 列；含逗号的内容请加双引号"
        raise UnreadableFileError(path, problem, row=number)
    return cells[: len(columns)] + [""] * (len(columns) - len(cells))


_MAY_RUN: Final = frozenset("=+-@＝＋－＠ \t\r\n\xa0\u3000")
_RUNS: Final = re.compile(r"\s*(?:[=@＝＠]|[+\-＋－](?!\s*[\d.,]+%?\s*$))")


def harmless(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet program would run as a formula; signed numbers stay.

    >>> harmless("=HYPERLINK(A1)"), harmless("-12.5"), harmless("+86"), harmless("-无")
    ("'=HYPERLINK(A1)", '-12.5', '+86', "'-无")
    """
    return f"'{cell}" if cell[:1] in _MAY_RUN and _RUNS.match(cell) else cell


class CsvLines:
    """A CSV file as what it begins with and what each row adds; opens rightly in Excel on Chinese Windows.

    With `guarded`, no cell or heading is one that a spreadsheet program would run as a formula.
    """

    def __init__(self, columns: Sequence[str], guarded: bool = True) -> None:
        self._columns = columns
        self._guarded = guarded

    def opening(self) -> bytes:
        """Return the byte-order mark, by which Excel knows UTF-8, and the header."""
        return b"\xef\xbb\xbf" + b"".join(self.encode([self._columns]))

    def encode(self, rows: Iterable[Sequence[Any]]) -> list[bytes]:
        """Return what each of `rows` adds to the file; what UTF-8 cannot hold becomes `?`."""
        if self._guarded:
            rows = ([harmless(cell) if type(cell) is str else cell for cell in row] for row in rows)
        return _written(rows)

    def filled(self, line: bytes, at: int, cell: str) -> bytes:
        """Return a row that `encode` made, with another cell at one place."""
        cell = harmless(cell) if self._guarded else cell
        before, _, *after = line.rsplit(b",", len(self._columns) - at)
        if at and before.count(b'"') % 2 == 0 and not any(b'"' in one for one in after):
            # No quote is open, so these commas stand between cells.
            (ours,) = _written([("", cell)])
            return b",".join([before, ours[1:-2], *after])
        (cells,) = csv.reader(io.StringIO(line.decode(), newline=""))
        cells[at] = cell
        (filled,) = _written([cells])
        return filled


def _written(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    lines = _Lines()
    csv.writer(lines).writerows(rows)
    return lines.written


class _Lines:
    """What the csv module writes, a row at a time."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, line: str) -> None:
        self.written.append(line.encode("utf-8", "replace"))
