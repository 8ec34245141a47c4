"""Workbooks are unpacked within bounded memory, whatever they claim of themselves."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from classifier.errors import UnreadableFileError
from classifier.files import excel
from classifier.files.excel import read_spreadsheet
from classifier.files.reading import open_source
from classifier.files.unpacking import unpack

REMEDY = "要占用 0.5 GB 以上的内存；请拆成几个文件，或另存为 CSV"


def _old_workbook(path: Path, sheets: int = 1, *, far: bool = False) -> Path:
    book = xlwt.Workbook()
    for at in range(sheets):
        sheet = book.add_sheet(f"{at + 1}月")
        for column, heading in enumerate(("编号", "内容", "日期")):
            sheet.write(0, column, heading)
        sheet.write(1, 0, f"00{at}")
        sheet.write(1, 1, "路灯坏了")
        sheet.write(1, 2, dt.date(2026, 1, 31), xlwt.easyxf(num_format_str="yyyy-mm-dd"))
        if far:
            sheet.write(65_535, 255, "x")
    book.save(str(path))
    return path


def _refers(path: Path, times: int) -> Path:
    """Make a workbook that has one long text, and refers to it many times."""
    plain = io.BytesIO()
    with xlsxwriter.Workbook(plain) as book:
        book.add_worksheet().write_column(0, 0, ["内容", "长" * 32_000])
    again = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>1</v></c></row>' for at in range(3, times))
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            content = old.read(part)
            if part.endswith("sheet1.xml"):
                content = content.replace(b"</sheetData>", again.encode() + b"</sheetData>")
            new.writestr(part, content)
    return path


def test_a_workbook_of_the_old_kind_is_read_sheet_by_sheet(tmp_path: Path) -> None:
    source = open_source(_old_workbook(tmp_path / "in.xls", 2))
    rows = [(2, ["000", "路灯坏了", dt.date(2026, 1, 31)]), (2, ["001", "路灯坏了", dt.date(2026, 1, 31)])]
    assert list(source.rows) == rows
    assert list(source.rows) == rows
    assert source.sheets == ("1月", "2月")


@pytest.mark.parametrize("what", ["sheets that span all there is", "a long text many times"])
def test_a_small_file_that_would_fill_the_memory_is_refused_with_the_remedy(tmp_path: Path, what: str) -> None:
    if what == "a long text many times":
        path = _refers(tmp_path / "in.xlsx", 20_000)
    else:
        path = _old_workbook(tmp_path / "in.xls", 20, far=True)
    assert path.stat().st_size < 200_000
    with pytest.raises(UnreadableFileError, match=REMEDY):
        excel._unpacked(path, 1 << 29)


def test_what_is_wrong_is_told_by_the_process_that_found_it(tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(b"PK" + b"x" * 100)
    with pytest.raises(UnreadableFileError, match=r"in\.xlsx：工作簿已损坏"):
        read_spreadsheet(path, bool)
    assert "工作簿已损坏" in unpack(path, io.BytesIO())["problem"]


def test_where_the_rows_of_each_sheet_are_is_told_in_bytes(tmp_path: Path) -> None:
    rows = io.BytesIO()
    found = unpack(_old_workbook(tmp_path / "in.xls", 2), rows)
    first, second = found["sheets"]
    assert (first["begin"], first["end"], second["end"]) == (0, second["begin"], len(rows.getvalue()))
    line = json.loads(rows.getvalue()[second["begin"] : second["end"]])
    assert line == [2, "001", "路灯坏了", {"day": "2026-01-31"}]
