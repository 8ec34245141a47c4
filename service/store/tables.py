"""The tables, written once for both databases; Alembic's revisions make them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import sqlalchemy as sa


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """A moment in UTC: a time with zone in PostgreSQL, sortable text in SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Turn any zone to UTC; SQLite keeps no zone."""
        if value is None:
            return None
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Give every moment its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if dialect.name == "sqlite" else value.astimezone(dt.UTC)


def moment(value: str | dt.datetime) -> dt.datetime:
    """Return a moment that the driver gave: text in SQLite, a time with zone in PostgreSQL."""
    if isinstance(value, str):
        return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return value.astimezone(dt.UTC)


def stored(value: dt.datetime, dialect: sa.Dialect) -> str | dt.datetime:
    """Return a moment as the driver takes it."""
    utc = value.astimezone(dt.UTC)
    return utc.replace(tzinfo=None).isoformat(" ", "microseconds") if dialect.name == "sqlite" else utc


metadata: Final = sa.MetaData()


def count_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Return the number of rows that meet a condition, 0 of none."""
    return sa.func.count(sa.case((condition, 1)))


def _table(name: str, *parts: Any) -> sa.Table:
    return sa.Table(name, metadata, *parts)


def _text(name: str, **how: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="", **how)


_Number: Final = sa.BigInteger().with_variant(sa.Integer, "sqlite")

facts: Final = _table("facts", sa.Column("name", sa.Text, primary_key=True), _text("value"))

keys: Final = _table(
    "keys",
    sa.Column("id", sa.Text, primary_key=True),
    _text("name"),
    _text("role"),
    _text("ledger"),
    _text("hash"),
    sa.Column("created", Instant, nullable=False),
    sa.Column("expires", Instant),
    sa.Column("revoked", Instant),
    sa.Column("rate", sa.Float, nullable=False, server_default="0"),
)

audit: Final = _table(
    "audit",
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False, index=True),
    _text("caller"),
    _text("action"),
    _text("ledger"),
    _text("subject"),
    _text("detail"),
)

tickets: Final = _table(
    "tickets",
    sa.Column("no", _Number, primary_key=True, autoincrement=False),
    _text("ledger"),
    _text("id"),
    sa.Column("recorded", Instant, nullable=False),
    _text("day"),
    sa.Column("title", sa.Text),
    sa.Column("text", sa.Text),
    sa.Column("expires", Instant),
    _text("digest"),
    _text("suggestion"),
    _text("model"),
    _text("suggested_category"),
    _text("suggested_department"),
    _text("runners_up"),
    sa.Column("probability", sa.Float, nullable=False, server_default="0"),
    _text("verdict"),
    _text("kind"),
    _text("urgency"),
    _text("region"),
    _text("state"),
    _text("category"),
    _text("department"),
    sa.Column("returns", sa.Integer, nullable=False, server_default="0"),
    sa.Column("matter", _Number, nullable=False),
    sa.Column("matter_size", sa.Integer, nullable=False, server_default="1"),
    sa.Column("sketch", sa.LargeBinary),
    sa.UniqueConstraint("ledger", "id"),
    sa.Index("tickets_by_day", "ledger", "day"),
    sa.Index("tickets_by_matter", "matter"),
    sa.Index("tickets_by_expiry", "expires"),
)

clues: Final = _table(
    "clues",
    sa.Column("key", _Number, primary_key=True, autoincrement=False),
    sa.Column("ticket", _Number, sa.ForeignKey("tickets.no"), primary_key=True, autoincrement=False, index=True),
)

rulings: Final = _table(
    "rulings",
    sa.Column("no", _Number, primary_key=True, autoincrement=True),
    sa.Column("ticket", _Number, sa.ForeignKey("tickets.no"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False, index=True),
    _text("action"),
    _text("category"),
    _text("department"),
    _text("reason"),
    _text("by"),
    _text("key"),
)

shadows: Final = _table(
    "shadows",
    sa.Column("model", sa.Text, primary_key=True),
    sa.Column("ticket", _Number, sa.ForeignKey("tickets.no"), primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    _text("category"),
    _text("department"),
    sa.Column("probability", sa.Float, nullable=False, server_default="0"),
    _text("verdict"),
)

answers: Final = _table(
    "answers",
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    _text("digest"),
    sa.Column("status", sa.Integer, nullable=False),
    _text("body"),
    sa.Column("at", Instant, nullable=False, index=True),
)

jobs: Final = _table(
    "jobs",
    sa.Column("id", sa.Text, primary_key=True),
    _text("kind"),
    _text("ledger"),
    _text("state", index=True),
    _text("options"),
    sa.Column("created", Instant, nullable=False, index=True),
    sa.Column("started", Instant),
    sa.Column("finished", Instant),
    _text("stage"),
    sa.Column("progress", sa.Float, nullable=False, server_default="0"),
    sa.Column("rows", sa.Integer, nullable=False, server_default="0"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancelling", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("result", sa.Text),
    _text("error"),
    _text("detail"),
    _text("webhook"),
    _text("webhook_secret"),
    _text("webhook_state"),
    sa.Column("webhook_tries", sa.Integer, nullable=False, server_default="0"),
    sa.Column("webhook_due", Instant),
    _text("worker"),
    sa.Column("lease", Instant),
)

workers: Final = _table(
    "workers",
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("started", Instant, nullable=False),
    sa.Column("seen", Instant, nullable=False),
)

APPEND_ONLY: Final = ("audit", "rulings")
"""Tables of which no row is ever changed or removed; triggers see to it."""
