"""Retraining over HTTP: from decisions and uploaded labels, with report and gate; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from classifier.catalogue.ledger import load_ledger
from classifier.settings import Places
from service.domain import JobKind, Role
from service.keys import create_key
from service.resources import Resources
from service.trainings import decided_rows, work_training
from tests.service.conftest import work_once

Open = Callable[..., TestClient]
LABELS = "text,category\n路灯不亮,LD\n拖欠工资,工资问题\n河水臭,HJ\n路面有坑,LD\n"


@pytest.fixture
def client(open_client: Open, places: Places, tmp_path: Path) -> TestClient:
    return open_client(places=Places(places.ledgers, (tmp_path / "models", *places.models)), ledger="child")


def _resources(client: TestClient) -> Resources:
    resources: Resources = client.app.state.resources  # type: ignore[attr-defined]
    return resources


def _train(client: TestClient, labels: str | None = LABELS, **fields: Any) -> dict[str, Any]:
    files = {"file": ("标注.csv", labels.encode())} if labels is not None else None
    answer = client.post("/v1/trainings", files=files, data=fields)
    assert answer.status_code == 202, answer.text
    work_once(_resources(client).settings, JobKind.TRAINING, work_training)
    found: dict[str, Any] = client.get(f"/v1/trainings/{answer.json()['id']}").json()
    return found


def test_labels_become_a_candidate_with_report_and_gate(client: TestClient) -> None:
    done = _train(client)
    assert (done["state"], done["error"]) == ("done", "")
    assert (done["result"]["version"], done["result"]["uploaded"], done["result"]["decisions"]) == ("v1", 4, 0)
    assert {"passed", "findings"} <= set(done["result"]["gate"])
    assert done["result"]["promoted"] is False
    listed = client.get("/v1/models").json()
    assert [(one["version"], one["in_use"]) for one in listed["versions"]] == [("v1", False)]
    assert [one["id"] for one in client.get("/v1/trainings").json()["jobs"]] == [done["id"]]
    assert client.get(f"/v1/jobs/{done['id']}").json()["error"] == "job_not_found"


def test_what_departments_decided_is_learnt_and_what_nobody_looked_at_is_not(client: TestClient) -> None:
    for name, text in (
        ("a", "街灯灭了"),
        ("b", "欠我工钱"),
        ("c", "没人看过"),
        ("d", "退回来的"),
        ("e", "路坏了 13800001234"),
    ):
        client.post("/v1/suggestions", json={"text": f"{text}，{text}", "id": name})
    for name, action, more in (
        ("a", "corrected", {"category": "LD"}),
        ("b", "closed", {"category": "工资问题"}),
        ("d", "returned", {"reason": "不归我管"}),
        ("e", "returned", {"reason": "不归我管", "department": "城市管理"}),
        ("e", "reassigned", {"department": "交通运输"}),
    ):
        assert client.post("/v1/decisions", json={"ticket": name, "action": action, **more}).status_code == 200
    resources = _resources(client)
    rows = decided_rows(resources.store, load_ledger("child", resources.settings.places.ledgers))
    assert [(row.complaint.id, row.categories) for row in rows[:2]] == [("a", ("LD",)), ("b", ("GZ",))]
    assert [(row.complaint.id, row.returned_by, row.complaint.text) for row in rows[2:]] == [
        ("e", ("cg",), "路坏了 *，路坏了 *")
    ]
    done = _train(client)
    assert (done["result"]["uploaded"], done["result"]["decisions"]) == (4, 3)
    assert _train(client, decisions="false")["result"]["decisions"] == 0


def test_a_candidate_that_does_not_pass_the_gate_is_not_put_in_use(client: TestClient) -> None:
    done = _train(client, promote="true")
    result = done["result"]
    assert result["promoted"] is result["gate"]["passed"]
    assert bool(result["refused"]) is not result["promoted"]


def test_wrong_labels_are_told_by_row_and_column_at_once(client: TestClient) -> None:
    answer = client.post("/v1/trainings", files={"file": ("x.csv", "text,category\n路灯,没有这类\n".encode())})
    assert (answer.status_code, answer.json()["error"]) == (422, "wrong_cell")
    assert "第 2 行" in answer.json()["detail"]
    assert client.get("/v1/trainings").json()["jobs"] == []


def test_a_waiting_training_is_cancelled(client: TestClient) -> None:
    job = client.post("/v1/trainings", data={"promote": "false"}).json()
    assert client.delete(f"/v1/trainings/{job['id']}").json()["state"] == "cancelled"


def test_only_a_steward_trains(client: TestClient) -> None:
    _, token = create_key(_resources(client).store, "平台", Role.CLERK)
    _resources(client).keyring.refresh()
    headers = {"Authorization": f"Bearer {token}"}
    for answer in (client.post("/v1/trainings", headers=headers), client.get("/v1/trainings", headers=headers)):
        assert (answer.status_code, answer.json()["error"]) == (403, "role_forbidden")
