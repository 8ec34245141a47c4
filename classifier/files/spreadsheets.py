"""What the sheets of an Excel workbook hold: headings of several rows, merged cells, days."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from classifier.errors import UnreadableFileError
from classifier.files.source import Numbered, unique_names

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_MOST_BYTES: Final = 4 << 30
"""Uncompressed size of a workbook's parts beyond which it is not opened."""
_MOST_CELLS: Final = 60_000_000
"""Cells of the rectangle a sheet spans, all of which are in memory at once."""
_FURTHEST: Final = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
_BLOCK: Final = 1 << 22


class Table(NamedTuple):
    """What a sheet holds: its columns, and the rows below them with their numbers, once."""

    name: str
    columns: tuple[str, ...]
    rows: Iterator[Numbered]


def tables_of(path: Path) -> Iterator[Table]:
    """Yield the table of each sheet that holds one; a sheet is in memory until its rows are read.

    Raises:
        UnreadableFileError: it is damaged, has a password, or would fill the memory.
    """
    import python_calamine

    raw = path.read_bytes()
    _refuse_bombs(path, raw)
    try:
        workbook = python_calamine.load_workbook(io.BytesIO(raw))
        for name in workbook.sheet_names:
            table = _read_sheet(workbook.get_sheet_by_name(name), path)
            if table is not None:
                yield table
    except (python_calamine.CalamineError, IndexError, ValueError) as error:
        raise UnreadableFileError(path, f"工作簿已损坏或有密码：{type(error).__name__}") from error


def _read_sheet(sheet: CalamineSheet, path: Path) -> Table | None:
    """Read one sheet; None where it holds nothing."""
    try:
        table: list[list[object]] = [list(row) for row in sheet.iter_rows()]
    except BaseException as error:
        # The reader is written in Rust: what it did not foresee arrives as a panic, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFileError(path, "工作簿已损坏：PanicException") from None
    at = next(
        (number for number, cells in enumerate(table) if sum(cell != "" for cell in cells) > len(cells) // 2), None
    )
    if at is None:
        return None
    merged = _merged(sheet)
    depth = _depth(merged, at, len(table[at]))
    columns = _headings(table, at, depth, merged)
    _fill_down(table, [area for area in merged if area[0] > at + depth])
    rows = (
        (number, [_cell(cell) for cell in cells])
        for number, cells in enumerate(itertools.islice(table, at + depth + 1, None), at + depth + 2)
        if any(cell != "" for cell in cells)
    )
    return Table(sheet.name, columns, rows)


_Area = tuple[int, int, int, int]


def _merged(sheet: CalamineSheet) -> list[_Area]:
    """List merged areas as top, left, bottom, right, counted from 0."""
    return [(*start, *end) for start, end in sheet.merged_cell_ranges or ()]


def _depth(merged: Sequence[_Area], at: int, width: int) -> int:
    """Tell how many rows of headings follow the first: a heading over several columns has theirs below it."""
    below = [bottom - at for top, _, bottom, _ in merged if top == at]
    across = any(top == at == bottom and left < right < left + width - 1 for top, left, bottom, right in merged)
    return max(below, default=0) or int(across)


def _headings(table: list[list[object]], at: int, depth: int, merged: Sequence[_Area]) -> tuple[str, ...]:
    """Name the columns by the lowest of `depth + 1` rows of headings, under the one merged above where it repeats."""
    across = {
        (row, column): table[top][left]
        for top, left, bottom, right in merged
        for row in range(top, bottom + 1)
        for column in range(left, right + 1)
        if at <= top <= at + depth
    }
    levels = [[str(_cell(cell)).strip() for cell in table[row]] for row in range(at, min(at + depth + 1, len(table)))]
    above = [
        [str(across.get((at + row, column), cell)).strip() for column, cell in enumerate(levels[row])]
        for row in range(len(levels))
    ]
    lowest = [next((name for name in reversed(column) if name), "") for column in zip(*above, strict=True)]
    names = [
        "/".join(dict.fromkeys(part for part in column if part)) if lowest.count(name) > 1 and name else name
        for name, column in zip(lowest, zip(*above, strict=True), strict=True)
    ]
    return unique_names(names)


def _fill_down(table: list[list[object]], merged: Sequence[_Area]) -> None:
    """Give each row that a merged cell covers its value, which is what the reader of the sheet sees."""
    for top, left, bottom, _ in merged:
        for row in range(top + 1, min(bottom + 1, len(table))):
            table[row][left] = table[top][left]


def _cell(value: object) -> object:
    """Return a cell as an office reads it: whole numbers without a point, days without a time of midnight."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return int(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date()
    if isinstance(value, (str, int, float, bool, dt.date)):
        return value
    return str(value)


def _refuse_bombs(path: Path, raw: bytes) -> None:
    """Refuse a workbook whose parts, or whose sheets when laid out, would fill the memory.

    Raises:
        UnreadableFileError: it would.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > _MOST_BYTES:
                raise UnreadableFileError(path, "解压后过大，不像正常的工作簿；请另存为 CSV")
            for part in parts:
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    _refuse_wide(path, archive, part)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return  # The reader of workbooks says what is wrong with it; an XLS file is no archive.


def _refuse_wide(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a sheet with a few cells so far apart that the rectangle they span would fill the memory."""
    last_row = 0
    letters: set[bytes] = set()
    total, rest = 0, b""
    with archive.open(part) as file:
        while block := file.read(_BLOCK):
            total += len(block)
            if total > _MOST_BYTES:
                raise UnreadableFileError(path, "解压后过大，不像正常的工作簿；请另存为 CSV")
            found = _FURTHEST.findall(rest + block)
            rest = block[-64:]
            letters.update(name for name, _ in found)
            last_row = max(last_row, *(int(row) for _, row in found[-1:]), *(int(row) for _, row in found[:1]), 0)
    width = max((_column_number(name) for name in letters), default=0)
    if last_row * width > _MOST_CELLS:
        raise UnreadableFileError(path, f"工作表跨 {last_row} 行 {width} 列，过大；请删去多余的行列或另存为 CSV")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
