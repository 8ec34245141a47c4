"""Check a ledger across its tables: what one file says of another must be there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from classifier.catalogue.rules import Effect, Rule
from classifier.catalogue.tables import Finding, Findings, Row, Severity
from classifier.domain import JURISDICTION, Category, Duty, Kind, Scope, Urgency

if TYPE_CHECKING:
    from classifier.catalogue.ledger import Ledger


def note_unknown_columns(rows: Sequence[Row], known: Sequence[str], findings: Findings) -> None:
    """Report columns nobody reads, and columns with a name that is nearly one of ours."""
    if rows:
        findings.found.extend(
            Finding(rows[0].file, 1, column, "这一列不会被使用（内容保留）", Severity.WARNING)
            for column in rows[0].cells
            if column and column not in known
        )


def check_references(
    ledger: Ledger,
    duties: Iterable[tuple[Row, Duty]],
    rules: Iterable[tuple[Row, Rule]],
    region_rows: Iterable[Row],
    findings: Findings,
) -> None:
    """Note references to what does not exist, categories without a duty, and deadlines that are missing."""
    _check_duties(ledger, duties, findings)
    for row, rule in rules:
        if rule.effect is Effect.DEPARTMENT and ledger.departments.get(rule.argument) is None:
            findings.error(row, "effect", f"没有部门“{rule.argument}”")
    for row in region_rows:
        if row["department"] and ledger.departments.get(row["department"]) is None:
            findings.error(row, "department", f"没有部门“{row['department']}”")
    if ledger.duties.scoped and not ledger.tells_scopes:
        text = "分了个性、共性的职责不会起作用：ledger.toml 没有写 common_villages（几个村以上算共性）"
        findings.found.append(Finding("duties.csv", 0, "scope", text, Severity.WARNING))
    if not len(ledger.categories):
        findings.found.append(Finding("categories.csv", 0, "", "没有任何类别"))
    findings.found.extend(
        Finding(
            "categories.csv",
            ledger.categories.rows.get(leaf.code, 0),
            "code",
            f"类别 {leaf.code} {leaf.path} 在 duties.csv 中没有今天有效的职责（主办部门）",
        )
        for leaf in _without_duty(ledger, dt.date.today())
    )
    missing = [f"{kind}/{urgency}" for kind in Kind for urgency in Urgency if (kind, urgency) not in ledger.deadlines]
    if missing:
        text = f"没有办理时限：{'、'.join(missing)}"
        findings.found.append(Finding("deadlines.csv", 0, "working_hours", text, Severity.WARNING))


def _check_duties(ledger: Ledger, duties: Iterable[tuple[Row, Duty]], findings: Findings) -> None:
    regions = {region.code for region in ledger.regions}
    for row, duty in duties:
        if duty.category not in ledger.categories:
            findings.error(row, "category", f"没有类别 {duty.category}")
        for column, names in (("lead", (duty.lead,)), ("assisting", duty.assisting)):
            for name in names:
                if name != JURISDICTION and ledger.departments.get(name) is None:
                    findings.error(row, column, f"没有部门“{name}”")
        if duty.lead == JURISDICTION and ledger.departments.town() is None:
            findings.error(row, "lead", f"{JURISDICTION} 需要 departments.csv 中至少有一个“镇街”级部门")
        if duty.region and duty.region not in regions:
            findings.error(row, "region", f"没有地区 {duty.region}")


def _without_duty(ledger: Ledger, day: dt.date) -> Iterator[Category]:
    """Yield leaves in use for which neither the ledger nor, through the crosswalk, its parent has a duty."""
    inherited = set()
    if ledger.parent and ledger.crosswalk:
        bare = {leaf.code for leaf in _without_duty(ledger.parent, day)}
        for at, leaf in enumerate(ledger.categories.leaves):
            sources = [
                source
                for source, share in zip(ledger.parent.categories.leaves, ledger.crosswalk.shares[:, at], strict=True)
                if share > 0
            ]
            if sources and not any(source.code in bare for source in sources):
                inherited.add(leaf.code)
    every_region = [region.code for region in ledger.regions]
    for leaf in ledger.categories.leaves:
        line = [one.code for one in ledger.categories.ancestry(leaf)]
        in_use = leaf.validity.covers(day) and not leaf.replaced_by
        if not in_use or leaf.code in inherited:
            continue
        if any(
            ledger.duties.responsible(line, every_region, day, scope if ledger.tells_scopes else None) is None
            for scope in Scope
        ):
            yield leaf
