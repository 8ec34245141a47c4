"""The queue of jobs: one worker at a time, taken over from the dead, ended once; on both databases."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from service import jobs
from service.domain import LOCAL, Job, JobKind, JobState
from service.errors import JobFinishedError, JobNotFoundError
from service.jobs import MOST_ATTEMPTS, NewJob, Queue
from service.store import tables
from service.store.database import Store

AGES_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def _enqueue(store: Store, **more: Any) -> Job:
    with store.writing() as connection:
        return jobs.enqueue(connection, NewJob(JobKind.BATCH, "small", {"a": "中"}, **more), LOCAL)


def _find(store: Store, job: str) -> Job:
    with store.reading() as connection:
        return jobs.find(connection, job)


def _let_lease_run_out(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(tables.jobs.update().values(lease=AGES_AGO))


def test_the_oldest_job_is_taken_first_and_by_one_worker_only(store: Store) -> None:
    first, second = _enqueue(store), _enqueue(store)
    one, other = Queue(store, "a"), Queue(store, "b")
    taken = [one.take(), other.take(), one.take()]
    assert [job and job.id for job in taken] == [first.id, second.id, None]
    assert taken[0] is not None
    assert (taken[0].state, taken[0].attempts, taken[0].options) == (JobState.RUNNING, 1, {"a": "中"})


def test_workers_at_once_never_take_the_same_job(store: Store) -> None:
    wanted = {_enqueue(store).id for _ in range(12)}
    taken: list[str] = []

    def work(name: str) -> None:
        queue = Queue(store, name)
        while job := queue.take():
            taken.append(job.id)

    threads = [threading.Thread(target=work, args=(str(at),)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(wanted)


def test_a_dead_workers_job_is_taken_over_and_is_no_longer_its_own(store: Store) -> None:
    job = _enqueue(store)
    dead, living = Queue(store, "dead"), Queue(store, "living")
    assert dead.take() is not None
    assert living.take() is None
    _let_lease_run_out(store)
    again = living.take()
    assert again is not None
    assert (again.id, again.attempts) == (job.id, 2)
    assert dead.keep(job.id, "x", 0.5, 1) is None
    assert dead.end(job, JobState.DONE, {}) is False
    assert living.end(again, JobState.DONE, {"rows": 3}) is True
    assert (_find(store, job.id).state, _find(store, job.id).result) == (JobState.DONE, {"rows": 3})


def test_a_job_that_kills_its_workers_fails_in_the_end(store: Store) -> None:
    job = _enqueue(store)
    queue = Queue(store, "a")
    for _ in range(MOST_ATTEMPTS):
        assert queue.take() is not None
        _let_lease_run_out(store)
    ended = queue.take()
    assert ended is not None
    assert (ended.state, ended.error) == (JobState.FAILED, "worker_lost")
    assert queue.take() is None
    assert _find(store, job.id).finished is not None


def test_a_job_given_back_does_not_count_as_an_attempt(store: Store) -> None:
    job = _enqueue(store)
    queue = Queue(store, "a")
    assert queue.take() is not None
    queue.give_back(job.id)
    assert (_find(store, job.id).state, _find(store, job.id).attempts) == (JobState.QUEUED, 0)


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(store: Store) -> None:
    running, waiting = _enqueue(store), _enqueue(store)
    queue = Queue(store, "a")
    taken = queue.take()
    assert taken is not None
    assert queue.keep(running.id, "分办", 0.25, 10) is True
    with store.writing() as connection:
        assert jobs.cancel(connection, waiting.id, JobKind.BATCH, LOCAL).state is JobState.CANCELLED
        asked = jobs.cancel(connection, running.id, JobKind.BATCH, LOCAL)
    assert (asked.state, asked.cancelling, asked.progress, asked.rows) == (JobState.RUNNING, True, 0.25, 10)
    assert queue.keep(running.id, "分办", 0.5, 20) is False
    assert queue.end(taken, JobState.CANCELLED)
    with pytest.raises(JobFinishedError), store.writing() as connection:
        jobs.cancel(connection, running.id, JobKind.BATCH, LOCAL)


def test_a_cancelled_job_of_a_dead_worker_is_not_begun_again(store: Store) -> None:
    job = _enqueue(store)
    assert Queue(store, "dead").take() is not None
    with store.writing() as connection:
        jobs.cancel(connection, job.id, JobKind.BATCH, LOCAL)
    _let_lease_run_out(store)
    ended = Queue(store, "b").take()
    assert ended is not None
    assert ended.state is JobState.CANCELLED


def test_a_job_is_found_by_its_kind_only_and_listed_newest_first(store: Store) -> None:
    first, second = _enqueue(store), _enqueue(store)
    with store.reading() as connection:
        with pytest.raises(JobNotFoundError):
            jobs.find(connection, first.id, JobKind.TRAINING)
        assert [one.id for one in jobs.listed(connection, JobKind.BATCH, "small", 10)] == [second.id, first.id]
        assert jobs.listed(connection, JobKind.BATCH, "child", 10) == []
        assert jobs.counts(connection) == {("batch", "queued"): 2}


def test_the_files_of_ended_jobs_and_of_no_jobs_may_go(store: Store) -> None:
    ended, waiting = _enqueue(store), _enqueue(store)
    with store.writing() as connection:
        connection.execute(tables.jobs.update().where(tables.jobs.c.id == ended.id).values(finished=AGES_AGO))
        assert jobs.unneeded(connection, [ended.id, waiting.id, "never"], 7) == sorted([ended.id, "never"])


def test_making_a_job_is_in_the_audit_log_without_its_options(store: Store) -> None:
    job = _enqueue(store, webhook="http://127.0.0.1/x", webhook_secret="geheim")
    with store.reading() as connection:
        rows = [str(row) for row in connection.execute(sa.select(tables.audit))]
    assert job.id in rows[0]
    assert "geheim" not in rows[0] + str(job)
