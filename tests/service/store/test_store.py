"""The store itself: its form, its guards, its transactions; on both databases."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service import audit
from service.domain import LOCAL
from service.errors import StoreTooNewError
from service.retention import digest_secret
from service.store.database import BusyError, Store, Transaction
from service.store.grouping import Grouping
from service.store.migration import is_current, migrate
from service.store.tables import facts, metadata


def test_the_revisions_make_the_tables_that_the_program_uses(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert is_current(connection)


def test_migrating_again_changes_nothing_and_a_newer_store_is_refused(store: Store) -> None:
    migrate(store)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNewError, match="9999"):
        migrate(store)


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
def test_the_audit_log_can_only_be_appended_to(store: Store, statement: str) -> None:
    with store.writing() as connection:
        audit.note(connection, LOCAL, "tested", "subject", detail={"a": 1})
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store.writing() as connection:
        connection.exec_driver_sql(statement)
    with store.reading() as connection:
        (entry,) = audit.entries(connection)
    assert (entry.action, entry.subject, entry.detail) == ("tested", "subject", {"a": 1})


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        connection.execute(facts.insert().values(name="a", value="b"))
        raise ZeroDivisionError
    with store.reading() as connection:
        assert connection.execute(sa.select(facts)).all() == []


def test_the_secret_of_hashes_is_made_once(store: Store) -> None:
    assert digest_secret(store) == digest_secret(store)
    assert len(digest_secret(store)) == 32


def _remember(connection: sa.Connection, names: Sequence[str]) -> list[str | Exception]:
    for name in names:
        connection.execute(facts.insert().values(name=name, value=""))
    return [name.upper() for name in names]


@pytest.fixture
def remembering(store: Store) -> Callable[[list[str]], list[str | BaseException]]:
    """Has all names remembered at once and returns the outcomes in order."""

    def run(names: list[str]) -> list[str | BaseException]:
        grouping = Grouping(store.writing, _remember, "test")

        async def all_at_once() -> list[str | BaseException]:
            return await asyncio.gather(*(grouping.do(name) for name in names), return_exceptions=True)

        outcomes = asyncio.run(all_at_once())
        grouping.close()
        return outcomes

    return run


def test_what_is_wanted_at_once_is_done_and_answered_in_order(
    store: Store, remembering: Callable[[list[str]], list[str | BaseException]]
) -> None:
    names = [f"n{at}" for at in range(200)]
    assert remembering(names) == [name.upper() for name in names]
    with store.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(facts)).scalar() == 200


def test_one_that_fails_does_not_take_the_others_with_it(
    remembering: Callable[[list[str]], list[str | BaseException]],
) -> None:
    outcomes = remembering(["a", "b", "a", "c"])
    assert [one for one in outcomes if isinstance(one, str)] == ["A", "B", "C"]
    assert isinstance(outcomes[2], sa.exc.IntegrityError)


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/own.db")
    migrate(store)
    yield store
    store.close()


@pytest.fixture
def at_once(sqlite: Store) -> Transaction:
    transaction = sqlite.never_waiting(writing=True)
    assert transaction is not None
    return transaction


def _names(store: Store) -> set[str]:
    with store.reading() as connection:
        return {str(row.name) for row in connection.execute(sa.select(facts.c.name))} - {"digest_secret"}


def test_what_never_waits_writes_all_or_nothing(sqlite: Store, at_once: Transaction) -> None:
    with at_once() as connection:
        _remember(connection, ["kept"])
    with pytest.raises(ZeroDivisionError), at_once() as connection:
        _remember(connection, ["lost"])
        raise ZeroDivisionError
    assert _names(sqlite) == {"kept"}


def test_what_never_waits_fails_at_once_while_another_writes(sqlite: Store, at_once: Transaction) -> None:
    with sqlite.writing() as other:
        _remember(other, ["other"])
        began = time.monotonic()
        with pytest.raises(BusyError), at_once():
            pass
        assert time.monotonic() - began < 1
    with at_once() as connection:
        _remember(connection, ["afterwards"])
    assert _names(sqlite) == {"other", "afterwards"}


def test_a_checkpoint_moves_the_log_into_the_database(sqlite: Store, at_once: Transaction, tmp_path: Path) -> None:
    def rows_of_the_file_alone() -> list[tuple[str]]:
        shutil.copy(tmp_path / "own.db", tmp_path / "copy.db")
        with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
            return connection.execute("SELECT name FROM facts WHERE name = 'told'").fetchall()

    sqlite.checkpoint()
    with at_once() as connection:
        _remember(connection, ["told"])
    assert rows_of_the_file_alone() == []
    sqlite.checkpoint()
    assert rows_of_the_file_alone() == [("told",)]


def _threads_that_worked(sqlite: Store, at_once: Transaction, rounds: Sequence[Sequence[str]]) -> list[str]:
    """Have each round's names remembered together, one round after the other; return which thread did each round."""
    threads: list[str] = []

    def work(connection: sa.Connection, names: Sequence[str]) -> list[str | Exception]:
        threads.append(threading.current_thread().name)
        if names[0].startswith("slow"):
            time.sleep(0.05)
        return _remember(connection, names)

    grouping = Grouping(sqlite.writing, work, "own thread", at_once)

    async def one_after_the_other() -> None:
        for names in rounds:
            assert await asyncio.gather(*map(grouping.do, names)) == [name.upper() for name in names]

    asyncio.run(one_after_the_other())
    grouping.close()
    return threads


def test_a_group_is_done_in_the_event_loop_where_nothing_has_to_be_waited_for(
    sqlite: Store, at_once: Transaction
) -> None:
    assert _threads_that_worked(sqlite, at_once, [["a", "b"], ["c"]]) == ["MainThread", "MainThread"]
    assert _names(sqlite) == {"a", "b", "c"}


@pytest.mark.parametrize(("seconds", "by"), [(0.003, "MainThread"), (0.5, "own thread")])
def test_a_group_that_meets_another_writer_is_done_when_that_one_has_ended(
    sqlite: Store, at_once: Transaction, seconds: float, by: str
) -> None:
    began = threading.Event()

    def write_for_a_while() -> None:
        with sqlite.writing() as connection:
            began.set()
            time.sleep(seconds)
            _remember(connection, ["other"])

    other = threading.Thread(target=write_for_a_while)
    other.start()
    began.wait()
    assert _threads_that_worked(sqlite, at_once, [["a"]]) == [by]
    other.join()
    assert _names(sqlite) == {"a", "other"}


def test_after_a_slow_group_the_event_loop_is_left_alone(sqlite: Store, at_once: Transaction) -> None:
    assert _threads_that_worked(sqlite, at_once, [["slow"], ["a"], ["b"]]) == ["MainThread", "own thread", "own thread"]


def test_a_group_that_fails_in_the_event_loop_is_tried_by_the_thread_item_by_item(
    sqlite: Store, at_once: Transaction
) -> None:
    grouping = Grouping(sqlite.writing, _remember, "own thread", at_once)

    async def together() -> list[str | BaseException]:
        return await asyncio.gather(*map(grouping.do, ["a", "b", "a"]), return_exceptions=True)

    outcomes = asyncio.run(together())
    grouping.close()
    assert outcomes[:2] == ["A", "B"]
    assert isinstance(outcomes[2], sa.exc.IntegrityError)


def test_where_the_database_is_asked_over_a_socket_everything_may_wait(store: Store) -> None:
    assert (store.never_waiting(writing=True) is None) == (not store.is_sqlite)
