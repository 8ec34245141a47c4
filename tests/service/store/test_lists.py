"""Lists as one parameter and rows as the driver takes them; on both databases."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from service.store.database import Store
from service.store.lists import Lookup, among, insert_plainly
from service.store.tables import audit, facts, moment

NAMES = ["路灯", "it's", 'a "quoted" one', "[1, 2]", "%(x)s ?", ""]

BY_NAME = sa.select(facts.c.name, facts.c.value).where(among(facts.c.name, "names")).order_by(facts.c.name)


def test_what_was_written_plainly_is_found_by_lists_of_any_length(store: Store) -> None:
    with store.writing() as connection:
        insert_plainly(connection, facts, [(name, str(len(name))) for name in NAMES])
        insert_plainly(connection, facts, [])
    look_up = Lookup(BY_NAME)
    with store.reading() as connection:
        for wanted in (NAMES, NAMES[:1], ["nobody"], []):
            expected = {(name, str(len(name))) for name in wanted if name in NAMES}
            assert {tuple(row) for row in look_up(connection, names=wanted)} == expected
            assert {tuple(row) for row in connection.execute(BY_NAME, {"names": wanted})} == expected


def test_a_moment_is_the_same_by_the_driver_as_by_the_engine(store: Store) -> None:
    moments = [dt.datetime(2026, 11, 24, 8, 30, second, tzinfo=dt.UTC) for second in (0, 59)]
    moments.append(moments[0].replace(microsecond=120).astimezone(dt.timezone(dt.timedelta(hours=8))))
    with store.writing() as connection:
        for at, one in enumerate(moments):
            connection.execute(audit.insert().values(at=one, caller=str(at)))
    with store.reading() as connection:
        given = connection.exec_driver_sql("SELECT at FROM audit ORDER BY caller").scalars()
        assert [moment(one) for one in given] == moments
