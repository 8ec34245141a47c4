"""Complaints' texts are kept for the time their ledger says; after that only a keyed hash of them is left."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

import sqlalchemy as sa

from service import audit, idempotency
from service.domain import Caller, Role
from service.store import tables
from service.store.database import Store, now

SWEEPER: Final = Caller("retention", "到期清理", Role.ADMIN)
_SECRET: Final = "digest_secret"  # noqa: S105 - the name under which it is kept
_AT_ONCE: Final = 500


def text_expiry(days: int, moment: dt.datetime) -> dt.datetime | None:
    """Return when a text recorded at `moment` goes; None where none is kept at all."""
    return moment + dt.timedelta(days=days) if days else None


def digest_secret(store: Store) -> bytes:
    """Return what keys the hashes of texts in this store, made on the first use."""
    table = tables.facts
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.exec_driver_sql("LOCK TABLE facts IN EXCLUSIVE MODE")
        value = connection.execute(sa.select(table.c.value).where(table.c.name == _SECRET)).scalar()
        if value is None:
            value = secrets.token_hex(32)
            connection.execute(table.insert().values(name=_SECRET, value=value))
        return bytes.fromhex(value)


def sweep(store: Store) -> int:
    """Remove what may be kept no longer and return the number of tickets whose text went.

    It goes in small transactions, so that nobody waits for it.
    """
    total = 0
    while count := _sweep_some(store):
        total += count
    with store.writing() as connection:
        idempotency.forget_old(connection)
        if total:
            audit.note(connection, SWEEPER, "texts_expired", str(total))
    return total


def _sweep_some(store: Store) -> int:
    table, clues = tables.tickets, tables.clues
    with store.writing() as connection:
        due = sa.select(table.c.no).where(table.c.expires <= now()).limit(_AT_ONCE)
        numbers = connection.execute(due).scalars().all()
        if numbers:
            connection.execute(clues.delete().where(clues.c.ticket.in_(numbers)))
            gone = {"title": None, "text": None, "sketch": None, "expires": None}
            connection.execute(table.update().where(table.c.no.in_(numbers)).values(**gone))
        return len(numbers)
