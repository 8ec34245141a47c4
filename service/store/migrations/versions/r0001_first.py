"""The first form of the store: tickets, rulings, keys, audit, jobs."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0001"
down_revision = None

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GUARDED: Final = (("audit", ""), ("rulings", ""), ("tickets", " OF suggestion, digest, ledger, id, recorded"))
"""Tables, with the columns, that are written once: not even an administrator's slip changes them."""


def upgrade() -> None:
    """Make the tables, and the triggers that keep what is recorded from being changed."""
    op.create_table(
        "answers",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_table(
        "audit",
        sa.Column("no", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("caller", sa.Text(), server_default="", nullable=False),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
        sa.Column("ledger", sa.Text(), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("ledger", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("options", sa.Text(), server_default="", nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("started", Instant(), nullable=True),
        sa.Column("finished", Instant(), nullable=True),
        sa.Column("stage", sa.Text(), server_default="", nullable=False),
        sa.Column("progress", sa.Float(), server_default="0", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancelling", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("webhook", sa.Text(), server_default="", nullable=False),
        sa.Column("webhook_secret", sa.Text(), server_default="", nullable=False),
        sa.Column("webhook_state", sa.Text(), server_default="", nullable=False),
        sa.Column("worker", sa.Text(), server_default="", nullable=False),
        sa.Column("lease", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_jobs_created", "jobs", ["created"])
    op.create_index("ix_jobs_state", "jobs", ["state"])
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.Text(), server_default="", nullable=False),
        sa.Column("ledger", sa.Text(), server_default="", nullable=False),
        sa.Column("hash", sa.Text(), server_default="", nullable=False),
        sa.Column("created", Instant(), nullable=False),
        sa.Column("expires", Instant(), nullable=True),
        sa.Column("revoked", Instant(), nullable=True),
        sa.Column("rate", sa.Float(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "tickets",
        sa.Column("no", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("ledger", sa.Text(), server_default="", nullable=False),
        sa.Column("id", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded", Instant(), nullable=False),
        sa.Column("day", sa.Text(), server_default="", nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("expires", Instant(), nullable=True),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("suggestion", sa.Text(), server_default="", nullable=False),
        sa.Column("model", sa.Text(), server_default="", nullable=False),
        sa.Column("suggested_category", sa.Text(), server_default="", nullable=False),
        sa.Column("suggested_department", sa.Text(), server_default="", nullable=False),
        sa.Column("runners_up", sa.Text(), server_default="", nullable=False),
        sa.Column("probability", sa.Float(), server_default="0", nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("urgency", sa.Text(), server_default="", nullable=False),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("department", sa.Text(), server_default="", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("matter", _NUMBER, nullable=False),
        sa.Column("matter_size", sa.Integer(), server_default="1", nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("no"),
        sa.UniqueConstraint("ledger", "id"),
    )
    op.create_index("tickets_by_day", "tickets", ["ledger", "day"])
    op.create_index("tickets_by_expiry", "tickets", ["expires"])
    op.create_index("tickets_by_matter", "tickets", ["matter"])
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started", Instant(), nullable=False),
        sa.Column("seen", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "clues",
        sa.Column("key", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("ticket", _NUMBER, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket"],
            ["tickets.no"],
        ),
        sa.PrimaryKeyConstraint("key", "ticket"),
    )
    op.create_index("ix_clues_ticket", "clues", ["ticket"])
    op.create_table(
        "rulings",
        sa.Column("no", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("ticket", _NUMBER, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("department", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket"],
            ["tickets.no"],
        ),
        sa.PrimaryKeyConstraint("no"),
    )
    op.create_index("ix_rulings_at", "rulings", ["at"])
    op.create_index("ix_rulings_ticket", "rulings", ["ticket"])
    _guard_sqlite() if op.get_bind().dialect.name == "sqlite" else _guard_postgresql()


def _guard_sqlite() -> None:
    for table, columns in _GUARDED:
        for event in (f"UPDATE{columns}", *([] if columns else ["DELETE"])):
            op.execute(
                f"CREATE TRIGGER {table}_keeps_{event.split()[0].lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION fenban_append_only() RETURNS trigger AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql"
    )
    for table, columns in _GUARDED:
        event = f"UPDATE{columns}" if columns else "UPDATE OR DELETE OR TRUNCATE"
        for one in event.split(" OR "):
            each = "STATEMENT" if one == "TRUNCATE" else "ROW"
            op.execute(
                f"CREATE TRIGGER {table}_keeps_{one.split()[0].lower()} BEFORE {one} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION fenban_append_only()"
            )
