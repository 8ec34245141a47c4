"""Opening the database: SQLite in write-ahead mode, or PostgreSQL; reading and writing in transactions."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

BUSY_MS: Final = 15_000
"""How long a writer waits for another one in SQLite."""

_LONG_LOG: Final = 64 << 20
"""Bytes of SQLite's write-ahead log above which writers wait until it has been moved into the database."""

_OPTIONS: Final = {"hide_parameters": True}
"""No complaint's text in a message of the database's."""

Transaction = Callable[[], AbstractContextManager[sa.Connection]]


def now() -> dt.datetime:
    """Return the present moment in UTC."""
    return dt.datetime.now(dt.UTC)


class BusyError(Exception):
    """Another one is writing, and who asks does not wait; never leaves the store."""


class Store:
    """One database for all that is remembered; safe to share between threads.

    What was written in `writing()` is on disk when the block has ended, with all that was written before it.
    """

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        self.is_sqlite: Final = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = dict(_OPTIONS)
        if self.is_sqlite:
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
            options["connect_args"] = {"check_same_thread": False}
        else:
            parsed = parsed.set(drivername="postgresql+psycopg")
            options |= {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 15}
            options["connect_args"] = {"connect_timeout": 5}
        self.engine: Final = sa.create_engine(parsed, **options)
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(writing=True)
        self._kept: list[sa.Connection] = []

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that only reads."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection in a transaction that writes; SQLite's only writer at that time."""
        with self._writer.begin() as connection:
            yield connection

    def never_waiting(self, *, writing: bool) -> Transaction | None:
        """Return what gives transactions short enough for the event loop, one after the other, where there are such.

        In SQLite they fail with `BusyError` while another one writes. What they write outlives the process, and is on
        disk after the next `writing()` or `checkpoint()`. In PostgreSQL, which is asked over a socket, there are none.
        """
        if not self.is_sqlite:
            return None
        engine = sa.create_engine(self.engine.url, isolation_level="AUTOCOMMIT", **_OPTIONS)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        connection = engine.connect()
        self._kept.append(connection)
        # Begun and ended in the driver: the engine's own way takes as long as a query.
        execute = connection.connection.cursor().execute
        for pragma in ("busy_timeout=0", "synchronous=NORMAL", "wal_autocheckpoint=0"):
            execute(f"PRAGMA {pragma}")
        begin = "BEGIN IMMEDIATE" if writing else "BEGIN"

        @contextmanager
        def transaction() -> Iterator[sa.Connection]:
            try:
                execute(begin)
            except sqlite3.OperationalError as error:
                raise BusyError if error.sqlite_errorcode == sqlite3.SQLITE_BUSY else error from error
            try:
                yield connection
            except BaseException:
                execute("ROLLBACK")
                raise
            execute("COMMIT")

        return transaction

    def checkpoint(self) -> None:
        """Have SQLite move what its log holds into the database, on disk; to be done every second or so."""
        if not self.is_sqlite:
            return
        log = Path(f"{self.engine.url.database}-wal")
        with self.engine.connect() as connection:
            execute = connection.connection.cursor().execute
            execute("PRAGMA wal_checkpoint(PASSIVE)")
            if log.exists() and log.stat().st_size > _LONG_LOG:
                # Writers wait only for the little that was written meanwhile; then the log begins anew.
                execute("PRAGMA wal_checkpoint(RESTART)")

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self._kept:
            connection.close()
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
