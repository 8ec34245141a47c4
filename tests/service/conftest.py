"""The application on the small ledger, in process and as a real server on loopback, on both databases."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, sync_playwright

from classifier.registry.versions import Registry
from classifier.settings import Places
from service.app import create_app
from service.domain import JobKind
from service.settings import Settings
from service.store.database import Store
from service.store.migration import migrate
from service.worker import Work, Worker

LOCAL = ("127.0.0.1", 50_000)
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
Open = Callable[..., TestClient]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes a fresh database and returns its URL; every test that uses it runs on both kinds."""
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgresql").database
        return make
    return lambda: f"sqlite:///{tmp_path_factory.mktemp('store') / 'fenban.db'}"


@pytest.fixture
def store(new_database: Callable[[], str]) -> Iterator[Store]:
    """An empty store, brought up to date."""
    one = Store(new_database())
    migrate(one)
    yield one
    one.close()


@pytest.fixture(scope="module")
def open_client(
    places: Places, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Starts the application with other settings than the usual ones, each time on a database of its own."""
    with ExitStack() as stack:

        def start(client: tuple[str, int] = LOCAL, **changes: Any) -> TestClient:
            given = {"database": new_database(), "data": tmp_path_factory.mktemp("data"), **changes}
            usual = Settings(places, ledger="small", max_body=200_000, max_batch=5, worker=False)
            app = create_app(dataclasses.replace(usual, **given))
            return stack.enter_context(TestClient(app, client=client, raise_server_exceptions=False))

        yield start


@pytest.fixture(scope="module")
def client(open_client: Open) -> TestClient:
    return open_client()


class Server:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                create_app(self.settings),
                host="127.0.0.1",
                port=self.port,
                log_level="error",
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        for _ in range(200):
            try:
                if httpx2.get(f"{self.url}/livez").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise RuntimeError("the server did not become ready")

    def stop(self) -> None:
        self._server.should_exit = True
        # Never by force: the application would not be closed, and go on looking for a database that is gone.
        self._thread.join(30)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def server(places: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(Settings(places, ledger="small", data=tmp_path_factory.mktemp("server")))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server_on_each(
    places: Places, new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of a running server, on each kind of database."""
    data = tmp_path_factory.mktemp("server")
    # What is asked of it may switch and roll back models: never those that all tests share.
    own = data / "models"
    shutil.copytree(places.models[0], own)
    settings = Settings(
        Places(places.ledgers, (own,)), ledger="small", data=data, database=new_database(), worker=False
    )
    one = Server(settings)
    yield one.url
    one.stop()


@pytest.fixture(scope="module")
def live_server(server: Server) -> str:
    """The base URL of a running server."""
    return server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        program = shutil.which("chromium") or driver.chromium.executable_path
        if not Path(program).exists():
            pytest.skip("Chromium is not installed: `apt-get install chromium` or `playwright install chromium`")
        browser = driver.chromium.launch(executable_path=program, args=BROWSER_FLAGS)
        yield browser
        browser.close()


def copy_versions(places: Places, models: Path, *names: str) -> Path:
    """Copies the small ledger's model under some names, the first of them in use, and returns the folder."""
    for name in names:
        shutil.copytree(Registry(places.models).find("small").folder, models / "small" / name)
    Registry((models,)).promote("small", names[0])
    return models


@pytest.fixture
def three_versions(places: Places, tmp_path: Path) -> Places:
    """Places with models of their own: v1 in use, v2 like it, v3 damaged."""
    models = copy_versions(places, tmp_path / "models", "v1", "v2", "v3")
    (models / "small" / "v3" / "idf.npy").write_bytes(b"")
    return Places(places.ledgers, (models,))


def work_once(settings: Settings, kind: JobKind, work: Callable[[Store], Work]) -> None:
    """Does the job that waits, as a worker of the same service would."""
    store = Store(settings.database_url)
    Worker(settings, store, {kind: work(store)}).work_once()
    store.close()
