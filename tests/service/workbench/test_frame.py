"""The workbench's frame: signing in, what each role sees, and what hinders nobody from using the pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from service.browsers import COOKIE
from service.domain import Role
from tests.service.conftest import Server
from tests.service.workbench.conftest import BROWSER, OWN, PAGES, Signed, key_of, serious


def test_a_page_asks_for_the_key_first_and_then_shows_itself(guarded: TestClient) -> None:
    asked = guarded.get("/catalogue?q=路灯", headers=BROWSER)
    assert asked.status_code == 303
    form = guarded.get(asked.headers["location"], headers=BROWSER).text
    assert 'value="/catalogue?q=%E8%B7%AF%E7%81%AF"' in form
    entered = guarded.post(
        "/sign-in", data={"key": f" {key_of(guarded, Role.CLERK)} ", "next": "/catalogue"}, headers=OWN
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/catalogue")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "类别" in guarded.get("/catalogue", headers=BROWSER).text
    assert guarded.post("/v1/suggestions", json={"text": "路灯坏了"}, headers=OWN).status_code == 200


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(guarded: TestClient, elsewhere: str) -> None:
    entered = guarded.post("/sign-in", data={"key": key_of(guarded, Role.CLERK), "next": elsewhere}, headers=OWN)
    assert entered.headers["location"] == "/"


def test_a_bad_key_is_told_and_sets_no_cookie(guarded: TestClient) -> None:
    refused = guarded.post("/sign-in", data={"key": "fb_1_2"}, headers=OWN)
    assert refused.status_code == 401
    assert "密钥无效" in refused.text
    assert "set-cookie" not in refused.headers


def test_signing_out_forgets_the_key(guarded: TestClient) -> None:
    guarded.post("/sign-in", data={"key": key_of(guarded, Role.CLERK)}, headers=OWN)
    assert guarded.get("/", headers=BROWSER).status_code == 200
    guarded.post("/sign-out", headers=OWN)
    assert guarded.get("/", headers=BROWSER).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 200),
        ({"Origin": "http://testserver"}, 200),
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_a_page_of_ours_may_change_anything_with_the_cookie(
    guarded: TestClient, headers: dict[str, str], status: int
) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.CLERK))
    assert guarded.post("/v1/suggestions", json={"text": "路灯坏了"}, headers=headers).status_code == status


def test_a_foreign_page_cannot_sign_anybody_in(guarded: TestClient) -> None:
    key = key_of(guarded, Role.CLERK)
    assert guarded.post("/sign-in", data={"key": key}, headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("role", list(PAGES))
def test_each_role_sees_its_own_pages_and_no_others(guarded: TestClient, role: Role) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, role))
    menu = guarded.get("/", headers=BROWSER).text
    for path in PAGES[Role.STEWARD]:
        answer = guarded.get(path, headers=BROWSER)
        if path in PAGES[role]:
            assert answer.status_code == 200
            assert f'href="{path}"' in menu
        else:
            assert answer.status_code == 403
            assert "不能查看这一页" in answer.text
            assert f'href="{path}"' not in menu


def test_every_page_keeps_to_the_content_security_policy(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.ADMIN))
    for path in [*PAGES[Role.STEWARD], "/sign-in"]:
        answer = guarded.get(path, headers=BROWSER)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "data:" not in policy
        for forbidden in (" style=", "<style", "onclick=", "<script>", "http://", "https://"):
            assert forbidden not in answer.text, (path, forbidden)


@pytest.mark.parametrize("width", [1366, 390])
def test_no_page_hinders_anybody(
    sign_in: Callable[..., Signed], keyed: tuple[Server, dict[Role, str]], browser: Browser, width: int
) -> None:
    signed = sign_in(Role.ADMIN, width)
    for path in PAGES[Role.STEWARD]:
        signed.page.goto(signed.url + path)
        assert serious(signed.page) == [], path
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert signed.page.evaluate(overflow) <= 0, path
    with browser.new_context(viewport={"width": width, "height": 768}) as context:
        page = context.new_page()
        page.goto(keyed[0].url)
        assert serious(page) == []


def test_a_ledger_once_chosen_stays_on_all_pages(sign_in: Callable[..., Signed]) -> None:
    page = sign_in(Role.CLERK).page
    page.select_option("#ledger", "child")
    page.get_by_role("button", name="换台账").click()
    page.get_by_role("link", name="目录").click()
    expect(page).to_have_url(re.compile("/catalogue\\?ledger=child$"))
    expect(page.locator("#ledger")).to_have_value("child")
    page.get_by_role("link", name="受理").click()
    page.fill("#text", "老板拖欠工资半年不给")
    expect(page.locator("#categories .code").first).to_have_text("GZ")


def test_scripts_cannot_read_the_key(sign_in: Callable[..., Signed]) -> None:
    signed = sign_in(Role.CLERK)
    assert signed.page.evaluate("document.cookie") == ""


def test_a_clerk_signs_in_suggests_and_signs_out_by_keyboard(sign_in: Callable[..., Signed]) -> None:
    signed = sign_in(Role.CLERK)
    signed.page.focus("#text")
    signed.page.keyboard.insert_text("老板拖欠工资半年不给")
    expect(signed.page.locator("#categories li").first).to_contain_text("欠薪")
    signed.page.focus(".leaving button")
    signed.page.keyboard.press("Enter")
    expect(signed.page.locator("#key")).to_be_visible()
