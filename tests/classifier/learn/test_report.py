"""The report of a training: JSON, and a page that needs nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from classifier import cli, terminal
from classifier.catalogue.ledger import load_ledger
from classifier.domain import Complaint
from classifier.learn.charts import Axis, line_chart
from classifier.learn.dataset import Labelled
from classifier.learn.report import monthly_rows
from classifier.settings import Places
from classifier.workshop import train_version

SECRET = "东街的路灯坏了，请联系王小明"


class Tags(HTMLParser):
    """Collects the tags that are left open, and whatever points elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elsewhere += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Path:
    child = load_ledger("child", places.ledgers)
    texts = [f"{place}路的路灯{state}" for place in "东西南北中" for state in ("坏了", "不亮", "灭了", "没人修")]
    rows = [
        Labelled(Complaint(text, date=dt.date(2026, 1, 1 + at)), ("HJ",), source=f"标注.csv:{at + 2}")
        for at, text in enumerate([*texts, SECRET])
    ]
    wages = [
        Labelled(Complaint(f"{who}拖欠工资", date=dt.date(2026, 2, 1 + at)), ("GZ",), source=f"工资.csv:{at}")
        for at, who in enumerate("甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥")
    ]
    own = Places(places.ledgers, (tmp_path_factory.mktemp("models"), *places.models))
    return train_version(child, own, [*rows, *wages])[0].folder


def test_a_training_writes_a_page_that_needs_nothing_else(folder: Path) -> None:
    page = (folder / "report.html").read_text("utf-8")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.elsewhere == []
    assert "<script" not in page
    for heading in (
        "概要",
        "与使用中的版本比较：检验通过",
        "自动分办门槛模拟",
        "各类别",
        "候选类别组",
        "学习曲线",
        "各月",
    ):
        assert heading in page
    assert "child/v1" in page


def test_a_report_names_rows_and_shows_no_text(folder: Path) -> None:
    for name in ("report.html", "report.json"):
        content = (folder / name).read_text("utf-8")
        assert "标注.csv:2" in content
        assert "王小明" not in content


def test_the_report_for_programs_has_every_figure(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert report["model"] == "child/v1"
    assert report["figures"]["rows"] == 43
    assert [one["target"] for one in report["figures"]["simulated"]] == [0.9, 0.925, 0.95, 0.975, 0.99]
    assert all("returns" in one for one in report["figures"]["simulated"])
    assert report["returns_per"] == "month"
    assert report["facts"]["curve"][-1]["rows"] == 43
    assert report["facts"]["gate"]["passed"]
    assert [one["rows"] for one in report["facts"]["timeline"]["periods"]] == [21, 22]
    assert report["megabytes"] > 0.01
    assert report["milliseconds"] > 0


def test_an_evaluation_of_another_version_is_beside_the_one_in_use(
    folder: Path, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", ":".join(map(str, (folder.parents[1], *places.models))))
    data, page = tmp_path / "标注.csv", tmp_path / "报告.html"
    data.write_text("text,category\n东门路灯不亮,HJ\n拖欠工资,GZ\n", "utf-8")
    arguments = ["evaluate", str(data), "--ledger", "child", "--report", str(page)]
    assert cli.run([*arguments, "--model", folder.name]) == terminal.DONE
    told = json.loads(page.with_suffix(".json").read_text("utf-8"))
    comparison = told["facts"]["comparison"]
    assert (comparison["candidate"], comparison["rows"]) == ("child/v1", 2)
    assert told["megabytes"] > 0.01
    assert "使用中的" in page.read_text("utf-8")
    assert cli.run(arguments) == terminal.DONE
    assert "comparison" not in json.loads(page.with_suffix(".json").read_text("utf-8"))["facts"]


def test_an_evaluation_writes_the_same_report(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", ":".join(map(str, places.models)))
    data, page = tmp_path / "标注.csv", tmp_path / "报告.html"
    data.write_text("text,category,department\n路灯不亮,路灯,城市管理\n拖欠工资,欠薪,\n河水臭,污水,\n", "utf-8")
    assert cli.run(["evaluate", str(data), "--ledger", "small", "--report", str(page)]) == terminal.DONE
    assert "主办部门首选命中" in page.read_text("utf-8")
    assert json.loads(page.with_suffix(".json").read_text("utf-8"))["figures"]["rows"] == 3


def test_a_month_is_counted_from_dates_where_there_are_enough() -> None:
    days = [dt.date(2026, 1, 1) + dt.timedelta(days=at) for at in range(30)]
    assert monthly_rows(days, 30) == pytest.approx(30.44)
    assert monthly_rows(days, 3000) == pytest.approx(3044)
    assert monthly_rows([*days, *[None] * 31], 61) is None
    assert monthly_rows(days[:10], 10) is None


def test_a_chart_keeps_its_points_inside_and_names_them_safely() -> None:
    drawn = line_chart("<标题>", Axis("横", 0, 1), Axis("纵", 0, 1), [("a&b", [(0, 0), (2, -3)]), ("c", [])])
    assert "&lt;标题&gt;" in drawn
    assert "a&amp;b" in drawn
    for across, down in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn):
        assert 0 <= float(across) <= 460
        assert 0 <= float(down) <= 300
