"""What survives kill -9: every decision answered for, every row of a job, and readiness within seconds."""

from __future__ import annotations

import csv
import io
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from classifier.settings import Places

ROWS = 4_000


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, serve: Callable[..., Any], places: Places) -> Any:
    database = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else ""
    return serve(places, database)


def _wait_for(url: str, job: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        found: dict[str, Any] = httpx2.get(f"{url}/v1/jobs/{job}").json()
        if found["state"] == state:
            return found
        assert found["state"] in ("queued", "running"), found
        time.sleep(0.1)
    raise AssertionError(f"not {state} in time: {found}")


def test_nothing_answered_for_is_lost_and_no_row_is_lost_or_doubled(service: Any) -> None:
    table = "编号,诉求内容\n" + "".join(f"{at},第{at}盏路灯坏了没人修，老板拖欠工资不给\n" for at in range(ROWS))
    job = httpx2.post(f"{service.url}/v1/jobs", files={"file": ("x.csv", table.encode())}).json()["id"]
    recorded: list[str] = []
    stopping = threading.Event()

    def write() -> None:
        for at in range(100_000):
            if stopping.is_set():
                return
            try:
                body = {"text": "路灯坏了没人修", "id": f"w{at}"}
                if httpx2.post(f"{service.url}/v1/suggestions", json=body).status_code != 200:
                    continue
                decided = httpx2.post(f"{service.url}/v1/decisions", json={"ticket": f"w{at}", "action": "accepted"})
                if decided.status_code == 200:
                    recorded.append(f"w{at}")
            except httpx2.TransportError:
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    _wait_for(service.url, job, "running")
    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)
    time.sleep(0.5)
    service.kill()
    service.start()
    time.sleep(0.5)
    service.kill()
    service.start()
    time.sleep(0.5)
    stopping.set()
    writer.join()
    assert recorded
    for name in recorded:
        ticket = httpx2.get(f"{service.url}/v1/tickets/{name}").json()
        assert [one["action"] for one in ticket["rulings"]] == ["accepted"]
    done = _wait_for(service.url, job, "done")
    assert done["attempts"] >= 2
    content = httpx2.get(f"{service.url}/v1/jobs/{job}/result").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["编号"] for row in rows] == [str(at) for at in range(ROWS)]
    assert all(row["category_code"] for row in rows)
