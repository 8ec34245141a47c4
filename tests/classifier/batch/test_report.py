"""A place's report: households, problems by kind, what is solved, who has the rest, repeats and common matters."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from classifier.batch.bulletin import Bulletin, Count
from classifier.batch.matters import Told, repeats
from classifier.batch.report import ReportRequest, report
from classifier.batch.visits import State, read_visits, state_of
from classifier.cli import run
from classifier.desk import open_desk
from classifier.domain import Category, Region
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

COLUMNS = ("编号", "日期", "户主", "联系电话", "地区", "问题描述", "办理状态", "办结日期", "责任单位")
ROWS = [
    ("1", "2026-03-02", "王大", "13800000001", "", "东庄镇王家村的路灯坏了，晚上黑漆漆", "已办结", "2026-03-20", ""),
    ("2", "2026-03-03", "李二", "", "", "李家洼村的路灯不亮，照明没有", "办理中", "", ""),
    ("3", "2026-03-18", "张三", "", "西庄镇", "老板拖欠我半年工资不给", "未解决", "", "县劳动监察"),
    ("4", "2026-03-19", "赵四", "", "东庄镇", "无", "", "", ""),
    ("5", "2026-04-01", "王大", "13800000001", "", "东庄镇王家村路灯还是没修好，照明没有", "已回访", "2026-04-02", ""),
    ("6", "2026-04-03", "钱五", "", "没有这个镇", "化工厂往河里排污水，水都黑了", "未办", "", ""),
    ("7", "2026-04-04", "孙六", "", "", "灯" * 60_000, "", "", ""),
]


def _write(path: Path, rows: Sequence[Sequence[str]] = ROWS, columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


@pytest.fixture(scope="module")
def visits(places: Places) -> Suggester:
    return open_desk(places, "visits")


@pytest.fixture(scope="module")
def bulletin(visits: Suggester, tmp_path_factory: pytest.TempPathFactory) -> Bulletin:
    return report(ReportRequest(_write(tmp_path_factory.mktemp("report") / "走访.csv")), visits)


def test_each_problem_is_counted_by_kind_and_by_what_became_of_it(bulletin: Bulletin) -> None:
    assert bulletin.kinds == (Count("路和灯", 3, 2), Count("环境", 1, 0), Count("工钱", 1, 0))
    figures = bulletin.figures
    assert (figures["problems"], figures["solved"], figures["open"], figures["revisited"]) == (5, 2, 3, 1)
    assert figures["solved_share"] == "40.0%"


def test_every_household_is_counted_once_also_one_without_a_problem(bulletin: Bulletin) -> None:
    assert bulletin.figures["households"] == 6


def test_who_has_what_is_open_is_told_by_the_file_or_else_by_the_duties(bulletin: Bulletin) -> None:
    handed = {one.name: one.found for one in bulletin.departments}
    assert handed == {"县劳动监察": 1, "东县城管大队": 2}


def test_what_several_villages_of_a_town_tell_of_is_common_and_goes_to_the_department(bulletin: Bulletin) -> None:
    common = bulletin.common[0]
    assert (common.category.code, common.town, set(common.villages)) == ("LU1", "东庄镇", {"王家村", "李家洼村"})
    assert (bulletin.figures["common"], bulletin.figures["individual"]) == (3, 2)


def test_the_same_persons_letters_are_one_matter(bulletin: Bulletin) -> None:
    assert bulletin.repeats == ((2, 6),)
    assert bulletin.figures["matters"] == 4


def test_progress_is_counted_by_half_months_solved_ones_on_the_day_they_were(bulletin: Bulletin) -> None:
    assert bulletin.periods == (
        Count("2026年3月上半月", 2, 0),
        Count("2026年3月下半月", 1, 1),
        Count("2026年4月上半月", 2, 1),
    )


def test_a_row_that_cannot_be_read_is_named_and_the_rest_counted(bulletin: Bulletin) -> None:
    assert list(bulletin.errors) == [8]


def test_the_paragraph_is_the_ledgers_own_with_the_figures_filled_in(bulletin: Bulletin) -> None:
    assert bulletin.paragraph.startswith(
        "截至2026年4月3日走访6户，问题5件：路和灯3件、环境1件、工钱1件；个性2件、共性3件；"
    )
    assert "{" not in bulletin.paragraph


def test_a_ledger_without_a_form_has_the_usual_paragraph(suggester: Suggester, tmp_path: Path) -> None:
    request = ReportRequest(_write(tmp_path / "a.csv"), households=134)
    paragraph = report(request, suggester).paragraph
    assert paragraph.startswith("截至2026年4月3日，共走访134户，收集问题5件，其中")


def test_categories_in_the_file_count_for_more_than_the_text(visits: Suggester, tmp_path: Path) -> None:
    rows = [("路灯坏了，晚上黑漆漆", "工钱"), ("路灯坏了，晚上黑漆漆", "没有这类")]
    found = report(ReportRequest(_write(tmp_path / "a.csv", rows, ("正文", "类别"))), visits)
    assert {one.name: one.found for one in found.kinds} == {"路和灯": 1, "工钱": 1}


def test_an_empty_backlog_gives_a_report_of_nothing(visits: Suggester, tmp_path: Path) -> None:
    found = report(ReportRequest(_write(tmp_path / "a.csv", [])), visits)
    assert (found.figures["problems"], found.figures["solved_share"], found.kinds) == (0, "0%", ())
    assert found.paragraph.startswith("截至目前走访0户")


@pytest.mark.parametrize(
    ("told", "state"),
    [
        *((told, State.SOLVED) for told in ("已办结", "办结", "已销号", "已化解", "整改到位", "是", "closed")),
        *(
            (told, State.OPEN)
            for told in ("", "办理中", "未解决", "没有解决", "正在整改", "否", "待销号", "尚未完成", "无法解决")
        ),
        ("已回访", State.REVISITED),
        ("办结并回访", State.REVISITED),
    ],
)
def test_states_are_told_from_the_words_offices_use(told: str, state: State) -> None:
    assert state_of(told) is state


@pytest.mark.parametrize("text", ["", "无", "暂无", "没有问题", "无。", "（无诉求）", "没有意见"])
def test_a_household_that_told_of_nothing_has_no_complaint(text: str, tmp_path: Path) -> None:
    (visit,) = read_visits(_write(tmp_path / "a.csv", [("张三", text)], ("户主", "正文")))
    assert (visit.complaint, visit.person) == (None, "张三")


HOME = Region("V", "王家村", "T")
ROADS, LAMPS = Category("R", "道路"), Category("L", "路灯")


def _told(row: int, person: str, phone: str = "", category: Category = ROADS, said: str = "村口的路坏了没人修") -> Told:
    return Told(row, person, phone, HOME, category, said)


@pytest.mark.parametrize(
    ("later", "same"),
    [
        (_told(2, "王大"), True),
        (_told(2, "王大", said="完全另外一些话说的还是这件"), True),
        (_told(2, "王大", category=LAMPS, said="完全另外一件事情"), False),
        (_told(2, "王大", category=LAMPS, said="村口的路坏了没有人修啊"), True),
        (_told(2, "李二"), False),
        (_told(2, "", ""), False),
    ],
)
def test_one_persons_letters_are_one_matter_when_the_kind_or_the_words_are_the_same(later: Told, same: bool) -> None:
    assert repeats([_told(1, "王大"), later]) == ({2: 1} if same else {})


def test_a_name_hidden_in_part_needs_the_words_to_be_alike_too() -> None:
    first = _told(1, "王某某")
    assert repeats([first, _told(2, "王某某", said="完全另外一些话说的这件")]) == {}
    assert repeats([first, _told(2, "王某某")]) == {2: 1}
    assert repeats([first, _told(2, "王某某", category=LAMPS)]) == {}


def test_a_telephone_number_tells_a_person_whatever_the_name() -> None:
    assert repeats(
        [_told(1, "王大", "138"), _told(2, "王大的儿子", "138", said="完全另外一些话"), _told(3, "王大")]
    ) == {2: 1}


def test_the_command_prints_the_paragraph_or_json(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", str(places.models[0]))
    backlog = str(_write(tmp_path / "走访.csv"))
    assert run(["report", "visits", backlog, "--households", "134"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("截至2026年4月3日走访134户")
    assert "共性  东庄镇　路和灯/路灯：3 件，2 个村（王家村、李家洼村）" in printed
    assert "重复  第 2、6 行是同一人的同一件事" in printed
    assert run(["report", "visits", backlog, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["problems"] == 5
    assert told["common"][0]["category"] == {"code": "LU1", "name": "路灯", "path": "路和灯/路灯"}


def test_days_of_the_report_are_those_of_the_rows(bulletin: Bulletin) -> None:
    assert bulletin.figures["first_day"] == f"{dt.date(2026, 3, 2):%Y年}3月2日"
