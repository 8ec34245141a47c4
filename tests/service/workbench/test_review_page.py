"""复核: the queue, returns and disputes, each case with one key."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient
from playwright.sync_api import expect

from service.browsers import COOKIE
from service.domain import JobKind, Role
from service.trainings import work_training
from tests.service.conftest import Server, work_once
from tests.service.workbench.conftest import BROWSER, OWN, Signed, decide, key_of, record, serious, ticket_of


def test_the_review_queue_has_the_least_sure_first_and_what_people_disagree_on(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.CLERK))
    for name, text in (("甲", "老板拖欠工资半年不给"), ("乙", "你好请问一下"), ("丙", "路灯和工资的事情都没有人管")):
        guarded.post("/v1/suggestions", json={"id": name, "text": text}, headers=OWN)
    shown = [guarded.get(f"/v1/tickets/{name}").json()["suggestion"] for name in "甲乙丙"]
    chances = {name: one["categories"][0]["probability"] for name, one in zip("甲乙丙", shown, strict=True)}
    waiting = [name for name, one in zip("甲乙丙", shown, strict=True) if one["decision"]["verdict"] != "auto"]
    page = guarded.get("/review", headers=BROWSER).text
    places = [page.index(f'data-ticket="{name}"') for name in sorted(waiting, key=chances.__getitem__)]
    assert places == sorted(places)
    for by, category in (("张", "B1"), ("李", "A1")):
        body = {"ticket": "乙", "action": "corrected", "category": category, "by": by}
        assert guarded.post("/v1/decisions", json=body, headers=OWN).status_code == 200
    page = guarded.get("/review", headers=BROWSER).text
    unsure, disputed = page.split('id="disputed"')
    assert 'data-ticket="乙"' not in unsure
    assert 'data-ticket="乙"' in disputed
    assert "张" in disputed
    settled = {"ticket": "乙", "action": "corrected", "category": "A2", "by": "王"}
    assert guarded.post("/v1/decisions", json=settled, headers=OWN).status_code == 200
    assert 'data-ticket="乙"' not in guarded.get("/review", headers=BROWSER).text


def test_cases_are_reviewed_by_keyboard_and_the_correction_is_recorded(sign_in: Callable[..., Signed]) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    for name, text in (("甲", "你好请问一下"), ("乙", "有一件事情想反映一下"), ("丙", "请问怎么办理")):
        page.evaluate(
            "given => fetch('/v1/suggestions', {method: 'POST', headers: {'Content-Type': 'application/json'},"
            " body: JSON.stringify(given)}).then(answer => answer.json())",
            {"id": name, "text": text},
        )
    page.goto(signed.url + "/review")
    assert page.locator(".case").count() == 3
    first = page.locator(".case.is-present")
    name = first.get_attribute("data-ticket")
    second = first.locator("[data-category]").nth(1).get_attribute("data-category")
    page.keyboard.press("2")
    expect(page.locator(".case")).to_have_count(2)
    ticket = page.evaluate("name => fetch('/v1/tickets/' + name).then(answer => answer.json())", name)
    assert (ticket["state"], ticket["category"]) == ("corrected", second)
    page.keyboard.press("1")
    expect(page.locator(".case")).to_have_count(1)
    page.keyboard.press("c")
    page.keyboard.insert_text("没有这一类")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("还没有记录")
    assert page.locator(".case").count() == 1
    page.fill("#instead", "B1")
    page.keyboard.press("Enter")
    expect(page.locator(".case")).to_have_count(0)
    assert serious(page) == []


def test_a_correction_from_the_review_is_learnt_by_the_next_training(
    sign_in: Callable[..., Signed], keyed: tuple[Server, dict[Role, str]]
) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    page.fill("#text", "有一件奇怪的事情想反映一下")
    expect(page.locator("#suggestion")).to_be_visible()
    page.keyboard.press("F8")
    expect(page.locator("#done")).to_contain_text("已记录")
    page.evaluate(
        "() => fetch('/v1/suggestions', {method: 'POST', headers: {'Content-Type': 'application/json'},"
        " body: JSON.stringify({id: '待复核', text: '你好请问一下这个事情'})}).then(answer => answer.json())"
    )
    page.goto(signed.url + "/review")
    page.keyboard.press("2")
    expect(page.locator(".case")).to_have_count(0)
    page.goto(signed.url + "/models")
    page.click("#train button")
    expect(page.locator("[data-under-way]")).to_be_visible()
    work_once(keyed[0].settings, JobKind.TRAINING, work_training)
    training = page.locator("tr[data-job]").first
    expect(training).to_contain_text("完成", timeout=15_000)
    job = training.get_attribute("data-job")
    done = page.evaluate("job => fetch(job).then(answer => answer.json())", job)
    assert done["result"]["decisions"] == 2
    expect(page.get_by_role("link", name=done["result"]["version"], exact=True)).to_be_visible()


def test_a_return_goes_to_the_next_department_with_one_key_or_stays_where_it_was(
    sign_in: Callable[..., Signed],
) -> None:
    signed = sign_in(Role.CLERK)
    page = signed.page
    for name in ("甲", "乙", "丙"):
        record(page, name, "工地夜里施工噪声很大，吵得睡不着")
        decide(page, ticket=name, action="accepted", category="A1")
        decide(page, ticket=name, action="returned", department="生态环境", reason="夜间施工归城管")
    record(page, "丁", "你好请问一下")
    page.goto(signed.url + "/review")
    expect(page.locator("#unsure .case.is-present")).to_be_visible()
    page.keyboard.press("n")
    case = page.locator("#returned .case.is-present")
    expect(case).to_contain_text("生态环境 退回：夜间施工归城管")
    first = case.locator("[data-action]").first
    assert "生态环境" not in (first.text_content() or "")
    name, department = case.get_attribute("data-ticket"), first.get_attribute("data-department")
    page.keyboard.press("1")
    expect(page.locator("#returned .case")).to_have_count(2)
    ticket = ticket_of(page, name or "")
    assert (ticket["state"], ticket["department"]) == ("reassigned", department)
    case = page.locator(".case.is-present")
    name, last = case.get_attribute("data-ticket"), case.locator("[data-action]").last
    expect(last).to_contain_text("退单不成立")
    last.click()
    expect(page.locator("#returned .case")).to_have_count(1)
    assert ticket_of(page, name or "")["department"] == "hb"
    name = page.locator(".case.is-present").get_attribute("data-ticket")
    page.keyboard.press("c")
    page.keyboard.insert_text("交通运输")
    page.keyboard.press("Enter")
    expect(page.locator("#returned .case")).to_have_count(0)
    assert ticket_of(page, name or "")["department"] == "jt"


def test_a_dispute_is_settled_with_one_key(sign_in: Callable[..., Signed]) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    record(page, "甲", "老板拖欠工资半年不给")
    decide(page, ticket="甲", action="accepted", category="B1", by="张")
    decide(page, ticket="甲", action="corrected", category="B2", by="李")
    page.goto(signed.url + "/review")
    case = page.locator("#disputed .case.is-present")
    expect(case.locator("[data-action]")).to_have_count(2)
    expect(case.locator("[data-action]").first).to_contain_text("劳动 / 欠薪　张")
    page.keyboard.press("1")
    expect(page.locator(".case")).to_have_count(0)
    assert ticket_of(page, "甲")["category"] == "B1"
    page.reload()
    expect(page.locator("#disputed")).to_contain_text("没有几个人决定得不一样的工单")
