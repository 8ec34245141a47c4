"""统计: what was recorded and decided, counted."""

from __future__ import annotations

import datetime as dt

from fastapi.testclient import TestClient

from service.browsers import COOKIE
from service.domain import Role
from tests.service.workbench.conftest import BROWSER, OWN, key_of


def test_statistics_count_what_was_recorded_and_decided(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.CLERK))
    assert "没有工单" in guarded.get("/statistics", headers=BROWSER).text
    guarded.post("/v1/suggestions", json={"id": "甲1", "text": "老板拖欠工资半年不给"}, headers=OWN)
    guarded.post("/v1/decisions", json={"ticket": "甲1", "action": "returned", "reason": "不归我管"}, headers=OWN)
    page = guarded.get("/statistics", headers=BROWSER).text
    today = dt.date.today().isocalendar()
    assert f"{today.year}-W{today.week:02d}" in page
    assert "人力资源社会保障" in page
    assert "100.0%" in page
