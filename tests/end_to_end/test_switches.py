"""Models promoted and rolled back again and again while requests run in two workers: none fails, none is dropped."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from classifier.registry.versions import Registry
from classifier.settings import Places

ROUNDS = 4
CALLERS = 4
IN_FORCE_WITHIN = 2.0


class Callers:
    """Ask without pause over connections that stay open; count what is answered, and by which version."""

    def __init__(self, url: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.expected = ""
        self._url = url
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CALLERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stopping.is_set():
            # A new connection now and then, so that both workers are asked.
            with httpx2.Client(base_url=self._url, timeout=30) as client:
                for _ in range(20):
                    expected = self.expected
                    outcome = self._once(client)
                    with self._lock:
                        self.outcomes[outcome] += 1
                        if expected and outcome != expected:
                            self.late[outcome] += 1

    @staticmethod
    def _once(client: httpx2.Client) -> str:
        try:
            answer = client.post("/v1/suggestions", json={"text": "路灯坏了没人修"})
        except httpx2.TransportError as error:
            return type(error).__name__
        return str(answer.json()["model"]) if answer.status_code == 200 else str(answer.status_code)


def test_no_request_fails_while_models_are_switched(places: Places, tmp_path: Path, serve: Callable[..., Any]) -> None:
    models = tmp_path / "models"
    for name in ("v1", "v2"):
        shutil.copytree(Registry(places.models).find("small").folder, models / "small" / name)
    Registry((models,)).promote("small", "v1")
    service = serve(Places(places.ledgers, (models,)), "", "--workers", "2")
    callers = Callers(service.url)
    try:
        for at in range(ROUNDS):
            done = httpx2.post(f"{service.url}/v1/models/{('v2/promote?force=true', 'rollback')[at % 2]}", timeout=30)
            assert done.status_code == 200
            time.sleep(IN_FORCE_WITHIN)
            callers.expected = f"small/{done.json()['in_use']}"
            time.sleep(0.3)
            callers.expected = ""
    finally:
        callers.stop()
    assert set(callers.outcomes) == {"small/v1", "small/v2"}
    assert sum(callers.outcomes.values()) > 100
    assert not callers.late
