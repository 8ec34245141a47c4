"""A written file is there whole or not at all, and reads back as it was."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import stat
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.errors import CellTooLongError, TooManyColumnsError, UnsupportedFormatError
from classifier.files.parquet import ParquetSink
from classifier.files.reading import open_source
from classifier.files.source import Cells
from classifier.files.workbooks import XlsxSink
from classifier.files.writing import check_output, lines_of, open_sink

COLUMNS = ("编号", "内容", "概率")
ROWS: list[list[Any]] = [
    ["007", '路灯坏了,"没人"修\n第二行', 0.875],
    ["=1+1", "http://a.cn/ @x", 12],
    ["00001234567890123456789", "𠮷野家", -1],
]
ENDINGS = [".csv", ".jsonl", ".xlsx", ".parquet"]
TEXT = st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]) | st.sampled_from("\t\n\"',;=+&<")


def _write(path: Path, rows: list[list[Any]], columns: tuple[str, ...] = COLUMNS) -> Path:
    with open_sink(path, columns) as sink:
        sink.write(rows[:1])
        sink.write(rows[1:])
    return path


def _read(path: Path) -> list[Cells]:
    return [cells for _, cells in open_source(path).rows]


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_reads_back(tmp_path: Path, ending: str) -> None:
    path = _write(tmp_path / f"out{ending}", ROWS)
    assert open_source(path).columns == COLUMNS
    expected = [[*row[:2], str(row[2])] for row in ROWS] if ending in (".csv", ".parquet") else [*ROWS]
    if ending == ".csv":
        expected[1] = ["'=1+1", *expected[1][1:]]
    assert _read(path) == expected


@given(
    rows=st.lists(st.lists(st.text(TEXT, max_size=10), min_size=2, max_size=2), max_size=5),
    ending=st.sampled_from(ENDINGS),
)
def test_any_text_reads_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], ending: str) -> None:
    rows = [[f"甲{cell}乙" for cell in row] for row in rows]
    path = _write(tmp_path_factory.mktemp("out") / f"out{ending}", rows, ("甲", "乙"))
    if rows or ending != ".jsonl":
        assert _read(path) == rows


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interrupted_file_never_appears(tmp_path: Path, ending: str) -> None:
    class Interrupted(Exception):  # noqa: N818
        pass

    def interrupt() -> None:
        with open_sink(tmp_path / f"out{ending}", COLUMNS) as sink:
            sink.write(ROWS)
            raise Interrupted

    with pytest.raises(Interrupted):
        interrupt()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_interrupted_file_leaves_the_old_one(tmp_path: Path, ending: str) -> None:
    path = _write(tmp_path / f"out{ending}", ROWS)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), open_sink(path, COLUMNS) as sink:
        sink.write(ROWS[:1])
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_is_in_its_place_only_when_it_is_whole(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / "folder" / f"out{ending}"
    with open_sink(path, COLUMNS) as sink:
        sink.write(ROWS)
        assert not path.exists()
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_new_file_takes_the_place_of_the_old(tmp_path: Path, ending: str) -> None:
    path = _write(tmp_path / f"out{ending}", ROWS)
    _write(path, ROWS[:1])
    assert len(_read(path)) == 1


@pytest.mark.parametrize("name", ["out.xls", "out.txt", "out", "out.orc", ".csv"])
def test_an_unknown_ending_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"可用：\.csv、\.jsonl、\.xlsx、\.parquet"):
        check_output(tmp_path / "new" / name)
    with pytest.raises(UnsupportedFormatError), open_sink(tmp_path / "new" / name, COLUMNS):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out.csv", "OUT.XLSX", "a.b.jsonl"])
def test_a_known_ending_is_accepted(tmp_path: Path, name: str) -> None:
    check_output(tmp_path / name)
    assert len(_read(_write(tmp_path / name, ROWS))) == 3


def test_csv_has_the_mark_that_excel_needs(tmp_path: Path) -> None:
    raw = _write(tmp_path / "out.csv", ROWS).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\xef\xbb\xbf") == 1


def test_a_spreadsheet_holds_numbers_as_numbers_and_never_formulas(tmp_path: Path) -> None:
    rows = [["=1+1", 5, 0.25], ["+1", True, 12345678901234567890], ["0012", None, ""]]
    sheet = openpyxl.load_workbook(_write(tmp_path / "out.xlsx", rows)).worksheets[0]
    values = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert values == [["=1+1", 5, 0.25], ["+1", True, "12345678901234567890"], ["0012", None, None]]
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert sheet.freeze_panes == "A2"
    assert sheet["A3"].hyperlink is None


def test_a_cell_longer_than_excel_keeps_is_refused_with_its_place(tmp_path: Path) -> None:
    _write(tmp_path / "most.xlsx", [["x" * 32_767, "𠮷" * 16_383, ""]])
    for text in ("x" * 32_768, "𠮷" * 16_384):
        with pytest.raises(CellTooLongError, match=r"第 2 行 “编号” 列.*输出为 \.csv"):
            _write(tmp_path / "out.xlsx", [[text, "", ""]])
    assert [path.name for path in tmp_path.iterdir()] == ["most.xlsx"]


def test_more_columns_than_excel_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TooManyColumnsError, match=r"16385 列.*输出为 \.csv"):
        _write(tmp_path / "out.xlsx", [], tuple(map(str, range(16_385))))


def test_a_full_sheet_is_followed_by_another_and_all_are_read_back(tmp_path: Path) -> None:
    sink = XlsxSink(tmp_path / "out.xlsx", ("编号", "内容"), rows=4)
    sink.write([[str(at), f"第{at}件"] for at in range(8)])
    sink.close()
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [(sheet.title, sheet.max_row) for sheet in book] == [("分办建议", 4), ("分办建议2", 4), ("分办建议3", 3)]
    assert _read(tmp_path / "out.xlsx") == [[str(at), f"第{at}件"] for at in range(8)]


def test_days_and_moments_are_days_in_a_workbook_too(tmp_path: Path) -> None:
    rows = [["1", dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 8, 30)], ["2", dt.date(1850, 1, 1), ""]]
    path = _write(tmp_path / "out.xlsx", rows)
    assert openpyxl.load_workbook(path).worksheets[0]["B2"].is_date
    assert _read(path) == [rows[0], ["2", "1850-01-01", ""]]


def test_equal_rows_give_equal_files(tmp_path: Path) -> None:
    for ending in ENDINGS:
        assert _write(tmp_path / f"a{ending}", ROWS).read_bytes() == _write(tmp_path / f"b{ending}", ROWS).read_bytes()


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1+1", "'\t=1+1"),
        ("＝1+1", "'＝1+1"),
        (" =1", "' =1"),
        ("-5", "-5"),
        ("+8613800001234", "+8613800001234"),
        ("-12.5%", "-12.5%"),
        ("\n\t\t您好", "\n\t\t您好"),
        ("a=1", "a=1"),
        ("007", "007"),
    ],
)
def test_a_csv_runs_no_formula_and_keeps_what_is_none(tmp_path: Path, cell: str, written: str) -> None:
    assert _read(_write(tmp_path / "out.csv", [["1", cell, ""]]))[0][1] == written
    kept = lines_of(tmp_path / "out.csv", COLUMNS, guarded=False)
    assert kept is not None
    assert next(csv.reader(io.StringIO(kept.encode([["1", cell, ""]])[0].decode(), newline=""))) == ["1", cell, ""]


def test_parquet_keeps_the_types_of_another(tmp_path: Path) -> None:
    columns = {"id": [1, None], "at": [dt.datetime(2026, 1, 1, 8), None], "tags": [["a"], []], "text": ["甲", "乙"]}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    source = open_source(tmp_path / "in.parquet")
    assert [cells for _, cells in source.rows] == [list(row) for row in zip(*columns.values(), strict=True)]
    sink = ParquetSink(tmp_path / "out.parquet", [*source.columns, "p"], source.schema, frozenset({"p"}))
    sink.write([*cells, score] for (_, cells), score in zip(source.rows, (0.5, ""), strict=True))
    sink.close()
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.drop_columns(["p"]).equals(pq.read_table(tmp_path / "in.parquet"))
    assert written["p"].to_pylist() == [0.5, None]


def test_jsonl_writes_each_record_on_a_line_in_its_own_characters(tmp_path: Path) -> None:
    path = _write(tmp_path / "out.jsonl", [["1", {"甲": [1, None]}, True]])
    assert path.read_text(encoding="utf-8") == '{"编号": "1", "内容": {"甲": [1, null]}, "概率": true}\n'


def test_a_row_of_the_wrong_width_leaves_no_jsonl(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shorter"):
        _write(tmp_path / "out.jsonl", [["1", "2", 3], ["1"]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("cell", ["断\ud800开", float("nan"), float("inf"), "\x00\x01"])
def test_a_cell_that_no_file_can_hold_stops_nothing(tmp_path: Path, ending: str, cell: object) -> None:
    path = _write(tmp_path / f"out{ending}", [["1", cell, 0], ["2", "好", 1]])
    if ending == ".jsonl":
        read = [json.loads(line)["内容"] for line in path.read_text(encoding="utf-8").splitlines()]
        assert read == [cell, "好"] or read[0] != read[0]
    elif ending in (".xlsx", ".parquet"):
        assert [str(row[0]) for row in _read(path)] == ["1", "2"]
    else:
        assert path.read_text(encoding="utf-8-sig").splitlines()[-1] == "2,好,1"


NASTY = st.one_of(
    st.text(), st.sampled_from(["=1+1", "'=1", 'a"b', "a,b", "a\r\nb", "\r", "\x00", "\ud800", " ", "007"]), st.floats()
)


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@given(cells=st.tuples(NASTY, NASTY, NASTY), new=st.sampled_from(["7", "=1", "a,\n", "路灯"]))
def test_a_line_with_another_cell_is_the_line_it_would_have_been(
    suffix: str, guarded: bool, cells: tuple[str, str, str], new: str
) -> None:
    lines = lines_of(Path(f"out{suffix}"), COLUMNS, guarded=guarded)
    assert lines is not None
    (line,) = lines.encode([[cells[0], "", cells[2]]])
    (wanted,) = lines.encode([[cells[0], new, cells[2]]])
    assert lines.filled(line, 1, new) == wanted
