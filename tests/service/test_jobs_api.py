"""A backlog over HTTP: up, worked on, followed, down; the same answers as every other way of asking."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from classifier import cli
from classifier.settings import Places
from service.backlogs import work_backlog
from service.domain import JobKind, Role
from service.keys import create_key
from service.resources import Resources
from tests.service.conftest import work_once

Open = Callable[..., TestClient]
ROWS = [
    ("001", "老板拖欠我半年工资不给"),
    ("002", "人民路的路灯坏了没人修"),
    ("003", ""),
    ("004", "老板拖欠我半年工资，不给！"),
    ("005", "公交车总是不来，等了一个小时"),
]
TABLE = "编号,诉求内容\n" + "".join(f"{name},{text}\n" for name, text in ROWS)


def _resources(client: TestClient) -> Resources:
    resources: Resources = client.app.state.resources  # type: ignore[attr-defined]
    return resources


def _work(client: TestClient) -> None:
    work_once(_resources(client).settings, JobKind.BATCH, lambda _store: work_backlog)


def _upload(client: TestClient, content: bytes = TABLE.encode(), name: str = "诉求.csv", **fields: str) -> Any:
    headers = {"Idempotency-Key": key} if (key := fields.pop("key", "")) else {}
    return client.post("/v1/jobs", files={"file": (name, content)}, data=fields, headers=headers)


def test_a_backlog_goes_up_and_comes_back_whole(client: TestClient) -> None:
    answer = _upload(client, TABLE.encode("gb18030"), headers="zh")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["state"], job["options"]["name"]) == ("queued", "诉求.csv")
    early = client.get(f"/v1/jobs/{job['id']}/result")
    assert (early.status_code, early.json()["error"]) == (409, "job_not_finished")
    _work(client)
    done = client.get(f"/v1/jobs/{job['id']}").json()
    assert (done["state"], done["progress"], done["options"]["version"]) == ("done", 1.0, "v1")
    assert (done["result"]["rows"], done["result"]["errors"], done["result"]["duplicates"]) == (5, 1, 1)
    assert done["result"]["near_duplicates"] == 0
    rows = list(csv.DictReader(io.StringIO(client.get(f"/v1/jobs/{job['id']}/result").content.decode("utf-8-sig"))))
    assert [row["编号"] for row in rows] == [name for name, _ in ROWS]
    assert rows[0]["类别"] == "欠薪"
    assert client.get("/v1/jobs").json()["jobs"][0]["id"] == job["id"]


def test_the_same_answers_singly_in_a_batch_by_a_job_and_by_the_command_line(
    client: TestClient,
    places: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = [text for _, text in ROWS if text]
    single = [client.post("/v1/suggestions", json={"text": text}).json() for text in texts]
    together = client.post("/v1/suggestions/batch", json={"complaints": [{"text": text} for text in texts]}).json()
    assert [one["suggestion"] for one in together["results"]] == single
    job = _upload(client, format="jsonl").json()
    _work(client)
    lines = client.get(f"/v1/jobs/{job['id']}/result").content.decode().splitlines()
    by_job = [row for row in map(json.loads, lines) if row["诉求内容"]]
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", ":".join(map(str, places.models)))
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(TABLE, "utf-8")
    cli.run(["batch", str(source), str(target), "--ledger", "small"])
    by_command = [row for row in map(json.loads, target.read_text("utf-8").splitlines()) if row["诉求内容"]]
    assert by_job == by_command
    capsys.readouterr()
    for text, one, row in zip(texts, single, by_job, strict=True):
        cli.run(["suggest", text, "--ledger", "small", "--json"])
        said = json.loads(capsys.readouterr().out)
        assert {name: one[name] for name in said} == said
        first, second, third = said["categories"]
        assert [row["probability"], row["probability_2"], row["probability_3"]] == [
            first["probability"],
            second["probability"],
            third["probability"],
        ]
        assert row["department_probability"] == said["departments"][0]["probability"]
        assert (row["category_code"], row["reason"]) == (first["category"]["code"], said["decision"]["reason"])


VARIED = [
    {"title": title, "text": text * times, "region": region, "date": day}
    for title, text in (
        ("", "老板拖欠我半年工资不给"),
        ("路灯", "開(kāi)展路灯整治，網(wǎng)站上說路灯不亮&nbsp;请　修"),
        ("咨询", "养老保险怎么缴费，电话13800001234，住3栋2单元501"),
        ("绝密", "东庄镇王家村河水发黑，有人往河里排污水；另外工地夜里施工太吵"),
        ("", "abc 123 <b>=1+1</b>"),
        ("坏路", "水泥路面塌陷摔伤了人"),
    )
    for times in (1, 7)
    for region, day in (("", ""), ("东庄镇", "2025-06-01"), ("李家洼村", "2026-06-01"))
]


def test_varied_complaints_have_one_answer_singly_in_a_batch_and_by_a_job(client: TestClient) -> None:
    asked = [{key: value for key, value in row.items() if value} for row in VARIED]
    single = [client.post("/v1/suggestions", json=one).json() for one in asked]
    together = [
        one["suggestion"]
        for at in range(0, len(asked), 5)
        for one in client.post("/v1/suggestions/batch", json={"complaints": asked[at : at + 5]}).json()["results"]
    ]
    assert together == single
    table = io.StringIO()
    writer = csv.DictWriter(table, ["title", "text", "region", "date"])
    writer.writeheader()
    writer.writerows(VARIED)
    job = _upload(client, table.getvalue().encode(), format="jsonl").json()
    _work(client)
    lines = client.get(f"/v1/jobs/{job['id']}/result").content.decode().splitlines()
    for one, row in zip(single, map(json.loads, lines), strict=True):
        assert row["category_code"] == one["categories"][0]["category"]["code"]
        for at, score in enumerate(one["categories"], 1):
            assert row["probability" if at == 1 else f"probability_{at}"] == score["probability"]
        for at, lead in enumerate(one["departments"], 1):
            assert row["department_probability" if at == 1 else f"department_probability_{at}"] == lead["probability"]
        assert (row["decision"], row["reason"]) == (one["decision"]["verdict"], one["decision"]["reason"])
        assert row["region"] == (one["region"]["path"] if one["region"] else "")
        assert (row["kind"], row["urgency"], row["deadline_hours"]) == (
            one["kind"],
            one["urgency"],
            "" if one["deadline_hours"] is None else one["deadline_hours"],
        )


def test_a_workbook_comes_back_as_a_workbook(client: TestClient) -> None:
    book = openpyxl.Workbook()
    for row in [("编号", "诉求内容"), *ROWS]:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    job = _upload(client, content.getvalue(), "诉求.xlsx").json()
    _work(client)
    answer = client.get(f"/v1/jobs/{job['id']}/result")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet.max_row == 6
    assert ".xlsx" in answer.headers["Content-Disposition"]


def test_progress_is_followed_as_events_to_the_end(client: TestClient) -> None:
    job = _upload(client).json()
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(client.get(f"/v1/jobs/{job['id']}/events").text))
    thread.start()
    _work(client)
    thread.join(20)
    events = [part.split("\n") for part in seen[0].strip().split("\n\n") if part.startswith("event")]
    assert events[-1] == ["event: end", "data: done"]
    last = json.loads(events[-2][1].removeprefix("data: "))
    assert (last["id"], last["state"], last["result"]["rows"]) == (job["id"], "done", 5)


def test_an_upload_sent_twice_is_one_job(client: TestClient) -> None:
    first, second = _upload(client, key="u1"), _upload(client, key="u1")
    assert first.content == second.content
    other = _upload(client, key="u1", headers="zh")
    assert (other.status_code, other.json()["error"]) == (409, "idempotency_conflict")
    folders = list((_resources(client).settings.data / "jobs").iterdir())
    assert len([one for one in folders if one.name == first.json()["id"]]) == 1
    _work(client)


def test_a_waiting_job_is_cancelled_and_its_file_removed(client: TestClient) -> None:
    job = _upload(client).json()
    assert client.delete(f"/v1/jobs/{job['id']}").json()["state"] == "cancelled"
    assert not (_resources(client).settings.data / "jobs" / job["id"]).exists()
    again = client.delete(f"/v1/jobs/{job['id']}")
    assert (again.status_code, again.json()["error"]) == (409, "job_finished")
    gone = client.get(f"/v1/jobs/{job['id']}/result")
    assert (gone.status_code, gone.json()["error"]) == (409, "job_not_finished")


def test_a_result_whose_time_is_over_is_gone(client: TestClient) -> None:
    job = _upload(client).json()
    _work(client)
    (_resources(client).settings.data / "jobs" / job["id"] / "result.csv").unlink()
    gone = client.get(f"/v1/jobs/{job['id']}/result")
    assert (gone.status_code, gone.json()["error"]) == (410, "result_gone")


@pytest.mark.parametrize(
    ("name", "content", "fields", "code"),
    [
        ("x.csv", b"a,b\n1,2\n", {}, "missing_column"),
        ("x.csv", TABLE.encode(), {"text_column": "nowhere"}, "missing_column"),
        ("x.xlsx", b"no workbook", {}, "unreadable_file"),
        ("x.pdf", b"%PDF", {}, "unsupported_format"),
        ("x", b"", {}, "unsupported_format"),
        ("../../x.csv/..", TABLE.encode(), {}, "unsupported_format"),
        ("x.csv", TABLE.encode(), {"headers": "fr"}, "invalid_request"),
        ("x.csv", TABLE.encode(), {"webhook": "ftp://x"}, "bad_webhook"),
    ],
)
def test_a_backlog_that_cannot_be_worked_on_is_refused_at_once(
    client: TestClient, name: str, content: bytes, fields: dict[str, str], code: str
) -> None:
    answer = _upload(client, content, name, **fields)
    assert (answer.status_code, answer.json()["error"]) == (422, code)


@pytest.mark.parametrize("path", ["", "/events", "/result"])
def test_a_job_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/v1/jobs/{'0' * 32}{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "job_not_found")
    assert client.get(f"/v1/jobs/x{path}").status_code == 422


def test_a_key_of_another_ledger_sees_no_job_of_this_one(open_client: Open) -> None:
    client = open_client()
    job = _upload(client).json()
    _, token = create_key(_resources(client).store, "子", Role.ADMIN, "child")
    _resources(client).keyring.refresh()
    headers = {"Authorization": f"Bearer {token}"}
    for answer in (
        client.get(f"/v1/jobs/{job['id']}", headers=headers),
        client.delete(f"/v1/jobs/{job['id']}", headers=headers),
        client.get(f"/v1/jobs/{job['id']}/result", headers=headers),
    ):
        assert (answer.status_code, answer.json()["error"]) == (403, "ledger_forbidden")


def test_an_upload_that_is_too_large_is_refused_however_it_is_sent(open_client: Open) -> None:
    client = open_client(max_upload=2_000)
    large = _upload(client, b"x" * 3_000)
    assert (large.status_code, large.json()["error"]) == (413, "body_too_large")
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n'
    chunks = (part for part in (head, *[b"x" * 500] * 10, b"\r\n--b--\r\n"))
    streamed = client.post("/v1/jobs", content=chunks, headers=boundary)
    assert (streamed.status_code, streamed.json()["error"]) == (413, "body_too_large")
    broken = client.post("/v1/jobs", content=b"--b\r\nno", headers=boundary)
    assert broken.status_code in (400, 422)
    assert set(broken.json()) == {"error", "detail"}
