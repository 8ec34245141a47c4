"""Logs: one JSON object a line, with the request's id, without what the request held."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.logs import JsonLines

SECRET = "老板拖欠工资，电话13800001234"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.addFilter(lambda record: not record.name.startswith("httpx"))  # the client's own
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def _read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_request_is_one_line_with_its_id(client: TestClient, lines: io.StringIO) -> None:
    client.post("/v1/suggestions", json={"text": SECRET, "id": "L-1"}, headers={"X-Request-ID": "abc-1"})
    (line,) = [one for one in _read(lines) if one["message"] == "request"]
    assert (line["request_id"], line["route"], line["status"], line["method"]) == (
        "abc-1",
        "/v1/suggestions",
        200,
        "POST",
    )
    assert line["ms"] > 0


def test_nothing_of_a_complaint_nor_a_tickets_id_is_logged(client: TestClient, lines: io.StringIO) -> None:
    for body in ({"text": SECRET, "id": "L-2"}, {"text": [SECRET]}, {"text": SECRET, "region": SECRET}):
        client.post("/v1/suggestions", json=body)
    client.post("/v1/decisions", json={"ticket": "L-2", "action": "returned", "reason": SECRET})
    client.get(f"/v1/tickets/{SECRET}")
    assert "工资" not in lines.getvalue()
    assert "13800001234" not in lines.getvalue()


def test_an_error_is_logged_by_kind_and_place_without_its_message(lines: io.StringIO) -> None:
    try:
        int(SECRET)
    except ValueError:
        logging.getLogger("fenban.test").exception("failed")
    (line,) = [one for one in _read(lines) if one["logger"] == "fenban.test"]
    assert line["error"] == "ValueError"
    assert any("test_an_error_is_logged" in one for one in line["where"])
    assert "工资" not in lines.getvalue()
