"""The application on the small ledger, in process and as a real server on loopback."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient

from classifier.settings import Places
from service.app import create_app
from service.settings import Settings


@pytest.fixture(scope="module")
def client(places: Places) -> Iterator[TestClient]:
    settings = Settings(places, ledger="small", max_body=200_000, max_batch=5)
    with TestClient(create_app(settings), raise_server_exceptions=False) as one:
        yield one


class Server:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, places: Places) -> None:
        self._places = places
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        app = create_app(Settings(self._places, ledger="small"))
        self._server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="error", ws="none")
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(200):
            try:
                if httpx2.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise RuntimeError("the server did not become ready")

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)


@pytest.fixture(scope="module")
def server(places: Places) -> Iterator[Server]:
    one = Server(places)
    yield one
    one.stop()


@pytest.fixture(scope="module")
def live_server(server: Server) -> str:
    """The base URL of a running server."""
    return server.url
