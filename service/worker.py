"""A worker: takes jobs one after the other, does them, and tells those who want to know.

Everything it knows of a job is in the database and in the job's folder, so that it may be killed at any moment.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import math
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

import sqlalchemy as sa

from classifier.errors import FenbanError
from service.domain import Job, JobKind, JobState
from service.jobs import Queue, unneeded
from service.logs import with_facts
from service.settings import Settings
from service.store import tables
from service.store.database import Store, now
from service.uploads import JobFiles
from service.webhooks import deliver_due

_log = logging.getLogger("fenban.worker")

_PULSE: Final = 2.0
"""Seconds between signs of life."""

_PAUSE: Final = 0.3
"""Seconds between looks for a job."""


class Ending(Enum):
    """Why a job under way is left."""

    CANCELLED = "cancelled"
    LOST = "lost"
    STOPPING = "stopping"


class LeftError(Exception):
    """Raised out of a job's work at its next step when it is to be left."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


class Underway:
    """A job that is being done: `report` says how far it is, and raises when it is to be left."""

    def __init__(self, job: Job, settings: Settings, queue: Queue, stopping: threading.Event) -> None:
        self.job = job
        self.settings = settings
        self.files = JobFiles(settings.data)
        self.ending: Ending | None = None
        self._queue = queue
        self._stopping = stopping
        self._progress = job.stage, job.progress, job.rows

    def report(self, stage: str, share: float, rows: int = 0) -> None:
        """Say how far the job is.

        Raises:
            LeftError: it was cancelled, it is another worker's, or this worker is to stop.
        """
        self._progress = stage, min(max(share, 0.0), 1.0), rows
        if self._stopping.is_set():
            raise LeftError(Ending.STOPPING)
        if self.ending is not None:
            raise LeftError(self.ending)

    def settle(self, **options: Any) -> None:
        """Keep what was decided when the job began, such as the version of the model."""
        self.job = dataclasses.replace(self.job, options={**self.job.options, **options})
        self._queue.remember(self.job.id, self.job.options)

    def pulse(self) -> None:
        """Renew the lease and hear whether to go on."""
        go_on = self._queue.keep(self.job.id, *self._progress)
        if not go_on:
            self.ending = Ending.LOST if go_on is None else Ending.CANCELLED


_TIDY_EVERY: Final = 3600.0
_UPLOAD_SECONDS: Final = 3600.0
"""How long an upload may take before its folder counts as left behind."""

_FORGOTTEN: Final = dt.timedelta(days=1)

Work = Callable[[Underway], dict[str, Any]]
Idle = Callable[[], bool]
"""Does a little of what may wait; False where nothing waits."""


def _nothing() -> bool:
    return False


class Worker:
    """Does jobs until it is told to stop; `works` says how each kind is done, `idle` is tried between jobs."""

    def __init__(self, settings: Settings, store: Store, works: dict[JobKind, Work], idle: Idle = _nothing) -> None:
        self.id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self.stopping = threading.Event()
        self._settings = settings
        self._store = store
        self._works = works
        self._idle = idle
        self._queue = Queue(store, self.id)
        self._underway: Underway | None = None
        self._pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def run(self) -> None:
        """Work until `stopping` is set, then leave the job under way for another."""
        self._pulse.start()
        tidied = -math.inf
        while not self.stopping.is_set():
            try:
                if time.monotonic() - tidied > _TIDY_EVERY:
                    tidied = time.monotonic()
                    self.tidy()
                worked = self.work_once()
            except sa.exc.SQLAlchemyError as error:
                _log.error("the database failed: %s", type(error).__name__)
                worked = False
            if not worked:
                self.stopping.wait(_PAUSE)
        self._pulse.join()

    def work_once(self) -> bool:
        """Do one job or a little of what may wait, and send one round of webhooks; False where nothing was to do."""
        job = self._queue.take()
        if job is not None and not job.state.is_final:
            self._do(job)
        return any((bool(deliver_due(self._store)), job is not None, job is None and self._use_time()))

    def _use_time(self) -> bool:
        try:
            return self._idle()
        except sa.exc.SQLAlchemyError:
            raise
        except Exception:  # the outermost loop: jobs go on without it
            _log.exception("what may wait failed")
            return False

    def tidy(self) -> list[str]:
        """Remove the files of jobs whose time is over, and of uploads that never became jobs; return their names."""
        files = JobFiles(self._settings.data)
        with self._store.reading() as connection:
            gone = unneeded(connection, files.older_than(_UPLOAD_SECONDS), self._settings.job_days)
        for job in gone:
            files.remove(job)
        return gone

    def _do(self, job: Job) -> None:
        began = time.monotonic()
        _log.info("job begins", extra=with_facts(job=job.id, kind=job.kind.value, attempt=job.attempts))
        self._underway = underway = Underway(job, self._settings, self._queue, self.stopping)
        try:
            self._end(job, underway)
        finally:
            self._underway = None
        _log.info("job left", extra=with_facts(job=job.id, seconds=round(time.monotonic() - began, 2)))

    def _end(self, job: Job, underway: Underway) -> None:
        try:
            result = self._works[job.kind](underway)
        except LeftError as left:
            if left.ending is Ending.STOPPING:
                self._queue.give_back(job.id)
            elif left.ending is Ending.CANCELLED and self._queue.end(job, JobState.CANCELLED):
                underway.files.remove(job.id)
        except FenbanError as error:
            self._queue.end(job, JobState.FAILED, error=error.code, detail=str(error))
        except sa.exc.SQLAlchemyError:
            raise  # the lease runs out and the job is taken up again
        except Exception as error:  # the outermost loop: the job fails, the worker lives
            _log.exception("job failed", extra=with_facts(job=job.id))
            detail = f"内部错误（{type(error).__name__}），已记入日志"
            self._queue.end(job, JobState.FAILED, error="internal_error", detail=detail)
        else:
            self._queue.end(job, JobState.DONE, result)

    def _beat(self) -> None:
        while True:
            try:
                self._show_life()
                if (underway := self._underway) is not None:
                    underway.pulse()
            except sa.exc.SQLAlchemyError as error:
                _log.error("no sign of life could be given: %s", type(error).__name__)
            if self.stopping.wait(_PULSE):
                return

    def _show_life(self) -> None:
        table, moment = tables.workers, now()
        with self._store.writing() as connection:
            if not connection.execute(table.update().where(table.c.id == self.id).values(seen=moment)).rowcount:
                connection.execute(table.insert().values(id=self.id, started=moment, seen=moment))
                connection.execute(table.delete().where(table.c.seen < moment - _FORGOTTEN))
