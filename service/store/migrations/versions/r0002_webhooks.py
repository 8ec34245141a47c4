"""Webhooks are tried again: how often one was tried, and when it is due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add two columns to the jobs."""
    op.add_column("jobs", sa.Column("webhook_tries", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("webhook_due", Instant))
