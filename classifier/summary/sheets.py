"""A summary as a workbook: one sheet a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from classifier.domain import Verdict
from classifier.summary.counting import COUNTED, Summary

HOT_COLUMNS: Final = ("事项", "类别", "件数", "其中内容近似", "主要地区", "主办部门", "起止月份", "编号（前 20 件）")
BY_HAND_COLUMNS: Final = ("编号", "紧急程度", "类别（仅供参考）", "原因")
MOST_REPEATED: Final = 100
"""Of the complaints told again, those shown on a page; a workbook has all."""

REPEATED_COLUMNS: Final = ("最早一件", "重复件数")
RETOLD_COLUMNS: Final = ("最早一件", "件数", "其中内容相同", "类别", "主要地区", "起止月份", "编号（前 20 件）")
_SHOWN: Final = 20


def overview(summary: Summary) -> list[tuple[str, int]]:
    """Return the figures that come first, with their names."""
    return [
        ("总件数", summary.rows),
        ("不能分办", summary.errors),
        ("须人确认", dict(summary.counts["decision"]).get(Verdict.SUGGEST.label, 0)),
        ("须人工处理", sum(count for _, count in summary.reasons)),
        ("重复（内容相同）", summary.repeats),
        ("近似（内容相近）", summary.near),
        ("热点事项", len(summary.hot)),
        ("热点事项涉及件数", sum(len(one.matter.rows) for one in summary.hot)),
    ]


def hot_rows(summary: Summary) -> list[tuple[Any, ...]]:
    """Return the hot matters as rows of `HOT_COLUMNS`."""
    return [
        (
            "、".join(one.matter.words),
            one.matter.category,
            len(one.matter.rows),
            one.alike,
            _first(one.matter.regions),
            _first(one.matter.departments),
            _span([month for month, _ in one.matter.months]),
            "、".join(one.matter.rows[:_SHOWN]),
        )
        for one in summary.hot
    ]


def retold_rows(summary: Summary) -> list[tuple[Any, ...]]:
    """Return what many told in nearly the same words as rows of `RETOLD_COLUMNS`."""
    return [
        (
            one.rows[0],
            len(one.rows),
            one.same,
            one.category,
            _first(one.regions),
            _span(one.months),
            "、".join(one.rows[:_SHOWN]),
        )
        for one in summary.retold
    ]


def by_hand_rows(summary: Summary) -> list[tuple[str, ...]]:
    """Return what needs a person as rows of `BY_HAND_COLUMNS`."""
    return [(one.name, one.urgency, one.category, one.reason) for one in summary.by_hand]


def write_workbook(summary: Summary, path: Path) -> None:
    """Write the summary as XLSX."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        _sheet(book, "概况", ("项目", "数量"), overview(summary))
        _sheet(book, "热点事项", HOT_COLUMNS, hot_rows(summary))
        _sheet(book, "多次反映", RETOLD_COLUMNS, retold_rows(summary))
        _sheet(book, "须人工处理", BY_HAND_COLUMNS, by_hand_rows(summary))
        _sheet(book, "人工处理的原因", ("原因", "件数"), summary.reasons)
        for name, title in COUNTED.items():
            _sheet(book, title, (title, "件数"), summary.counts[name])
        _sheet(book, "月份", ("月份", "件数"), summary.months)
        _sheet(book, "重复诉求", REPEATED_COLUMNS, summary.repeated)


def _sheet(book: Any, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True})
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, len(headings) - 1, 18)
    for at, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, int):
                sheet.write_number(at, column, cell)
            else:
                sheet.write_string(at, column, cell)


def _first(counts: Sequence[tuple[str, int]]) -> str:
    return f"{counts[0][0]}（{counts[0][1]}）" if counts else ""


def _span(months: Sequence[str]) -> str:
    return "" if not months else months[0] if len(months) == 1 else f"{months[0]} 至 {months[-1]}"
