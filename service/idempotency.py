"""`Idempotency-Key`: a request sent twice is done once, and answered the second time as the first.

The answer is kept in the transaction of what it tells of, so that a crash loses both or neither.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from classifier.errors import InputError
from service.errors import IdempotencyConflictError
from service.store import tables
from service.store.database import now

KEPT: Final = dt.timedelta(hours=48)
"""How long an answer is kept; after that the same key counts as new."""

_LONGEST: Final = 200


class IdempotencyKeyError(InputError):
    """The header's value cannot be kept."""

    code = "bad_idempotency_key"

    def __init__(self) -> None:
        super().__init__(f"Idempotency-Key 应为 1 至 {_LONGEST} 个可见的 ASCII 字符，如 UUID")


@dataclass(frozen=True, slots=True)
class Once:
    """A request to be done once: `caller` is a key's id, `digest` tells what was asked."""

    caller: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent; `body` is JSON."""

    status: int
    body: str


def once(caller: str, given: str | None, route: str, body: bytes) -> Once | None:
    """Return the request's identity, or None where it has no key.

    Raises:
        IdempotencyKeyError: the key cannot be kept.
    """
    if given is None:
        return None
    if not (given.isascii() and given.isprintable() and 0 < len(given.strip()) <= _LONGEST):
        raise IdempotencyKeyError
    return Once(caller, given, hashlib.sha256(route.encode() + b"\0" + body).hexdigest())


def recall(connection: sa.Connection, asked: Iterable[Once]) -> dict[Once, Answer | IdempotencyConflictError]:
    """Return the kept answers to these requests; one whose key stands for another request is a conflict."""
    by_name = {(one.caller, one.key): one for one in asked}
    if not by_name:
        return {}
    table = tables.answers
    rows = connection.execute(
        sa.select(table).where(
            table.c.key.in_({key for _, key in by_name}),
            table.c.caller.in_({caller for caller, _ in by_name}),
            table.c.at > now() - KEPT,
        )
    )
    found: dict[Once, Answer | IdempotencyConflictError] = {}
    for row in rows:
        one = by_name.get((row.caller, row.key))
        if one is not None:
            same = row.digest == one.digest
            found[one] = Answer(row.status, row.body) if same else IdempotencyConflictError()
    return found


def keep(connection: sa.Connection, answered: Iterable[tuple[Once, Answer]]) -> None:
    """Keep answers for requests that come again."""
    rows = [
        {
            "caller": one.caller,
            "key": one.key,
            "digest": one.digest,
            "status": answer.status,
            "body": answer.body,
            "at": now(),
        }
        for one, answer in answered
    ]
    if rows:
        table = tables.answers
        names = {row["key"] for row in rows}
        connection.execute(table.delete().where(table.c.key.in_(names), table.c.at <= now() - KEPT))
        connection.execute(table.insert(), rows)


def forget_old(connection: sa.Connection) -> int:
    """Remove answers whose time is over and return how many."""
    return connection.execute(tables.answers.delete().where(tables.answers.c.at <= now() - KEPT)).rowcount
