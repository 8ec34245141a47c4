"""What a place publishes of its ledger (情况通报), from its tickets: `fenban report` on what is recorded."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from classifier.batch.bulletin import Bulletin
from classifier.batch.report import ReportRequest, report
from classifier.suggest.suggester import Suggester
from service.domain import Action
from service.reports import Period
from service.store import tables
from service.store.database import Store

_GONE: Final = "正文已过保存期"
"""Stands for a text that is kept no longer; category, place and department of the ticket still count."""


def bulletin(store: Store, data: Path, suggester: Suggester, period: Period, households: int | None) -> Bulletin:
    """Put together the report on the tickets of a period.

    Args:
        store: where the tickets are.
        data: the service's folder, for a file that is gone when this returns.
        suggester: of the ledger.
        period: the days of intake.
        households: how many were visited; None counts each ticket as one.
    """
    names = {department.code: department.name for department in suggester.ledger.departments}
    with tempfile.TemporaryDirectory(dir=data) as folder:
        path = Path(folder) / "tickets.jsonl"
        with path.open("w", encoding="utf-8") as file, store.reading() as connection:
            for row in connection.execute(_tickets(period)):
                file.write(json.dumps(_told(row, names), ensure_ascii=False) + "\n")
        return report(ReportRequest(path, households=households), suggester)


def _tickets(period: Period) -> Any:
    table, rulings = tables.tickets, tables.rulings
    closed = (
        sa.select(sa.func.max(rulings.c.at))
        .where(rulings.c.ticket == table.c.no, rulings.c.action == Action.CLOSED.value)
        .scalar_subquery()
    )
    columns = (table.c.id, table.c.day, table.c.region, table.c.title, table.c.text, table.c.category)
    return (
        sa.select(*columns, table.c.department, table.c.state, closed.label("closed"))
        .where(table.c.ledger == period.ledger, table.c.day.between(period.first.isoformat(), period.last.isoformat()))
        .order_by(table.c.no)
    )


def _told(row: Any, names: dict[str, str]) -> dict[str, str]:
    """Return a ticket as a row of a backlog, under the headings that offices use."""
    is_closed = row.state == Action.CLOSED.value
    return {
        "编号": row.id,
        "日期": row.day,
        "地区": row.region,
        "标题": row.title or "",
        "正文": row.text or _GONE,
        "类别": row.category,
        "责任单位": names.get(row.department, ""),
        "办理状态": "已办结" if is_closed else "办理中",
        "办结日期": str(row.closed)[:10] if is_closed and row.closed else "",
    }
