"""Each role does, in a real browser, what it comes for on every page it sees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.domain import Role
from tests.service.workbench.conftest import PAGES, Signed, record


def _intake(page: Page, _folder: Path) -> None:
    page.fill("#text", "老板拖欠工资半年不给")
    expect(page.locator("#categories li").first).to_contain_text("欠薪")
    expect(page.locator("#lead")).to_contain_text("人力资源社会保障")
    page.keyboard.press("F8")
    expect(page.locator("#done")).to_contain_text("已记录")


def _backlog(page: Page, folder: Path) -> None:
    (folder / "积压.csv").write_bytes("内容\n路灯坏了\n".encode("gbk"))
    page.set_input_files("#file", folder / "积压.csv")
    expect(page.locator("#how")).to_contain_text("gb18030")
    page.locator("#start button").click()
    expect(page.locator("tr", has_text="积压.csv")).to_contain_text("排队")
    page.get_by_role("button", name="取消").click()
    expect(page.locator("tr", has_text="积压.csv")).to_contain_text("已取消")


def _review(page: Page, _folder: Path) -> None:
    expect(page.locator(".case.is-present")).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator(".case")).to_have_count(0)


def _catalogue(page: Page, _folder: Path) -> None:
    page.fill("#q", "ld")
    page.press("#q", "Enter")
    expect(page.locator("tbody tr").first).to_contain_text("道路 / 路灯")


def _models(page: Page, _folder: Path) -> None:
    page.locator("#audit button").click()
    expect(page.locator("[data-under-way]")).to_contain_text("已处理的工单")


def _statistics(page: Page, _folder: Path) -> None:
    expect(page.locator("tbody").first).to_contain_text("合计")


WORK = {
    "/": _intake,
    "/backlog": _backlog,
    "/review": _review,
    "/catalogue": _catalogue,
    "/models": _models,
    "/statistics": _statistics,
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_does_its_work_on_every_page_it_sees(
    sign_in: Callable[..., Signed], tmp_path: Path, role: Role
) -> None:
    signed = sign_in(role)
    page = signed.page
    record(page, "待复核", "你好请问一下")
    for path in PAGES.get(role, PAGES[Role.STEWARD]):
        page.goto(signed.url + path)
        WORK[path](page, tmp_path)
        assert page.locator("#notice").text_content() == "", path
    expected = {"/" + (one.get_attribute("href") or "").lstrip("/") for one in page.locator("nav a").all()}
    assert expected == set(PAGES.get(role, PAGES[Role.STEWARD]))
