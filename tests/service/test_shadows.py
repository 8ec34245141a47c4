"""A version in shadow answers what was recorded since, once, unseen; the report counts who was right."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from classifier.registry.versions import Registry
from classifier.settings import Places
from service.domain import Role
from service.keys import create_key
from service.resources import Resources
from service.shadows import Shadows
from service.store import tables

Open = Callable[..., TestClient]


@pytest.fixture
def client(open_client: Open, three_versions: Places) -> TestClient:
    """A service whose v1 is in use, with v2 like it and v3 damaged."""
    return open_client(places=three_versions)


def _resources(client: TestClient) -> Resources:
    resources: Resources = client.app.state.resources  # type: ignore[attr-defined]
    return resources


def _shadows(client: TestClient) -> Shadows:
    return Shadows(_resources(client).settings.places, _resources(client).store)


def _record(client: TestClient, *names: str) -> None:
    for name in names:
        assert client.post("/v1/suggestions", json={"id": name, "text": "路灯坏了没人修"}).status_code == 200


def _kept(client: TestClient) -> list[Any]:
    with _resources(client).store.reading() as connection:
        return list(connection.execute(sa.select(tables.shadows).order_by(tables.shadows.c.ticket)))


def _report(client: TestClient, version: str = "v2") -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/reports/shadow?version={version}").json()
    return found


def test_a_version_in_shadow_answers_what_is_recorded_since_and_once(client: TestClient) -> None:
    _record(client, "before")
    begun = client.post("/v1/models/v2/shadow")
    assert begun.json() == {"ledger": "small", "in_shadow": "v2", "before": None}
    assert client.get("/v1/models").json()["in_shadow"] == "v2"
    _record(client, "a", "b")
    one, other = _shadows(client), _shadows(client)
    assert one.work_once() is True
    assert (one.work_once(), other.work_once()) == (False, False)
    suggested = client.get("/v1/tickets/a").json()["suggestion"]
    kept = _kept(client)
    assert [row.model for row in kept] == ["small/v2"] * 2
    assert kept[0].category == suggested["categories"][0]["category"]["code"]
    assert kept[0].probability == pytest.approx(suggested["categories"][0]["probability"], abs=1e-6)
    assert kept[0].verdict == suggested["decision"]["verdict"]
    assert suggested["model"] == "small/v1"


def test_what_a_killed_worker_left_is_taken_up_by_the_next(client: TestClient) -> None:
    client.post("/v1/models/v2/shadow")
    _record(client, *(f"t{at}" for at in range(55)))
    assert _shadows(client).work_once() is True
    assert len(_kept(client)) == 50
    assert _shadows(client).work_once() is True
    assert len(_kept(client)) == 55


def test_nothing_is_answered_once_it_has_ended_or_is_in_use(client: TestClient) -> None:
    client.post("/v1/models/v2/shadow")
    assert client.delete("/v1/models/shadow").json() == {"ledger": "small", "in_shadow": None, "before": "v2"}
    _record(client, "a")
    assert _shadows(client).work_once() is False
    client.post("/v1/models/v1/shadow")
    _record(client, "b")
    assert _shadows(client).work_once() is False
    assert _kept(client) == []


def test_a_damaged_version_stops_neither_the_worker_nor_the_service(client: TestClient) -> None:
    client.post("/v1/models/v3/shadow")
    _record(client, "a")
    assert _shadows(client).work_once() is False
    assert client.post("/v1/models/v9/shadow").json()["error"] == "version_not_found"


def test_the_report_counts_changes_and_who_was_right(client: TestClient) -> None:
    client.post("/v1/models/v2/shadow")
    _record(client, "a", "b", "c")
    _shadows(client).work_once()
    best = client.get("/v1/tickets/a").json()["category"]
    codes = [one["code"] for one in client.get("/v1/catalogue/categories").json()["categories"]]
    other = next(one for one in codes if one != best)
    table = tables.shadows
    with _resources(client).store.writing() as connection:
        for row, category in zip(connection.execute(sa.select(table)).all(), (best, other, other), strict=True):
            values = {"category": category, "verdict": "auto" if category == other else row.verdict}
            connection.execute(table.update().where(table.c.ticket == row.ticket).values(values))
    client.post("/v1/decisions", json={"ticket": "b", "action": "corrected", "category": other})
    client.post("/v1/decisions", json={"ticket": "c", "action": "accepted"})
    found = _report(client)
    assert (found["model"], found["tickets"], found["same_category"], found["decided"]) == ("small/v2", 3, 1, 2)
    assert (found["right_in_use"], found["right_in_shadow"]) == (1, 1)
    assert (found["only_in_use"], found["only_in_shadow"]) == (1, 1)
    assert sum(one["tickets"] for one in found["verdicts"]) == 3
    assert _report(client, "v9")["tickets"] == 0


def test_only_a_steward_puts_versions_in_shadow_and_the_log_tells(client: TestClient) -> None:
    client.post("/v1/models/v2/shadow")
    with _resources(client).store.reading() as connection:
        (entry,) = connection.execute(sa.select(tables.audit)).all()
    assert (entry.action, entry.subject, entry.ledger) == ("model_shadowed", "v2", "small")
    _, token = create_key(_resources(client).store, "平台", Role.CLERK)
    _resources(client).keyring.refresh()
    headers = {"Authorization": f"Bearer {token}"}
    for answer in (
        client.post("/v1/models/v2/shadow", headers=headers),
        client.delete("/v1/models/shadow", headers=headers),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "role_forbidden")


def test_the_same_version_again_keeps_its_beginning(client: TestClient) -> None:
    client.post("/v1/models/v2/shadow")
    root = _resources(client).settings.places.models[0]
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
    os.utime(root / "small" / "shadow", (long_ago, long_ago))
    client.post("/v1/models/v2/shadow")
    since = Registry((root,)).shadow_since("small")
    assert since is not None
    assert since.year == 2026
    assert since.month == 1
