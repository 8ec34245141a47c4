"""Which columns suggestions add to a backlog."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

OUTPUT: Final[dict[str, str]] = {
    "category": "类别",
    "category_code": "类别代码",
    "category_path": "类别路径",
    "probability": "类别把握",
    "category_2": "类别（第二）",
    "probability_2": "类别把握（第二）",
    "category_3": "类别（第三）",
    "probability_3": "类别把握（第三）",
    "department": "主办部门",
    "department_probability": "主办把握",
    "department_2": "主办部门（第二）",
    "department_probability_2": "主办把握（第二）",
    "department_3": "主办部门（第三）",
    "department_probability_3": "主办把握（第三）",
    "assisting": "协办部门",
    "decision": "处理方式",
    "reason": "理由",
    "kind": "诉求类型",
    "urgency": "紧急程度",
    "deadline_hours": "办理时限（工作小时）",
    "region": "识别地区",
    "scope": "个性共性",
    "disposal": "处置方式",
    "duplicate_of": "重复于",
    "near_duplicate_of": "近似于",
    "model": "模型",
    "error": "错误",
}
"""The columns added, in order, with their Chinese headings (`--headers zh`)."""

NUMERIC: Final = frozenset(name for name in OUTPUT if "probability" in name or name == "deadline_hours")
"""Those that hold numbers or nothing."""


def numeric_headings(headings: Sequence[str]) -> frozenset[str]:
    """Return the headings, of those `output_columns` gives, under which numbers stand or nothing."""
    ours = zip(headings[-len(OUTPUT) :], OUTPUT, strict=True)
    return frozenset(heading for heading, name in ours if name in NUMERIC)


def output_columns(columns: Sequence[str], headers: str = "en") -> list[str]:
    """Return the headings of the result: the input's, renamed where ours are called the same, then ours."""
    ours = list(OUTPUT.values()) if headers == "zh" else list(OUTPUT)
    return [f"input_{name}" if name in ours else name for name in columns] + ours
