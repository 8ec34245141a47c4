"""What the workbench's tests share: keys of every role, a running server, a browser that has signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from classifier.settings import Places
from service.domain import Role
from service.keys import create_key
from service.settings import Settings
from service.store.database import Store
from service.store.migration import migrate
from tests.service.conftest import Server, copy_versions

Open = Callable[..., TestClient]
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
OWN = {"Sec-Fetch-Site": "same-origin"}
PAGES = {
    Role.INTAKE: ["/", "/backlog", "/catalogue"],
    Role.CLERK: ["/", "/backlog", "/review", "/catalogue", "/statistics"],
    Role.STEWARD: ["/", "/backlog", "/review", "/catalogue", "/models", "/statistics"],
}


def key_of(client: TestClient, role: Role, ledger: str = "") -> str:
    resources = client.app.state.resources  # type: ignore[attr-defined]
    _, token = create_key(resources.store, role.value, role, ledger)
    resources.keyring.refresh()
    return token


@pytest.fixture
def guarded(open_client: Open) -> TestClient:
    client = open_client()
    key_of(client, Role.ADMIN)
    client.follow_redirects = False
    return client


@dataclass(frozen=True)
class Signed:
    """A page in a browser that a person of some role signed in with, and the server's address."""

    page: Page
    url: str


@pytest.fixture
def keyed(places: Places, tmp_path: Path) -> Iterator[tuple[Server, dict[Role, str]]]:
    """A running server with a key for each role; v1 in use, v2 like it."""
    models = copy_versions(places, tmp_path / "models", "v1", "v2")
    ledgers = Path(shutil.copytree(places.ledgers, tmp_path / "ledgers"))
    settings = Settings(Places(ledgers, (models,)), ledger="small", data=tmp_path / "keyed")
    settings.data.mkdir()
    store = Store(settings.database_url)
    migrate(store)
    keys = {role: create_key(store, role.value, role)[1] for role in Role}
    store.close()
    one = Server(settings)
    yield one, keys
    one.stop()


@pytest.fixture
def sign_in(browser: Browser, keyed: tuple[Server, dict[Role, str]]) -> Iterator[Callable[..., Signed]]:
    contexts = []

    def enter(role: Role, width: int = 1366, height: int = 768) -> Signed:
        server, keys = keyed
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.goto(server.url)
        page.fill("#key", keys[role])
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="工作台")).to_be_visible()
        return Signed(page, server.url)

    yield enter
    for context in contexts:
        context.close()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
    ]


def record(page: Page, name: str, text: str) -> None:
    """Asks for a suggestion and records it under a ticket's name, from the page itself."""
    page.evaluate(
        "given => fetch('/v1/suggestions', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify(given)}).then(answer => answer.json())",
        {"id": name, "text": text},
    )


def decide(page: Page, **decision: str) -> None:
    """Records a decision, from the page itself."""
    page.evaluate(
        "given => fetch('/v1/decisions', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify(given)}).then(answer => answer.json())",
        decision,
    )


def ticket_of(page: Page, name: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("name => fetch('/v1/tickets/' + name).then(answer => answer.json())", name)
    return found
