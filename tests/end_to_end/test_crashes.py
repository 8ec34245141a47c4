"""What survives kill -9: every decision answered for, every row of a job, and readiness within seconds."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from classifier.settings import Places

ROWS = 4_000
READY_WITHIN = 90


class Service:
    """`fenban serve` as a process that is killed and started again on the same data."""

    def __init__(self, places: Places, folder: Path, database: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "log").open("ab")
        self._environment = {
            **os.environ,
            "FENBAN_LEDGERS": str(places.ledgers),
            "FENBAN_MODELS": ":".join(map(str, places.models)),
            "FENBAN_DATA": str(folder),
            "FENBAN_DATABASE": database,
        }
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "classifier.cli", "serve", "--ledger", "small", "--port", str(self.port)]
        self.process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=self._log, start_new_session=True
        )
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            try:
                if httpx2.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        self.kill()
        raise AssertionError("not ready in time")

    def workers(self) -> list[int]:
        """The processes that the server has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(one) for one in children.read_text().split()]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        self._log.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, places: Places, tmp_path: Path) -> Iterator[Service]:
    database = request.getfixturevalue("postgresql").database() if request.param == "postgresql" else ""
    one = Service(places, tmp_path, database)
    yield one
    one.close()


def _wait_for(url: str, job: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        found: dict[str, Any] = httpx2.get(f"{url}/v1/jobs/{job}").json()
        if found["state"] == state:
            return found
        assert found["state"] in ("queued", "running"), found
        time.sleep(0.1)
    raise AssertionError(f"not {state} in time: {found}")


def test_nothing_answered_for_is_lost_and_no_row_is_lost_or_doubled(service: Service) -> None:
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
