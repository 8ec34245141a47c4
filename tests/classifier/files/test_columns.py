"""Columns are recognised by the names offices give them, or by the name the user gives."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from classifier.errors import MissingColumnError
from classifier.files.columns import parse_day, recognise

TABLE = Path("backlog.csv")


def test_columns_are_known_by_office_names() -> None:
    columns = ["序号", "留言主题", "留言详情", "留言时间", "行政区划", "一级标签", "承办单位", "工单类型", "备注"]
    known = recognise(columns, TABLE)
    assert (known.id, known.title, known.text, known.date) == (0, 1, 2, 3)
    assert (known.region, known.category, known.department, known.kind) == (4, 5, 6, 7)


def test_what_is_not_there_is_none() -> None:
    known = recognise(["内容"], TABLE)
    assert known.text == 0
    assert {known.title, known.id, known.region, known.date, known.category, known.department, known.kind} == {None}


def test_the_surer_name_goes_first_and_case_does_not_matter() -> None:
    assert recognise(["描述", "正文", "诉求"], TABLE).text == 1
    assert recognise(["ID", "Title", "TEXT"], TABLE).text == 2
    assert recognise(["ID", "Title", "TEXT"], TABLE).title == 1


def test_a_name_given_goes_before_all() -> None:
    known = recognise(["正文", "办理意见", "标题", "主旨"], TABLE, "办理意见", "主旨")
    assert (known.text, known.title) == (1, 3)


@pytest.mark.parametrize(
    ("text", "title", "missing"),
    [("没有", None, "没有"), (None, "没有", "没有"), ("", None, ""), ("正 文", None, "正 文")],
)
def test_a_name_given_that_is_not_there_is_refused_with_those_that_are(
    text: str | None, title: str | None, missing: str
) -> None:
    with pytest.raises(MissingColumnError, match=f"backlog.csv 第 1 行：缺少“{missing}”列；现有的列：正文、日期"):
        recognise(["正文", "日期"], TABLE, text, title)


def test_a_table_without_a_text_is_refused_with_the_remedy() -> None:
    with pytest.raises(MissingColumnError, match="现有的列：编号、备注；请用 --text-column 指明"):
        recognise(["编号", "备注"], TABLE)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-01-31", dt.date(2026, 1, 31)),
        ("2026/1/3 08:30", dt.date(2026, 1, 3)),
        ("2026.01.03", dt.date(2026, 1, 3)),
        ("2026年1月3日", dt.date(2026, 1, 3)),
        (dt.date(2026, 1, 31), dt.date(2026, 1, 31)),
        ("2026-02-30", None),
        ("昨天", None),
        ("", None),
        (None, None),
        (45000, None),
    ],
)
def test_a_day_is_read_as_it_is_written(cell: object, day: dt.date | None) -> None:
    assert parse_day(cell) == day
