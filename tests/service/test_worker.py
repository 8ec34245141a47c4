"""A worker at its jobs: done, failed, cancelled, left for another; and webhooks about their ends."""

from __future__ import annotations

import http.server
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from classifier.errors import EmptyBacklogError
from classifier.settings import Places
from service import jobs
from service.domain import LOCAL, Job, JobKind, JobState
from service.jobs import NewJob
from service.settings import Settings
from service.store import tables
from service.store.database import Store, now
from service.uploads import JobFiles
from service.webhooks import BadWebhookError, check_webhook, deliver_due, signature
from service.worker import Underway, Work, Worker

Make = Callable[[Work], Worker]


@pytest.fixture
def make(store: Store, tmp_path: Path) -> Make:
    settings = Settings(Places(tmp_path, (tmp_path,)), data=tmp_path)
    return lambda work: Worker(settings, store, {JobKind.BATCH: work})


def _enqueue(store: Store, **more: Any) -> Job:
    with store.writing() as connection:
        return jobs.enqueue(connection, NewJob(JobKind.BATCH, "small", **more), LOCAL)


def _find(store: Store, job: str) -> Job:
    with store.reading() as connection:
        return jobs.find(connection, job)


def _finish(underway: Underway) -> dict[str, Any]:
    underway.settle(version="v1")
    underway.report("分办", 0.5, 2)
    return {"rows": 4}


def test_a_job_is_done_and_its_result_kept(store: Store, make: Make) -> None:
    job = _enqueue(store)
    worker = make(_finish)
    assert worker.work_once() is True
    assert worker.work_once() is False
    ended = _find(store, job.id)
    assert (ended.state, ended.result, ended.progress, ended.options) == (
        JobState.DONE,
        {"rows": 4},
        1.0,
        {"version": "v1"},
    )


def test_what_may_wait_is_done_between_jobs_and_its_failure_stops_none(store: Store, tmp_path: Path) -> None:
    settings = Settings(Places(tmp_path, (tmp_path,)), data=tmp_path)
    outcomes = iter([True, False])
    waiting = Worker(settings, store, {JobKind.BATCH: _finish}, lambda: next(outcomes))
    assert [waiting.work_once(), waiting.work_once()] == [True, False]
    job = _enqueue(store)
    # Exhausted, it fails when it is asked again.
    assert [waiting.work_once(), waiting.work_once()] == [True, False]
    assert _find(store, job.id).state is JobState.DONE


def test_an_error_of_ours_is_told_and_anothers_message_is_not(store: Store, make: Make) -> None:
    def empty(_underway: Underway) -> dict[str, Any]:
        raise EmptyBacklogError

    def broken(_underway: Underway) -> dict[str, Any]:
        return {"rows": int("老板拖欠工资")}

    first = _enqueue(store)
    make(empty).work_once()
    second = _enqueue(store)
    make(broken).work_once()
    assert (_find(store, first.id).state, _find(store, first.id).error) == (JobState.FAILED, "empty_backlog")
    assert (_find(store, second.id).error, "工资" in _find(store, second.id).detail) == ("internal_error", False)


def test_a_running_worker_hears_of_a_cancellation_and_removes_the_files(store: Store, make: Make) -> None:
    begun = threading.Event()

    def endless(underway: Underway) -> dict[str, Any]:
        (underway.files.folder(underway.job.id) / "part").touch()
        begun.set()
        while True:
            underway.report("分办", 0.1, 1)
            time.sleep(0.01)

    job = _enqueue(store)
    worker = make(endless)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert begun.wait(10)
    with store.writing() as connection:
        jobs.cancel(connection, job.id, JobKind.BATCH, LOCAL)
    deadline = time.monotonic() + 15
    while _find(store, job.id).state is not JobState.CANCELLED and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.stopping.set()
    thread.join(10)
    assert _find(store, job.id).state is JobState.CANCELLED
    assert not list((worker._settings.data / "jobs").glob("*"))
    with store.reading() as connection:
        assert connection.execute(tables.workers.select()).one().id == worker.id


def test_a_worker_that_is_stopped_leaves_its_job_for_another(store: Store, make: Make) -> None:
    job = _enqueue(store)
    worker = make(_finish)
    worker.stopping.set()
    worker.work_once()
    assert (_find(store, job.id).state, _find(store, job.id).attempts) == (JobState.QUEUED, 0)
    make(_finish).work_once()
    assert _find(store, job.id).state is JobState.DONE


def test_files_of_no_job_are_removed_after_an_hour(make: Make, tmp_path: Path) -> None:
    files = JobFiles(tmp_path)
    old, fresh = files.folder("0" * 32), files.folder("1" * 32)
    os.utime(old, (0, 0))
    assert make(_finish).tidy() == [old.name]
    assert (old.exists(), fresh.exists()) == (False, True)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent; refuses as often as `refusals` says."""

    received: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    refusals = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((dict(self.headers), body))
        self.send_response(503 if len(self.received) <= self.refusals else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.received, Receiver.refusals = [], 0
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/done?x=1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_end_of_a_job_is_told_with_a_signature(store: Store, make: Make, receiver: str) -> None:
    job = _enqueue(store, webhook=receiver, webhook_secret="geheim")
    make(_finish).work_once()
    ((headers, body),) = Receiver.received
    assert json.loads(body)["id"] == job.id
    assert json.loads(body)["state"] == "done"
    assert headers["X-Fenban-Signature"] == signature("geheim", headers["X-Fenban-Timestamp"], body)
    assert abs(int(headers["X-Fenban-Timestamp"]) - time.time()) < 60
    assert _find(store, job.id).webhook_state == "delivered"
    assert b"geheim" not in body


def test_a_webhook_that_is_not_accepted_is_sent_again_later(store: Store, make: Make, receiver: str) -> None:
    Receiver.refusals = 1
    job = _enqueue(store, webhook=receiver, webhook_secret="s")
    make(_finish).work_once()
    assert _find(store, job.id).webhook_state == "pending: HTTP 503"
    assert deliver_due(store) == 0
    with store.writing() as connection:
        connection.execute(tables.jobs.update().values(webhook_due=now()))
    assert deliver_due(store) == 1
    assert _find(store, job.id).webhook_state == "delivered"


def test_a_webhook_that_nobody_hears_is_given_up_in_the_end(store: Store, make: Make) -> None:
    job = _enqueue(store, webhook="http://127.0.0.1:9/", webhook_secret="s")
    make(_finish).work_once()
    for _ in range(6):
        with store.writing() as connection:
            connection.execute(tables.jobs.update().values(webhook_due=now()))
        deliver_due(store)
    assert _find(store, job.id).webhook_state.startswith("failed")
    with store.reading() as connection:
        assert connection.execute(tables.jobs.select()).one().webhook_secret == ""


@pytest.mark.parametrize(
    "url",
    ["ftp://a/b", "//a/b", "http://", "http://a b/", "http://a:99999/", "http://u:p@a/", "http://169.254.169.254/"],
)
def test_an_address_that_cannot_be_told_is_refused(url: str) -> None:
    with pytest.raises(BadWebhookError):
        check_webhook(url, "s", ())


def test_only_allowed_hosts_are_told_where_hosts_are_named() -> None:
    assert check_webhook("https://a.example/x", "s", ("a.example",)) == ("https://a.example/x", "s")
    assert check_webhook("", "", ("a.example",)) == ("", "")
    with pytest.raises(BadWebhookError, match=r"b\.example"):
        check_webhook("https://b.example/x", "s", ("a.example",))
