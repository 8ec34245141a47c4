"""The workbench's frame and pages: signing in, what each role sees, and what hinders nobody from using them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from classifier.catalogue.ledger import load_ledger
from classifier.domain import Complaint
from classifier.learn.dataset import Labelled
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.workshop import train_version
from service.backlogs import work_backlog
from service.browsers import COOKIE
from service.domain import JobKind, Role
from service.keys import create_key
from service.settings import Settings
from service.store.database import Store
from service.store.migration import migrate
from service.trainings import work_training
from service.worker import Worker
from tests.service.conftest import Server

Open = Callable[..., TestClient]
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
OWN = {"Sec-Fetch-Site": "same-origin"}
PAGES = {
    Role.INTAKE: ["/", "/backlog", "/catalogue"],
    Role.CLERK: ["/", "/backlog", "/review", "/catalogue", "/statistics"],
    Role.STEWARD: ["/", "/backlog", "/review", "/catalogue", "/models", "/statistics"],
}


def _key(client: TestClient, role: Role, ledger: str = "") -> str:
    resources = client.app.state.resources  # type: ignore[attr-defined]
    _, token = create_key(resources.store, role.value, role, ledger)
    resources.keyring.refresh()
    return token


@pytest.fixture
def guarded(open_client: Open) -> TestClient:
    client = open_client()
    _key(client, Role.ADMIN)
    client.follow_redirects = False
    return client


def test_a_page_asks_for_the_key_first_and_then_shows_itself(guarded: TestClient) -> None:
    asked = guarded.get("/catalogue?q=路灯", headers=BROWSER)
    assert asked.status_code == 303
    form = guarded.get(asked.headers["location"], headers=BROWSER).text
    assert 'value="/catalogue?q=%E8%B7%AF%E7%81%AF"' in form
    entered = guarded.post(
        "/sign-in", data={"key": f" {_key(guarded, Role.CLERK)} ", "next": "/catalogue"}, headers=OWN
    )
    assert (entered.status_code, entered.headers["location"]) == (303, "/catalogue")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "类别" in guarded.get("/catalogue", headers=BROWSER).text
    assert guarded.post("/v1/suggestions", json={"text": "路灯坏了"}, headers=OWN).status_code == 200


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(guarded: TestClient, elsewhere: str) -> None:
    entered = guarded.post("/sign-in", data={"key": _key(guarded, Role.CLERK), "next": elsewhere}, headers=OWN)
    assert entered.headers["location"] == "/"


def test_a_bad_key_is_told_and_sets_no_cookie(guarded: TestClient) -> None:
    refused = guarded.post("/sign-in", data={"key": "fb_1_2"}, headers=OWN)
    assert refused.status_code == 401
    assert "密钥无效" in refused.text
    assert "set-cookie" not in refused.headers


def test_signing_out_forgets_the_key(guarded: TestClient) -> None:
    guarded.post("/sign-in", data={"key": _key(guarded, Role.CLERK)}, headers=OWN)
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
    guarded.cookies.set(COOKIE, _key(guarded, Role.CLERK))
    assert guarded.post("/v1/suggestions", json={"text": "路灯坏了"}, headers=headers).status_code == status


def test_a_foreign_page_cannot_sign_anybody_in(guarded: TestClient) -> None:
    key = _key(guarded, Role.CLERK)
    assert guarded.post("/sign-in", data={"key": key}, headers={"Origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("role", list(PAGES))
def test_each_role_sees_its_own_pages_and_no_others(guarded: TestClient, role: Role) -> None:
    guarded.cookies.set(COOKIE, _key(guarded, role))
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
    guarded.cookies.set(COOKIE, _key(guarded, Role.ADMIN))
    for path in [*PAGES[Role.STEWARD], "/sign-in"]:
        answer = guarded.get(path, headers=BROWSER)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "data:" not in policy
        for forbidden in (" style=", "<style", "onclick=", "<script>", "http://", "https://"):
            assert forbidden not in answer.text, (path, forbidden)


def test_the_catalogue_says_who_answers_on_a_day(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, _key(guarded, Role.CLERK))
    page = guarded.get("/catalogue", params={"q": "欠薪", "day": "2026-01-01"}, headers=BROWSER).text
    assert "劳动 / 欠薪" in page
    assert "人力资源社会保障" in page
    assert "没有找到" in guarded.get("/catalogue", params={"q": "<无此类>"}, headers=BROWSER).text


def test_statistics_count_what_was_recorded_and_decided(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, _key(guarded, Role.CLERK))
    assert "没有工单" in guarded.get("/statistics", headers=BROWSER).text
    guarded.post("/v1/suggestions", json={"id": "甲1", "text": "老板拖欠工资半年不给"}, headers=OWN)
    guarded.post("/v1/decisions", json={"ticket": "甲1", "action": "returned", "reason": "不归我管"}, headers=OWN)
    page = guarded.get("/statistics", headers=BROWSER).text
    today = dt.date.today().isocalendar()
    assert f"{today.year}-W{today.week:02d}" in page
    assert "人力资源社会保障" in page
    assert "100.0%" in page


def test_an_upload_is_looked_into_and_nothing_of_it_is_kept(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, _key(guarded, Role.CLERK))
    table = "编号,诉求内容,备注\n001,老板拖欠工资,\n002," + "长" * 200 + ",甲\n"
    seen = guarded.post("/v1/jobs/preview", files={"file": ("a.csv", table.encode("gb18030"))}, headers=OWN).json()
    assert seen["columns"] == ["编号", "诉求内容", "备注"]
    assert (seen["text_column"], seen["title_column"]) == ("诉求内容", "")
    assert seen["rows"] == [["001", "老板拖欠工资", ""], ["002", "长" * 80 + "…", "甲"]]
    assert "gb18030" in seen["how"].lower()
    unknown = guarded.post("/v1/jobs/preview", files={"file": ("b.csv", "甲,乙\n1,2\n".encode())}, headers=OWN).json()
    assert (unknown["text_column"], unknown["columns"]) == ("", ["甲", "乙"])
    wrong = guarded.post("/v1/jobs/preview", files={"file": ("c.exe", b"MZ")}, headers=OWN)
    assert wrong.json()["error"] == "unsupported_format"
    data: Path = guarded.app.state.resources.settings.data  # type: ignore[attr-defined]
    assert not [path for path in data.rglob("*") if "preview" in path.name]


def test_the_review_queue_has_the_least_sure_first_and_what_people_disagree_on(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, _key(guarded, Role.CLERK))
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
    assert 'data-ticket="乙"' not in page
    assert "前后决定不一致" in page
    assert "张：" in page


@dataclass(frozen=True)
class Signed:
    """A page in a browser that a person of some role signed in with, and the server's address."""

    page: Page
    url: str


@pytest.fixture
def keyed(places: Places, tmp_path: Path) -> Iterator[tuple[Server, dict[Role, str]]]:
    """A running server with a key for each role; v1 in use, v2 like it."""
    models = tmp_path / "models"
    for name in ("v1", "v2"):
        shutil.copytree(Registry(places.models).find("small").folder, models / "small" / name)
    Registry((models,)).promote("small", "v1")
    ledgers = Path(shutil.copytree(places.ledgers, tmp_path / "ledgers"))
    settings = Settings(Places(ledgers, (models,)), ledger="small", data=tmp_path / "keyed")
    settings.data.mkdir()
    store = Store(settings.database_url)
    migrate(store)
    keys = {role: create_key(store, role.value, role)[1] for role in Role}
    store.close()
    one = Server(settings)
    yield one, keys
    one.stop()


@pytest.fixture
def sign_in(browser: Browser, keyed: tuple[Server, dict[Role, str]]) -> Iterator[Callable[..., Signed]]:
    contexts = []

    def enter(role: Role, width: int = 1366, height: int = 768) -> Signed:
        server, keys = keyed
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.goto(server.url)
        page.fill("#key", keys[role])
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation", name="工作台")).to_be_visible()
        return Signed(page, server.url)

    yield enter
    for context in contexts:
        context.close()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
    ]


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


def test_a_steward_promotes_by_force_and_rolls_back_while_another_page_suggests(sign_in: Callable[..., Signed]) -> None:
    clerk, steward = sign_in(Role.CLERK).page, sign_in(Role.STEWARD)
    page = steward.page
    page.goto(steward.url + "/models")
    page.get_by_role("row", name="v2").get_by_role("button", name="启用").click()
    expect(page.locator("#refused")).to_contain_text("v2")
    page.fill("#why", "演练")
    page.keyboard.press("Enter")
    expect(page.locator("tr.in-use")).to_contain_text("v2")
    clerk.fill("#text", "老板拖欠工资半年不给")
    expect(clerk.locator("#model")).to_contain_text("small/v2", timeout=10_000)
    page.get_by_role("button", name="退回之前的版本").click()
    expect(page.locator("tr.in-use")).to_contain_text("v1")
    clerk.fill("#text", "老板拖欠工资半年不给了")
    expect(clerk.locator("#model")).to_contain_text("small/v1", timeout=10_000)
    assert clerk.locator("#notice").text_content() == ""
    page.reload()
    expect(page.get_by_role("row", name="v1 → v2")).to_contain_text("强制启用")
    expect(page.get_by_role("row", name="v1 → v2")).to_contain_text("演练")
    expect(page.get_by_role("row", name="v2 → v1")).to_contain_text("退回")


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


@pytest.fixture
def told(keyed: tuple[Server, dict[Role, str]]) -> None:
    """Gives v2 the report of a training."""
    server, _ = keyed
    places = server.settings.places
    texts = {"B1": "老板拖欠工资半年", "A1": "人民路路灯坏了"}
    rows = [
        Labelled(Complaint(f"{text}{'啊' * at}"), (code,), source=f"标注.csv:{at}")
        for at in range(8)
        for code, text in texts.items()
    ]
    version, _ = train_version(load_ledger("small", places.ledgers), places, rows)
    assert version.name == "v3"


@pytest.mark.usefixtures("told")
def test_a_version_shows_its_figures_its_simulator_and_a_comparison(sign_in: Callable[..., Signed]) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    page.goto(signed.url + "/models")
    page.get_by_role("link", name="v3", exact=True).click()
    expect(page.get_by_role("heading", name="small/v3")).to_be_visible()
    before = page.locator("#outcome").text_content()
    page.focus("#target")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#outcome")).not_to_have_text(before or "")
    assert page.locator("#targets tr.in-use").count() == 1
    assert serious(page) == []
    page.get_by_role("button", name="比较").click()
    expect(page.get_by_role("main")).to_contain_text("没有")


def test_a_steward_starts_a_training_and_sees_it_wait(sign_in: Callable[..., Signed], tmp_path: Path) -> None:
    signed = sign_in(Role.STEWARD)
    page = signed.page
    page.goto(signed.url + "/models")
    wrong = tmp_path / "错.csv"
    wrong.write_text("text,category\n路灯不亮,没有这一类\n", "utf-8")
    page.set_input_files("#labels", wrong)
    page.click("#train button")
    expect(page.locator("#notice")).to_contain_text("2")
    right = tmp_path / "对.csv"
    right.write_text("text,category\n老板拖欠工资,欠薪\n", "utf-8")
    page.set_input_files("#labels", right)
    page.click("#train button")
    expect(page.locator("[data-under-way]")).to_contain_text("排队")


def test_a_gbk_spreadsheet_goes_from_upload_to_download_and_summary(
    sign_in: Callable[..., Signed], keyed: tuple[Server, dict[Role, str]], tmp_path: Path
) -> None:
    signed = sign_in(Role.CLERK)
    page = signed.page
    page.goto(signed.url + "/backlog")
    table = (
        "编号,诉求,补充\n001,老板拖欠我半年工资不给,甲\n002,人民路的路灯坏了没人修,乙\n003,老板拖欠我半年工资不给,丙\n"
    )
    backlog = tmp_path / "积压.csv"
    backlog.write_bytes(table.encode("gbk"))
    page.set_input_files("#file", backlog)
    expect(page.locator("#how")).to_contain_text("积压.csv")
    expect(page.locator("#rows")).to_contain_text("人民路的路灯坏了没人修")
    expect(page.locator("#text-column")).to_have_value("诉求")
    page.locator("#start").get_by_role("button", name="开始分办").click()
    row = page.locator("tr", has_text="积压.csv")
    expect(row).to_contain_text("排队")
    settings = keyed[0].settings
    store = Store(settings.database_url)
    Worker(settings, store, {JobKind.BATCH: work_backlog}).work_once()
    store.close()
    expect(row).to_contain_text("完成", timeout=15_000)
    with page.expect_download() as downloading:
        row.get_by_role("link", name="下载").click()
    result = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_bytes().decode("utf-8-sig"))))
    assert [one["编号"] for one in result] == ["001", "002", "003"]
    assert result[2]["重复于"] == "001"
    row.get_by_role("link", name="汇总").click()
    expect(page.get_by_role("heading", name="汇总：积压.csv")).to_be_visible()
    expect(page.locator("table.chart").first).to_contain_text("欠薪")
    assert serious(page) == []


def test_a_file_that_cannot_be_read_is_told_and_the_page_goes_on(
    sign_in: Callable[..., Signed], tmp_path: Path
) -> None:
    signed = sign_in(Role.CLERK)
    signed.page.goto(signed.url + "/backlog")
    broken = tmp_path / "坏.xlsx"
    broken.write_bytes(b"PK no workbook")
    signed.page.set_input_files("#file", broken)
    expect(signed.page.locator("#notice")).not_to_be_empty()
    expect(signed.page.locator("#preview")).to_be_hidden()


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
    page.fill("#category", "B1")
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
    settings = keyed[0].settings
    store = Store(settings.database_url)
    Worker(settings, store, {JobKind.TRAINING: work_training(store)}).work_once()
    store.close()
    training = page.locator("tr[data-job]").first
    expect(training).to_contain_text("完成", timeout=15_000)
    job = training.get_attribute("data-job")
    done = page.evaluate("job => fetch('/v1/trainings/' + job).then(answer => answer.json())", job)
    assert done["result"]["decisions"] == 2
    expect(page.get_by_role("link", name=done["result"]["version"], exact=True)).to_be_visible()
