"""Files as offices really send them, and worse: each is read whole or refused with its row and the remedy."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier.batch.columns import OUTPUT
from classifier.batch.run import BatchRequest, run_batch
from classifier.errors import (
    CellTooLongError,
    MissingColumnError,
    TableError,
    UnreadableFileError,
    UnsupportedFormatError,
    WrongEncodingError,
)
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

LAMP = "路灯坏了没人修"
PAY = "老板拖欠工资半年不给"
TWO = f"编号,内容\n1,{LAMP}\n2,{PAY}\n"
Rows = list[list[str]]


def _book(*tables: list[list[Any]], merge: tuple[str, ...] = (), change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for number, table in enumerate(tables):
        sheet = book.create_sheet(f"表{number}")
        for cells in table:
            sheet.append(cells)
        for area in merge if number == 0 else ():
            sheet.merge_cells(area)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _parquet(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def _zipped(change: Callable[[str, bytes], bytes], raw: bytes | None = None) -> bytes:
    file = io.BytesIO()
    plain = raw or _book([["编号", "内容"], ["1", LAMP]])
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def _far_away(name: str, part: bytes) -> bytes:
    """Put one more cell at the furthest corner of the sheet."""
    if not name.startswith("xl/worksheets/"):
        return part
    return part.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')


def _lying_bomb() -> bytes:
    """State a size of a few bytes for a part that is larger."""
    raw = _zipped(lambda _, part: part.replace(b"</sheetData>", b" " * 5_000_000 + b"</sheetData>"))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return raw.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))


def _entities(name: str, part: bytes) -> bytes:
    """Let one entity become a billion."""
    if "sheet1" not in name:
        return part
    laugh = b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + at, b"&%c;" % (97 + at) * 10) for at in range(9)
    )
    row = b'<row r="3"><c r="A3" t="str"><v>&j;</v></c></row></sheetData>'
    return part.replace(b"<worksheet", laugh + b"]><worksheet", 1).replace(b"</sheetData>", row)


BASE = [["1", LAMP], ["2", PAY]]

READ: dict[str, tuple[str, str | bytes, Rows]] = {
    "plain": (".csv", TWO, BASE),
    "utf-8 with its mark": (".csv", "\ufeff" + TWO, BASE),
    "gbk": (".csv", TWO.encode("gbk"), BASE),
    "gb18030 of four bytes": (".csv", f"编号,内容\n1,𠮷{LAMP}\n".encode("gb18030"), [["1", "𠮷" + LAMP]]),
    "utf-16 little": (".csv", b"\xff\xfe" + TWO.encode("utf-16-le"), BASE),
    "utf-16 big": (".csv", b"\xfe\xff" + TWO.encode("utf-16-be"), BASE),
    "the euro sign of windows": (".csv", "编号,内容\n1,收费".encode("gbk") + b"\x80" + b"100\n", [["1", "收费€100"]]),
    "windows line ends": (".csv", TWO.replace("\n", "\r\n"), BASE),
    "old mac line ends": (".csv", TWO.replace("\n", "\r"), BASE),
    "mixed line ends": (".csv", f"编号,内容\r\n1,{LAMP}\n2,{PAY}\r\n", BASE),
    "line ends inside a field": (".csv", f'编号,内容\n1,"{LAMP}\n第二行\r\n第三"\n', [["1", f"{LAMP}\n第二行\r\n第三"]]),
    "quotes inside a field": (".csv", f'编号,内容\n1,"他说""{LAMP}"""\n', [["1", f'他说"{LAMP}"']]),
    "a quote in the middle": (".csv", f'编号,内容\n1,5" 水管{LAMP}\n', [["1", f'5" 水管{LAMP}']]),
    "commas inside quotes": (".csv", f'编号,内容\n1,"{LAMP},急"\n', [["1", f"{LAMP},急"]]),
    "tabs between": (".csv", TWO.replace(",", "\t"), BASE),
    "empty lines between": (".csv", f"\n\n编号,内容\n\n1,{LAMP}\n\n\n2,{PAY}\n\n", BASE),
    "no last line end": (".csv", TWO.rstrip("\n"), BASE),
    "empty columns at the end": (".csv", f"编号,内容\n1,{LAMP},,,\n", [["1", LAMP]]),
    "rows too short": (".csv", f"内容,编号,备注\n{LAMP}\n", [[LAMP, "", ""]]),
    "header only": (".csv", "编号,内容\n", []),
    "header without line end": (".csv", "编号,内容", []),
    "one column": (".csv", f"内容\n{LAMP}\n", [[LAMP]]),
    "spaces round the headings": (".csv", f" 编号 , 内容 \n1,{LAMP}\n", [["1", LAMP]]),
    "repeated headings": (".csv", f"内容,内容,\n{LAMP},x,y\n", [[LAMP, "x", "y"]]),
    "headings of ours": (".csv", f"error,内容,model\nx,{LAMP},y\n", [["x", LAMP, "y"]]),
    "ids of many digits": (".csv", f"编号,内容\n000123456789012345678901,{LAMP}\n", [["000123456789012345678901", LAMP]]),
    "a row without text": (".csv", f"编号,内容\n1,\n2,{LAMP}\n", [["1", ""], ["2", LAMP]]),
    "nothing but signs": (".csv", "编号,内容\n1,！？。\n", [["1", "！？。"]]),
    "zero-width characters": (".csv", "编号,内容\n1,路\u200b灯坏了\n", [["1", "路\u200b灯坏了"]]),
    "emoji": (".csv", "编号,内容\n1,路灯坏了😡👨‍👩‍👧\n", [["1", "路灯坏了😡👨‍👩‍👧"]]),
    "a line separator of unicode": (".csv", "编号,内容\n1,路灯\u2028坏了\n", [["1", "路灯\u2028坏了"]]),
    "a cell of ten megabytes": (".csv", f"编号,内容\n1,{'路灯坏了' * 850_000}\n2,{PAY}\n", [["1", "路灯坏了" * 850_000], BASE[1]]),
    "ten thousand columns": (".csv", ",".join(f"c{at}" for at in range(9_999)) + ",内容\n" + "x," * 9_999 + LAMP, [["x"] * 9_999 + [LAMP]]),
    "a nul late in the file": (".csv", f"编号,内容\n1,{LAMP * 10_000}\n2,甲\0乙\n", [["1", LAMP * 10_000], ["2", "甲\0乙"]]),
    "jsonl": (".jsonl", json.dumps({"id": 1, "text": LAMP}) + "\n", [["1", LAMP]]),
    "jsonl with half a pair": (".jsonl", '{"id": "1", "text": "路灯坏了\\ud800"}\n', [["1", "路灯坏了?"]]),
    "jsonl of nested values": (".jsonl", json.dumps({"text": LAMP, "a": {"b": [1]}}), [[LAMP, "{'b': [1]}"]]),
    "jsonl with keys that come and go": (".jsonl", f'{{"text": "{LAMP}"}}\n{{"a": 1, "text": "{PAY}"}}\n', [[LAMP, ""], [PAY, "1"]]),
    "jsonl whose text is a list": (".jsonl", '{"text": ["路灯"]}\n', [["['路灯']"]]),
    "jsonl whose text is null": (".jsonl", '{"text": null}\n', [[""]]),
    "jsonl in gbk": (".jsonl", f'{{"text": "{LAMP}"}}\n'.encode("gbk"), [[LAMP]]),
    "xlsx": (".xlsx", _book([["编号", "内容"], ["001", LAMP]]), [["001", LAMP]]),
    "xlsx called xls": (".xls", _book([["编号", "内容"], ["001", LAMP]]), [["001", LAMP]]),
    "xlsx below a title": (".xlsx", _book([["2026年台账", None], [None, None], ["编号", "内容"], ["1", LAMP]], merge=("A1:B1",)), [["1", LAMP]]),
    "xlsx with headings of two rows": (
        ".xlsx",
        _book([["编号", "诉求人", None, "内容"], [None, "姓名", "电话", None], ["1", "甲", "2", LAMP]], merge=("A1:A2", "B1:C1", "D1:D2")),
        [["1", "甲", "2", LAMP]],
    ),
    "xlsx with groups of headings": (
        ".xlsx",
        _book([["编号", "诉求", None, "答复", None], [None, "内容", "时间", "意见", "时间"], ["1", LAMP, "a", "b", "c"]], merge=("B1:C1", "D1:E1")),
        [["1", LAMP, "a", "b", "c"]],
    ),
    "xlsx with groups above the headings": (
        ".xlsx",
        _book([["诉求", None, "答复", None], ["内容", "时间", "意见", "时间"], [LAMP, "a", "b", "c"]], merge=("A1:B1", "C1:D1")),
        [[LAMP, "a", "b", "c"]],
    ),
    "xlsx with a merged village": (
        ".xlsx",
        _book([["村", "内容"], ["王家村", LAMP], [None, PAY]], merge=("A2:A3",)),
        [["王家村", LAMP], ["王家村", PAY]],
    ),
    "xlsx of three months": (".xlsx", _book([["编号", "内容"], ["1", LAMP]], [["编号", "内容"], ["2", PAY]], [["编号", "内容"]]), BASE),
    "xlsx whose sheets differ": (".xlsx", _book([["编号", "内容"], ["1", LAMP]], [["内容", "地区"], [PAY, "西庄"]]), [["1", LAMP, ""], ["", PAY, "西庄"]]),
    "xlsx with a sheet of notes": (".xlsx", _book([["填表说明", "x"], ["y", "z"]], [["编号", "内容"], ["1", LAMP]]), [["1", LAMP]]),
    "xlsx of days and numbers": (
        ".xlsx",
        _book([["编号", "内容", "日期", "次数"], [7, LAMP, dt.datetime(2026, 1, 31), 2.5]]),
        [["7", LAMP, "2026-01-31", "2.5"]],
    ),
    "xlsx with ids as numbers": (".xlsx", _book([["编号", "内容"], [1234567890123456, LAMP]]), [["1234567890123456", LAMP]]),
    "xlsx with formulas never computed": (".xlsx", _book([["编号", "内容"], ["=A1&B1", LAMP]]), [["", LAMP]]),
    "xlsx with error values": (".xlsx", _book([["编号", "内容"], ["#N/A", LAMP]]), [["", LAMP]]),
    "xlsx with entities": (".xlsx", _book([["编号", "内容"], ["<b>&amp;", LAMP]]), [["<b>&amp;", LAMP]]),
    "xlsx with a hidden sheet": (
        ".xlsx",
        _book([["编号", "内容"], ["1", LAMP]], change=lambda book: setattr(book.create_sheet("x"), "sheet_state", "hidden")),
        [["1", LAMP]],
    ),
    "parquet": (".parquet", _parquet({"id": ["001", None], "text": [LAMP, PAY]}), [["001", LAMP], ["", PAY]]),
    "parquet of many types": (
        ".parquet",
        _parquet({"n": [1.5], "at": [dt.date(2026, 1, 31)], "b": [b"\xff"], "text": pa.array([LAMP]).dictionary_encode()}),
        [["1.5", "2026-01-31", "b'\\xff'", LAMP]],
    ),
    "parquet without rows": (".parquet", _parquet({"text": pa.array([], pa.string())}), []),
    "parquet of many row groups": (".parquet", _parquet({"text": [LAMP] * 5}, row_group_size=2), [[LAMP]] * 5),
}  # fmt: skip

REFUSED: dict[str, tuple[str, str | bytes, type[Exception], str]] = {
    "nothing": (".csv", "", UnreadableFileError, "文件是空的"),
    "only a mark": (".csv", b"\xef\xbb\xbf", UnreadableFileError, "文件是空的"),
    "only line ends": (".csv", "\n\r\n\n", UnreadableFileError, "文件是空的"),
    "a bad byte": (".csv", TWO.encode() + b"3,\xff\n", WrongEncodingError, "第 4 行.*CSV UTF-8"),
    "a bad byte in gbk": (".csv", TWO.encode("gbk") + b"3,\xff\xff\n", WrongEncodingError, "第 4 行"),
    "two encodings": (".csv", TWO.encode() + "3,好\n".encode("gbk") + b"\xff", WrongEncodingError, "第 [45] 行"),
    "half a utf-16 character": (".csv", b"\xff\xfe" + TWO.encode("utf-16-le")[:-1], WrongEncodingError, "第 3 行"),
    "utf-16 without its mark": (".csv", TWO.encode("utf-16-le"), TableError, "in.csv"),
    "utf-32": (".csv", TWO.encode("utf-32"), TableError, "in.csv"),
    "a quote that never ends": (".csv", f'编号,内容\n1,甲\n2,"{LAMP}\n3,丙\n', UnreadableFileError, "第 3 行.*双引号没有结束"),
    "more cells than headings": (".csv", TWO + "3,a,b\n", UnreadableFileError, "第 4 行：有 3 格，标题只有 2 列"),
    "no column of texts": (".csv", "a,b\n1,2\n", MissingColumnError, "现有的列：a、b.*--text-column"),
    "a workbook called csv": (".csv", _book([["a"]]), TableError, "in.csv"),
    "a picture": (".csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", TableError, "in.csv"),
    "an unknown ending": (".docx", "x", UnsupportedFormatError, r"可用：\.csv"),
    "jsonl with a bad line": (".jsonl", '{"text": "a"}\n{"text": \n', UnreadableFileError, "第 2 行：不是有效的 JSON"),
    "jsonl that is a list": (".jsonl", '[{"text": "a"}]\n', UnreadableFileError, "第 1 行：每行应是一个 JSON 对象"),
    "jsonl nested without end": (".jsonl", '{"text": ' + "[" * 100_000, UnreadableFileError, "第 1 行：不是有效的 JSON"),
    "an empty jsonl": (".jsonl", "\n", UnreadableFileError, "没有任何记录"),
    "an empty workbook": (".xlsx", _book([]), UnreadableFileError, "工作表是空的"),
    "half a workbook": (".xlsx", _book([["编号", "内容"], ["1", LAMP]])[:3_000], UnreadableFileError, "工作簿已损坏"),
    "a csv called xlsx": (".xlsx", TWO, UnreadableFileError, "工作簿已损坏"),
    "a workbook with a torn part": (".xlsx", _zipped(lambda _, part: part[: len(part) // 2]), UnreadableFileError, "已损坏"),
    "a workbook without sheets": (".xlsx", _zipped(lambda n, part: b"" if "sheet1" in n else part), UnreadableFileError, "工作"),
    "a cell at the furthest corner": (".xlsx", _zipped(_far_away), UnreadableFileError, "跨 1048576 行 16384 列"),
    "a billion laughs": (".xlsx", _zipped(_entities), UnreadableFileError, "工作"),
    "a part larger than it says": (".xlsx", _lying_bomb(), UnreadableFileError, "工作簿已损坏"),
    "a workbook without texts": (".xlsx", _book([["a", "b"], [1, 2]]), MissingColumnError, "现有的列：a、b"),
    "a parquet that is none": (".parquet", b"PAR1" + b"x" * 100, UnreadableFileError, "不是 Parquet 文件"),
    "half a parquet": (".parquet", _parquet({"text": [LAMP]})[:50], UnreadableFileError, "不是 Parquet 文件"),
    "an empty parquet": (".parquet", b"", UnreadableFileError, "不是 Parquet 文件"),
}  # fmt: skip


def _written(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


@pytest.mark.parametrize("name", READ)
def test_every_row_of_a_nasty_file_comes_out_once(
    name: str, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    ending, content, rows = READ[name]
    source = tmp_path / f"in{ending}"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    report = run_batch(BatchRequest(source, tmp_path / "out.csv", "small", jobs=1), places, suggester)
    written = _written(tmp_path / "out.csv")
    assert [row[: -len(OUTPUT)] for row in written] == rows
    assert report.rows == len(rows)
    assert all(row[-len(OUTPUT)] or row[-1] for row in written)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    name: str, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    ending, content, error, message = REFUSED[name]
    source = tmp_path / f"in{ending}"
    source.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(error, match=message) as caught:
        run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    assert LAMP not in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


def test_a_workbook_that_unpacks_to_gigabytes_is_not_opened(
    tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    raw = _book([["编号", "内容"], ["1", LAMP]])
    with zipfile.ZipFile(tmp_path / "in.xlsx", "w", zipfile.ZIP_DEFLATED) as new:
        with zipfile.ZipFile(io.BytesIO(raw)) as old:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        new.writestr("xl/media/x", b"")
        new.getinfo("xl/media/x").file_size = 5 << 30
    with pytest.raises(UnreadableFileError, match="解压后过大"):
        run_batch(BatchRequest(tmp_path / "in.xlsx", tmp_path / "out.csv", "small"), places, suggester)
    assert list(tmp_path.iterdir()) == [tmp_path / "in.xlsx"]


def test_a_cell_too_long_for_excel_is_refused_before_any_work(
    tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(TWO + f"3,{'长' * 32_768}\n", "utf-8")
    with pytest.raises(CellTooLongError, match="第 4 行 “内容” 列"):
        run_batch(BatchRequest(source, tmp_path / "out.xlsx", "small"), places, suggester)
    assert list(tmp_path.iterdir()) == [source]
