"""Backlogs of every kind an office produces are read as they stand, or refused with the row and the remedy."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import TableError, UnreadableFileError, UnsupportedFormatError, WrongEncodingError
from classifier.files.encoding import decide_encoding
from classifier.files.reading import open_source
from classifier.files.source import Cells, ReadAs, Source

HEADER = ("编号", "内容", "地区")
ROWS = [
    ("007", "路灯坏了,没人修", "东镇"),
    ("0000123456789012345678", '他说"好"\n第二行\r\n第三行', ""),
    (" 3 ", "𠮷野家門口", "𡒄"),
]


def _csv_text(rows: list[tuple[str, ...]], delimiter: str = ",", line_end: str = "\r\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
    writer.writerows([HEADER, *rows])
    return file.getvalue()


def _open(tmp_path: Path, content: str | bytes, name: str = "in.csv") -> tuple[Source, list[tuple[int, Cells]]]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    source = open_source(path)
    return source, list(source.rows)


def _workbook(path: Path, *tables: list[tuple[object, ...]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, table in enumerate(tables):
        sheet = book.create_sheet(f"表{number}")
        for cells in table:
            sheet.append(cells)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("encoding", "how"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16"),
        ("utf-16-be", "utf-16"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_csv_of_every_encoding_is_read_the_same(tmp_path: Path, encoding: str, how: str, delimiter: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    source, rows = _open(tmp_path, (mark + _csv_text(ROWS, delimiter)).encode(encoding))
    assert source.columns == HEADER
    assert [tuple(cells) for _, cells in rows] == ROWS
    assert source.how == f"CSV，编码 {how}"


def test_gbk_of_a_chinese_office_is_read(tmp_path: Path) -> None:
    source, rows = _open(tmp_path, "编号,内容\n1,路灯坏了\n".encode("gbk"))
    assert source.columns == ("编号", "内容")
    assert rows == [(2, ["1", "路灯坏了"])]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, line_end: str) -> None:
    source, rows = _open(tmp_path, _csv_text([("1", "甲", "乙"), ("2", "丙", "")], line_end=line_end))
    assert source.columns == HEADER
    assert rows == [(2, ["1", "甲", "乙"]), (3, ["2", "丙", ""])]


def test_rows_have_the_number_of_the_line_where_they_begin(tmp_path: Path) -> None:
    _, rows = _open(tmp_path, '\n\n编号,内容\n1,"甲\n乙\n丙"\n\n2,丁\n,\n3,"戊"')
    assert [(number, cells[0]) for number, cells in rows] == [(4, "1"), (8, "2"), (9, ""), (10, "3")]
    assert rows[0][1] == ["1", "甲\n乙\n丙"]


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=8)] * 3), max_size=6
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_every_cell_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], encoding: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "in.csv"
    path.write_bytes(_csv_text(rows).encode(encoding))
    source = open_source(path)
    assert [tuple(cells) for _, cells in source.rows] == rows


def test_a_large_file_is_read_to_its_end(tmp_path: Path) -> None:
    rows = [(str(at), "路灯坏了" * 20, "东镇") for at in range(20_000)]
    source, read = _open(tmp_path, _csv_text(rows).encode("gb18030"))
    assert source.how.endswith("gb18030")
    assert len(read) == 20_000
    assert read[-1] == (20_001, ["19999", "路灯坏了" * 20, "东镇"])


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b" \n,,\n", b"\xff\xfe"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match=r"in\.csv：文件是空的，没有标题行"):
        _open(tmp_path, content)


def test_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    source, rows = _open(tmp_path, "编号,内容")
    assert (source.columns, rows) == (("编号", "内容"), [])


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"不是文本文件；.*扩展名改为 \.xlsx"):
        _open(tmp_path, b"PK\x03\x04\x00\x00\x00\x00plain")
    with pytest.raises(TableError):
        _open(tmp_path, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff")


@pytest.mark.parametrize(
    ("content", "row"),
    [
        ("编号,内容\n1,路灯\n2,".encode() + b"\xff\xff\n" + "3,井盖\n".encode(), 3),
        (b"\xef\xbb\xbf" + "编号,内容\n1,路灯\n2,好\n".encode() + b"3,\x80\xff\n", 4),
        ("编号,内容\n1,路灯\n".encode("gb18030") + b"2,\xff\xff\n", 3),
        ("编号,内容\n".encode() + b"1,\xff", 2),
        (b"\xff\xfe" + "编号,内容\n1,路灯\n".encode("utf-16-le") + b"\x00\xdc\n\x00", 3),
        (b"\xfe\xff" + "编号,内容\n1,路灯\n".encode("utf-16-be") + b"\xdc\x00\x00\n", 3),
        (b"\xff\xfe" + "编号\n".encode("utf-16-le") + b"1", 2),
        ("编号\n".encode() * 400_000 + b"\xff\n", 400_001),
    ],
)
def test_bytes_of_no_encoding_are_refused_with_their_row(tmp_path: Path, content: bytes, row: int) -> None:
    with pytest.raises(WrongEncodingError) as caught:
        _open(tmp_path, content)
    assert caught.value.row == row
    assert "CSV UTF-8" in str(caught.value)


def test_utf_8_goes_before_gb18030(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes("路灯".encode())
    assert path.read_bytes().decode("gb18030") != "路灯"
    assert decide_encoding(path).name == "utf-8-sig"


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("a,a,a", ("a", "a_2", "a_3")),
        ("a,,b,", ("a", "列2", "b", "列4")),
        (" a ,a", ("a", "a_2")),
        ("a,a_2,a", ("a", "a_2", "a_3")),
        ("列2,", ("列2", "列2_2")),
    ],
)
def test_empty_and_repeated_headings_get_names_of_their_own(
    tmp_path: Path, header: str, columns: tuple[str, ...]
) -> None:
    source, rows = _open(tmp_path, header + "\n" + ",".join(map(str, range(len(columns)))) + "\n")
    assert source.columns == columns
    assert rows == [(2, [str(at) for at in range(len(columns))])]


def test_a_row_with_too_many_cells_is_refused_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match=r"第 3 行：有 4 格，标题只有 2 列；含逗号的内容请加双引号") as caught:
        _open(tmp_path, "编号,内容\n1,甲\n2,机密,词,语\n")
    assert "机密" not in str(caught.value)


def test_empty_cells_too_many_are_dropped_and_those_missing_are_empty(tmp_path: Path) -> None:
    _, rows = _open(tmp_path, "a,b\n1,2,,\n3\n")
    assert rows == [(2, ["1", "2"]), (3, ["3", ""])]


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_a_quote_that_never_closes_swallows_no_rows(tmp_path: Path, line_end: str) -> None:
    with pytest.raises(UnreadableFileError, match="第 3 行：不是完整的 CSV：从这一行开始的双引号没有结束"):
        _open(tmp_path, '编号,内容\n1,甲\n2,"乙\n3,丙\n4,丁' + line_end)


@pytest.mark.parametrize(
    ("line", "cells"),
    [('1,他说"好"', ["1", '他说"好"']), ('1,"他说"好', ["1", "他说好"]), ('1,5" 水管', ["1", '5" 水管'])],
)
def test_a_stray_quote_is_read_as_spreadsheets_do(tmp_path: Path, line: str, cells: list[str]) -> None:
    assert _open(tmp_path, f"编号,内容\n{line}\n2,乙\n")[1] == [(2, cells), (3, ["2", "乙"])]
    assert _open(tmp_path, f"编号,内容\n2,乙\n{line}")[1] == [(2, ["2", "乙"]), (3, cells)]


@pytest.mark.parametrize("name", ["in.docx", "in.pdf", "in", "in.txt"])
def test_an_unknown_ending_is_refused_with_those_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"\.csv、\.xlsx、\.xls、\.jsonl"):
        _open(tmp_path, b"x", name)


@pytest.mark.parametrize("name", ["none.csv", "none.xlsx", "none.jsonl"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableFileError, match="文件不存在"):
        open_source(tmp_path / name)


def test_the_ending_may_be_in_capitals(tmp_path: Path) -> None:
    assert _open(tmp_path, "a\n1\n", "IN.CSV")[1] == [(2, ["1"])]


def test_a_spreadsheet_keeps_ids_and_reads_dates_and_numbers_as_offices_do(tmp_path: Path) -> None:
    path = _workbook(
        tmp_path / "in.xlsx",
        [
            ("工单编号", "内容", "日期", "时间", "次数", "金额", "回访"),
            ("0012", "路灯坏了\n没人修", dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 8, 30), 42, 1.5, True),
            ("123456789012345678", None, None, None, 0, -3, False),
        ],
    )
    source = open_source(path)
    assert source.columns == ("工单编号", "内容", "日期", "时间", "次数", "金额", "回访")
    assert source.how == "Excel 工作表“表0”"
    first, second = source.rows
    moment = dt.datetime(2026, 1, 31, 8, 30)
    assert first == (2, ["0012", "路灯坏了\n没人修", moment.date(), moment, 42, 1.5, True])
    assert second == (3, ["123456789012345678", "", "", "", 0, -3, False])
    assert [type(cell) for cell in first[1]] == [str, str, dt.date, dt.datetime, int, float, bool]


def test_the_header_is_found_below_a_title_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    table: list[tuple[object, ...]] = [
        ("信访局2026年工单",),
        (),
        ("编号", "内容", "地区"),
        ("1", "甲", None),
        (),
        ("2", "乙", "丙"),
    ]
    source = open_source(_workbook(tmp_path / "in.xlsx", table))
    assert source.columns == ("编号", "内容", "地区")
    assert list(source.rows) == [(4, ["1", "甲", ""]), (6, ["2", "乙", "丙"])]


def test_sheets_without_texts_are_left_out_and_named(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "in.xlsx", [("说明",)], [("编号", "内容"), ("1", "甲")], [("x",), ("y",)])
    source = open_source(path)
    assert source.how == "Excel 工作表“表1”（未读没有正文列的工作表：表2）"
    assert list(source.rows) == [(2, ["1", "甲"])]


def test_a_spreadsheet_with_a_header_alone_gives_no_rows(tmp_path: Path) -> None:
    source = open_source(_workbook(tmp_path / "in.xlsx", [("编号", "内容", "内容")]))
    assert (source.columns, list(source.rows)) == (("编号", "内容", "内容_2"), [])


def test_an_empty_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="工作表是空的"):
        open_source(_workbook(tmp_path / "in.xlsx", []))


@pytest.mark.parametrize("name", ["in.xlsx", "in.xls"])
@pytest.mark.parametrize(
    "content", [b"", b"not a workbook", b"PK\x03\x04" + b"\0" * 100, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]
)
def test_a_damaged_workbook_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="工作簿已损坏或有密码"):
        _open(tmp_path, content, name)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_half_a_workbook_is_refused(tmp_path: Path, kept: float) -> None:
    raw = _workbook(tmp_path / "whole.xlsx", [("编号", "内容"), ("1", "甲")]).read_bytes()
    with pytest.raises(UnreadableFileError, match="工作簿已损坏"):
        _open(tmp_path, raw[: int(len(raw) * kept)], "in.xlsx")


def test_a_workbook_with_a_broken_sheet_is_refused(tmp_path: Path) -> None:
    whole = _workbook(tmp_path / "whole.xlsx", [("编号", "内容"), ("1", "甲")])
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(tmp_path / "in.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"</c>", b"</d>"))
    with pytest.raises(UnreadableFileError, match="工作簿已损坏"):
        open_source(tmp_path / "in.xlsx")


def test_jsonl_keeps_values_of_any_kind_and_joins_columns(tmp_path: Path) -> None:
    lines = [{"id": "007", "text": "路灯\n坏了"}, {"text": None, "n": 12345678901234567890, "tags": ["a", {"b": 1}]}]
    content = "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
    source, rows = _open(tmp_path, content, "in.jsonl")
    assert source.columns == ("id", "text", "n", "tags")
    assert rows == [
        (1, ["007", "路灯\n坏了", "", ""]),
        (3, ["", None, 12345678901234567890, ["a", {"b": 1}]]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_jsonl_of_every_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    _, rows = _open(tmp_path, '{"text": "路灯\u2028坏了"}\r\n'.encode(encoding), "in.jsonl")
    assert rows == [(1, ["路灯\u2028坏了"])]


@pytest.mark.parametrize("bad", ["{机密", "机密", '["机密"]', '"机密"', "{} {}", "{'text': '机密'}"])
def test_a_bad_line_of_jsonl_is_named_by_its_row(tmp_path: Path, bad: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"in\.jsonl 第 4 行：.*JSON") as caught:
        _open(tmp_path, '{"text": "a"}\n\n{"text": "b"}\n' + bad + '\n{"text": "c"}\n', "in.jsonl")
    assert caught.value.row == 4
    assert "机密" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n\n", "{}\n"])
def test_jsonl_without_records_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnreadableFileError, match="没有任何记录"):
        _open(tmp_path, content, "in.jsonl")


def test_a_person_may_name_the_encoding_and_a_wrong_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes("編號,內容\n1,路燈壞了\n".encode("big5hkscs"))
    told = open_source(path, ReadAs(encoding="big5hkscs"))
    assert (told.encoding, told.columns) == ("big5hkscs", ("編號", "內容"))
    assert [cells for _, cells in told.rows] == [["1", "路燈壞了"]]
    with pytest.raises(WrongEncodingError, match=r"第 1 行.*不是 utf-8-sig 编码"):
        open_source(path, ReadAs(encoding="utf-8-sig"))
    with pytest.raises(WrongEncodingError, match="没有“latin-9”这种编码；可用的编码：utf-8-sig"):
        open_source(path, ReadAs(encoding="latin-9"))


def test_a_person_may_name_the_one_sheet_to_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, columns in (("投诉", ["内容"]), ("名单", ["姓名"]), ("空", [])):
        sheet = book.create_sheet(title)
        for row in (columns, ["某人某事"] if columns else []):
            if row:
                sheet.append(row)
    book.remove(book["Sheet"])
    book.save(tmp_path / "in.xlsx")
    decided = open_source(tmp_path / "in.xlsx")
    assert (decided.columns, decided.sheets) == (("内容",), ("投诉", "名单"))
    told = open_source(tmp_path / "in.xlsx", ReadAs(sheet="名单"))
    assert (told.columns, "未读其他工作表：投诉" in told.how) == (("姓名",), True)
    with pytest.raises(UnreadableFileError, match="没有工作表“空”；有内容的工作表：投诉、名单"):
        open_source(tmp_path / "in.xlsx", ReadAs(sheet="空"))
