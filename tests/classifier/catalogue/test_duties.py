"""Of the duties that fit, the most particular one in force answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.catalogue.duties import DutyList, read_duties
from classifier.catalogue.ledger import inspect_ledger
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Duty, Scope, Validity

DAY = dt.date(2026, 3, 1)
VILLAGE = ["D11", "D1", "D"]
"""A village, its town, its district."""


def _lead(duties: list[Duty], categories: list[str], regions: list[str], day: dt.date = DAY) -> str | None:
    duty = DutyList(duties).responsible(categories, regions, day)
    return duty.lead if duty else None


REGIONAL = [
    Duty("A", "全市"),
    Duty("A", "某区", region="D"),
    Duty("A", "某镇", region="D1"),
    Duty("A", "别镇", region="E1"),
]


@pytest.mark.parametrize(
    ("regions", "lead"),
    [
        (VILLAGE, "某镇"),
        (["D2", "D"], "某区"),
        (["D"], "某区"),
        ([], "全市"),
        (["F"], "全市"),
        (["E1", "E"], "别镇"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_smallest_region_answers(regions: list[str], lead: str, turned: bool) -> None:
    assert _lead(REGIONAL[::-1] if turned else REGIONAL, ["A"], regions) == lead


def test_a_duty_for_elsewhere_is_none() -> None:
    assert _lead(REGIONAL[1:], ["A"], []) is None
    assert _lead(REGIONAL[1:], ["A"], ["F"]) is None


def test_a_lower_category_goes_before_a_smaller_region() -> None:
    duties = [Duty("A1", "科室"), Duty("A", "某镇", region="D1")]
    assert _lead(duties, ["A1", "A"], VILLAGE) == "科室"
    assert _lead(duties, ["A2", "A"], VILLAGE) == "某镇"
    assert _lead(duties, ["A2", "A"], []) is None


def test_a_duty_of_a_higher_category_holds_for_those_below() -> None:
    assert _lead([Duty("A", "环保局")], ["A11", "A1", "A"], []) == "环保局"
    assert _lead([Duty("A11", "环保局")], ["A1", "A"], []) is None


@pytest.mark.parametrize(
    ("day", "lead"),
    [
        (dt.date(2024, 12, 31), None),
        (dt.date(2025, 1, 1), "旧"),
        (dt.date(2025, 12, 31), "旧"),
        (dt.date(2026, 1, 1), "新"),
        (dt.date(2999, 1, 1), "新"),
    ],
)
def test_only_duties_in_force_answer_and_both_ends_count(day: dt.date, lead: str | None) -> None:
    duties = [
        Duty("A", "新", validity=Validity(dt.date(2026, 1, 1), None)),
        Duty("A", "旧", validity=Validity(dt.date(2025, 1, 1), dt.date(2025, 12, 31))),
    ]
    assert _lead(duties, ["A"], [], day) == lead


def test_a_lapsed_duty_of_a_lower_category_gives_way_to_the_higher() -> None:
    duties = [Duty("A1", "旧", validity=Validity(None, dt.date(2025, 1, 1))), Duty("A", "上级")]
    assert _lead(duties, ["A1", "A"], []) == "上级"


@pytest.mark.parametrize("turned", [False, True])
def test_the_latest_to_come_into_force_answers(turned: bool) -> None:
    duties = [Duty("A", "一直"), Duty("A", "新", validity=Validity(dt.date(2026, 1, 1)))]
    assert _lead(duties[::-1] if turned else duties, ["A"], []) == "新"


def test_nobody_answers_for_an_unknown_category() -> None:
    assert _lead(REGIONAL, ["Z"], VILLAGE) is None
    assert _lead(REGIONAL, [], VILLAGE) is None


def test_a_row_of_the_duty_list_is_read_whole() -> None:
    cells = {
        "category": "A",
        "lead": "环保局",
        "assisting": "城管局 | 镇政府||",
        "level": "市",
        "region": "D",
        "basis": "条例第三条",
        "valid_from": "2026-01-01",
        "valid_to": "2026/12/31",
    }
    findings = Findings()
    ((_, duty),) = read_duties([Row("duties.csv", 2, cells)], findings)
    validity = Validity(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert duty == Duty("A", "环保局", ("城管局", "镇政府"), "市", "D", "条例第三条", validity)
    assert findings.found == []
    assert list(DutyList([duty])) == [duty]


def test_a_duty_for_the_very_scope_goes_before_one_for_any() -> None:
    duties = DutyList(
        [Duty("A", "谁都行"), Duty("A", "镇上", scope=Scope.INDIVIDUAL), Duty("B", "局里", scope=Scope.COMMON)]
    )
    assert duties.scoped
    leads = {
        (category, scope): duty.lead if (duty := duties.responsible([category], [], DAY, scope)) else None
        for category in "AB"
        for scope in (None, *Scope)
    }
    assert leads == {
        ("A", None): "谁都行",
        ("A", Scope.INDIVIDUAL): "镇上",
        ("A", Scope.COMMON): "谁都行",
        ("B", None): None,
        ("B", Scope.INDIVIDUAL): None,
        ("B", Scope.COMMON): "局里",
    }


def test_duties_for_a_scope_in_a_ledger_that_tells_none_are_pointed_out(write_ledger: Callable[..., Path]) -> None:
    duties = {"duties.csv": "category,lead,scope\nA,环保局,\nB1,rs,个性\nB1,环保局,共性\n"}
    _, findings = inspect_ledger("one", write_ledger("one", duties).parent)
    assert [finding.column for finding in findings if "common_villages" in finding.message] == ["scope"]
    telling = {**duties, "ledger.toml": 'name = "two"\ntitle = "t"\ncommon_villages = 3\n'}
    _, findings = inspect_ledger("two", write_ledger("two", telling).parent)
    assert findings == []


def test_an_unknown_scope_is_noted() -> None:
    findings = Findings()
    read_duties([Row("duties.csv", 2, {"category": "A", "lead": "甲", "scope": "大家"})], findings)
    assert [str(one) for one in findings.found] == ["duties.csv 第 2 行 “scope” 列：“大家”无效；可用：个性、共性"]
