"""Whether the service can do its work: model, database, disk, worker; each is tried, none is assumed."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from classifier.errors import FenbanError
from service.resources import Resources
from service.store import tables
from service.store.database import now
from service.store.migration import is_current

OK: Final = "ok"
WORKER_SILENT: Final = dt.timedelta(seconds=20)
"""Time after which a worker that says nothing counts as gone."""

_MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Readiness:
    """`checks` holds `ok` or a code for each thing tried; `status` is the first that is not ok."""

    status: str
    ledger: str | None
    model: str | None
    checks: dict[str, str]


def readiness(resources: Resources) -> Readiness:
    """Try everything the service needs."""
    ledger = model = None
    checks: dict[str, str] = {}
    try:
        suggester = resources.desks.open(resources.settings.ledger)
        ledger, model, checks["model"] = suggester.ledger.name, suggester.model.name, OK
    except FenbanError as error:
        checks["model"] = error.code
    checks |= {"database": _database(resources), "disk": _disk(resources), "worker": _worker(resources)}
    status = next((state for state in checks.values() if state != OK), OK)
    return Readiness(status, ledger, model, checks)


def _database(resources: Resources) -> str:
    """Write a row and take it back: a database that can only be read is of no use."""
    try:
        with resources.store.writing() as connection:
            if not is_current(connection):
                return "store_outdated"
            probe = tables.facts.insert().values(name="readiness_probe", value="")
            with connection.begin_nested() as step:
                connection.execute(probe)
                step.rollback()
    except sa.exc.SQLAlchemyError:
        return "store_unavailable"
    return OK


def _disk(resources: Resources) -> str:
    settings = resources.settings
    for folder in (settings.data, *(root for root in settings.places.models[:1] if root.is_dir())):
        if shutil.disk_usage(folder).free < settings.min_disk * _MEGABYTE:
            return "disk_full"
    return OK


def _worker(resources: Resources) -> str:
    """Tell whether a worker has been seen lately; without one, jobs would wait for ever."""
    if not resources.settings.worker:
        return OK
    try:
        with resources.store.reading() as connection:
            seen = connection.execute(sa.select(sa.func.max(tables.workers.c.seen))).scalar()
    except sa.exc.SQLAlchemyError:
        return "store_unavailable"
    return OK if seen is not None and now() - seen < WORKER_SILENT else "worker_silent"
