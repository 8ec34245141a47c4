"""The store itself: its form, its guards, its transactions; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from service import audit
from service.domain import LOCAL
from service.errors import StoreTooNewError
from service.retention import digest_secret
from service.store.database import Store
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
