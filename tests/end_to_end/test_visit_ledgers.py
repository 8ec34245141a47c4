"""The five ledgers of household visits in use: a base, notes over HTTP, decisions, struck off, and the summary."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from classifier.batch.report import ReportRequest, report
from classifier.catalogue.ledger import load_ledger
from classifier.desk import build_base, open_desk
from classifier.domain import Complaint
from classifier.registry.versions import Registry
from classifier.settings import Places
from service.app import create_app
from service.settings import Settings

SHIPPED = Path(__file__).parents[2] / "training_data"
NAMES = ("qilihe", "jiawang", "luhuo", "tangwu", "beicheng")
ONE_IN = 8
"""Of how many of the base's complaints one is learnt from here: a tenth of the time, a few points of accuracy."""

FLOORS = {"category": 0.8, "lead": 0.75, "region": 0.9}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The shipped ledgers as they are, on a base that learnt from a part of its complaints."""
    ledgers, models = tmp_path_factory.mktemp("ledgers"), tmp_path_factory.mktemp("models")
    shutil.copytree(SHIPPED / "hotline", ledgers / "hotline")
    for path in (ledgers / "hotline" / "complaints").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            heading, *rows = csv.reader(file)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([heading, *rows[::ONE_IN]])
    for name in NAMES:
        (ledgers / name).symlink_to(SHIPPED / name)
    build_base(load_ledger("hotline", ledgers), Registry((models,)))
    return Places(ledgers, (models,))


@pytest.fixture(scope="module")
def client(shipped: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(shipped, ledger="qilihe", data=tmp_path_factory.mktemp("data"))
    with TestClient(create_app(settings), client=("127.0.0.1", 50_000)) as one:
        yield one


@pytest.mark.parametrize("name", NAMES)
def test_the_notes_set_apart_are_sorted_above_the_floors(shipped: Places, name: str) -> None:
    suggester = open_desk(shipped, name)
    tree, level = suggester.ledger.categories, suggester.ledger.reporting_level
    rows = _rows(SHIPPED / name / "notes" / "held_out.csv")
    right = dict.fromkeys(FLOORS, 0)
    for row in rows:
        said = suggester.suggest(Complaint(row["text"]), with_evidence=False)
        right["category"] += said.categories[0].category == tree.at_level(tree.find(row["category"]), level)
        right["lead"] += said.departments[0].department.name == row["department"]
        right["region"] += said.region is not None and said.region.path == row["region"]
    assert {what: count / len(rows) for what, count in right.items() if count / len(rows) < FLOORS[what]} == {}


def _post(client: TestClient, ledger: str, call: str, **given: str) -> dict[str, Any]:
    answer = client.post(f"/v1/{call}", params={"ledger": ledger}, json=given)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_ledger_is_kept_from_intake_to_the_summary(
    client: TestClient, shipped: Places, name: str, tmp_path: Path
) -> None:
    rows = _rows(SHIPPED / name / "notes" / "held_out.csv")
    ledger = load_ledger(name, shipped.ledgers)
    dispatched = 0
    for row in rows:
        said = _post(
            client, name, "suggestions", id=row["id"], text=row["text"], region=row["region"], date=row["date"]
        )
        dispatched += said["departments"][0]["department"]["name"] == row["department"]
    assert dispatched / len(rows) >= FLOORS["lead"]

    returned, reassigned, closed = (row["id"] for row in rows[:3])
    before = client.get(f"/v1/tickets/{returned}", params={"ledger": name}).json()
    other = next(one for one in ledger.departments if one.code != before["department"])
    _post(client, name, "decisions", ticket=returned, action="returned", reason="不属本单位职责")
    _post(client, name, "decisions", ticket=returned, action="reassigned", department=other.name)
    _post(client, name, "decisions", ticket=reassigned, action="reassigned", department=other.name)
    _post(client, name, "decisions", ticket=closed, action="closed", by="村干部")
    ticket = client.get(f"/v1/tickets/{returned}", params={"ledger": name}).json()
    assert (ticket["state"], ticket["department"], ticket["returns"]) == ("reassigned", other.code, 1)
    assert ticket["suggestion"]["departments"] == before["suggestion"]["departments"]

    tickets = client.get("/v1/tickets", params={"ledger": name, "limit": 100}).json()["tickets"]
    assert len(tickets) == len(rows)
    days = sorted(row["date"] for row in rows)
    period = {"ledger": name, "first": days[0], "last": days[-1], "households": len(rows)}
    told = client.get("/v1/reports/bulletin", params=period).json()
    backlog = tmp_path / "tickets.jsonl"
    backlog.write_text("".join(f"{json.dumps(_exported(one, ledger.departments.get))}\n" for one in tickets))
    bulletin = report(ReportRequest(backlog, households=len(rows)), open_desk(shipped, name))
    figures = bulletin.figures
    assert (figures["problems"], figures["solved"], figures["open"]) == (len(rows), 1, len(rows) - 1)
    assert sum(one.found for one in bulletin.kinds) == len(rows)
    handed = {one.name: one.found for one in bulletin.departments}
    assert handed[other.name] >= 2
    assert str(len(rows)) in bulletin.paragraph
    assert "{" not in bulletin.paragraph
    # The same from the service itself, which counts by the categories as they were recorded.
    assert {key: told["figures"][key] for key in ("problems", "solved", "open")} == {
        key: figures[key] for key in ("problems", "solved", "open")
    }
    assert sum(one["found"] for one in told["kinds"]) == len(rows)
    assert {one["name"]: one["found"] for one in told["departments"]} == handed
    assert str(len(rows)) in told["paragraph"]
    assert "{" not in told["paragraph"]


def _exported(ticket: dict[str, Any], find: Any) -> dict[str, str]:
    """Write a ticket as a row of a backlog: its place, its department as it stands, and whether it is struck off."""
    return {
        "编号": ticket["id"],
        "日期": ticket["day"],
        "地区": (ticket["suggestion"]["region"] or {"path": ""})["path"],
        "正文": ticket["text"],
        "责任单位": find(ticket["department"]).name,
        "办理状态": "已销号" if ticket["state"] == "closed" else "办理中",
    }
