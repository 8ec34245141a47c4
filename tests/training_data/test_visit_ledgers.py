"""The five ledgers of household visits: complete, with notes of their own manner, half of them set apart."""

from __future__ import annotations

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import JURISDICTION, Scope
from classifier.learn.audit.examination import audit_rows
from classifier.learn.audit.remarks import Problem
from classifier.learn.dataset import Labelled, read_labelled
from classifier.text.normalisation import normalise

SHIPPED = Path(__file__).parents[2] / "training_data"
NAMES = ("qilihe", "jiawang", "luhuo", "tangwu", "beicheng")
GIVEN = {
    "qilihe": "反映民意 危房改造 基本医疗 义务教育 矛盾纠纷",
    "luhuo": "群众诉求台账 矛盾纠纷台账 意见建议台账",
    "tangwu": "人居环境 信访需求 困难帮扶 公共服务 富民增收",
}


@pytest.fixture(scope="module", params=NAMES)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return load_ledger(request.param, SHIPPED)


def _halves(ledger: Ledger) -> tuple[list[Labelled], list[Labelled]]:
    halves = [read_labelled(ledger.folder / name, ledger) for name in ("complaints/visits.csv", "notes/held_out.csv")]
    return halves[0], halves[1]


def test_each_has_sixty_notes_half_of_them_set_apart(ledger: Ledger) -> None:
    tuning, held_out = _halves(ledger)
    assert len(tuning) + len(held_out) >= 60
    assert len(held_out) >= 30
    assert [path.name for path in ledger.complaint_files] == ["visits.csv"]


def test_notes_repeat_neither_each_other_nor_across_the_halves(ledger: Ledger) -> None:
    tuning, held_out = _halves(ledger)
    remarks = audit_rows([*tuning, *held_out], ledger, enough=0).remarks
    alike = (Problem.CONTRADICTION, Problem.DUPLICATE, Problem.NEAR_DUPLICATE)
    assert [str(one) for one in remarks if one.problem in alike] == []


def test_the_labels_of_notes_are_the_ledgers_own(ledger: Ledger) -> None:
    for row in (*_halves(ledger)[0], *_halves(ledger)[1]):
        assert row.department
        assert ledger.regions.find(row.complaint.region).path == row.complaint.region
        assert ledger.departments.find(row.department)


def test_the_kinds_a_place_was_given_are_its_first_level() -> None:
    for name, given in GIVEN.items():
        tops = [one.name for one in load_ledger(name, SHIPPED).categories if one.level == 1]
        assert tops == given.split()


def test_every_category_has_a_lead_that_is_local(ledger: Ledger) -> None:
    local = {row["name"] for row in _rows(ledger.folder / "departments.csv")}
    day = dt.date(2026, 6, 1)
    for leaf in ledger.categories.leaves:
        line = [one.code for one in ledger.categories.ancestry(leaf)]
        for scope in Scope:
            duty = ledger.duties.responsible(line, [], day, scope if ledger.tells_scopes else None)
            assert duty is not None
            assert duty.level
            assert duty.lead == JURISDICTION or duty.lead in local


def test_every_place_is_a_fact_or_marked_as_an_example(ledger: Ledger) -> None:
    for name in ("regions.csv", "departments.csv"):
        assert all(re.match("事实|示例", row["source"]) for row in _rows(ledger.folder / name))


def test_towns_answer_for_their_villages(ledger: Ledger) -> None:
    villages = [one for one in ledger.regions if one.parent]
    for village in villages:
        assert any(one.department for one in ledger.regions.ancestry(village))


@pytest.mark.parametrize(
    ("name", "damage"), [("qilihe", r"\([^()]+\)"), ("luhuo", r"\([^()]+\)"), ("beicheng", r"\?{4}")]
)
def test_notes_come_in_the_damage_of_their_place(name: str, damage: str) -> None:
    tuning, held_out = _halves(load_ledger(name, SHIPPED))
    texts = [row.complaint.text for row in (*tuning, *held_out)]
    assert sum(bool(re.search(damage, text)) for text in texts) > 0.9 * len(texts)
    assert not [text for text in texts if re.search(r"[āáǎàēéěèīíǐìōóǒòūúǔù]|\?\?", normalise(text).text)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
