"""Safety rules of a ledger: patterns that raise urgency, add a department or ask for a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from classifier.catalogue.clues import Clues
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Alarm, Disposal, Scope, Urgency


class Effect(StrEnum):
    """What a rule does; it can raise urgency, never lower it; of several ways to settle, the hardest wins."""

    URGENCY = "urgency"
    DEPARTMENT = "department"
    MANUAL = "manual"
    SCOPE = "scope"
    DISPOSAL = "disposal"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: `argument` is the urgency to raise to, or the department to add."""

    name: str
    pattern: re.Pattern[str]
    effect: Effect
    argument: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules say of one text."""

    urgency: Urgency = Urgency.NORMAL
    departments: tuple[str, ...] = ()
    manual: str = ""
    alarms: tuple[Alarm, ...] = ()
    scope: Scope | None = None
    disposal: Disposal | None = None


NOTHING = Outcome()
_QUIET = (Effect.SCOPE, Effect.DISPOSAL)
"""Effects that are no alarm."""

_ARGUMENTS: dict[Effect, type[StrEnum]] = {
    Effect.URGENCY: Urgency,
    Effect.SCOPE: Scope,
    Effect.DISPOSAL: Disposal,
}
_EFFECTS = (
    "urgency:紧急、urgency:特急、department:部门、manual、scope:共性、disposal:当场、disposal:限期、disposal:上会"
)


class RuleBook:
    """Rules in the order of their table."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        by_pattern: dict[re.Pattern[str], list[Rule]] = {}
        for rule in self._rules:
            by_pattern.setdefault(rule.pattern, []).append(rule)
        self._by_pattern = tuple(by_pattern.values())
        self._clues = Clues(list(by_pattern))

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def merged(self, parent: RuleBook) -> RuleBook:
        """Add the parent ledger's rules behind these; one of the same name is replaced by ours."""
        own = {rule.name for rule in self}
        return RuleBook([*self, *(rule for rule in parent if rule.name not in own)])

    def apply(self, text: str) -> Outcome:
        """Return what the rules say of a normalised text; the highest urgency wins."""
        met = [rule for at in self._clues.matching(text) for rule in self._by_pattern[at]]
        if not met:
            return NOTHING
        return Outcome(
            max(map(Urgency, _arguments(met, Effect.URGENCY)), key=list(Urgency).index, default=Urgency.NORMAL),
            tuple(dict.fromkeys(_arguments(met, Effect.DEPARTMENT))),
            next((rule.reason or rule.name for rule in met if rule.effect is Effect.MANUAL), ""),
            tuple({rule.name: Alarm(rule.name, rule.reason) for rule in met if rule.effect not in _QUIET}.values()),
            max(map(Scope, _arguments(met, Effect.SCOPE)), key=list(Scope).index, default=None),
            max(map(Disposal, _arguments(met, Effect.DISPOSAL)), key=list(Disposal).index, default=None),
        )


def _arguments(rules: Iterable[Rule], effect: Effect) -> list[str]:
    return [rule.argument for rule in rules if rule.effect is effect]


def read_rules(rows: Iterable[Row], findings: Findings) -> list[tuple[Row, Rule]]:
    """Read rules; `effect` is `urgency:紧急`, `department:NAME`, `manual`, `scope:共性` or `disposal:上会`.

    Several are joined by `|`.
    """
    rules = []
    for row in rows:
        try:
            pattern = re.compile(_half_width(row["pattern"]), re.IGNORECASE)
        except re.error as error:
            findings.error(row, "pattern", f"不是有效的表达式：{error}")
            continue
        if not row["name"] or not row["pattern"] or pattern.search(""):
            findings.error(row, "pattern" if row["name"] else "name", "不能为空，也不能匹配空文本")
            continue
        for given in row.several("effect") or ("",):
            name, _, argument = given.partition(":")
            allowed = _ARGUMENTS.get(Effect(name)) if name in list(Effect) else None
            if name not in list(Effect) or (allowed and argument not in list(allowed)):
                findings.error(row, "effect", f"“{given}”无效；可用：{_EFFECTS}")
                continue
            rules.append((row, Rule(row["name"], pattern, Effect(name), argument, row["reason"])))
    return rules


def _half_width(pattern: str) -> str:
    """Write full-width signs as the repaired texts have them: as themselves, never as signs of an expression."""
    return "".join(_as_repaired(char) for char in pattern)


def _as_repaired(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char)
    return re.escape(plain) if "\uff01" <= char <= "\uff5e" and not plain.isalnum() else plain
