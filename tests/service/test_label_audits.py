"""Labels audited as a job: an upload or what people decided, remarks down as a workbook, corrections carried back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from classifier.catalogue.ledger import load_ledger
from classifier.learn.audit.corrections import apply_corrections
from service.domain import JobKind, Role
from service.keys import create_key
from service.label_audits import work_label_audit
from tests.service.conftest import work_once

Open = Callable[..., TestClient]
LABELS = (
    "编号,text,category\n"
    + "".join(f"{at},老板拖欠工资{at}个月一直不给,欠薪\n" for at in range(8))
    + "".join(f"{at},人民路第{at}盏路灯坏了没人修,路灯\n" for at in range(8, 16))
    + "16,老板拖欠工资3个月一直不给,路灯\n17,河水发黑,没有这一类\n"
)


def _work(client: TestClient) -> None:
    work_once(client.app.state.resources.settings, JobKind.LABEL_AUDIT, work_label_audit)  # type: ignore[attr-defined]


def _done(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/label-audits/{job['id']}").json()
    assert found["state"] == "done", found
    return found


def test_remarks_name_the_uploaded_file_and_their_corrections_find_the_way_back(
    client: TestClient, tmp_path: Path
) -> None:
    job = client.post("/v1/label-audits", files={"file": ("标注.csv", LABELS.encode("gbk"))}).json()
    assert client.get(f"/v1/label-audits/{job['id']}/result").json()["error"] == "job_not_finished"
    _work(client)
    result = _done(client, job)["result"]
    assert result["rows"] == 18
    assert result["problems"]["unknown_category"] == 1
    assert result["problems"]["contradiction"] >= 1
    content = client.get(f"/v1/label-audits/{job['id']}/result").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    heading = [cell.value for cell in sheet[1]]
    place, change, problem = (heading.index(name) + 1 for name in ("位置", "改为", "问题"))
    wrong = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, problem).value == "同文异类")
    places = {sheet.cell(wrong, place).value, sheet.cell(wrong, heading.index("另一处") + 1).value}
    assert places == {"标注.csv:5", "标注.csv:18"}
    unknown = next(row for row in range(2, sheet.max_row + 1) if sheet.cell(row, problem).value == "类别不明")
    sheet.cell(unknown, change, "污水")
    (tmp_path / "标注.csv").write_bytes(LABELS.encode("gbk"))
    book = sheet.parent
    assert book is not None
    book.save(tmp_path / "清单.xlsx")
    resources = client.app.state.resources  # type: ignore[attr-defined]
    ledger = load_ledger("small", resources.settings.places.ledgers)
    applied = apply_corrections(tmp_path / "标注.csv", tmp_path / "清单.xlsx", tmp_path / "改正.csv", ledger)
    assert (applied.changed, applied.elsewhere) == (1, 0)


def test_without_a_file_what_people_decided_is_examined(client: TestClient) -> None:
    for name, category in (("甲", "B1"), ("乙", "C1")):
        client.post("/v1/suggestions", json={"id": f"审{name}", "text": "老板拖欠我们工资半年一直不给结"})
        client.post("/v1/decisions", json={"ticket": f"审{name}", "action": "corrected", "category": category})
    job = client.post("/v1/label-audits").json()
    _work(client)
    result = _done(client, job)["result"]
    assert result["rows"] == 2
    assert result["problems"]["contradiction"] == 1
    assert job["id"] in [one["id"] for one in client.get("/v1/label-audits").json()["jobs"]]


def test_a_file_without_labels_is_refused_at_once_and_a_waiting_audit_is_cancelled(client: TestClient) -> None:
    refused = client.post("/v1/label-audits", files={"file": ("a.csv", "text\n路灯坏了\n".encode())})
    assert (refused.status_code, refused.json()["error"]) == (422, "missing_column")
    job = client.post("/v1/label-audits", files={"file": ("标注.csv", LABELS.encode())}).json()
    assert client.delete(f"/v1/label-audits/{job['id']}").json()["state"] == "cancelled"
    assert client.delete(f"/v1/label-audits/{job['id']}").json()["error"] == "job_finished"


@pytest.mark.parametrize("role", [Role.INTAKE, Role.CLERK])
def test_only_a_steward_examines_labels(open_client: Open, role: Role) -> None:
    client = open_client()
    resources = client.app.state.resources  # type: ignore[attr-defined]
    _, token = create_key(resources.store, role.value, role)
    resources.keyring.refresh()
    headers = {"Authorization": f"Bearer {token}"}
    assert client.post("/v1/label-audits", headers=headers).json()["error"] == "role_forbidden"
    assert client.get("/v1/label-audits", headers=headers).json()["error"] == "role_forbidden"
    assert client.get(f"/v1/label-audits/{'0' * 32}/result", headers=headers).json()["error"] == "role_forbidden"
