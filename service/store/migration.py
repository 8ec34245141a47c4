"""Bring a database to the form this program expects, or say why that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.errors import StoreTooNewError
from service.store.database import Store

_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x46656E62616E01
"""Which advisory lock of PostgreSQL keeps two processes from migrating at once; SQLite has one writer anyhow."""


def migrate(store: Store) -> None:
    """Make the tables, or bring older ones up to date; processes that start together do it once.

    Raises:
        StoreTooNewError: a later version of the program has changed the database.
    """
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        scripts = ScriptDirectory.from_config(_config())
        found = revision(connection)
        if found is not None and found not in {one.revision for one in scripts.walk_revisions()}:
            raise StoreTooNewError(found)
        if found != scripts.get_current_head():
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def is_current(connection: sa.Connection) -> bool:
    """Tell whether the database has the form this program expects."""
    return revision(connection) == ScriptDirectory.from_config(_config()).get_current_head()


def revision(connection: sa.Connection) -> str | None:
    """Return the revision a database stands at, None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
