"""目录: who answers for what, and tables down, tried and put in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient
from playwright.sync_api import expect

from service.browsers import COOKIE
from service.domain import Role
from tests.service.workbench.conftest import BROWSER, Signed, key_of, serious


def test_the_catalogue_says_who_answers_on_a_day(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.CLERK))
    page = guarded.get("/catalogue", params={"q": "欠薪", "day": "2026-01-01"}, headers=BROWSER).text
    assert "劳动 / 欠薪" in page
    assert "人力资源社会保障" in page
    assert "没有找到" in guarded.get("/catalogue", params={"q": "<无此类>"}, headers=BROWSER).text


def test_a_steward_downloads_a_table_tries_it_and_puts_it_in_place(
    sign_in: Callable[..., Signed], tmp_path: Path
) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    page.goto(signed.url + "/catalogue")
    page.select_option("#table", "deadlines")
    with page.expect_download() as downloading:
        page.click("#download")
    table = Path(downloading.value.path()).read_text("utf-8-sig")
    wrong, right = tmp_path / "错.csv", tmp_path / "对.csv"
    wrong.write_text(table + "投诉,不急,5\n", "utf-8")
    right.write_text(table, "gbk")
    page.set_input_files("#sheet", wrong)
    page.click("#revise button")
    expect(page.locator("#notice")).to_contain_text(f"第 {len(table.splitlines()) + 1} 行")
    page.set_input_files("#sheet", right)
    page.click("#revise button")
    expect(page.locator("#told")).to_contain_text("可以替换")
    assert serious(page) == []
    page.click("#replace")
    expect(page.locator("#told")).to_contain_text("已替换")


def test_the_catalogue_finds_by_department_by_pinyin_and_by_place(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.INTAKE))

    def found(**asked: str) -> str:
        return guarded.get("/catalogue", params=asked, headers=BROWSER).text

    by_department = found(q="人社局")
    assert "人力资源社会保障" in by_department
    assert "劳动 / 欠薪" in found(q="人力资源")
    assert "劳动 / 欠薪" in found(q="qx")
    assert "道路 / 路灯" not in found(q="qx")
    in_east, nowhere = found(q="坑洼", region="东庄"), found(q="坑洼")
    assert "<td>东庄镇政府</td>" in in_east.split("部门</h2>")[0]
    assert "<td>属地</td>" in nowhere.split("部门</h2>")[0]
