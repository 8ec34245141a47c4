"""Files as offices produce them: each is read whole or refused with its row and a remedy."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest

from classifier.errors import FenbanError, UnreadableFileError, UnsupportedFormatError, WrongEncodingError
from classifier.files.columns import parse_day, recognise
from classifier.files.reading import decide_encoding, open_source
from classifier.files.writing import open_sink

TABLE = '编号,内容\n001,路灯坏了\n002,"有,逗号\n和换行"\n'


def _rows(path: Path) -> list[list[object]]:
    return [cells for _, cells in open_source(path).rows]


@pytest.mark.parametrize(
    ("encoding", "decided"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-8-sig", "utf-8-sig"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_every_encoding_in_use_is_read_and_reported(tmp_path: Path, encoding: str, decided: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(TABLE.encode(encoding))
    source = open_source(path)
    assert source.columns == ("编号", "内容")
    assert [cells for _, cells in source.rows] == [["001", "路灯坏了"], ["002", "有,逗号\n和换行"]]
    assert decided in source.how


def test_rare_characters_of_gb18030_survive(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("内容\n䶮家村𠮷\n".encode("gb18030"))
    assert _rows(path) == [["䶮家村𠮷"]]


def test_a_bad_byte_names_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("内容\n路灯\n".encode() + b"\xff\xff\x00\x81\n")
    with pytest.raises(WrongEncodingError, match=r"a\.csv 第 3 行：不是 UTF-8、GB18030"):
        decide_encoding(path)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"内容,id{ending}路灯,1{ending}{ending}工资,2{ending}".encode())
    assert _rows(path) == [["路灯", "1"], ["工资", "2"]]


def test_tabs_separate_where_there_are_no_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号\t内容\n1\t路灯,坏了\n", "utf-8")
    assert _rows(path) == [["1", "路灯,坏了"]]


def test_row_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('\n内容\n一\n"二\n二"\n三\n', "utf-8")
    assert [number for number, _ in open_source(path).rows] == [3, 4, 6]


def test_empty_and_repeated_headings_get_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("内容,,内容\n1,2,3\n4\n", "utf-8")
    assert open_source(path).columns == ("内容", "列2", "内容_2")
    assert _rows(path) == [["1", "2", "3"], ["4", "", ""]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "文件是空的"),
        ("a.csv", b"\n\n", "文件是空的"),
        ("a.csv", b"PK\x03\x04\x00\x00binary", "扩展名改为 .xlsx"),
        ("a.csv", "内容\n1,2,3\n".encode(), "第 2 行：有 3 格"),
        ("a.jsonl", b"", "文件是空的"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "第 2 行：不是有效的 JSON"),
        ("a.jsonl", b"[1, 2]\n", "第 1 行：每行应是一个 JSON 对象"),
        ("a.xlsx", b"PK\x03\x04 damaged", "工作簿已损坏"),
        ("a.xlsx", b"not a workbook", "工作簿已损坏"),
        ("a.xls", b"\xd0\xcf\x11\xe0 damaged", "工作簿已损坏"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError, match=said):
        _rows(path)


@pytest.mark.parametrize("name", ["a.doc", "a.pdf", "a", "a.csv.zip"])
def test_other_kinds_of_files_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"\.csv"):
        open_source(tmp_path / name)


def test_a_workbook_keeps_ids_numbers_and_days(tmp_path: Path) -> None:
    import datetime as dt

    book = openpyxl.Workbook()
    book.active.append(["内容", "编号", "日期", "数"])
    book.active.append(["路灯", "007", dt.datetime(2026, 1, 31), 3])
    book.active.append([None, None, None, None])
    book.active.append(["工资", 42, "2026年2月", 1.5])
    book.save(tmp_path / "a.xlsx")
    assert _rows(tmp_path / "a.xlsx") == [["路灯", "007", "2026-01-31", 3], ["工资", 42, "2026年2月", 1.5]]


def test_a_workbook_whose_first_sheet_is_empty_is_read_from_the_first_that_is_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "封面"
    sheet = book.create_sheet("诉求")
    sheet.append(["2026年第一季度诉求汇总", None])
    sheet.append(["编号", "内容"])
    sheet.append(["1", "路灯"])
    book.save(tmp_path / "a.xlsx")
    source = open_source(tmp_path / "a.xlsx")
    assert (source.columns, [cells for _, cells in source.rows]) == (("编号", "内容"), [["1", "路灯"]])
    assert "诉求" in source.how


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".xlsx"])
def test_what_is_written_reads_back(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    rows = [["001", '有,逗号\n换行“引号"', 0.5], ["=1+1", "", 2]]
    with open_sink(path, ["编号", "内容", "数"]) as sink:
        sink.write(rows)
    back = _rows(path)
    assert [[str(cell) for cell in row] for row in back] == [[str(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".xlsx"])
def test_a_failed_writing_leaves_the_former_file_and_nothing_else(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"former")
    with pytest.raises(RuntimeError), open_sink(path, ["a"]) as sink:
        sink.write([["1"]])
        raise RuntimeError
    assert path.read_bytes() == b"former"
    assert list(tmp_path.iterdir()) == [path]


def test_excel_on_chinese_windows_is_told_the_encoding(tmp_path: Path) -> None:
    with open_sink(tmp_path / "a.csv", ["内容"]) as sink:
        sink.write([["路灯"]])
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file)) == [["内容"], ["路灯"]]


def test_columns_are_recognised_by_the_names_offices_use() -> None:
    found = recognise(["工单编号", "诉求标题", "诉求内容", "受理时间", "所属区域", "一级分类"], Path("a.csv"))
    assert (found.id, found.title, found.text, found.date, found.region, found.category) == (0, 1, 2, 3, 4, 5)
    with pytest.raises(FenbanError, match="缺少“正文”列"):
        recognise(["内容"], Path("a.csv"), text_column="正文")


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026/1/5 08:00", "2026-01-05"),
        ("2026年1月5日", "2026-01-05"),
        ("", None),
        ("2026-13-01", None),
        (None, None),
    ],
)
def test_days_are_read_in_every_writing(cell: object, day: str | None) -> None:
    found = parse_day(cell)
    assert (found.isoformat() if found else None) == day
