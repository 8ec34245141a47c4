"""`fenban serve` as a process that is asked, killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from classifier.settings import Places

READY_WITHIN = 90


class Service:
    """`fenban serve` as a process that is killed and started again on the same data."""

    def __init__(self, places: Places, folder: Path, database: str = "", *more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._more = more
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
        command += self._more
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


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service on models, a database (empty: SQLite) and further arguments; it ends with the test."""
    with ExitStack() as stack:

        def start(places: Places, database: str = "", *more: str) -> Service:
            one = Service(places, tmp_path, database, *more)
            stack.callback(one.close)
            return one

        yield start
