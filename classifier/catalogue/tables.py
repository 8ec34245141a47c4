"""Read a ledger's CSV tables as text, and collect what is wrong with them by file, row and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from classifier.domain import Validity
from classifier.errors import MissingColumnError, UnreadableFileError, WrongEncodingError

csv.field_size_limit(10_000_000)

E = TypeVar("E", bound=StrEnum)


class Severity(StrEnum):
    """Whether a finding stops the ledger from being used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a table; `row` counts from 1 with the header, 0 stands for the whole file."""

    file: str
    row: int
    column: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        where = self.file + (f" 第 {self.row} 行" if self.row else "") + (f" “{self.column}” 列" if self.column else "")
        return f"{where}：{self.message}"


@dataclass(slots=True)
class Findings:
    """Collects findings while tables are read."""

    found: list[Finding] = field(default_factory=list)

    def error(self, row: Row, column: str, message: str) -> None:
        """Note what must be mended before the ledger can be used."""
        self.found.append(Finding(row.file, row.number, column, message))

    def warn(self, row: Row, column: str, message: str) -> None:
        """Note what deserves a look."""
        self.found.append(Finding(row.file, row.number, column, message, Severity.WARNING))

    @property
    def errors(self) -> list[Finding]:
        """Only the findings that stop the ledger from being used."""
        return [finding for finding in self.found if finding.severity is Severity.ERROR]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table with its place; absent columns read as empty."""

    file: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def several(self, column: str) -> tuple[str, ...]:
        """Return the parts of a cell that are separated by `|`."""
        return tuple(part.strip() for part in self[column].split("|") if part.strip())

    def number_in(self, column: str, default: float, findings: Findings) -> float:
        """Return a cell as a number, noting one that is none."""
        if not self[column]:
            return default
        try:
            number = float(self[column])
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        findings.error(self, column, f"“{self[column]}”不是数字")
        return default

    def one_of(self, column: str, kinds: type[E], findings: Findings) -> E | None:
        """Return the cell as a member of an enumeration; None where it is empty, noting values that are none."""
        if not self[column]:
            return None
        if self[column] in list(kinds):
            return kinds(self[column])
        findings.error(self, column, f"“{self[column]}”无效；可用：{'、'.join(kinds)}")
        return None

    def validity(self, findings: Findings) -> Validity:
        """Return `valid_from` and `valid_to`, noting dates that are none or that end before they begin."""
        first, last = self._day("valid_from", findings), self._day("valid_to", findings)
        if first and last and last < first:
            findings.error(self, "valid_to", f"结束日期 {last} 早于开始日期 {first}")
        return Validity(first, last)

    def _day(self, column: str, findings: Findings) -> dt.date | None:
        if not self[column]:
            return None
        try:
            year, month, day = re.split(r"[-/.]", self[column])
            return dt.date(int(year), int(month), int(day))
        except ValueError:
            findings.error(self, column, f"“{self[column]}”不是日期，应写成 2026-01-31")
            return None


def read_rows(path: Path, required: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a UTF-8 CSV with a header; rows with no text at all are passed over.

    Raises:
        WrongEncodingError: the file is not UTF-8.
        MissingColumnError: a required column is absent.
        UnreadableFileError: a row has more cells than the header, or the file is not a CSV.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WrongEncodingError(
            path, "不是 UTF-8 编码；请在 Excel 中另存为“CSV UTF-8（逗号分隔）”", row=line
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                for column in required:
                    if column not in header:
                        raise MissingColumnError(path, column, header)
                continue
            if len(cells) > len(header):
                problem = f"有 {len(cells)} 格，标题只有 {len(header)} 列；含逗号的内容请加双引号"
                raise UnreadableFileError(path, problem, row=reader.line_num)
            stripped = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
            yield Row(path.name, reader.line_num, dict(zip(header, stripped, strict=True)))
    except csv.Error as error:
        raise UnreadableFileError(path, f"不是完整的 CSV：{error}", row=reader.line_num) from error
    if header is None:
        raise MissingColumnError(path, required[0], [])


def read_optional(path: Path, required: Sequence[str]) -> list[Row]:
    """Read a table that a ledger may go without."""
    return list(read_rows(path, required)) if path.exists() else []
