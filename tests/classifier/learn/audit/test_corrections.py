"""An audit's spreadsheet, corrected by a person and carried back to the file."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from classifier.catalogue.ledger import Ledger
from classifier.errors import MissingColumnError, WrongCellError
from classifier.learn.audit.corrections import CHANGE, COLUMNS, Applied, apply_corrections, write_remarks
from classifier.learn.audit.examination import audit_files
from classifier.learn.dataset import read_labelled

HEADER = "工单编号,内容,类别,主办部门,退单部门,备注"
ROWS = (
    '007,"路灯一个月不亮，没人修",路灯,城市管理,,"有""引号"""',
    "008,路灯一个月不亮没人修！,欠薪,城市管理,,",
    "009,工地半夜施工睡不着觉,噪声|路灯,不知道哪局,城管局|旧城管局,0012",
    "010,老板拖欠工资半年了不给,哪一类,人社局,,",
    "011,老板拖欠工资已经半年多了,B1,人社局,,",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "标注.csv"
    path.write_text("\n".join((HEADER, *ROWS)) + "\n", "gb18030")
    return path


@pytest.fixture
def sheet(data: Path, small_ledger: Ledger) -> Path:
    path = data.with_name("问题.xlsx")
    write_remarks(path, audit_files([data], small_ledger, 1))
    return path


def _correct(sheet: Path, corrections: dict[tuple[str, str], str]) -> None:
    """Fill 改为 where a line tells of that problem in that row, as a person would in Excel."""
    book = openpyxl.load_workbook(sheet)
    table = book.active
    left = dict(corrections)
    for line in table.iter_rows(min_row=2):
        change = left.pop((line[0].value, line[1].value), None)
        if change is not None:
            line[COLUMNS.index(CHANGE)].value = change
    for (problem, place), change in left.items():
        table.append([problem, place, *[None] * (len(COLUMNS) - 3), change])
    book.save(sheet)


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_corrections_change_their_cells_and_nothing_else(data: Path, sheet: Path, small_ledger: Ledger) -> None:
    _correct(
        sheet,
        {
            ("同文异类", "标注.csv:3"): "路灯",
            ("部门不明", "标注.csv:4"): "环保局",
            ("类别不明", "标注.csv:5"): "欠薪",
            ("补充", "标注.csv:6"): "劳动/社保",
        },
    )
    output = data.with_name("标注2.csv")
    assert apply_corrections(data, sheet, output, small_ledger) == Applied(5, 4, 0, 0)
    before = list(csv.reader((HEADER, *ROWS)))
    expected = [list(row) for row in before]
    expected[2][2] = "路灯"
    expected[3][3] = "生态环境"
    expected[4][2] = "欠薪"
    expected[5][2] = "B2"
    assert _read(output) == expected
    assert [row.categories for row in read_labelled(output, small_ledger)] == [
        ("C1",),
        ("C1",),
        ("A1", "C1"),
        ("B1",),
        ("B2",),
    ]


def test_a_correction_replaces_the_first_label_and_several_replace_all(
    data: Path, sheet: Path, small_ledger: Ledger
) -> None:
    for change, cell in (("污水", "污水|路灯"), ("A2", "污水|路灯"), ("路灯", "路灯"), ("污水|社保", "污水|社保")):
        _correct(sheet, {("补充", "标注.csv:4"): change})
        apply_corrections(data, sheet, data.with_name("out.csv"), small_ledger)
        assert _read(data.with_name("out.csv"))[3][2] == cell
        write_remarks(sheet, audit_files([data], small_ledger, 1))


def test_rows_can_be_taken_out(data: Path, sheet: Path, small_ledger: Ledger) -> None:
    _correct(sheet, {("同文异类", "标注.csv:3"): "删除", ("补充", "别的.csv:3"): "删除"})
    output = data.with_name("out.csv")
    assert apply_corrections(data, sheet, output, small_ledger) == Applied(4, 0, 1, 1)
    assert [row[0] for row in _read(output)] == ["工单编号", "007", "009", "010", "011"]


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        ({("同文异类", "标注.csv:3"): "没这类"}, "没有这个类别：没这类"),
        ({("补充", "标注.csv:3"): "环境"}, "没有这个类别：环境；相近的有：环境/噪声"),
        ({("部门不明", "标注.csv:4"): "没这局"}, "没有这个部门：没这局"),
        ({("补充", "标注.csv:99"): "路灯"}, "标注.csv 没有第 99 行"),
        ({("样本过少", "某处"): "路灯"}, "不能在此改正"),
        ({("行有错", "标注.csv:3"): "路灯"}, "只能改为“删除”"),
        ({("同文异类", "标注.csv:3"): "路灯", ("补充", "标注.csv:3"): "社保"}, "同一行有不同的改法：社保、路灯"),
    ],
)
def test_a_correction_that_cannot_be_made_is_named_by_its_line_and_nothing_is_written(
    corrections: dict[tuple[str, str], str], said: str, data: Path, sheet: Path, small_ledger: Ledger
) -> None:
    _correct(sheet, corrections)
    output = data.with_name("out.csv")
    with pytest.raises(WrongCellError, match=r"问题\.xlsx 第 \d+ 行") as raised:
        apply_corrections(data, sheet, output, small_ledger)
    assert said in str(raised.value)
    assert not output.exists()


def test_a_row_that_has_changed_since_the_audit_is_refused(data: Path, sheet: Path, small_ledger: Ledger) -> None:
    _correct(sheet, {("同文异类", "标注.csv:3"): "路灯"})
    data.write_text("\n".join((HEADER, ROWS[0], ROWS[2], *ROWS[1:])) + "\n", "utf-8")
    with pytest.raises(WrongCellError, match="原文件第 3 行现在的类别是“环境/噪声”，不是“劳动/欠薪”"):
        apply_corrections(data, sheet, data.with_name("out.csv"), small_ledger)


def test_a_table_that_is_no_audit_and_data_without_labels_are_refused(
    data: Path, sheet: Path, small_ledger: Ledger
) -> None:
    with pytest.raises(MissingColumnError, match="fenban audit --output"):
        apply_corrections(data, data, data.with_name("out.csv"), small_ledger)
    bare = data.with_name("无类别.csv")
    bare.write_text("内容\n路灯不亮\n", "utf-8")
    with pytest.raises(MissingColumnError, match="category"):
        apply_corrections(bare, sheet, data.with_name("out.csv"), small_ledger)


def test_a_workbook_with_one_row_number_on_two_sheets_is_refused(
    tmp_path: Path, sheet: Path, small_ledger: Ledger
) -> None:
    path = tmp_path / "标注.xlsx"
    book = openpyxl.Workbook()
    for table in (book.active, book.create_sheet("二")):
        table.append(["内容", "类别"])
        table.append(["路灯不亮了", "路灯"])
    book.save(path)
    _correct(sheet, {("补充", "标注.xlsx:2"): "噪声"})
    with pytest.raises(WrongCellError, match="几张工作表都有这一行"):
        apply_corrections(path, sheet, tmp_path / "out.xlsx", small_ledger)


def test_no_text_of_a_complaint_stands_in_the_sheet(sheet: Path) -> None:
    cells = [str(cell) for row in openpyxl.load_workbook(sheet).active.iter_rows(values_only=True) for cell in row]
    assert not any(words in cell for cell in cells for words in ("不亮", "睡不着", "拖欠"))
