"""A ledger's own settings: `ledger.toml`."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from classifier.catalogue.tables import Finding, Severity
from classifier.errors import WrongCellError

_KINDS: Final[dict[str, type]] = {
    "name": str,
    "title": str,
    "parent": str,
    "reporting_level": int,
    "target_accuracy": float,
    "retention_days": int,
    "learnt_share": float,
    "assisting_may_lead": bool,
    "allowed_fall": float,
    "common_villages": int,
    "keyword_weight": float,
}
_CALLED: Final[dict[type, str]] = {str: "文字", bool: " true 或 false", int: "数字", float: "数字"}
_FORM: Final = ("paragraph", "rhythm")

FIGURES: Final = (
    *("title", "first_day", "last_day", "households", "problems", "matters", "kinds", "tops", "towns", "villages"),
    *("solved", "solved_share", "open", "revisited", "departments", "n_departments"),
    *("individual", "common", "on_the_spot", "time_limit", "meeting", "periods"),
)
"""The figures that a paragraph may name."""


class Rhythm(StrEnum):
    """How often a place counts its progress."""

    NONE = ""
    HALF_MONTH = "half-month"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The paragraph a place publishes of its ledger, figures as `{problems}`; empty for the usual one."""

    paragraph: str = ""
    rhythm: Rhythm = Rhythm.NONE


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """`ledger.toml`: what a ledger is called and how it is to be used.

    `reporting_level` is the level of categories shown (0: the lowest); `target_accuracy` the share of
    automatic dispatches that must be right; `retention_days` how long masked texts are kept.
    `learnt_share` is the weight of what past complaints say of departments beside the duty list: below one half a
    certain duty outranks it. With `assisting_may_lead`, those a duty names as assisting lead where the text says that
    the matter is theirs: for a list that names one to answer for what several do. `allowed_fall` is by how much a
    category's F1 may fall in a version that is to be used.
    `common_villages` is from how many villages a matter is a common one (共性问题; 0: not told apart);
    `keyword_weight` by how much each keyword of a category found in a text multiplies its probability (1: not at
    all). `report` is the paragraph that `fenban report` writes.
    """

    name: str
    title: str
    parent: str = ""
    reporting_level: int = 0
    target_accuracy: float = 0.95
    retention_days: int = 180
    learnt_share: float = 0.4
    assisting_may_lead: bool = False
    allowed_fall: float = 0.03
    common_villages: int = 0
    keyword_weight: float = 1.0
    report: ReportForm = ReportForm()


def read_settings(path: Path) -> LedgerSettings:
    """Read `ledger.toml`.

    Raises:
        WrongCellError: it is no TOML, or a setting is missing or has a wrong value.
    """
    given = _read(path)
    for name, kind in _KINDS.items():
        value = given.get(name)
        if value in (None, "") and name in ("name", "title"):
            raise WrongCellError(path, "必须填写", column=name)
        if value is not None and not _is_of(kind, value):
            raise WrongCellError(path, f"应为{_CALLED[kind]}", column=name)
    settings = LedgerSettings(
        **{name: given[name] for name in _KINDS if name in given}, report=_report_form(path, given.get("report", {}))
    )
    if not re.fullmatch(r"[\w-]+", settings.name):
        raise WrongCellError(path, "只能用文字、数字、下划线和连字符，因为它也是模型文件夹的名称", column="name")
    if not 0.5 <= settings.target_accuracy < 1:
        raise WrongCellError(path, "应在 0.5 与 1 之间", column="target_accuracy")
    for name in ("learnt_share", "allowed_fall"):
        if not 0 <= getattr(settings, name) <= 1:
            raise WrongCellError(path, "应在 0 与 1 之间", column=name)
    if not 1 <= settings.keyword_weight <= 10:
        raise WrongCellError(path, "应在 1 与 10 之间", column="keyword_weight")
    for name in ("reporting_level", "retention_days", "common_villages"):
        if getattr(settings, name) < 0:
            raise WrongCellError(path, "不能小于 0", column=name)
    return settings


def _is_of(kind: type, value: object) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (float, int) if kind is float else kind)


def _report_form(path: Path, given: Any) -> ReportForm:
    form = given if isinstance(given, dict) else {"paragraph": None}
    paragraph, rhythm = form.get("paragraph", ""), form.get("rhythm", "")
    if not isinstance(paragraph, str):
        raise WrongCellError(path, "应为文字", column="report.paragraph")
    unknown = [name for name in re.findall(r"\{(.*?)\}", paragraph) if name not in FIGURES]
    if unknown:
        problem = f"没有这些数字：{'、'.join(unknown)}；可用：{'、'.join(FIGURES)}"
        raise WrongCellError(path, problem, column="report.paragraph")
    if rhythm not in list(Rhythm):
        problem = f"“{rhythm}”无效；可用：half-month（半月）、month（月），或不写"
        raise WrongCellError(path, problem, column="report.rhythm")
    return ReportForm(paragraph, Rhythm(rhythm))


def unknown_settings(path: Path) -> list[Finding]:
    """Return a warning for each setting that nobody reads: most are misspelt."""
    given = _read(path)
    form = given.get("report", {})
    names = [name for name in given if name not in _KINDS and name != "report"]
    names += [f"report.{name}" for name in form if name not in _FORM] if isinstance(form, dict) else []
    return [Finding(path.name, 0, name, f"没有这个设置，不会起作用{_near(name)}", Severity.WARNING) for name in names]


def _near(name: str) -> str:
    known = [*_KINDS, *(f"report.{one}" for one in _FORM)]
    near = difflib.get_close_matches(name, known, 1)
    return f"；是否指 {near[0]}" if near else f"；可用：{'、'.join(known)}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongCellError(path, f"不是有效的 TOML：{error}") from error
