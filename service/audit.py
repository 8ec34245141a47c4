"""The audit log: who did what, when; only ever appended to (kept at least six months, 网络安全法第二十一条)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.domain import Caller
from service.store import tables
from service.store.database import now


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log; `caller` is a key's name and id, `subject` what it was done to."""

    no: int
    at: dt.datetime
    caller: str
    action: str
    ledger: str
    subject: str
    detail: dict[str, Any]


def note(
    connection: sa.Connection,
    caller: Caller,
    action: str,
    subject: str,
    ledger: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Append to the log, in the transaction of what is logged. A complaint's text never stands in it."""
    connection.execute(
        tables.audit.insert().values(
            at=now(),
            caller=f"{caller.name}（{caller.id}）",
            action=action,
            ledger=ledger,
            subject=subject,
            detail=json.dumps(detail or {}, ensure_ascii=False),
        )
    )


def entries(connection: sa.Connection, limit: int = 100, before: int | None = None, ledger: str = "") -> list[Entry]:
    """Return the latest entries, newest first, of one ledger or of all; `before` is the number to go on from."""
    log = tables.audit
    query = sa.select(log).order_by(log.c.no.desc()).limit(limit)
    if before is not None:
        query = query.where(log.c.no < before)
    if ledger:
        query = query.where(log.c.ledger == ledger)
    return [
        Entry(row.no, row.at, row.caller, row.action, row.ledger, row.subject, json.loads(row.detail))
        for row in connection.execute(query)
    ]
