"""模型: versions, switching between them, trainings and audits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from classifier.catalogue.ledger import load_ledger
from classifier.domain import Complaint
from classifier.learn.dataset import Labelled
from classifier.workshop import train_version
from service.domain import Role
from tests.service.conftest import Server
from tests.service.workbench.conftest import Signed, serious


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
