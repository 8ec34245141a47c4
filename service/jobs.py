"""Jobs (任务): kept in the database, taken by one worker at a time under a lease, taken over when it ends.

A worker that lives renews its lease; one that was killed does not, and after `LEASE` another takes its job up where
the last finished chunk left it.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from service import audit
from service.domain import Caller, Job, JobKind, JobState
from service.errors import JobFinishedError, JobNotFoundError
from service.store import tables
from service.store.database import Store, now

LEASE: Final = dt.timedelta(seconds=15)
MOST_ATTEMPTS: Final = 5
"""Workers that may die over one job before it counts as failed."""

CRASHED: Final = "worker_lost"
_OPEN: Final = (JobState.QUEUED.value, JobState.RUNNING.value)


@dataclass(frozen=True, slots=True)
class NewJob:
    """What is asked for; `id` also names the folder of its files."""

    kind: JobKind
    ledger: str
    options: Mapping[str, Any] = field(default_factory=dict)
    webhook: str = ""
    webhook_secret: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


def enqueue(connection: sa.Connection, wanted: NewJob, caller: Caller) -> Job:
    """Put a job in the queue."""
    connection.execute(
        tables.jobs.insert().values(
            id=wanted.id,
            kind=wanted.kind.value,
            ledger=wanted.ledger,
            state=JobState.QUEUED.value,
            options=json.dumps(dict(wanted.options), ensure_ascii=False),
            created=now(),
            webhook=wanted.webhook,
            webhook_secret=wanted.webhook_secret,
        )
    )
    audit.note(connection, caller, f"{wanted.kind.value}_created", wanted.id, wanted.ledger)
    return find(connection, wanted.id, wanted.kind)


def find(connection: sa.Connection, job: str, kind: JobKind | None = None) -> Job:
    """Return a job as it stands.

    Raises:
        JobNotFoundError: there is none, or it is of another kind.
    """
    row = connection.execute(sa.select(tables.jobs).where(tables.jobs.c.id == job)).one_or_none()
    if row is None or (kind is not None and row.kind != kind.value):
        raise JobNotFoundError
    return _job(row)


def listed(connection: sa.Connection, kind: JobKind, ledger: str, limit: int) -> list[Job]:
    """Return a ledger's jobs of one kind, newest first."""
    table = tables.jobs
    query = sa.select(table).where(table.c.kind == kind.value, table.c.ledger == ledger)
    return [_job(row) for row in connection.execute(query.order_by(table.c.created.desc(), table.c.id).limit(limit))]


def cancel(connection: sa.Connection, job: str, kind: JobKind, caller: Caller) -> Job:
    """Ask a job to stop; one that has not begun is cancelled at once.

    Raises:
        JobNotFoundError: there is none.
        JobFinishedError: it has ended already.
    """
    table = tables.jobs
    query = sa.select(table).where(table.c.id == job, table.c.kind == kind.value).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None:
        raise JobNotFoundError
    if JobState(row.state).is_final:
        raise JobFinishedError(row.state)
    values: dict[str, Any] = {"cancelling": True}
    if row.state == JobState.QUEUED:
        values |= _ending(row.webhook, JobState.CANCELLED)
    connection.execute(table.update().where(table.c.id == job).values(**values))
    audit.note(connection, caller, f"{kind.value}_cancelled", job, row.ledger)
    return find(connection, job)


def counts(connection: sa.Connection) -> dict[tuple[str, str], int]:
    """Return how many jobs there are by kind and state."""
    table = tables.jobs
    query = sa.select(table.c.kind, table.c.state, sa.func.count()).group_by(table.c.kind, table.c.state)
    return {(kind, state): count for kind, state, count in connection.execute(query)}


def unneeded(connection: sa.Connection, folders: Collection[str], days: int) -> list[str]:
    """Return which of these jobs' folders may go: their jobs ended more than `days` ago, or were never queued."""
    table = tables.jobs
    is_kept = sa.or_(table.c.finished.is_(None), table.c.finished > now() - dt.timedelta(days=days))
    kept = set(connection.execute(sa.select(table.c.id).where(table.c.id.in_(folders), is_kept)).scalars())
    return sorted(set(folders) - kept)


class Queue:
    """A worker's side of the jobs: take one, keep it, give it back or end it."""

    def __init__(self, store: Store, worker: str) -> None:
        self._store = store
        self._worker = worker

    def take(self) -> Job | None:
        """Take the oldest job that waits, or that a dead worker left; None where there is none."""
        table, moment = tables.jobs, now()
        is_free = sa.or_(
            table.c.state == JobState.QUEUED.value,
            sa.and_(table.c.state == JobState.RUNNING.value, table.c.lease < moment),
        )
        query = sa.select(table).where(is_free).order_by(table.c.created).limit(1).with_for_update(skip_locked=True)
        with self._store.writing() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            if row.attempts >= MOST_ATTEMPTS:
                detail = f"处理它的进程已 {row.attempts} 次意外结束，不再重试"
                values = _ending(row.webhook, JobState.FAILED, error=CRASHED, detail=detail)
            elif row.cancelling:
                values = _ending(row.webhook, JobState.CANCELLED)
            else:
                values = {
                    "state": JobState.RUNNING.value,
                    "worker": self._worker,
                    "lease": moment + LEASE,
                    "started": row.started or moment,
                    "attempts": row.attempts + 1,
                }
            connection.execute(table.update().where(table.c.id == row.id).values(**values))
            return find(connection, row.id)

    def keep(self, job: str, stage: str, progress: float, rows: int) -> bool | None:
        """Renew the lease and say how far it is; True to go on, False to cancel, None where it is another's now."""
        values = {"lease": now() + LEASE, "stage": stage, "progress": progress, "rows": rows}
        with self._store.writing() as connection:
            if not connection.execute(self._mine(job).values(**values)).rowcount:
                return None
            return not find(connection, job).cancelling

    def remember(self, job: str, options: Mapping[str, Any]) -> None:
        """Keep what was settled when the job began, so that whoever takes it over does the same."""
        with self._store.writing() as connection:
            connection.execute(self._mine(job).values(options=json.dumps(dict(options), ensure_ascii=False)))

    def give_back(self, job: str) -> None:
        """Let another worker take it up at once."""
        values = {"state": JobState.QUEUED.value, "lease": None, "attempts": tables.jobs.c.attempts - 1}
        with self._store.writing() as connection:
            connection.execute(self._mine(job).values(**values))

    def end(self, job: Job, state: JobState, result: Mapping[str, Any] | None = None, **why: str) -> bool:
        """End a job; False where it has become another worker's."""
        values = _ending(job.webhook, state, **why)
        if result is not None:
            values |= {"result": json.dumps(dict(result), ensure_ascii=False), "progress": 1.0}
        with self._store.writing() as connection:
            return bool(connection.execute(self._mine(job.id).values(**values)).rowcount)

    def _mine(self, job: str) -> sa.Update:
        table = tables.jobs
        is_mine = (table.c.id == job, table.c.worker == self._worker, table.c.state == JobState.RUNNING.value)
        return table.update().where(*is_mine)


def _ending(webhook: str, state: JobState, *, error: str = "", detail: str = "") -> dict[str, Any]:
    due = {"webhook_state": "pending", "webhook_due": now()} if webhook else {}
    return {"state": state.value, "finished": now(), "lease": None, "error": error, "detail": detail, **due}


def _job(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=JobKind(row.kind),
        ledger=row.ledger,
        state=JobState(row.state),
        options=json.loads(row.options),
        created=row.created,
        started=row.started,
        finished=row.finished,
        stage=row.stage,
        progress=round(row.progress, 4),
        rows=row.rows,
        attempts=row.attempts,
        cancelling=row.cancelling,
        result=json.loads(row.result) if row.result else None,
        error=row.error,
        detail=row.detail,
        webhook=row.webhook,
        webhook_state=row.webhook_state,
    )
