"""The ledgers that are shipped: complete, sound, and written for this project."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from classifier.catalogue.ledger import Ledger, inspect_ledger, known_ledgers, load_ledger
from classifier.domain import Kind, Urgency
from classifier.learn.audit.examination import audit_rows
from classifier.learn.dataset import Labelled, label_findings, ledger_complaints

SHIPPED = Path(__file__).parents[2] / "training_data"
FUNCTIONAL_NAMES = """
公安 公安交警 交通运输 住房城乡建设 城市管理 教育 人力资源社会保障 医疗保障 农业农村
卫生健康 自然资源和规划 水利水务 民政 生态环境 发展改革 市场监管 供电 商务粮食
工信科技 公积金中心 退役军人 林业 文旅广体 应急消防 机关事务 残联 司法
统计 邮政 税务 金融监管 财政 纪检监察 信访 组织人事 民族宗教
政务数据 供水 燃气 公交 通信管理 区县政府 街道乡镇
"""
SHARED_RUN = 18
COMMONEST = """
030101 030102 030202 030203 030204 030205 030206 030301 030302 030303 030401 030402 030403 030501 030502
030503 030601 030602 030603 030604 030605 030606 030607 030608 030609 030701 030703 030705 080101 080102
080103 080104 080107 080202 080206 080501 080502 080504 080505 080507 080508 080509 080601 080610 050101
050202 050203 050204 050305 050401 050402 051005 051010 051011 051101 051102 051104 051105 051109 051111
040201 040202 040205 040206 040302 040303 010201 010202 010203 010204 010299 010804 020301 020302 020306
020307 020308 020401 020501 060101 060102 060103 060105 060106 060109 060201 060401 070204 070301 070303
070402 070403 070602 070801 070901 090101 090102 090105 090108 090109 090112 090302 090305 090403 100201
100202 100203 100205 100206 100207 100401 110203 110401 110402 110403 130101 130102 130103 130302 990200
990802
"""


@pytest.fixture(scope="module")
def hotline() -> Ledger:
    return load_ledger("hotline", SHIPPED)


@pytest.fixture(scope="module")
def complaints(hotline: Ledger) -> list[Labelled]:
    return ledger_complaints(hotline)


@pytest.mark.parametrize("name", known_ledgers(SHIPPED))
def test_a_shipped_ledger_has_nothing_to_mend(name: str) -> None:
    ledger, findings = inspect_ledger(name, SHIPPED)
    assert [str(finding) for finding in [*findings, *label_findings(ledger)]] == []


def test_the_base_has_the_standards_categories(hotline: Ledger) -> None:
    levels = Counter(category.level for category in hotline.categories)
    assert levels == {1: 14, 2: 99, 3: 515}
    assert all(re.fullmatch(r"[0-9]{6}", leaf.code) for leaf in hotline.categories.leaves)
    assert all(leaf.code.startswith(leaf.parent) for leaf in hotline.categories.leaves)


def test_every_leaf_says_what_it_is_in_words_people_use(hotline: Ledger) -> None:
    bare = [leaf.code for leaf in hotline.categories.leaves if len(leaf.definition) < 10 or len(leaf.keywords) < 6]
    assert bare == []


def test_departments_have_the_functional_names(hotline: Ledger) -> None:
    names = {department.name for department in hotline.departments}
    assert set(FUNCTIONAL_NAMES.split()) <= names
    assert hotline.departments.find("住房和城乡建设局").name == "住房城乡建设"
    assert all(department.level for department in hotline.departments)


def test_every_leaf_has_a_duty_of_its_own(hotline: Ledger) -> None:
    stated = Counter(duty.category for duty in hotline.duties)
    assert all(stated[leaf.code] >= 1 for leaf in hotline.categories.leaves)


def test_every_pair_of_kind_and_urgency_has_a_deadline(hotline: Ledger) -> None:
    assert all((kind, urgency) in hotline.deadlines for kind in Kind for urgency in Urgency)
    assert all(
        hotline.deadlines[kind, Urgency.CRITICAL]
        <= hotline.deadlines[kind, Urgency.URGENT]
        <= hotline.deadlines[kind, Urgency.NORMAL]
        for kind in Kind
    )


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("楼道里一股很浓的煤气味，是不是漏气了", Urgency.CRITICAL),
        ("隔壁着火了，现在火势很大", Urgency.CRITICAL),
        ("我不想活了，谁也别拦我", Urgency.CRITICAL),
        ("老房子墙体随时会倒塌，里面还住着人", Urgency.CRITICAL),
        ("有人被关在电梯里出不来", Urgency.CRITICAL),
        ("五十多名农民工拿不到工资，准备去堵路", Urgency.URGENT),
        ("孩子在学校被同学殴打", Urgency.URGENT),
        ("路边井盖不见了，天黑容易掉下去", Urgency.URGENT),
        ("全村停水五天了", Urgency.URGENT),
        ("请问燃气开户要带什么材料", Urgency.NORMAL),
        ("建议小区门口增设消防栓标识", Urgency.NORMAL),
        ("想咨询电梯加装的补贴政策", Urgency.NORMAL),
        ("学校食堂饭菜价格太贵", Urgency.NORMAL),
    ],
)
def test_safety_rules_meet_danger_and_leave_questions_alone(hotline: Ledger, text: str, urgency: Urgency) -> None:
    assert hotline.rules.apply(text).urgency is urgency


def test_the_commonest_categories_have_thirty_complaints(complaints: list[Labelled]) -> None:
    counts = Counter(row.categories[0] for row in complaints)
    assert [code for code in COMMONEST.split() if counts[code] < 30] == []
    assert len(complaints) >= 8_000


def test_the_audit_finds_nothing_in_the_base(hotline: Ledger, complaints: list[Labelled]) -> None:
    assert [str(remark) for remark in audit_rows(complaints, hotline, enough=12).remarks] == []


def test_complaints_are_of_every_kind_and_length(complaints: list[Labelled]) -> None:
    kinds = Counter(row.kind for row in complaints)
    assert all(kinds[kind] >= 100 for kind in Kind)
    lengths = sorted(len(row.complaint.text) for row in complaints)
    assert lengths[0] >= 8
    assert lengths[len(lengths) // 10] < 50
    assert lengths[-len(lengths) // 20] > 200
    titled = sum(bool(row.complaint.title) for row in complaints) / len(complaints)
    assert 0.4 < titled < 0.9
    assert sum(len(row.categories) > 1 for row in complaints) > 100


def test_no_two_complaints_share_a_sentence(complaints: list[Labelled]) -> None:
    first: dict[str, str] = {}
    shared = []
    for row in complaints:
        letters = re.sub(r"[\W_]+", "", row.complaint.text)
        for at in range(len(letters) - SHARED_RUN + 1):
            other = first.setdefault(letters[at : at + SHARED_RUN], row.source)
            if other != row.source:
                shared.append((row.source, other))
                break
    assert shared == []


def test_every_complaint_has_an_id_of_its_own(complaints: list[Labelled]) -> None:
    ids = Counter(row.complaint.id for row in complaints)
    assert ids[""] == 0
    assert max(ids.values()) == 1
