"""A ledger's tables out as a spreadsheet and back: errors by row, a trial on recent tickets, the change in force at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from classifier.settings import Places
from service.domain import Role
from service.keys import create_key
from service.store import tables

Open = Callable[..., TestClient]
WAGES = "老板拖欠工资半年不给"


@pytest.fixture
def ledgers(places: Places, tmp_path: Path) -> Path:
    return Path(shutil.copytree(places.ledgers, tmp_path / "ledgers"))


@pytest.fixture
def client(open_client: Open, places: Places, ledgers: Path) -> TestClient:
    return open_client(places=Places(ledgers, places.models))


def _send(client: TestClient, content: bytes, table: str = "duties", name: str = "表.csv", **fields: str) -> Any:
    return client.post(f"/v1/catalogue/tables/{table}", files={"file": (name, content)}, data=fields)


def _duties(client: TestClient) -> str:
    answer = client.get("/v1/catalogue/tables/duties")
    assert answer.headers["content-disposition"] == 'attachment; filename="duties.csv"'
    return answer.content.decode("utf-8-sig")


def _lead(client: TestClient, text: str = WAGES) -> str:
    lead: str = client.post("/v1/suggestions", json={"text": text}).json()["departments"][0]["department"]["name"]
    return lead


def _moved(client: TestClient) -> str:
    """The duties with another department leading wages, as a table."""
    before = _lead(client)
    codes = {one["name"]: one["code"] for one in client.get("/v1/catalogue/departments").json()["departments"]}
    other = next(name for name in codes if name != before)
    rows = [line.split(",") for line in _duties(client).splitlines()]
    at = rows[0].index("lead")
    for row in rows[1:]:
        if row[at] in (before, codes[before]):
            row[at] = other
    return "\n".join(",".join(row) for row in rows) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_change_is_tried_on_recent_tickets_and_then_in_force(
    client: TestClient, ledgers: Path, encoding: str
) -> None:
    client.post("/v1/suggestions", json={"id": "甲1", "text": WAGES})
    before, table = _lead(client), _moved(client).encode(encoding)
    tried = _send(client, table).json()
    assert (tried["tickets"], tried["otherwise"], tried["replaced"]) == (1, 1, False)
    assert tried["moved"][0]["ticket"] == "甲1"
    assert before in tried["moved"][0]["before"]
    assert before not in tried["moved"][0]["after"]
    assert _lead(client) == before
    former = (ledgers / "small" / "duties.csv").read_bytes()
    done = _send(client, table, trial="false").json()
    assert done["replaced"] is True
    assert _lead(client) != before
    resources = client.app.state.resources  # type: ignore[attr-defined]
    (kept,) = (resources.settings.data / "revisions" / "small").glob("duties-*.csv")
    assert kept.read_bytes() == former
    with resources.store.reading() as connection:
        logged = connection.execute(sa.select(tables.audit.c.subject).where(tables.audit.c.action == "table_replaced"))
        assert logged.scalars().all() == ["duties"]


def test_a_spreadsheet_is_taken_as_well(client: TestClient, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in _duties(client).splitlines():
        book.active.append(line.split(","))
    book.save(tmp_path / "职责.xlsx")
    answer = _send(client, (tmp_path / "职责.xlsx").read_bytes(), name="职责.xlsx")
    assert answer.status_code == 200, answer.text
    assert answer.json()["otherwise"] == 0


def test_errors_name_the_row_and_nothing_is_changed(client: TestClient, ledgers: Path) -> None:
    former = (ledgers / "small" / "duties.csv").read_bytes()
    table = _duties(client).rstrip("\n") + "\nB1,没有这个部门\n"
    refused = _send(client, table.encode(), trial="false")
    assert (refused.status_code, refused.json()["error"]) == (422, "bad_catalogue")
    assert f"第 {len(table.splitlines())} 行" in refused.json()["detail"]
    assert (ledgers / "small" / "duties.csv").read_bytes() == former
    missing = _send(client, "甲,乙\n1,2\n".encode(), trial="false")
    assert missing.status_code == 422
    assert _send(client, b"MZ", name="a.exe").json()["error"] == "unsupported_format"
    assert (ledgers / "small" / "duties.csv").read_bytes() == former


def test_a_folder_that_cannot_be_written_is_told(client: TestClient, ledgers: Path) -> None:
    former = (ledgers / "small" / "duties.csv").read_bytes()
    (ledgers / "small" / ".duties.csv.new").mkdir()
    refused = _send(client, _duties(client).encode(), trial="false")
    assert (refused.status_code, refused.json()["error"]) == (422, "ledger_read_only")
    assert (ledgers / "small" / "duties.csv").read_bytes() == former


def test_a_table_the_ledger_does_not_have_comes_as_its_heading(client: TestClient, ledgers: Path) -> None:
    (ledgers / "small" / "regions.csv").unlink()
    shown = client.get("/v1/catalogue/tables/regions").content.decode("utf-8-sig")
    assert shown.splitlines()[0].startswith("code,name")
    assert client.get("/v1/catalogue/tables/secrets").status_code == 422


def test_only_stewards_change_tables(client: TestClient) -> None:
    resources = client.app.state.resources  # type: ignore[attr-defined]
    for role, status in ((Role.CLERK, 403), (Role.STEWARD, 200)):
        _, token = create_key(resources.store, role.value, role)
        resources.keyring.refresh()
        client.headers["Authorization"] = f"Bearer {token}"
        assert _send(client, _duties(client).encode()).status_code == status
