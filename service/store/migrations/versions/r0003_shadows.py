"""What a version in shadow says of tickets is kept beside what was suggested."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.store.tables import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "shadows",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("ticket", number, sa.ForeignKey("tickets.no"), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("department", sa.Text(), server_default="", nullable=False),
        sa.Column("probability", sa.Float(), server_default="0", nullable=False),
        sa.Column("verdict", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("model", "ticket"),
    )
