"""Keys over HTTP: an administrator makes, lists and revokes them; nobody else, and nobody beyond their ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from service.domain import Role
from service.keys import create_key, list_keys, revoke_key
from service.resources import Resources

Open = Callable[..., TestClient]
Headers = dict[str, str]


@pytest.fixture
def client(open_client: Open) -> TestClient:
    return open_client()


def _resources(client: TestClient) -> Resources:
    resources: Resources = client.app.state.resources  # type: ignore[attr-defined]
    return resources


def _headers(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def _key(client: TestClient, role: Role, ledger: str = "") -> Headers:
    _, token = create_key(_resources(client).store, "甲", role, ledger)
    _resources(client).keyring.refresh()
    return _headers(token)


def test_a_key_is_shown_once_and_works_at_once(client: TestClient) -> None:
    admin = _key(client, Role.ADMIN)
    wanted = {"name": "热线平台", "role": "intake", "ledger": "small", "days": 30, "rate": 50}
    made = client.post("/v1/keys", json=wanted, headers=admin)
    assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
    key = made.json()
    assert (key["name"], key["role"], key["ledger"], key["rate"]) == ("热线平台", "intake", "small", 50)
    assert key["expires"] > key["created"]
    answered = client.post("/v1/suggestions", json={"text": "路灯坏了"}, headers=_headers(key["key"]))
    assert answered.status_code == 200
    listed = client.get("/v1/keys", headers=admin)
    assert [one["id"] for one in listed.json()["keys"]][-1] == key["id"]
    assert key["key"].split("_")[2] not in listed.text
    assert "key" not in listed.json()["keys"][-1]


def test_a_revoked_key_is_refused_at_once_and_stays_in_the_list(client: TestClient) -> None:
    admin = _key(client, Role.ADMIN)
    key = client.post("/v1/keys", json={"name": "热线平台"}, headers=admin).json()
    assert client.get("/v1/catalogue", headers=_headers(key["key"])).status_code == 200
    revoked = client.delete(f"/v1/keys/{key['id']}", headers=admin).json()
    assert revoked["revoked"] is not None
    assert client.delete(f"/v1/keys/{key['id']}", headers=admin).json() == revoked
    refused = client.get("/v1/catalogue", headers=_headers(key["key"]))
    assert (refused.status_code, refused.json()["error"]) == (401, "key_unknown")
    assert client.get("/v1/keys", headers=admin).json()["keys"][-1] == revoked
    absent = client.delete("/v1/keys/00000000", headers=admin)
    assert (absent.status_code, absent.json()["error"]) == (404, "key_not_found")


def test_a_key_does_not_revoke_itself(client: TestClient) -> None:
    admin = _key(client, Role.ADMIN)
    (own,) = client.get("/v1/keys", headers=admin).json()["keys"]
    refused = client.delete(f"/v1/keys/{own['id']}", headers=admin)
    assert (refused.status_code, refused.json()["error"]) == (409, "own_key")
    assert client.get("/v1/keys", headers=admin).status_code == 200


def test_making_and_revoking_are_in_the_audit_log(client: TestClient) -> None:
    admin = _key(client, Role.ADMIN)
    key = client.post("/v1/keys", json={"name": "热线平台"}, headers=admin).json()
    client.delete(f"/v1/keys/{key['id']}", headers=admin)
    log = client.get("/v1/audit?limit=2", headers=admin)
    entries = log.json()["entries"]
    assert [(one["action"], one["subject"]) for one in entries] == [
        ("key_revoked", key["id"]),
        ("key_created", key["id"]),
    ]
    assert all(one["caller"].startswith("甲（") for one in entries)
    assert key["key"].split("_")[2] not in log.text


@pytest.mark.parametrize("role", [Role.INTAKE, Role.CLERK, Role.STEWARD])
def test_only_an_administrator_has_to_do_with_keys(client: TestClient, role: Role) -> None:
    headers = _key(client, role)
    answers = (
        client.post("/v1/keys", json={"name": "乙"}, headers=headers),
        client.get("/v1/keys", headers=headers),
        client.delete("/v1/keys/00000000", headers=headers),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["error"]) == (403, "role_forbidden")
    assert len(list_keys(_resources(client).store)) == 1


def test_the_administrator_of_a_ledger_reaches_its_keys_only(client: TestClient) -> None:
    of_all, of_child = _key(client, Role.ADMIN), _key(client, Role.ADMIN, "child")
    other = client.post("/v1/keys", json={"name": "乙", "ledger": "small"}, headers=of_all).json()
    mine = client.post("/v1/keys", json={"name": "丙"}, headers=of_child).json()
    assert mine["ledger"] == "child"
    refused = client.post("/v1/keys", json={"name": "丁", "ledger": "small"}, headers=of_child)
    assert (refused.status_code, refused.json()["error"]) == (403, "ledger_forbidden")
    assert {one["ledger"] for one in client.get("/v1/keys", headers=of_child).json()["keys"]} == {"child"}
    assert client.delete(f"/v1/keys/{other['id']}", headers=of_child).json()["error"] == "key_not_found"
    assert client.delete(f"/v1/keys/{mine['id']}", headers=of_child).status_code == 200


def test_a_request_sent_again_makes_no_second_key_and_shows_none(client: TestClient) -> None:
    headers = {**_key(client, Role.ADMIN), "Idempotency-Key": "k1"}
    first = client.post("/v1/keys", json={"name": "热线平台"}, headers=headers).json()
    again = client.post("/v1/keys", json={"name": "热线平台"}, headers=headers).json()
    assert first["key"].startswith(f"fb_{first['id']}_")
    assert again == {**first, "key": None}
    other = client.post("/v1/keys", json={"name": "另一平台"}, headers=headers)
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")


def test_the_first_key_of_all_is_an_administrators(client: TestClient) -> None:
    refused = client.post("/v1/keys", json={"name": "热线平台"})
    assert (refused.status_code, refused.json()["error"]) == (409, "admin_key_needed")
    made = client.post("/v1/keys", json={"name": "管理员", "role": "admin"}).json()
    assert client.get("/v1/keys").status_code == 401
    assert client.get("/v1/keys", headers=_headers(made["key"])).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": ""}, 422, "invalid_request"),
        ({"name": "甲\u0000"}, 422, "invalid_request"),
        ({"name": "甲", "role": "king"}, 422, "invalid_request"),
        ({"name": "甲", "days": -1}, 422, "invalid_request"),
        ({"name": "甲", "rate": -1}, 422, "invalid_request"),
        ({"name": "甲", "more": 1}, 422, "invalid_request"),
        ({"name": "甲", "ledger": "nowhere"}, 404, "ledger_not_found"),
    ],
)
def test_a_key_that_cannot_be_is_refused(client: TestClient, body: dict[str, object], status: int, code: str) -> None:
    answer = client.post("/v1/keys", json=body, headers=_key(client, Role.ADMIN))
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_an_administrator_whose_key_is_revoked_makes_none(client: TestClient) -> None:
    store = _resources(client).store
    key, token = create_key(store, "甲", Role.ADMIN)
    _resources(client).keyring.refresh()
    assert client.get("/v1/keys", headers=_headers(token)).status_code == 200
    revoke_key(store, key.id)
    _resources(client).keyring.refresh()
    assert client.post("/v1/keys", json={"name": "乙"}, headers=_headers(token)).json()["error"] == "key_unknown"
