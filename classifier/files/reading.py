"""Read a backlog file of any kind an office produces, in chunks, with every cell as it stands.

Encodings are decided by decoding the whole file strictly in a fixed order, never by a guess.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier.errors import UnreadableFileError, UnsupportedFormatError, WrongEncodingError

csv.field_size_limit(50_000_000)

Cells = list[Any]
"""One row: strings from CSV, any JSON value from JSONL, text and numbers from a spreadsheet."""

_ENCODINGS: Final = ("utf-8-sig", "gb18030")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """An opened backlog: its columns, its rows each with the number it has in the file, and how it was read."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, Cells]]
    how: str


def open_source(path: Path) -> Source:
    """Open CSV, XLSX, XLS or JSONL by the file's ending.

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
    return reader(path)


def decide_encoding(path: Path) -> str:
    """Return the first encoding that decodes the whole file: by byte-order mark, then UTF-8, then GB18030.

    Raises:
        WrongEncodingError: none does; names the furthest row that one of them reached.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = _ENCODINGS
    bad_row = 0
    for encoding in candidates:
        row = _first_bad_row(path, encoding)
        if row is None:
            return encoding
        bad_row = max(bad_row, row)
    raise WrongEncodingError(
        path, "不是 UTF-8、GB18030（GBK）或 UTF-16 编码，或已损坏；请在 Excel 中另存为“CSV UTF-8”", row=bad_row
    )


def _first_bad_row(path: Path, encoding: str) -> int | None:
    """Return the row with the first byte that `encoding` cannot decode, or None when it decodes them all."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    row = 1
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                row += decoder.decode(block).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            return row + error.object[: error.start].decode(encoding, "ignore").count("\n")
    return None


def _read_csv(path: Path) -> Source:
    encoding = decide_encoding(path)
    with path.open(encoding=encoding, newline="") as file:
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
    columns = _unique([cell.strip() for cell in header[1]])

    def rows() -> Iterator[tuple[int, Cells]]:
        for at, (number, cells) in enumerate(_csv_rows(path, encoding, delimiter)):
            if at > 0:
                yield number, _fit(cells, columns, path, number)

    return Source(columns, rows(), f"CSV，编码 {encoding}")


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Generator[tuple[int, list[str]], None, None]:
    """Yield the rows that hold anything, each with the number of the line where it begins."""
    with path.open(encoding=encoding, newline="") as file:
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
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        problem = f"有 {len(cells)} 格，标题只有 {len(columns)} 列；含逗号的内容请加双引号"
        raise UnreadableFileError(path, problem, row=number)
    return cells[: len(columns)] + [""] * (len(columns) - len(cells))


def _unique(names: list[str]) -> tuple[str, ...]:
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


def _read_jsonl(path: Path) -> Source:
    encoding = decide_encoding(path)
    columns: dict[str, None] = {}
    for _, record in _records(path, encoding):
        columns.update(dict.fromkeys(record))
    names = tuple(columns)
    if not names:
        raise UnreadableFileError(path, "文件是空的，没有任何记录")
    rows = ((number, [record.get(name, "") for name in names]) for number, record in _records(path, encoding))
    return Source(names, rows, f"JSONL，编码 {encoding}")


def _records(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise UnreadableFileError(path, "不是有效的 JSON；每行应是一个对象", row=number) from error
            if not isinstance(record, dict):
                raise UnreadableFileError(path, "每行应是一个 JSON 对象", row=number)
            yield number, record


def _read_spreadsheet(path: Path) -> Source:
    import python_calamine

    try:
        workbook = python_calamine.load_workbook(io.BytesIO(path.read_bytes()))
        sheet_name = next(
            (name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).height > 1),
            workbook.sheet_names[0],
        )
        table = workbook.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, IndexError, ValueError) as error:
        raise UnreadableFileError(path, f"工作簿已损坏或有密码：{type(error).__name__}") from error
    at = next(
        (number for number, cells in enumerate(table) if sum(cell != "" for cell in cells) > len(cells) // 2), None
    )
    if at is None:
        raise UnreadableFileError(path, "工作表是空的，没有标题行")
    columns = _unique([str(_cell(cell)).strip() for cell in table[at]])
    rows = (
        (number, [_cell(cell) for cell in cells])
        for number, cells in enumerate(table[at + 1 :], at + 2)
        if any(cell != "" for cell in cells)
    )
    return Source(columns, rows, f"Excel 工作表“{sheet_name}”")


def _cell(value: object) -> str | int | float | bool:
    """Return a cell as an office reads it: whole numbers without a point, days without a time of midnight."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


READERS: Final[dict[str, Callable[[Path], Source]]] = {
    ".csv": _read_csv,
    ".xlsx": _read_spreadsheet,
    ".xls": _read_spreadsheet,
    ".jsonl": _read_jsonl,
}
