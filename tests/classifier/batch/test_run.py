"""Backlogs on a small real model: nothing lost, nothing reordered, nothing half-written."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import openpyxl
import pytest

from classifier.batch import run
from classifier.batch.columns import OUTPUT
from classifier.batch.run import BatchRequest, run_batch
from classifier.domain import Complaint
from classifier.errors import MissingColumnError, UnreadableFileError, UnsupportedFormatError
from classifier.files.reading import open_source
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

ROWS = [
    ("007", "老板拖欠工资半年不给", "王家村"),
    ("12345678901234567890", '路灯坏了, "一直" 没人修\n晚上黑', ""),
    ("a", "", ""),
    ("b", "！！！", ""),
    ("c", "路灯坏了，“一直”没人修晚上黑！", ""),
    ("d", "河水发黑发臭", ""),
]


def _write(
    path: Path,
    rows: list[tuple[str, ...]],
    header: tuple[str, ...] = ("编号", "诉求内容", "category"),
    encoding: str = "utf-8",
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_row_comes_out_once_in_order_with_its_columns_untouched(
    tmp_path: Path, places: Places, suggester: Suggester, encoding: str
) -> None:
    source = _write(tmp_path / "in.csv", ROWS, encoding=encoding)
    report = run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    result = _read(tmp_path / "out.csv")
    assert [(row["编号"], row["诉求内容"], row["input_category"]) for row in result] == ROWS
    assert list(result[0])[3:] == list(OUTPUT)
    assert (report.rows, report.errors) == (6, 2)
    assert encoding.split("-sig", maxsplit=1)[0] in report.how


def test_a_row_in_error_says_why_and_the_rest_goes_on(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    run_batch(BatchRequest(_write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", "small"), places, suggester)
    result = _read(tmp_path / "out.csv")
    assert [bool(row["error"]) for row in result] == [False, False, True, True, False, False]
    assert all(row[name] == "" for row in result[2:4] for name in OUTPUT if name != "error")
    assert result[5]["category"] == "污水"


def test_a_repeat_names_the_earliest_like_it(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    run_batch(BatchRequest(_write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", "small"), places, suggester)
    assert [row["duplicate_of"] for row in _read(tmp_path / "out.csv")] == ["", "", "", "", "12345678901234567890", ""]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx", ".parquet"])
def test_a_near_repeat_names_the_earliest_like_it(
    tmp_path: Path, places: Places, suggester: Suggester, suffix: str
) -> None:
    body = "我们小区东门外面那条路上的路灯从上个月开始就一直不亮，晚上老人孩子出门很不方便，请尽快派人维修"
    told = [
        ("=1", body, "甲"),
        ("2", body, "乙"),
        ("3", "您好，" + body, "丙"),
        ("4", "老板拖欠我们工地上十几个人半年的工资一直不给", "丁"),
        ("5", "领导您好！" + body + "，谢谢", '=戊,"\n'),
        ("6", "您好，" + body, "己"),
        ("7", "", "庚"),
    ]
    source, target = _write(tmp_path / "in.csv", told), tmp_path / f"out{suffix}"
    report = run_batch(BatchRequest(source, target, "small", guarded=suffix != ".csv"), places, suggester)
    result = open_source(target)
    rows = [dict(zip(result.columns, cells, strict=True)) for _, cells in result.rows]
    assert [row["duplicate_of"] or "" for row in rows] == ["", "=1", "", "", "", "3", ""]
    assert [row["near_duplicate_of"] or "" for row in rows] == ["", "", "=1", "", "=1", "", ""]
    assert [row["input_category"] for row in rows] == [row[2] for row in told]
    assert (report.duplicates, report.near_duplicates) == (2, 2)


def test_a_name_that_would_run_as_a_formula_is_harmless_where_a_near_repeat_names_it(
    tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    body = "我们小区东门外面那条路上的路灯从上个月开始就一直不亮，晚上老人孩子出门很不方便"
    source = _write(tmp_path / "in.csv", [("=1", body, "=x"), ("2", body + "，谢谢", "=y")])
    run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    row = _read(tmp_path / "out.csv")[1]
    assert (row["near_duplicate_of"], row["input_category"]) == ("'=1", "'=y")


def test_a_batch_answers_as_a_single_suggestion_does(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    run_batch(BatchRequest(_write(tmp_path / "in.csv", ROWS), tmp_path / "out.csv", "small"), places, suggester)
    row = _read(tmp_path / "out.csv")[0]
    single = suggester.suggest(Complaint(ROWS[0][1]))
    assert row["category_code"] == single.categories[0].category.code
    assert float(row["probability"]) == round(single.categories[0].probability, 6)
    assert row["department_2"] == single.departments[1].department.name
    assert (row["decision"], row["reason"]) == (single.decision.verdict.value, single.decision.reason)


def test_many_processes_give_the_file_of_one(
    tmp_path: Path, places: Places, suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_ALONE", 2)
    monkeypatch.setattr(run, "CHUNK", 7)
    rows = [(str(at), f"{ROWS[at % 6][1]}第{at // 9}次反映", "") for at in range(100)]
    source = _write(tmp_path / "in.csv", rows)
    request = BatchRequest(source, tmp_path / "one.csv", "small", jobs=1)
    run_batch(request, places, suggester)
    run_batch(dataclasses.replace(request, target=tmp_path / "two.csv", jobs=2), places, suggester)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_spreadsheets_keep_ids_and_read_back(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (
        ("工单编号", "标题", "内容"),
        ("0012", "路灯坏了", "门口路灯不亮"),
        (42, None, "老板拖欠工资"),
        ("x", None, None),
    ):
        sheet.append(cells)
    book.save(tmp_path / "in.xlsx")
    run_batch(BatchRequest(tmp_path / "in.xlsx", tmp_path / "out.xlsx", "small", headers="zh"), places, suggester)
    result = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert result is not None
    table = [list(row) for row in result.iter_rows(values_only=True)]
    assert table[0][:4] == ["工单编号", "标题", "内容", "类别"]
    assert [row[0] for row in table[1:]] == ["0012", 42, "x"]
    assert [row[3] for row in table[1:]] == ["路灯", "欠薪", None]
    assert "诉求内容为空" in str(table[3][table[0].index("错误")])


def test_jsonl_keeps_values_of_any_kind(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    records = [{"id": 1, "text": "路灯坏了没人修", "tags": ["a"]}, {"id": 2, "text": ["not", "text"]}, {"text": None}]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps(one) for one in records), "utf-8")
    run_batch(BatchRequest(tmp_path / "in.jsonl", tmp_path / "out.jsonl", "small"), places, suggester)
    result = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in result] == [1, 2, ""]
    assert result[0]["tags"] == ["a"]
    assert "list" in result[1]["error"]
    assert result[2]["error"]


def test_the_regions_of_a_backlog_are_used_where_the_ledger_knows_them(
    tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    rows = [
        ("路面全是坑，水泥路破损", "西庄"),
        ("路面全是坑，水泥路破损了", "火星镇"),
        ("东庄镇的路面全是坑，水泥路破损", "火星镇"),
    ]
    source = _write(tmp_path / "in.csv", rows, header=("内容", "地区"))
    run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    assert [row["region"] for row in _read(tmp_path / "out.csv")] == ["西庄镇", "", "东庄镇"]
    assert [row["department"] for row in _read(tmp_path / "out.csv")] == ["西庄镇政府", "街道乡镇", "东庄镇政府"]


def test_no_column_of_texts_is_said_with_what_there_is(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    source = _write(tmp_path / "in.csv", [("1", "x")], header=("编号", "备注"))
    with pytest.raises(MissingColumnError, match=r"编号、备注.*--text-column"):
        run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    run_batch(BatchRequest(source, tmp_path / "out.csv", "small", text_column="备注"), places, suggester)
    assert (tmp_path / "out.csv").exists()


def test_nothing_is_left_behind_when_the_file_ends_badly(tmp_path: Path, places: Places, suggester: Suggester) -> None:
    source = tmp_path / "in.csv"
    source.write_text("内容\n路灯坏了\n路灯坏了,多,出,来\n", "utf-8")
    with pytest.raises(UnreadableFileError, match="第 3 行"):
        run_batch(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_an_output_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    with pytest.raises(UnsupportedFormatError, match=r"out\.doc"):
        run_batch(BatchRequest(tmp_path / "missing.csv", tmp_path / "out.doc", "small"), places, suggester)
