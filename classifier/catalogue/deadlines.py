"""How long an answer may take (办理时限), by kind and urgency, in working hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from classifier.catalogue.tables import Findings, Row
from classifier.domain import Kind, Urgency

DeadlineTable = Mapping[tuple[Kind, Urgency], float]


def read_deadlines(rows: Iterable[Row], findings: Findings) -> DeadlineTable:
    """Read the table, noting unknown kinds and urgencies and pairs given twice."""
    table: dict[tuple[Kind, Urgency], float] = {}
    for row in rows:
        if row["kind"] not in list(Kind):
            findings.error(row, "kind", f"“{row['kind']}”无效；可用：{'、'.join(Kind)}")
        elif row["urgency"] not in list(Urgency):
            findings.error(row, "urgency", f"“{row['urgency']}”无效；可用：{'、'.join(Urgency)}")
        else:
            pair = Kind(row["kind"]), Urgency(row["urgency"])
            if pair in table:
                findings.error(row, "urgency", f"{row['kind']}、{row['urgency']} 已经写过")
            table[pair] = row.number_in("working_hours", 0, findings)
            if table[pair] <= 0:
                findings.error(row, "working_hours", "应为大于 0 的工作小时数")
    return table
