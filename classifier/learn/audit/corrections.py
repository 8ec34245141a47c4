"""The audit as a spreadsheet to correct, and the corrections carried back to the file they are of.

In the column 改为 a person writes what a row's category should be, or 删除; an empty cell leaves the row as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.catalogue.ledger import Ledger
from classifier.errors import MissingColumnError, UnknownNameError, WrongCellError
from classifier.files.columns import KnownColumns, recognise
from classifier.files.reading import open_source
from classifier.files.source import Cells, Source
from classifier.files.writing import open_sink
from classifier.learn.audit.remarks import Audit, Problem, Remark
from classifier.learn.dataset import find_leaf

CHANGE: Final = "改为"
DELETE: Final = "删除"
_PLACE: Final = "位置"
_PROBLEM: Final = "问题"
_CATEGORY: Final = "类别"
_DEPARTMENT: Final = "部门"

COLUMNS: Final = (
    _PROBLEM,
    _PLACE,
    "编号",
    _CATEGORY,
    "建议类别",
    "建议的概率",
    "原类别的概率",
    "另一处",
    "另一编号",
    "另一类别",
    "相似度",
    _DEPARTMENT,
    "说明",
    CHANGE,
)


def write_remarks(path: Path, audit: Audit) -> None:
    """Write the remarks as a table with an empty column to correct in.

    Raises:
        UnsupportedFormatError: the ending cannot be written.
    """
    with open_sink(path, COLUMNS) as sink:
        sink.write(_cells(remark) for remark in audit.remarks)


def _cells(remark: Remark) -> list[object]:
    cells = (
        remark.problem.label,
        remark.source,
        remark.id,
        remark.category,
        remark.suggested,
        remark.probability,
        remark.given_probability,
        remark.other,
        remark.other_id,
        remark.other_category,
        remark.similarity,
        remark.department,
        remark.detail,
        "",
    )
    return ["" if cell is None else cell for cell in cells]


@dataclass(frozen=True, slots=True)
class Applied:
    """How many rows were written, got another label, and were left out; `elsewhere` are corrections of other files."""

    rows: int
    changed: int
    deleted: int
    elsewhere: int


@dataclass(frozen=True, slots=True)
class _Correction:
    """What stands in one line of the corrected sheet: `row` of the data, `line` of the sheet."""

    row: int
    line: int
    category: str
    department: str
    change: str


def apply_corrections(data: Path, sheet: Path, output: Path, ledger: Ledger) -> Applied:
    """Write `data` to `output` with the corrections of an audit's sheet, everything else as it is.

    Raises:
        WrongCellError: a correction names no row, no category or department of the ledger, two corrections of a row
            disagree, or the row is no longer what was audited.
        TableError: a file cannot be read or lacks a column.
        UnsupportedFormatError: the ending of `output` cannot be written.
    """
    wanted, elsewhere = _read_corrections(sheet, data.name)
    source = open_source(data)
    known = recognise(source.columns, data)
    if known.category is None:
        raise MissingColumnError(data, "category", source.columns, "改正需要每行的类别")
    _each_row_once(source, data, set(wanted))
    rows = changed = deleted = 0
    with open_sink(output, source.columns) as sink:
        for number, cells in source.rows:
            corrections = wanted.pop(number, [])
            corrected = _Row(sheet, ledger, known, list(cells)).corrected(corrections)
            if corrected is None:
                deleted += 1
                continue
            sink.write([corrected])
            rows += 1
            changed += corrected != list(cells)
        for left in wanted.values():
            raise WrongCellError(sheet, f"{data.name} 没有第 {left[0].row} 行", row=left[0].line, column=_PLACE)
    return Applied(rows, changed, deleted, elsewhere)


def _read_corrections(sheet: Path, name: str) -> tuple[dict[int, list[_Correction]], int]:
    """Return the corrections of each row of the file `name`, and how many are of other files."""
    source = open_source(sheet)
    place = {column: at for at, column in enumerate(source.columns)}
    for column in (_PLACE, CHANGE):
        if column not in place:
            raise MissingColumnError(sheet, column, source.columns, "请使用 fenban audit --output 写出的表格")
    wanted: dict[int, list[_Correction]] = {}
    elsewhere = 0
    for line, cells in source.rows:

        def cell(column: str, cells: Cells = cells) -> str:
            return str(cells[place[column]]).strip() if column in place else ""

        if not cell(CHANGE):
            continue
        file, _, row = cell(_PLACE).rpartition(":")
        if not row.isdecimal():
            raise WrongCellError(sheet, "这一条说的不是某一行，不能在此改正", row=line, column=CHANGE)
        if file != name:
            elsewhere += 1
            continue
        problem = cell(_PROBLEM)
        department = cell(_DEPARTMENT) if problem == Problem.UNKNOWN_DEPARTMENT.label else ""
        if problem == Problem.UNREADABLE.label and cell(CHANGE) != DELETE:
            raise WrongCellError(sheet, f"“{problem}”只能改为“{DELETE}”，或在原文件中改正", row=line, column=CHANGE)
        one = _Correction(int(row), line, cell(_CATEGORY), department, cell(CHANGE))
        wanted.setdefault(one.row, []).append(one)
    return wanted, elsewhere


def _each_row_once(source: Source, data: Path, wanted: set[int]) -> None:
    """Refuse a workbook in which several sheets have a row of a number that is to be corrected."""
    seen: set[int] = set()
    for number, _ in source.rows:
        if number in wanted and number in seen:
            raise WrongCellError(data, "几张工作表都有这一行，分不清改哪一个；请把每张表另存为单独的文件", row=number)
        seen.add(number)


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the data, to be corrected as `sheet` says."""

    sheet: Path
    ledger: Ledger
    known: KnownColumns
    cells: Cells

    def corrected(self, corrections: list[_Correction]) -> Cells | None:
        """Return the row's cells after all corrections, None where it is to be left out."""
        labels = {one.change for one in corrections if not one.department}
        if len(labels) > 1:
            raise self._wrong(corrections[-1], f"同一行有不同的改法：{'、'.join(sorted(labels))}")
        for one in corrections:
            self._still_as_audited(one)
        if DELETE in {one.change for one in corrections}:
            return None
        for one in corrections:
            try:
                if one.department:
                    self._rename_department(one)
                else:
                    self._relabel(one)
            except UnknownNameError as error:
                raise self._wrong(one, str(error)) from error
        return self.cells

    def _still_as_audited(self, one: _Correction) -> None:
        if not one.category:
            return
        tree = self.ledger.categories
        try:
            now = tree[find_leaf(tree, self._labels()[0])].path
        except (UnknownNameError, IndexError):
            now = ""
        if now != one.category:
            raise self._wrong(one, f"原文件第 {one.row} 行现在的类别是“{now}”，不是“{one.category}”；请重新检查")

    def _labels(self) -> list[str]:
        """Return the labels as they stand in the row."""
        assert self.known.category is not None  # noqa: S101 - checked when the file was opened
        given = self.cells[self.known.category]
        return [part.strip() for part in str("" if given is None else given).split("|") if part.strip()]

    def _relabel(self, one: _Correction) -> None:
        """Put the new label in the place of the first, or several in the place of all, in the file's own manner."""
        assert self.known.category is not None  # noqa: S101 - checked when the file was opened
        tree, before = self.ledger.categories, self._labels()
        codes = [find_leaf(tree, part) for part in one.change.split("|") if part.strip()]
        by_code = bool(before) and before[0] in tree
        written = [code if by_code else self._name(code) for code in codes]
        further = before[1:] if len(codes) == 1 else []
        self.cells[self.known.category] = "|".join(dict.fromkeys([*written, *further]))

    def _name(self, code: str) -> str:
        """Return the category's name, or its path where others are called the same."""
        tree = self.ledger.categories
        try:
            return tree[code].name if find_leaf(tree, tree[code].name) == code else tree[code].path
        except UnknownNameError:
            return tree[code].path

    def _rename_department(self, one: _Correction) -> None:
        name = self.ledger.departments.find(one.change).name
        for at in (self.known.department, self.known.returned_by):
            if at is not None and self.cells[at]:
                parts = [part.strip() for part in str(self.cells[at]).split("|")]
                if one.department in parts:
                    self.cells[at] = "|".join(name if part == one.department else part for part in parts)

    def _wrong(self, one: _Correction, problem: str) -> WrongCellError:
        return WrongCellError(self.sheet, problem, row=one.line, column=CHANGE)
