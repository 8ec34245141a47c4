"""Tickets over HTTP: recorded as they were, decided on, found again; on both databases."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from service.retention import sweep
from service.store import tables
from service.store.database import Store

Open = Callable[..., TestClient]
_numbers = itertools.count(1)


@pytest.fixture
def ticket() -> str:
    return f"GD-{next(_numbers)}"


def _store(client: TestClient) -> Store:
    store: Store = client.app.state.resources.store  # type: ignore[attr-defined]
    return store


def _suggest(client: TestClient, name: str, text: str, **headers: str) -> dict[str, Any]:
    answer = client.post("/v1/suggestions", json={"text": text, "id": name}, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _decide(client: TestClient, name: str, action: str, **more: str) -> dict[str, Any]:
    answer = client.post("/v1/decisions", json={"ticket": name, "action": action, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_ticket_that_comes_again_is_answered_with_what_was_recorded(client: TestClient, ticket: str) -> None:
    first = _suggest(client, ticket, "老板拖欠我半年工资不给")
    again = _suggest(client, ticket, "河水又黑又臭，没有人管")
    assert again["categories"] == first["categories"]
    assert (first["record"]["repeated"], again["record"]["repeated"]) == (False, True)
    assert (again["record"]["same_text"], again["record"]["recorded"]) == (False, first["record"]["recorded"])
    assert _suggest(client, ticket, "老板拖欠我半年工资，不给！")["record"]["same_text"] is True


def test_a_complaint_without_an_id_or_with_record_off_leaves_nothing(client: TestClient, ticket: str) -> None:
    assert client.post("/v1/suggestions", json={"text": "路灯坏了"}).json()["record"] is None
    asked = client.post("/v1/suggestions?record=false", json={"text": "路灯坏了", "id": ticket})
    assert asked.json()["record"] is None
    assert client.get(f"/v1/tickets/{ticket}").json()["error"] == "ticket_not_found"


def test_a_service_that_records_nothing_still_suggests(open_client: Open, ticket: str) -> None:
    answer = _suggest(open_client(record=False), ticket, "路灯坏了没人修")
    assert (answer["record"], answer["similar"], answer["matter"]) == (None, [], None)


@pytest.mark.parametrize(
    "name",
    ["2026/11/23-1", "工单 一号", "?x=1#y", "'; DROP TABLE tickets; --", "<script>", "ﷺ" * 200, "%", "0", ".x"],
)
def test_ticket_ids_of_every_kind_are_kept_as_they_are(client: TestClient, name: str) -> None:
    _suggest(client, name, "路灯坏了没人修")
    found = client.get(f"/v1/tickets/{quote(name, safe='')}")
    assert (found.status_code, found.json()["id"]) == (200, name)
    assert [one["id"] for one in client.get("/v1/tickets", params={"id": name}).json()["tickets"]] == [name]


def test_a_percent_sign_in_an_id_is_not_read_twice(live_server: str) -> None:
    httpx2.post(f"{live_server}/v1/suggestions", json={"text": "路灯坏了没人修", "id": "a%2Fb"})
    assert httpx2.get(f"{live_server}/v1/tickets/a%252Fb").json()["id"] == "a%2Fb"


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "x" * 201, 5, None, {"a": 1}])
def test_an_id_that_cannot_be_kept_is_refused(client: TestClient, name: object) -> None:
    answer = client.post("/v1/suggestions", json={"text": "路灯坏了", "id": name})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE tickets; --", "<script>alert(1)</script>路灯", "路灯\x00坏了", "路灯" * 9000]
)
def test_code_in_a_text_is_only_text(client: TestClient, ticket: str, text: str) -> None:
    _suggest(client, ticket, text)
    assert client.get(f"/v1/tickets/{ticket}").json()["text"] == text.replace("\x00", "")


def test_personal_data_is_masked_before_it_is_stored(client: TestClient, ticket: str) -> None:
    _suggest(client, ticket, "我住阳光花园3栋2单元501，电话13800001234，路灯坏了")
    shown = client.get(f"/v1/tickets/{ticket}").json()
    assert shown["text"] == "我住阳光花园[门牌号]，电话[手机号]，路灯坏了"
    _decide(client, ticket, "returned", reason="请联系张三 13900005678", by="城管01")
    with _store(client).reading() as connection:
        everything = [
            str(row) for table in tables.metadata.sorted_tables for row in connection.execute(sa.select(table))
        ]
    assert not [row for row in everything if "13800001234" in row or "13900005678" in row]


def test_decisions_are_appended_and_the_suggestion_stays(client: TestClient, ticket: str) -> None:
    before = _suggest(client, ticket, "人民路的路灯坏了没人修")
    _decide(client, ticket, "returned", reason="不属本局职责", by="城管01")
    _decide(client, ticket, "reassigned", department="交通运输")
    shown = _decide(client, ticket, "corrected", category="欠薪")
    shown = _decide(client, ticket, "closed")
    assert [one["action"] for one in shown["rulings"]] == ["returned", "reassigned", "corrected", "closed"]
    assert shown["rulings"][0]["department"] == before["departments"][0]["department"]["code"]
    assert (shown["state"], shown["returns"], shown["category"]) == ("closed", 1, "B1")
    assert shown["department"] == shown["rulings"][1]["department"]
    assert shown["suggestion"]["categories"] == before["categories"]


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"ticket": "没有这张", "action": "accepted"}, 404, "ticket_not_found"),
        ({"action": "accepted"}, 422, "invalid_request"),
        ({"ticket": "x", "action": "eaten"}, 422, "invalid_request"),
        ({"ticket": "x", "action": "returned"}, 422, "decision_incomplete"),
        ({"ticket": "x", "action": "reassigned"}, 422, "decision_incomplete"),
        ({"ticket": "x", "action": "corrected"}, 422, "decision_incomplete"),
        ({"ticket": "x", "action": "corrected", "category": "没有这类"}, 422, "unknown_category"),
        ({"ticket": "x", "action": "reassigned", "department": "没有这个局"}, 422, "unknown_department"),
    ],
)
def test_each_wrong_decision_has_its_code(client: TestClient, given: dict[str, str], status: int, code: str) -> None:
    answer = client.post("/v1/decisions", json=given)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_a_request_sent_twice_is_done_once(client: TestClient, ticket: str) -> None:
    _suggest(client, ticket, "路灯坏了没人修")
    key = {"Idempotency-Key": f"key-{ticket}"}
    given = {"ticket": ticket, "action": "accepted"}
    first, second = (client.post("/v1/decisions", json=given, headers=key) for _ in range(2))
    assert (first.status_code, first.content) == (200, second.content)
    assert len(client.get(f"/v1/tickets/{ticket}").json()["rulings"]) == 1
    other = client.post("/v1/decisions", json=given | {"by": "另一人"}, headers=key)
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")
    bad = client.post("/v1/decisions", json=given, headers={"Idempotency-Key": "x" * 300})
    assert (bad.status_code, bad.json()["error"]) == (422, "bad_idempotency_key")


def test_a_suggestion_sent_twice_is_answered_in_the_same_words(client: TestClient, ticket: str) -> None:
    body = {"text": "路灯坏了没人修", "id": ticket}
    answers = {
        client.post("/v1/suggestions", json=body, headers={"Idempotency-Key": f"s-{ticket}"}).text for _ in range(3)
    }
    assert len(answers) == 1
    assert json.loads(answers.pop())["record"]["repeated"] is False


def test_requests_at_once_for_one_ticket_record_it_once(client: TestClient, ticket: str) -> None:
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=lambda: answers.append(_suggest(client, ticket, "路灯坏了没人修"))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(not one["record"]["repeated"] for one in answers) == 1
    assert len({one["record"]["recorded"] for one in answers}) == 1


def test_many_people_with_one_complaint_are_one_matter(open_client: Open) -> None:
    client = open_client()
    _suggest(client, "m1", "翠湖小区门口的路灯坏了三天，没有人来修，晚上很黑")
    copy = _suggest(client, "m2", "翠湖小区门口的路灯坏了三天，没有人来修，晚上很黑！！")
    own_words = _suggest(client, "m3", "晚上回家什么也看不见，翠湖小区门口的路灯不亮，请派人修理路灯")
    elsewhere = _suggest(client, "m4", "金山小区的路灯坏了，请派人修理路灯")
    assert [(one["ticket"], one["relation"]) for one in copy["similar"]] == [("m1", "duplicate")]
    assert ("m1", "matter") in [(one["ticket"], one["relation"]) for one in own_words["similar"]]
    assert (own_words["matter"]["ticket"], own_words["matter"]["count"]) == ("m1", 3)
    assert (elsewhere["similar"], elsewhere["matter"]["count"]) == ([], 1)
    found = client.get("/v1/tickets", params={"matter": "m2"}).json()["tickets"]
    assert [one["id"] for one in found] == ["m3", "m2", "m1"]
    preview = client.post("/v1/suggestions", json={"text": "翠湖小区的路灯坏了没人修"}).json()
    assert (preview["matter"]["ticket"], preview["record"]) == ("m1", None)


def test_tickets_are_listed_page_by_page(open_client: Open) -> None:
    client = open_client()
    for at in range(5):
        _suggest(client, f"p{at}", "路灯坏了没人修" if at % 2 else "老板拖欠工资半年不给")
    _decide(client, "p1", "accepted")
    first = client.get("/v1/tickets", params={"limit": 3}).json()
    rest = client.get("/v1/tickets", params={"limit": 3, "before": first["next"]}).json()
    assert [one["id"] for one in first["tickets"] + rest["tickets"]] == ["p4", "p3", "p2", "p1", "p0"]
    assert rest["next"] is None
    assert [one["id"] for one in client.get("/v1/tickets?state=accepted").json()["tickets"]] == ["p1"]
    assert [one["id"] for one in client.get("/v1/tickets?category=B1").json()["tickets"]] == ["p4", "p2", "p0"]
    assert client.get("/v1/tickets?first=2999-01-01").json()["tickets"] == []


def test_a_batch_records_those_with_an_id_and_answers_as_single_calls_do(client: TestClient, ticket: str) -> None:
    items = [{"text": "路灯坏了没人修", "id": ticket}, {"text": "路灯坏了没人修"}]
    results = client.post("/v1/suggestions/batch", json={"complaints": items}).json()["results"]
    assert results[0]["suggestion"]["record"]["ticket"] == ticket
    assert results[1]["suggestion"]["record"] is None
    assert results[0]["suggestion"]["categories"] == results[1]["suggestion"]["categories"]


def test_texts_go_when_their_time_is_over_and_the_rest_stays(client: TestClient, ticket: str) -> None:
    _suggest(client, ticket, "老虎桥的路灯坏了没人修")
    store = _store(client)
    past = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with store.writing() as connection:
        connection.execute(tables.tickets.update().where(tables.tickets.c.id == ticket).values(expires=past))
    assert sweep(store) == 1
    assert sweep(store) == 0
    shown = client.get(f"/v1/tickets/{ticket}").json()
    assert (shown["text"], shown["title"], shown["text_expires"]) == (None, None, None)
    assert shown["suggestion"]["categories"]
    assert _suggest(client, ticket, "老虎桥的路灯坏了没人修")["record"]["same_text"] is True
