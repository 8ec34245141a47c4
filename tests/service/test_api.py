"""The HTTP interface as another ledger system meets it."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from threadpoolctl import threadpool_info

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.errors import FenbanError, SettingError
from classifier.presentation import plain
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from service.desks import Desks
from service.documentation import CODES
from service.schemas.suggestions import AnswerOut

Open = Callable[..., TestClient]

TEXT = "老板拖欠我半年工资不给，电话13800001234"


def _said(answer: dict[str, object]) -> dict[str, object]:
    """What is suggested, without what is recorded."""
    return {name: value for name, value in answer.items() if name not in ("similar", "matter", "record")}


def test_an_answer_is_what_the_library_says(client: TestClient, suggester: Suggester) -> None:
    answer = client.post("/v1/suggestions", json={"text": TEXT, "title": "讨薪"})
    assert answer.status_code == 200
    found = answer.json()
    assert (found.pop("similar"), found.pop("matter"), found.pop("record")) == ([], None, None)
    assert found == plain(suggester.suggest(Complaint(TEXT, "讨薪")))


def test_every_field_of_an_answer_is_documented(client: TestClient) -> None:
    answer = client.post("/v1/suggestions", json={"text": TEXT}).json()
    assert AnswerOut.model_validate(answer, extra="forbid").model_dump(mode="json") == answer


def test_a_batch_is_answered_in_order_and_a_bad_item_fails_alone(client: TestClient) -> None:
    items = [{"text": TEXT, "id": "a"}, {"text": ""}, {"body": "x", "id": "c"}, {"text": "路灯坏了没人修", "id": "d"}]
    results = client.post("/v1/suggestions/batch", json={"complaints": items}).json()["results"]
    assert [one["id"] for one in results] == ["a", "", "c", "d"]
    assert [one["error"] and one["error"]["error"] for one in results] == [
        None,
        "empty_complaint",
        "invalid_request",
        None,
    ]
    single = client.post("/v1/suggestions", json={"text": TEXT}).json()
    assert _said(results[0]["suggestion"]) == _said(single)
    assert results[3]["suggestion"]["categories"][0]["category"]["name"] == "路灯"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/v1/suggestions", {"text": ""}, 422, "empty_complaint"),
        ("/v1/suggestions", {"text": "。。。"}, 422, "empty_complaint"),
        ("/v1/suggestions", {"text": "路灯" * 30_000}, 413, "complaint_too_long"),
        ("/v1/suggestions", {"text": "路灯" * 100_000}, 413, "body_too_large"),
        ("/v1/suggestions", {"text": "路灯坏了", "region": "没有的镇"}, 422, "unknown_region"),
        ("/v1/suggestions", {"text": 5}, 422, "invalid_request"),
        ("/v1/suggestions", {}, 422, "invalid_request"),
        ("/v1/suggestions", {"text": "路灯坏了", "phone": "1"}, 422, "invalid_request"),
        ("/v1/suggestions", {"text": "路灯坏了", "date": "31/01/2026"}, 422, "invalid_request"),
        ("/v1/suggestions?ledger=nowhere", {"text": "路灯坏了"}, 404, "ledger_not_found"),
        ("/v1/suggestions?ledger=../small", {"text": "路灯坏了"}, 422, "invalid_request"),
        ("/v1/suggestions/batch", {"complaints": []}, 422, "invalid_request"),
        ("/v1/suggestions/batch", {"complaints": [{"text": "路灯"}] * 6}, 422, "batch_too_large"),
        ("/v1/nothing", {"text": "路灯"}, 404, "not_found"),
        ("/livez", {"text": "路灯"}, 405, "method_not_allowed"),
    ],
)
def test_each_mistake_has_its_status_and_code_and_never_the_text(
    client: TestClient, path: str, body: dict[str, object], status: int, code: str
) -> None:
    answer = client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert "路灯" not in answer.text


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b'{"text": "\\ud800"}'])
def test_a_body_that_is_no_complaint_is_a_clear_error(client: TestClient, raw: bytes) -> None:
    answer = client.post("/v1/suggestions", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert set(answer.json()) == {"error", "detail"}


def test_a_body_without_a_declared_length_is_limited_too(client: TestClient) -> None:
    chunks = (b"x" * 50_000 for _ in range(10))
    answer = client.post("/v1/suggestions", content=chunks, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (413, "body_too_large")


def test_the_request_id_is_echoed_or_made(client: TestClient) -> None:
    assert client.get("/livez", headers={"X-Request-ID": "abc-1"}).headers["X-Request-ID"] == "abc-1"
    assert len(client.get("/livez").headers["X-Request-ID"]) == 32
    assert client.get("/livez", headers={"X-Request-ID": "x" * 500}).headers["X-Request-ID"] != "x" * 500


def test_health_tells_the_model_in_use(client: TestClient) -> None:
    assert client.get("/livez").json()["status"] == "ok"
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["ledger"], ready["model"]) == ("ok", "small", "small/v1")
    assert set(ready["checks"].values()) == {"ok"}


def test_a_service_without_a_model_lives_but_is_not_ready(open_client: Open, tmp_path: Path) -> None:
    (tmp_path / "ledgers").mkdir()
    client = open_client(places=Places(tmp_path / "ledgers", (tmp_path / "models",)))
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "ledger_not_found")
    assert ready.json()["checks"]["database"] == "ok"


def test_a_full_disk_makes_it_not_ready(open_client: Open) -> None:
    ready = open_client(min_disk=10**9).get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (503, "disk_full")


def test_documentation_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "http://" not in page.replace("http://testserver", "")
    assert "https://" not in page
    assets = [part.split('"')[0] for part in page.split('src="')[1:] + page.split('href="')[1:]]
    assert assets
    assert all(client.get(asset).status_code == 200 for asset in assets)


def test_the_schema_describes_every_call(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert {"200", "401", "403", "404", "413", "422", "429", "503"} <= set(
        document["paths"]["/v1/suggestions"]["post"]["responses"]
    )
    assert all(f"`{code}`" in document["info"]["description"] for code in CODES)


def test_every_error_of_the_program_is_listed_in_the_document() -> None:
    def below(kind: type[FenbanError]) -> set[type[FenbanError]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    raised = {kind for kind in below(FenbanError) if not kind.__subclasses__()} - {SettingError}
    assert {kind.code: kind for kind in raised if kind.code not in CODES} == {}


def test_nothing_of_a_complaint_is_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client.post("/v1/suggestions", json={"text": TEXT})
    client.post("/v1/suggestions", json={"text": [TEXT]})
    assert "工资" not in caplog.text
    assert "13800001234" not in caplog.text


@pytest.fixture
def own_ledger(ledgers: Path, places: Places, tmp_path: Path) -> Places:
    shutil.copytree(ledgers, tmp_path / "ledgers")
    return Places(tmp_path / "ledgers", (tmp_path / "models", *places.models))


def _refresh(client: TestClient) -> None:
    client.app.state.resources.desks.refresh()  # type: ignore[attr-defined]


def test_a_changed_duty_is_in_force_without_a_restart(own_ledger: Places, open_client: Open) -> None:
    table = own_ledger.ledgers / "small" / "duties.csv"
    client = open_client(places=own_ledger)

    def lead() -> str:
        _refresh(client)
        answer = client.post("/v1/suggestions", json={"text": "人民路的路灯坏了没人修"}).json()
        name: str = answer["departments"][0]["department"]["name"]
        return name

    assert lead() == "城市管理"
    table.write_text(table.read_text("utf-8").replace("C1,城市管理", "C1,交通运输"), "utf-8")
    assert lead() == "交通运输"
    table.write_text(table.read_text("utf-8").replace("C1,交通运输", "C1,没有这个部门"), "utf-8")
    assert lead() == "交通运输"


def test_a_promoted_model_is_in_use_within_seconds(own_ledger: Places, open_client: Open) -> None:
    registry = Registry(own_ledger.models)
    shutil.copytree(registry.find("small").folder, own_ledger.models[0] / "small" / "v2")
    client = open_client(places=own_ledger)
    assert client.get("/readyz").json()["model"] == "small/v1"
    registry.promote("small", "v2")
    deadline = time.monotonic() + 10
    while client.get("/readyz").json()["model"] != "small/v2":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_damaged_model_leaves_the_one_in_use(own_ledger: Places) -> None:
    registry = Registry(own_ledger.models)
    copy = own_ledger.models[0] / "small" / "v2"
    shutil.copytree(registry.find("small").folder, copy)
    desks = Desks(own_ledger)
    assert desks.open("small").model.name == "small/v1"
    (copy / "idf.npy").write_bytes(b"")
    registry.promote("small", "v2")
    desks.refresh()
    assert desks.open("small").model.name == "small/v1"


@pytest.mark.parametrize("opened_before", [False, True])
def test_a_switch_while_a_model_is_read_is_seen_at_the_next_look(
    opened_before: bool, own_ledger: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(own_ledger.models)
    for name in ("v2", "v3"):
        shutil.copytree(registry.find("small").folder, own_ledger.models[0] / "small" / name)
    desks = Desks(own_ledger)
    if opened_before:
        desks.open("small")
        registry.promote("small", "v2")

    def overtaken(*given: Any, **named: Any) -> Suggester:
        suggester = open_desk(*given, **named)
        registry.promote("small", "v3")
        return suggester

    with monkeypatch.context() as patched:
        patched.setattr("service.desks.open_desk", overtaken)
        desks.refresh()
        assert desks.open("small").model.name == ("small/v2" if opened_before else "small/v1")
    desks.refresh()
    assert desks.open("small").model.name == "small/v3"


def test_the_sample_in_the_readme_works(client: TestClient) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    body = readme.split("-d '")[1].split("'")[0]
    assert client.post("/v1/suggestions", json=json.loads(body)).status_code == 200


def test_a_serving_process_keeps_to_one_thread_for_its_products(client: TestClient) -> None:
    assert client.get("/livez").status_code == 200
    assert {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"} == {1}
