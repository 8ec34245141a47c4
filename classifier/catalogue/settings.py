"""A ledger's own settings: `ledger.toml`."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
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
    "allowed_fall": float,
}


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """`ledger.toml`: what a ledger is called and how it is to be used.

    `reporting_level` is the level of categories shown (0: the lowest); `target_accuracy` the share of
    automatic dispatches that must be right; `retention_days` how long masked texts are kept.
    `learnt_share` is the weight of what past complaints say of departments beside the duty list: below one half a
    certain duty outranks it. `allowed_fall` is by how much a category's F1 may fall in a version that is to be used.
    """

    name: str
    title: str
    parent: str = ""
    reporting_level: int = 0
    target_accuracy: float = 0.95
    retention_days: int = 180
    learnt_share: float = 0.4
    allowed_fall: float = 0.03


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
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, (kind, int) if kind is float else kind)
        ):
            raise WrongCellError(path, f"应为{'文字' if kind is str else '数字'}", column=name)
    settings = LedgerSettings(**{name: given[name] for name in _KINDS if name in given})
    if not re.fullmatch(r"[\w-]+", settings.name):
        raise WrongCellError(path, "只能用文字、数字、下划线和连字符，因为它也是模型文件夹的名称", column="name")
    if not 0.5 <= settings.target_accuracy < 1:
        raise WrongCellError(path, "应在 0.5 与 1 之间", column="target_accuracy")
    for name in ("learnt_share", "allowed_fall"):
        if not 0 <= getattr(settings, name) <= 1:
            raise WrongCellError(path, "应在 0 与 1 之间", column=name)
    if settings.reporting_level < 0 or settings.retention_days < 0:
        raise WrongCellError(path, "不能小于 0", column="reporting_level 或 retention_days")
    return settings


def unknown_settings(path: Path) -> list[Finding]:
    """Return a warning for each setting that nobody reads: most are misspelt."""
    return [
        Finding(path.name, 0, name, f"没有这个设置，不会起作用{_near(name)}", Severity.WARNING)
        for name in _read(path)
        if name not in _KINDS
    ]


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, _KINDS, 1)
    return f"；是否指 {near[0]}" if near else f"；可用：{'、'.join(_KINDS)}"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongCellError(path, f"不是有效的 TOML：{error}") from error
