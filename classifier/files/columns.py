"""Which columns of a table hold what, by the names offices give them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.errors import MissingColumnError

_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "text": (
        "text",
        "正文",
        "内容",
        "诉求内容",
        "工单内容",
        "问题描述",
        "反映内容",
        "留言详情",
        "留言内容",
        "投诉内容",
        "来信内容",
        "信件内容",
        "诉求描述",
        "事项内容",
        "问题内容",
        "反映问题",
        "反映事项",
        "描述",
        "诉求",
        "content",
    ),
    "title": (
        "title",
        "标题",
        "主题",
        "留言主题",
        "诉求标题",
        "工单标题",
        "信件标题",
        "来信标题",
        "事项标题",
        "subject",
    ),
    "category": ("category", "类别", "分类", "诉求类别", "问题类别", "诉求分类", "一级标签", "一级分类"),
    "department": ("department", "主办部门", "承办单位", "办理单位", "责任单位", "部门"),
    "returned_by": ("returned_by", "退单部门", "退单单位", "退回单位", "退回部门"),
    "kind": ("kind", "诉求类型", "工单类型"),
    "id": ("id", "编号", "工单编号", "工单号", "留言编号", "信件编号", "诉求编号", "受理编号", "序号"),
    "region": ("region", "地区", "区域", "所属区域", "所属地区", "行政区划"),
    "date": ("date", "日期", "时间", "受理时间", "留言时间", "来电时间", "登记时间", "来信时间", "诉求时间"),
}


@dataclass(frozen=True, slots=True)
class KnownColumns:
    """Column numbers of a table; None where it has no such column."""

    text: int
    title: int | None
    id: int | None
    region: int | None
    date: int | None
    category: int | None
    department: int | None
    kind: int | None
    returned_by: int | None


def recognise(
    columns: Sequence[str], path: Path, text_column: str | None = None, title_column: str | None = None
) -> KnownColumns:
    """Find the columns by the names given, else by the names offices use.

    Raises:
        MissingColumnError: a named column is absent, or none holds the text.
    """
    place = {name: at for at, name in enumerate(columns)}
    lowered = {name.lower(): at for name, at in place.items()}

    def find(what: str, given: str | None = None) -> int | None:
        if given is not None:
            if given not in place:
                raise MissingColumnError(path, given, columns)
            return place[given]
        return next((lowered[name] for name in _NAMES[what] if name in lowered), None)

    text = find("text", text_column)
    if text is None:
        raise MissingColumnError(path, "text", columns, "请用 --text-column 指明哪一列是诉求正文")
    rest = (find(what) for what in ("id", "region", "date", "category", "department", "kind", "returned_by"))
    return KnownColumns(text, find("title", title_column), *rest)


def holds_texts(columns: Sequence[str], text_column: str | None = None) -> bool:
    """Tell whether one of the columns holds the complaints' texts: the one named, or one that offices name so."""
    if text_column is not None:
        return text_column in columns
    return any(name.lower() in _NAMES["text"] for name in columns)


_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")


def parse_day(value: object) -> dt.date | None:
    """Return the day a cell tells of, or None.

    >>> parse_day("2026年1月31日 08:30")
    datetime.date(2026, 1, 31)
    """
    match = _DATE.search(str(value or ""))
    if not match:
        return None
    try:
        return dt.date(*map(int, match.groups()))
    except ValueError:
        return None
