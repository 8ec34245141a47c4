"""Who may do what: keys, roles, ledgers, expiry, rates; and the machine itself while there is no key."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.domain import Key, Role
from service.errors import KeyUnknownError
from service.keys import Keyring, create_key, list_keys, revoke_key
from service.schemas.operation import AuditOut
from service.store.database import Store

Open = Callable[..., TestClient]
COMPLAINT = {"text": "路灯坏了没人修"}
AGES_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
REMOTE = ("10.1.2.3", 40_000)


@pytest.fixture(scope="module")
def guarded(open_client: Open) -> TestClient:
    """A service with one key, so that all need one."""
    client = open_client()
    _create(client, "首个", Role.ADMIN)
    return client


def _create(client: TestClient, *given: Any, **more: Any) -> tuple[Key, str]:
    """Make a key that the service knows at once; by itself it looks every second."""
    made = create_key(client.app.state.resources.store, *given, **more)  # type: ignore[attr-defined]
    client.app.state.resources.keyring.refresh()  # type: ignore[attr-defined]
    return made


def _ask(client: TestClient, token: str | None, path: str = "/v1/suggestions", **headers: str) -> tuple[int, str]:
    given = {"Authorization": f"Bearer {token}"} if token is not None else {}
    answer = client.post(path, json=COMPLAINT, headers=given | headers)
    return answer.status_code, answer.json().get("error", "")


def test_a_good_key_is_served_and_a_bad_one_is_not(guarded: TestClient) -> None:
    key, token = _create(guarded, "平台", Role.INTAKE)
    assert _ask(guarded, token) == (200, "")
    assert _ask(guarded, None) == (401, "key_missing")
    assert _ask(guarded, token[:-1] + ("0" if token[-1] != "0" else "1")) == (401, "key_unknown")
    assert _ask(guarded, f"fb_{key.id}_") == (401, "key_unknown")
    odd = guarded.post("/v1/suggestions", json=COMPLAINT, headers={"Authorization": "Bearer 路灯".encode()})
    assert odd.json()["error"] == "key_unknown"
    for open_to_all in ("/livez", "/readyz", "/docs", "/openapi.json"):
        assert guarded.get(open_to_all).status_code == 200


def test_a_browser_may_send_the_key_as_a_password(guarded: TestClient) -> None:
    _, token = _create(guarded, "受理台", Role.CLERK)
    asked = guarded.get("/")
    assert asked.status_code == 401
    assert asked.headers["WWW-Authenticate"].startswith("Basic")
    basic = base64.b64encode(f"clerk:{token}".encode()).decode()
    assert "受理" in guarded.get("/", headers={"Authorization": f"Basic {basic}"}).text


def test_a_revoked_key_and_an_expired_one_are_refused(guarded: TestClient) -> None:
    store: Store = guarded.app.state.resources.store  # type: ignore[attr-defined]
    key, token = _create(guarded, "旧", Role.INTAKE)
    _, expired = _create(guarded, "过期", Role.INTAKE, expires=AGES_AGO)
    assert _ask(guarded, token) == (200, "")
    revoke_key(store, key.id)
    guarded.app.state.resources.keyring.refresh()  # type: ignore[attr-defined]
    assert _ask(guarded, token) == (401, "key_unknown")
    assert _ask(guarded, expired) == (401, "key_expired")


def test_a_key_of_one_ledger_serves_no_other(guarded: TestClient) -> None:
    _, token = _create(guarded, "子台账", Role.INTAKE, "child")
    assert _ask(guarded, token, "/v1/suggestions?ledger=small") == (403, "ledger_forbidden")
    answer = guarded.post("/v1/suggestions", json=COMPLAINT, headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["categories"][0]["category"]["code"] == "LD"


def test_without_keys_only_the_machine_itself_is_served(open_client: Open) -> None:
    remote = open_client(client=REMOTE)
    assert _ask(remote, None) == (403, "keys_required")
    assert remote.get("/livez").status_code == 200
    assert _ask(open_client(client=("::1", 1)), None) == (200, "")


def test_another_sites_page_cannot_make_a_browser_post(open_client: Open) -> None:
    client = open_client()
    assert _ask(client, None, **{"Sec-Fetch-Site": "cross-site"}) == (403, "cross_site")
    assert _ask(client, None, **{"Sec-Fetch-Site": "same-origin"}) == (200, "")


def test_a_key_that_asks_too_often_is_told_when_to_come_back(guarded: TestClient) -> None:
    _, token = _create(guarded, "急", Role.INTAKE, rate=0.1)
    answers = [
        guarded.post("/v1/suggestions", json=COMPLAINT, headers={"Authorization": f"Bearer {token}"}) for _ in range(2)
    ]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].json()["error"] == "too_many_requests"
    assert int(refused[0].headers["Retry-After"]) >= 1


def test_a_key_is_kept_as_a_hash_only_and_its_making_is_logged(store: Store) -> None:
    key, token = create_key(store, "平台", Role.CLERK, "small")
    with store.reading() as connection:
        kept = [str(row) for row in connection.exec_driver_sql("SELECT * FROM keys")]
        logged = [str(row) for row in connection.exec_driver_sql("SELECT * FROM audit")]
    assert token.split("_")[2] not in kept[0] + logged[0]
    assert key.id in logged[0]
    assert [one.name for one in list_keys(store)] == ["平台"]


def test_a_key_of_another_store_is_unknown(store: Store) -> None:
    create_key(store, "甲", Role.CLERK)
    ring = Keyring(store)
    ring.refresh()
    with pytest.raises(KeyUnknownError):
        ring.identify("fb_00000000_" + "0" * 64)


def test_the_audit_log_is_for_administrators_page_by_page(guarded: TestClient) -> None:
    _, admin = _create(guarded, "管理员", Role.ADMIN)
    key, clerk = _create(guarded, "受理员", Role.CLERK)
    refused = guarded.get("/v1/audit", headers={"Authorization": f"Bearer {clerk}"})
    assert (refused.status_code, refused.json()["error"]) == (403, "role_forbidden")
    headers = {"Authorization": f"Bearer {admin}"}
    page = AuditOut.model_validate(guarded.get("/v1/audit?limit=1", headers=headers).json())
    assert [(one.action, one.subject) for one in page.entries] == [("key_created", key.id)]
    older = AuditOut.model_validate(guarded.get(f"/v1/audit?before={page.next}", headers=headers).json())
    assert all(one.no < page.entries[0].no for one in older.entries)
    assert older.next is None
