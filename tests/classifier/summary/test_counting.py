"""A classified backlog is summed up, and the summary opens in a spreadsheet program and a browser."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from classifier.batch.run import BatchRequest, run_batch
from classifier.cli import run
from classifier.errors import MissingColumnError
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.summary.counting import ByHand, most_urgent, summarise

ROWS = [
    *(
        (f"a{at}", f"{who}说丽江路夜市旁边的路灯坏了没人修", f"2026-0{1 + at % 2}-03")
        for at, who in enumerate("张王李赵")
    ),
    ("b1", "老板拖欠工资半年不给", "2026-01-09"),
    ("b2", "老板拖欠工资，半年不给！", "2026-01-10"),
    ("c", "", ""),
    *((f"d{at}", f"河水发黑发臭第{at}次，电话1380000{at}234", "2026-02-01") for at in range(1000, 1003)),
    *((f"e{at}", text, "") for at, text in enumerate(["路面全是坑", "工资不发", "井盖丢了", "垃圾没人清"] * 10)),
]


@pytest.fixture(params=["en", "zh"])
def result(request: pytest.FixtureRequest, tmp_path: Path, places: Places, suggester: Suggester) -> Path:
    source = tmp_path / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("编号", "内容", "日期"), *ROWS])
    run_batch(BatchRequest(source, tmp_path / "out.csv", "small", headers=request.param), places, suggester)
    return tmp_path / "out.csv"


def test_counts_repeats_and_matters_are_those_of_the_rows(result: Path) -> None:
    summary = summarise(result)
    assert (summary.rows, summary.errors) == (len(ROWS), 1)
    assert all(sum(count for _, count in counts) == len(ROWS) - 1 for counts in summary.counts.values())
    assert dict(summary.months)["2026-02"] == 5
    assert dict(summary.repeated)["b1"] == 1
    night_market = next(one for one in summary.hot if "夜市" in one.matter.words)
    assert night_market.matter.rows == ("a0", "a1", "a2", "a3")
    assert [month for month, _ in night_market.matter.months] == ["2026-01", "2026-02"]
    assert night_market.alike == 3
    assert summary.near >= 3
    told = {one.rows[0]: one for one in summary.retold}
    assert told["a0"].rows == ("a0", "a1", "a2", "a3")
    assert (told["a0"].same, told["b1"].rows, told["b1"].same) == (0, ("b1", "b2"), 1)
    assert told["a0"].months == ("2026-01", "2026-02")
    # The empty row, at least, and whatever the model would not say; each with its own reason.
    assert sum(count for _, count in summary.reasons) == len(summary.by_hand)
    by_hand = {one.name: one.reason for one in summary.by_hand}
    assert "诉求内容为空" in by_hand["c"]
    assert {name for name, _ in summary.counts["decision"]} <= {"自动派单", "请确认", "人工处理"}


def test_the_most_urgent_of_what_needs_a_person_come_first_and_the_list_is_bounded() -> None:
    rows = [ByHand(str(at), "特急" if at % 300 == 0 else "一般", "", "内容太短") for at in range(900)]
    kept = most_urgent(rows)
    assert len(kept) == 200
    assert [one.name for one in kept[:4]] == ["0", "300", "600", "1"]


def test_the_workbook_and_the_page_hold_the_same_and_no_number_of_anyone(
    result: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workbook, page = result.with_name("s.xlsx"), result.with_name("s.html")
    assert run(["summary", str(result), str(workbook)]) == 0
    assert run(["summary", str(result), str(page), "--json"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert f"总件数 {len(ROWS)}" in printed[0]
    assert json.loads(printed[1])["rows"] == len(ROWS)
    book = openpyxl.load_workbook(workbook)
    assert book.sheetnames[:2] == ["概况", "热点事项"]
    named = str(book["热点事项"]["A2"].value)
    html = page.read_text("utf-8")
    assert named in html
    assert "<svg" in html
    assert "http" not in html.replace("http-equiv", "")
    assert "1380000" not in html
    assert book["须人工处理"].max_row > 1
    assert "a0、a1、a2、a3" in [cell.value for cell in book["多次反映"]["G"]]
    assert "a0、a1、a2、a3" in html
    assert "诉求内容为空" in html
    assert [cell.value for cell in book["重复诉求"]["A"]][1] in html


def test_what_was_not_classified_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("编号,内容\n1,路灯坏了\n", "utf-8")
    with pytest.raises(MissingColumnError, match="请先用 fenban batch 分办"):
        summarise(path)
    assert run(["summary", str(path), str(tmp_path / "s.doc")]) == 3
