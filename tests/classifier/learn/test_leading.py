"""A training tells how often it would suggest who handled complaints that it had not seen."""

from __future__ import annotations

import dataclasses

import pytest

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.learn.dataset import Labelled
from classifier.learn.leading import unseen_leading
from classifier.learn.local import learn
from classifier.learn.report import report_html
from classifier.learn.stream import learn_many
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.workshop import train_version

PLACES = [f"{side}{what}" for side in "东西南北" for what in ("街", "村口", "桥头", "市场", "车站")]


@pytest.fixture(scope="module")
def base(places: Places) -> Suggester:
    return open_desk(places, "child")


@pytest.fixture(scope="module")
def rows(base: Suggester) -> list[Labelled]:
    """Lamps are handled by the environment office, against the duty list; nobody is named for wages."""
    codes = {one.name: one.code for one in base.ledger.departments}
    lamps = [Labelled(Complaint(f"{place}的路灯坏了没人修"), ("HJ",), codes["生态环境"]) for place in PLACES]
    return [*lamps, *(Labelled(Complaint(f"{place}饭店老板拖欠工资"), ("GZ",)) for place in PLACES)]


def test_handlers_are_foreseen_from_other_complaints_like_it(base: Suggester, rows: list[Labelled]) -> None:
    leading = learn(base, rows).leading
    assert leading is not None
    assert leading.rows == len(PLACES)
    assert leading.first > 0.9
    assert leading.among_three >= leading.first
    untaught = unseen_leading(base, rows)
    assert untaught is not None
    assert untaught.first < 0.1


def test_a_handler_that_stands_in_one_complaint_alone_is_not_foreseen(base: Suggester, rows: list[Labelled]) -> None:
    """What the model learnt from the row itself must not count for it."""
    once = next(one.code for one in base.ledger.departments if one.name == "交通运输")
    changed = [dataclasses.replace(rows[0], department=once), *rows[1:]]
    learnt = learn(base, changed)
    assert learnt.leading is not None
    assert learnt.leading.first <= (len(PLACES) - 1) / len(PLACES)


def test_of_more_rows_than_are_solved_exactly_those_held_out_tell(base: Suggester, rows: list[Labelled]) -> None:
    many = [
        dataclasses.replace(row, complaint=Complaint(f"{time}{row.complaint.text}"))
        for time in ("今天", "昨晚", "上周", "去年", "每天", "周末")
        for row in rows
    ]
    streamed = learn_many(base, many, most_exact=60)
    leading = streamed.learning.leading
    assert leading is not None
    assert leading.rows == sum(bool(row.department) for row in streamed.held_out)
    assert leading.first > 0.9


def test_the_report_says_how_many_would_come_back(base: Suggester, own_places: Places, rows: list[Labelled]) -> None:
    _, trained = train_version(base.ledger, own_places, rows)
    assert trained.facts["metrics"]["department_accuracy"] > 0.9
    assert trained.report is not None
    page = report_html(trained.report)
    assert "主办部门首选命中" in page
    assert "预计退单" in page


def test_without_handlers_nothing_is_said_of_them(base: Suggester, rows: list[Labelled]) -> None:
    assert learn(base, [dataclasses.replace(row, department="") for row in rows]).leading is None
