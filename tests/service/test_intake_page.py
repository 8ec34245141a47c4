"""The intake page in a real browser, as a clerk uses it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

LIFT = "小区电梯坏了一个星期，物业一直不修，老人上下楼困难"
PERSONAL = "我住阳光花园3栋2单元501，电话13800001234，物业乱收停车费"
SUGGESTIONS = "**/v1/suggestions"
RECORD_NOTICES = """() => {
    window.notices = [];
    const notice = document.getElementById("notice");
    const record = () => window.notices.push(notice.textContent);
    new MutationObserver(record).observe(notice, {childList: true});
}"""
ANNOUNCED_WITHIN = 10_000
RECOVERED_WITHIN = 15_000

Suggested = dict[str, Any]
Suggest = Callable[..., Suggested]


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)
    page = context.new_page()
    page.goto(live_server)
    yield page
    context.close()


@pytest.fixture
def suggest(page: Page) -> Suggest:
    """Type a complaint and return the server's answer to it, once the page shows it."""

    def type_and_wait(text: str, title: str = "") -> Suggested:
        def is_for_all(response: Any) -> bool:
            return response.url.endswith("/v1/suggestions") and response.request.post_data_json == {
                "title": title,
                "text": text,
                "region": "",
            }

        with page.expect_response(is_for_all) as answered:
            if title:
                page.fill("#title", title)
            page.fill("#text", text)
        wait_until_shown(page)
        return answered.value.json()

    return type_and_wait


def wait_until_shown(page: Page) -> None:
    expect(page.locator("#suggestion")).to_be_visible()
    expect(page.locator("#result")).to_have_attribute("aria-busy", "false")


def substrings(spans: list[dict[str, Any]], field: str, original: str) -> list[str]:
    here = [span for span in spans if span["field"] == field]
    return [original[span["start"] : span["end"]] for span in sorted(here, key=lambda span: span["start"])]


def answer_with(page: Page, suggestion: Suggested) -> None:
    page.route(SUGGESTIONS, lambda route: route.fulfill(json=suggestion))


def test_typing_shows_the_first_category_and_department(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)

    first = page.locator("#categories li").first
    category = suggestion["categories"][0]["category"]
    expect(first.locator(".name")).to_have_text(category["name"])
    expect(first.locator(".code")).to_have_text(category["code"])
    expect(first.locator(".path")).to_have_text(category["path"].replace("/", " / "))
    expect(page.locator("#lead .name")).to_contain_text(suggestion["departments"][0]["department"]["name"])
    expect(page.locator("#verdict")).to_have_text(
        {"auto": "自动派单", "suggest": "请确认", "manual": "人工处理"}[suggestion["decision"]["verdict"]]
    )
    expect(page.locator("#reason")).to_have_text(suggestion["decision"]["reason"])
    expect(page.locator("#model")).to_contain_text(suggestion["model"])


def test_what_is_suggested_is_announced_in_one_sentence(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)

    announcement = page.get_by_role("status").first
    expect(announcement).to_contain_text(suggestion["categories"][0]["category"]["name"], timeout=ANNOUNCED_WITHIN)


@pytest.mark.parametrize("ahead", ["", "🙂", "😡👨‍👩‍👧𠮷 "], ids=["nothing", "an emoji", "several emoji"])
def test_marks_are_the_evidence_also_behind_an_emoji(page: Page, suggest: Suggest, ahead: str) -> None:
    title, text = f"{ahead}电梯故障", f"{ahead}{LIFT}{ahead}{LIFT}"

    suggestion = suggest(text, title)

    assert suggestion["evidence"]
    for field, original in (("title", title), ("text", text)):
        marks = page.locator(f"#marked-{field} mark").all_text_contents()
        assert marks == substrings(suggestion["evidence"], field, original)
        assert page.locator(f"#marked-{field}").text_content() == original


def test_stronger_evidence_is_underlined_more_heavily(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)
    answer_with(page, suggestion | {"evidence": [weighed(0, 0.05), weighed(2, 0.15), weighed(4, 0.3), weighed(6, 0.5)]})
    suggest(LIFT + "。")

    widths = page.locator("#marked-text mark").evaluate_all(
        "marks => marks.map(mark => parseFloat(getComputedStyle(mark).borderBottomWidth))"
    )
    assert widths == sorted(set(widths))
    assert len(widths) == 4


def weighed(start: int, weight: float) -> dict[str, Any]:
    return {"field": "text", "start": start, "end": start + 2, "weight": weight}


def test_personal_data_is_marked_with_its_kind(page: Page, suggest: Suggest) -> None:
    suggestion = suggest("🙂" + PERSONAL)

    boxes = page.locator("#marked-text .personal")
    kinds = [one["kind"] for one in suggestion["personal_data"]]
    assert {"手机号", "门牌号"} <= set(kinds)
    assert boxes.all_text_contents() == substrings(suggestion["personal_data"], "text", "🙂" + PERSONAL)
    assert boxes.evaluate_all("boxes => boxes.map(box => box.dataset.kind)") == kinds
    expect(boxes.first).to_have_attribute("title", f"个人信息：{kinds[0]}")


def test_evidence_across_the_edge_of_personal_data_keeps_both(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)
    text = "电话13800001234打不通"
    personal = [{"field": "text", "start": 2, "end": 13, "kind": "手机号"}]
    evidence = [{"field": "text", "start": 0, "end": 4, "weight": 0.9}]
    answer_with(page, suggestion | {"personal_data": personal, "evidence": evidence})
    suggest(text)

    assert page.locator("#marked-text mark").all_text_contents() == ["电话", "13"]
    assert page.locator("#marked-text .personal").all_text_contents() == ["13800001234"]
    assert page.locator("#marked-text").text_content() == text


def test_alarms_urgency_and_deadline_are_shown(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)
    alarm = {"rule": "燃气泄漏", "reason": "危及人身安全"}
    answer_with(page, suggestion | {"urgency": "特急", "alarms": [alarm], "deadline_hours": 40.0})
    suggest("燃气泄漏，快来人")

    expect(page.locator("#urgency")).to_have_text("特急")
    expect(page.locator("#alarms li")).to_have_text("燃气泄漏危及人身安全")
    expect(page.locator("#deadline")).to_have_text("40 工作小时（5 个工作日）")


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, "未规定"),
        (2.0, "2 工作小时"),
        (12.0, "12 工作小时（1.5 个工作日）"),
        (10.0, "10 工作小时（约 1.3 个工作日）"),
    ],
)
def test_a_deadline_is_told_in_hours_and_days(page: Page, suggest: Suggest, hours: float | None, words: str) -> None:
    answer_with(page, suggest(LIFT) | {"deadline_hours": hours})
    suggest(LIFT + "。")

    expect(page.locator("#deadline")).to_have_text(words)


def test_an_emptied_text_clears_the_result(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.fill("#text", "")

    expect(page.locator("#suggestion")).to_be_hidden()
    expect(page.locator("#marked")).to_be_hidden()
    expect(page.locator("#hint")).to_be_visible()
    expect(page.locator("#notice")).to_be_empty()


def test_a_text_without_words_clears_the_result_quietly(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.fill("#text", "，，。")

    expect(page.locator("#suggestion")).to_be_hidden()
    expect(page.locator("#notice")).to_be_empty()


def test_script_in_the_text_is_shown_as_text(page: Page, suggest: Suggest) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    text = f"<script>alert(1)</script><img src=x onerror=alert(2)>{LIFT}<b>加粗</b>"

    suggest(text, "<svg onload=alert(3)>标题")

    assert page.locator("#marked-text").text_content() == text
    assert page.locator("#marked-title").text_content() == "<svg onload=alert(3)>标题"
    assert page.locator("main img, main script, main svg").count() == 0
    assert not dialogs


def test_an_answer_to_an_older_text_is_dropped(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.fulfill(json=suggestion | {"kind": "咨询"})
        else:
            held.append(route)

    page.evaluate(RECORD_NOTICES)
    page.route(SUGGESTIONS, hold_the_first)
    with page.expect_request(SUGGESTIONS):
        page.fill("#text", "路灯不亮")
    with page.expect_event("requestfailed", lambda request: request.failure == "net::ERR_ABORTED"):
        page.fill("#text", "路灯不亮，请问找谁")
    wait_until_shown(page)

    expect(page.locator("#kind")).to_have_text("咨询")
    expect(page.locator("#marked-text")).to_have_text("路灯不亮，请问找谁")
    assert page.evaluate("window.notices") == []


def test_a_lost_server_is_said_and_what_was_typed_stays_until_it_is_back(
    page: Page, suggest: Suggest, server: Any
) -> None:
    suggest(LIFT)
    server.stop()
    try:
        page.fill("#text", PERSONAL)

        expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
        expect(page.get_by_role("alert")).to_contain_text("所示建议对应较早的文字")
        expect(page.locator("#text")).to_have_value(PERSONAL)
        expect(page.locator("#copy")).to_have_attribute("aria-disabled", "true")
    finally:
        server.start()

    expect(page.get_by_role("alert")).to_be_empty(timeout=RECOVERED_WITHIN)
    wait_until_shown(page)
    expect(page.locator("#text")).to_have_value(PERSONAL)
    assert page.locator("#marked-text").text_content() == PERSONAL


def test_a_refusal_is_shown_in_the_servers_words(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.fill("#text", "长" * 50_001)

    expect(page.get_by_role("alert")).to_contain_text("诉求过长")
    expect(page.locator("#suggestion")).to_be_hidden()


def test_a_proxys_error_page_is_no_suggestion(page: Page) -> None:
    page.route(SUGGESTIONS, lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway"))
    page.fill("#text", LIFT)

    expect(page.get_by_role("alert")).to_contain_text("自动重试")
    expect(page.locator("#suggestion")).to_be_hidden()


def test_the_keyboard_is_enough(page: Page) -> None:
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type(LIFT)
    wait_until_shown(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#done")).to_have_text("已复制")
    expect(page.locator("#text")).to_be_focused()

    picks = [f".pick >> nth={at}" for at in range(page.locator(".pick").count())]
    assert picks
    for reached in (
        "#copy",
        "#clear",
        *picks,
        "#other-category",
        "#other-department",
        "#accept",
        ".original",
        "footer a",
    ):
        page.keyboard.press("Tab")
        expect(page.locator(reached)).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#text")).to_be_focused()
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#suggestion")).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#title")).to_be_focused()


def test_what_was_cleared_can_be_brought_back(page: Page, suggest: Suggest) -> None:
    suggest(LIFT, "电梯")
    page.keyboard.press("Escape")
    expect(page.locator("#restore")).to_be_visible()
    page.keyboard.press("Control+z")

    wait_until_shown(page)
    expect(page.locator("#title")).to_have_value("电梯")
    expect(page.locator("#text")).to_have_value(LIFT)
    expect(page.locator("#restore")).to_be_hidden()


def test_escape_belongs_to_the_input_method_while_it_composes(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.locator("#text").evaluate(
        "area => area.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', isComposing: true, bubbles: true}))"
    )

    expect(page.locator("#text")).to_have_value(LIFT)


@pytest.mark.parametrize("secure", [True, False], ids=["with a clipboard object", "as without HTTPS"])
def test_the_copied_summary_says_what_the_page_says(page: Page, suggest: Suggest, secure: bool) -> None:
    if not secure:
        page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    suggestion = suggest(PERSONAL)
    page.click("#copy")
    expect(page.locator("#done")).to_have_text("已复制")

    page.fill("#text", "")
    page.focus("#text")
    page.keyboard.press("Control+v")
    copied = page.locator("#text").input_value()

    first = suggestion["categories"][0]["category"]
    assert f"类别：{first['path']}（{first['code']}，" in copied
    assert f"主办：{suggestion['departments'][0]['department']['name']}（" in copied
    assert suggestion["decision"]["reason"] in copied
    assert suggestion["model"] in copied
    assert "13800001234" not in copied


def test_nothing_comes_from_elsewhere_and_the_policy_is_kept(browser: Browser, live_server: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))

    response = page.goto(live_server)
    page.fill("#title", "电梯")
    page.fill("#text", PERSONAL)
    wait_until_shown(page)
    page.keyboard.press("Escape")
    page.wait_for_load_state("networkidle")

    assert response is not None
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert any(url.endswith("/v1/suggestions") for url in asked)
    assert [url for url in asked if not url.startswith((live_server, "data:"))] == []
    assert troubles == []
    context.close()


@pytest.mark.parametrize("size", [(1366, 768), (390, 844), (320, 640)], ids=["office screen", "phone", "small phone"])
def test_nothing_is_wider_than_the_screen(page: Page, suggest: Suggest, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    suggest(PERSONAL + "，" + "x" * 300)

    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_ledger_in_the_address_is_the_one_asked(page: Page, live_server: str) -> None:
    page.goto(f"{live_server}/?ledger=child")
    with page.expect_request("**/v1/suggestions?ledger=child") as request:
        page.fill("#text", LIFT)

    assert json.loads(request.value.post_data or "") == {"title": "", "text": LIFT, "region": ""}
    page.goto(f"{live_server}/?ledger=nowhere")
    expect(page.get_by_role("main")).to_contain_text("nowhere")


def ticket_of(page: Page) -> dict[str, Any]:
    expect(page.locator("#done")).to_contain_text("已记录")
    name = (page.locator("#done").text_content() or "").split()[1].split("：")[0]
    found: dict[str, Any] = page.evaluate("name => fetch('/v1/tickets/' + name).then(answer => answer.json())", name)
    return found


def test_a_suggestion_is_accepted_with_one_key_and_recorded(page: Page, suggest: Suggest) -> None:
    suggestion = suggest(LIFT, "电梯")
    page.keyboard.press("F8")

    ticket = ticket_of(page)
    assert (ticket["state"], ticket["title"], ticket["text"]) == ("accepted", "电梯", LIFT)
    assert ticket["category"] == suggestion["categories"][0]["category"]["code"]
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#text")).to_be_focused()


def test_another_candidate_is_chosen_with_its_digit(page: Page, suggest: Suggest) -> None:
    second = suggest(LIFT)["categories"][1]["category"]
    page.locator("#accept").focus()
    page.keyboard.press("2")
    expect(page.locator("#chosen")).to_contain_text(second["name"])
    page.keyboard.press("Enter")

    ticket = ticket_of(page)
    assert (ticket["state"], ticket["category"]) == ("corrected", second["code"])


def test_a_candidate_is_chosen_and_recorded_without_leaving_the_text(page: Page, suggest: Suggest) -> None:
    second = suggest(LIFT)["categories"][1]["category"]
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Alt+2")
    expect(page.locator("#chosen")).to_contain_text(second["name"])
    expect(page.locator("#text")).to_have_value(LIFT)
    page.keyboard.press("F8")

    assert ticket_of(page)["category"] == second["code"]


@pytest.mark.parametrize("words", ["欠薪", "B1", "qx"], ids=["name", "code", "initials"])
def test_any_category_is_found_by_name_code_or_initials(page: Page, suggest: Suggest, words: str) -> None:
    suggest(LIFT)
    page.fill("#other-category", words)
    expect(page.locator("#chosen")).to_contain_text("劳动 / 欠薪")
    page.keyboard.press("Enter")

    assert ticket_of(page)["category"] == "B1"


def test_another_department_is_recorded(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.fill("#other-department", "人力资源社会保障")
    page.keyboard.press("Enter")

    ticket = ticket_of(page)
    assert ticket["state"] == "corrected"
    assert ticket["department"] != ticket["suggestion"]["departments"][0]["department"]["code"]


def test_a_category_that_is_not_there_is_told_and_nothing_is_recorded(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.fill("#other-category", "没有这样的类别")
    page.keyboard.press("Enter")

    expect(page.locator("#notice")).to_contain_text("没有这个类别")
    expect(page.locator("#text")).to_have_value(LIFT)


def test_a_lost_server_leaves_the_complaint_and_records_it_once_when_it_is_back(page: Page, suggest: Suggest) -> None:
    suggest(LIFT)
    page.route("**/v1/decisions", lambda route: route.abort())
    page.keyboard.press("F8")
    expect(page.locator("#notice")).to_contain_text("没有记录")
    expect(page.locator("#text")).to_have_value(LIFT)
    page.unroute("**/v1/decisions")
    page.keyboard.press("F8")

    assert [one["action"] for one in ticket_of(page)["rulings"]] == ["accepted"]


def test_an_earlier_complaint_of_the_same_words_is_shown(page: Page, suggest: Suggest) -> None:
    text = "幸福家园的电梯关人两次了物业就是不修理老人小孩都害怕"
    suggest(text)
    page.keyboard.press("F8")
    name = ticket_of(page)["id"]
    suggest(text + "！")

    expect(page.locator("#similar")).to_contain_text(name)
    expect(page.locator("#similar")).to_contain_text("内容几乎相同")
