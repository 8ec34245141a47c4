"""Suggestions as plain data for machines and as lines for people; HTTP and the command line share them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, Final

from classifier.domain import Category, Department, Region, Source, Suggestion
from classifier.suggest.decision import percent

_SOURCES = {
    Source.DUTY: "职责清单",
    Source.JURISDICTION: "属地",
    Source.LEARNT: "文本判断",
    Source.RULE: "规则",
}

SHOWN: Final[dict[type, tuple[str, ...]]] = {
    Category: ("code", "name", "path"),
    Department: ("code", "name", "level"),
    Region: ("code", "name", "path"),
}
"""The fields of what a ledger holds that a suggestion shows."""

_PLAIN = frozenset({str, int, bool, type(None)})


def plain(value: Any) -> Any:
    """Turn domain values into what JSON holds; categories, departments and regions by code, name and place."""
    kind: type = type(value)
    return value if kind in _PLAIN else _plainly(kind)(value)


@cache
def _plainly(kind: type) -> Callable[[Any], Any]:
    """Return what turns a value of this kind into what JSON holds."""
    if issubclass(kind, float):
        return lambda value: round(value, 6)
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, (tuple, list)):
        return lambda value: [plain(one) for one in value]
    if issubclass(kind, dict):
        return lambda value: {key: plain(one) for key, one in value.items()}
    names = _names(kind)
    if not names:
        return lambda value: value
    read = attrgetter(*names)
    if len(names) == 1:
        return lambda value: {names[0]: plain(read(value))}
    return lambda value: dict(zip(names, map(plain, read(value)), strict=True))


def _names(kind: type) -> tuple[str, ...]:
    """Return the fields of a kind of value that are shown; none where it is no dataclass."""
    if kind in SHOWN:
        return SHOWN[kind]
    return tuple(one.name for one in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def lines(suggestion: Suggestion, text: str, title: str = "") -> list[str]:
    """Return a suggestion as a clerk reads it on a terminal."""
    shown = [f"处理  {suggestion.decision.verdict.value}　{suggestion.decision.reason}"]
    shown += [
        f"类别{at} {percent(score.probability):>4}  {score.category.path}（{score.category.code}）"
        for at, score in enumerate(suggestion.categories, 1)
    ]
    for at, lead in enumerate(suggestion.departments, 1):
        why = _SOURCES[lead.source] + (f"，{lead.basis}" if lead.basis else "")
        shown.append(f"主办{at} {percent(lead.probability):>4}  {lead.department.name}（{why}）")
    if suggestion.assisting:
        shown.append(f"协办  {'、'.join(department.name for department in suggestion.assisting)}")
    hours = "" if suggestion.deadline_hours is None else f"　时限 {suggestion.deadline_hours:g} 工作小时"
    shown.append(f"类型  {suggestion.kind.value}　{suggestion.urgency.value}{hours}")
    shown += [f"警示  {alarm.rule}：{alarm.reason}" for alarm in suggestion.alarms]
    sorts = [str(one) for one in (suggestion.scope, suggestion.disposal) if one]
    if sorts:
        shown.append(f"处置  {'　'.join(sorts)}")
    if suggestion.region:
        shown.append(f"地区  {suggestion.region.path}")
    fields = {"text": text, "title": title}
    words = [f"{fields[one.field][one.start : one.end]} {percent(one.weight)}" for one in suggestion.evidence]
    if words:
        shown.append(f"依据  {'、'.join(words)}")
    shown.append(f"模型  {suggestion.model}")
    return shown


def months(first: str, last: str) -> str:
    """Name the months from one to another.

    >>> months("2026-01", "2026-03"), months("2026-01", "2026-01")
    ('2026-01～2026-03', '2026-01')
    """
    return first if first == last else f"{first}～{last}"
