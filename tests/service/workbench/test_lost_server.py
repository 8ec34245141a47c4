"""A page that loses its server says so, keeps what was typed, and goes on when the server is there again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from service.domain import Role
from tests.service.conftest import Server
from tests.service.workbench.conftest import Signed, record

LOST = "连不上服务器"
FOUND = "服务器已恢复"


def _upload(page: Page, folder: Path) -> Callable[[], None]:
    backlog = folder / "积压.csv"
    backlog.write_text("内容\n路灯坏了\n", "utf-8")
    page.set_input_files("#file", backlog)
    expect(page.locator("#preview")).to_be_visible()
    page.select_option("#headers", "en")
    return lambda: page.locator("#start button").click()


def _judge(page: Page, _folder: Path) -> Callable[[], None]:
    return lambda: page.keyboard.press("1")


def _search(page: Page, _folder: Path) -> Callable[[], None]:
    page.fill("#q", "欠薪")
    return lambda: page.press("#q", "Enter")


def _train(page: Page, folder: Path) -> Callable[[], None]:
    labels = folder / "标注.csv"
    labels.write_text("text,category\n老板拖欠工资,欠薪\n", "utf-8")
    page.set_input_files("#labels", labels)
    return lambda: page.click("#train button")


def _look_back(page: Page, _folder: Path) -> Callable[[], None]:
    page.fill("#first", "2026-01-02")
    return lambda: page.get_by_role("button", name="查看").click()


@pytest.mark.parametrize(
    ("path", "prepare", "kept", "done"),
    [
        ("/backlog", _upload, ("#headers", "en"), "tr:has-text('积压.csv')"),
        ("/review", _judge, None, "#queue:not(:has(.case))"),
        ("/catalogue", _search, ("#q", "欠薪"), "tr:has-text('劳动 / 欠薪')"),
        ("/models", _train, None, "[data-under-way]"),
        ("/statistics", _look_back, ("#first", "2026-01-02"), "#first[value='2026-01-02']"),
    ],
)
def test_a_lost_server_is_told_what_was_typed_stays_and_the_page_goes_on(
    sign_in: Callable[..., Signed],
    keyed: tuple[Server, dict[Role, str]],
    tmp_path: Path,
    path: str,
    prepare: Callable[[Page, Path], Callable[[], None]],
    kept: tuple[str, str] | None,
    done: str,
) -> None:
    signed, server = sign_in(Role.STEWARD), keyed[0]
    page = signed.page
    record(page, "甲", "你好请问一下")
    page.goto(signed.url + path)
    act = prepare(page, tmp_path)
    server.stop()
    act()
    expect(page.locator("#notice")).to_contain_text(LOST)
    if kept is not None:
        expect(page.locator(kept[0])).to_have_value(kept[1])
    server.start()
    expect(page.locator("#notice")).to_contain_text(FOUND, timeout=10_000)
    act()
    expect(page.locator(done).first).to_be_visible()


def test_a_complaint_that_could_not_be_recorded_is_recorded_when_the_server_is_back(
    sign_in: Callable[..., Signed], keyed: tuple[Server, dict[Role, str]]
) -> None:
    signed, server = sign_in(Role.CLERK), keyed[0]
    page = signed.page
    page.fill("#text", "老板拖欠工资半年不给")
    expect(page.locator("#suggestion")).to_be_visible()
    server.stop()
    page.keyboard.press("F8")
    expect(page.locator("#notice")).to_contain_text("没有记录")
    expect(page.locator("#text")).to_have_value("老板拖欠工资半年不给")
    page.get_by_role("link", name="目录").click()
    expect(page.locator("#text")).to_have_value("老板拖欠工资半年不给")
    server.start()
    expect(page.locator("#notice")).to_contain_text(FOUND, timeout=10_000)
    page.keyboard.press("F8")
    expect(page.locator("#done")).to_contain_text("已记录")
