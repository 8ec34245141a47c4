"""Reports and the catalogue over HTTP, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from classifier.catalogue.ledger import Ledger
from service.reports import Count, Period
from service.schemas.catalogue import CategoriesOut, DepartmentsOut, DutiesOut, LedgerOut, RegionsOut
from service.schemas.reports import AgreementOut, CountsOut, DriftOut, MattersOut, ReturnsOut

Open = Callable[..., TestClient]
LAMP, WAGES, BUS = "人民路的路灯坏了没人修", "老板拖欠我半年工资不给", "工厂往河里排污水，河水又黑又臭"


@pytest.fixture(scope="module")
def client(open_client: Open) -> TestClient:
    """Twelve tickets: four in October, eight in November, some decided on."""
    client = open_client()
    days = {"2026-10-05": [WAGES] * 3 + [BUS], "2026-11-02": [LAMP] * 4, "2026-11-09": [WAGES] * 3 + [BUS]}
    at = 0
    for day, texts in days.items():
        for text in texts:
            at += 1
            client.post("/v1/suggestions", json={"text": f"{text}{'。' * at}", "id": f"t{at}", "date": day})
    for name, action, more in (
        ("t5", "accepted", {}),
        ("t6", "returned", {"reason": "不属本局"}),
        ("t6", "reassigned", {"department": "交通运输"}),
        ("t7", "corrected", {"category": "欠薪"}),
        ("t8", "closed", {}),
    ):
        client.post("/v1/decisions", json={"ticket": name, "action": action, **more})
    return client


NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}


def test_tickets_are_counted_by_what_they_are_now(client: TestClient) -> None:
    answer = client.get("/v1/reports/counts", params=NOVEMBER).json()
    rows = CountsOut.model_validate(answer).rows
    found = {one.key: (one.name, one.tickets, one.returned, one.closed) for one in rows}
    assert found["C1"] == ("道路/路灯", 3, 1, 1)
    assert found["B1"][1] == 4
    assert [one.tickets for one in rows] == sorted((one.tickets for one in rows), reverse=True)


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("day", ["2026-10-05", "2026-11-02", "2026-11-09"]),
        ("week", ["2026-W41", "2026-W45", "2026-W46"]),
        ("month", ["2026-10", "2026-11"]),
    ],
)
def test_time_is_counted_in_order(client: TestClient, by: str, keys: list[str]) -> None:
    params = {"first": "2026-10-01", "last": "2026-11-30", "by": by}
    rows = client.get("/v1/reports/counts", params=params).json()["rows"]
    assert [row["key"] for row in rows] == keys
    assert sum(row["tickets"] for row in rows) == 12


@pytest.mark.parametrize("by", ["department", "region", "kind", "urgency", "verdict", "state", "model"])
def test_every_way_of_counting_counts_every_ticket(client: TestClient, by: str) -> None:
    rows = client.get("/v1/reports/counts", params={**NOVEMBER, "by": by}).json()["rows"]
    assert sum(row["tickets"] for row in rows) == 8


def test_returns_are_told_by_the_department_that_returned(client: TestClient) -> None:
    rows = ReturnsOut.model_validate(client.get("/v1/reports/returns", params=NOVEMBER).json()).rows
    assert (rows[0].name, rows[0].dispatched, rows[0].returned, rows[0].rate) == ("城市管理", 5, 1, 0.2)


def test_agreement_tells_how_decided_tickets_ended(client: TestClient) -> None:
    rows = AgreementOut.model_validate(client.get("/v1/reports/agreement", params=NOVEMBER).json()).rows
    total = rows[0]
    assert (total.verdict, total.tickets, total.decided) == ("", 8, 4)
    assert (total.category_kept, total.department_kept, total.unreturned) == (0.75, 0.75, 0.75)
    assert sum(row.tickets for row in rows[1:]) == 8


def test_drift_compares_with_the_days_before(client: TestClient) -> None:
    found = DriftOut.model_validate(client.get("/v1/reports/drift", params=NOVEMBER).json())
    assert (found.tickets_before, found.tickets_now) == (4, 8)
    assert found.stability_index is not None
    assert found.stability_index > 0.25
    assert (found.shifts[0].category, found.shifts[0].before, found.shifts[0].now) == ("C1", 0.0, 0.5)
    nothing = client.get("/v1/reports/drift", params={"first": "2020-01-01", "last": "2020-01-02"}).json()
    assert (nothing["stability_index"], nothing["tickets_now"], nothing["shifts"]) == (None, 0, [])


def test_matters_of_many_people_come_first(client: TestClient) -> None:
    rows = MattersOut.model_validate(client.get("/v1/reports/matters", params=NOVEMBER).json()).rows
    assert (rows[0].ticket, rows[0].count, rows[0].category) == ("t5", 4, "C1")


def test_days_in_the_wrong_order_are_put_right_and_wrong_ones_refused(client: TestClient) -> None:
    swapped = client.get("/v1/reports/counts", params={"first": "2026-11-30", "last": "2026-11-01"}).json()
    assert (swapped["first"], swapped["last"]) == ("2026-11-01", "2026-11-30")
    assert client.get("/v1/reports/counts?last=0001-01-02").status_code == 200
    assert client.get("/v1/reports/drift?first=0001-01-01&last=9999-12-31").status_code == 200
    assert client.get("/v1/reports/counts?last=yesterday").json()["error"] == "invalid_request"


def test_the_period_before_is_of_the_same_length() -> None:
    before = Period("small", dt.date(2026, 11, 1), dt.date(2026, 11, 30)).before
    assert (before.first, before.last) == (dt.date(2026, 10, 2), dt.date(2026, 10, 31))
    assert Count("a", 1, 0, 0, 0).tickets == 1


def test_the_catalogue_is_the_ledgers(client: TestClient, small_ledger: Ledger) -> None:
    overview = LedgerOut.model_validate(client.get("/v1/catalogue").json())
    assert (overview.name, overview.fingerprint) == ("small", small_ledger.fingerprint)
    categories = CategoriesOut.model_validate(client.get("/v1/catalogue/categories").json()).categories
    assert [one.code for one in categories] == [one.code for one in small_ledger.categories]
    assert [one["code"] for one in client.get("/v1/catalogue/categories?q=C1").json()["categories"]] == ["C1"]
    departments = DepartmentsOut.model_validate(client.get("/v1/catalogue/departments").json()).departments
    assert len(departments) == len(small_ledger.departments) == overview.departments
    duties = DutiesOut.model_validate(client.get("/v1/catalogue/duties?category=C1").json()).duties
    assert {one.category for one in duties} == {"C1"}
    regions = RegionsOut.model_validate(client.get("/v1/catalogue/regions").json()).regions
    assert [one.path for one in regions] == [one.path for one in small_ledger.regions]
    deadlines = client.get("/v1/catalogue/deadlines").json()["deadlines"]
    assert len(deadlines) == len(small_ledger.deadlines)
    assert client.get("/v1/catalogue?ledger=child").json()["parent"] == "small"
