"""Versions over HTTP: listed, promoted, rolled back; the switch is in force at once and in the audit log."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from classifier.settings import Places
from service.domain import Role
from service.keys import create_key
from service.resources import Resources
from service.store import tables

Open = Callable[..., TestClient]


@pytest.fixture
def client(open_client: Open, three_versions: Places) -> TestClient:
    """A service with models of its own: v1 in use, v2 like it, v3 damaged."""
    return open_client(places=three_versions)


def _resources(client: TestClient) -> Resources:
    resources: Resources = client.app.state.resources  # type: ignore[attr-defined]
    return resources


def _answers_with(client: TestClient) -> str:
    model: str = client.post("/v1/suggestions", json={"text": "路灯坏了"}).json()["model"]
    return model


def test_a_promoted_version_answers_the_next_request_and_is_rolled_back(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert [(one["version"], one["in_use"]) for one in listed["versions"]] == [
        ("v1", True),
        ("v2", False),
        ("v3", False),
    ]
    assert listed["model"] == "small/v1"
    refused = client.post("/v1/models/v2/promote")
    assert (refused.status_code, refused.json()["error"]) == (409, "promotion_refused")
    forced = client.post("/v1/models/v2/promote?force=true&reason=演练")
    assert forced.json() == {"ledger": "small", "in_use": "v2", "before": "v1"}
    assert _answers_with(client) == "small/v2"
    assert client.post("/v1/models/rollback").json() == {"ledger": "small", "in_use": "v1", "before": "v2"}
    assert _answers_with(client) == "small/v1"
    again = client.post("/v1/models/rollback")
    assert (again.status_code, again.json()["error"]) == (409, "nothing_to_roll_back")
    with _resources(client).store.reading() as connection:
        logged = [row.action for row in connection.execute(sa.select(tables.audit).order_by(tables.audit.c.no))]
    assert logged == ["model_promoted", "model_rolled_back"]


def test_rolling_back_from_a_version_twice_goes_back_once(client: TestClient) -> None:
    client.post("/v1/models/v2/promote?force=true")
    assert client.post("/v1/models/v2/rollback").json()["in_use"] == "v1"
    assert client.post("/v1/models/v2/rollback").json() == {"ledger": "small", "in_use": "v1", "before": "v1"}


def test_a_damaged_version_or_none_is_never_put_in_use(client: TestClient) -> None:
    damaged = client.post("/v1/models/v3/promote")
    assert (damaged.status_code, damaged.json()["error"]) == (503, "bundle_corrupt")
    missing = client.post("/v1/models/v9/promote")
    assert (missing.status_code, missing.json()["error"]) == (404, "version_not_found")
    assert client.post("/v1/models/latest/promote").json()["error"] == "invalid_request"
    assert _answers_with(client) == "small/v1"


def test_a_version_tells_its_facts(client: TestClient) -> None:
    shown = client.get("/v1/models/v1").json()
    assert shown["in_use"] is True
    assert "files" in shown["manifest"]
    assert client.get("/v1/models/v9").status_code == 404
    child = client.get("/v1/models?ledger=child").json()
    assert (child["model"], child["versions"]) == ("small/v1", [])


@pytest.mark.parametrize("role", [Role.INTAKE, Role.CLERK])
def test_only_a_steward_switches_models(client: TestClient, role: Role) -> None:
    _, token = create_key(_resources(client).store, "平台", role)
    _resources(client).keyring.refresh()
    headers = {"Authorization": f"Bearer {token}"}
    for path in ("/v1/models/v2/promote", "/v1/models/rollback", "/v1/models/v1/rollback"):
        answer = client.post(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, "role_forbidden")
    assert client.get("/v1/models", headers=headers).status_code == 200


def test_a_child_without_versions_of_its_own_has_nothing_to_go_back_to(client: TestClient) -> None:
    answer = client.post("/v1/models/rollback?ledger=child")
    assert (answer.status_code, answer.json()["error"]) == (409, "nothing_to_roll_back")
