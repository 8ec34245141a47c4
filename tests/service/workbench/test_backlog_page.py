"""批量: from an upload, read as a person says, to the result and its summary."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
from fastapi.testclient import TestClient
from playwright.sync_api import Locator, Page, expect

from classifier.files.encoding import ENCODINGS
from service.backlogs import work_backlog
from service.browsers import COOKIE
from service.domain import JobKind, Role
from service.settings import Settings
from service.workbench.pages import _ENCODINGS
from tests.service.conftest import Server, work_once
from tests.service.workbench.conftest import OWN, Signed, key_of, serious


def test_an_upload_is_looked_into_and_nothing_of_it_is_kept(guarded: TestClient) -> None:
    guarded.cookies.set(COOKIE, key_of(guarded, Role.CLERK))
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


def _from_start_to_download(page: Page, settings: Settings, name: str) -> tuple[Locator, list[dict[str, str]]]:
    """Starts the file that was looked into; returns its line among the jobs, and the rows of the result."""
    page.locator("#start").get_by_role("button", name="开始分办").click()
    row = page.locator("tr", has_text=name)
    expect(row).to_contain_text("排队")
    work_once(settings, JobKind.BATCH, lambda _store: work_backlog)
    expect(row).to_contain_text("完成", timeout=15_000)
    with page.expect_download() as downloading:
        row.get_by_role("link", name="下载").click()
    content = Path(downloading.value.path()).read_bytes().decode("utf-8-sig")
    return row, list(csv.DictReader(io.StringIO(content)))


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
    row, result = _from_start_to_download(page, keyed[0].settings, "积压.csv")
    assert [one["编号"] for one in result] == ["001", "002", "003"]
    assert result[2]["重复于"] == "001"
    row.get_by_role("link", name="汇总").click()
    expect(page.get_by_role("region", name="重复诉求")).to_contain_text("001")
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


def test_an_encoding_that_was_decided_wrongly_is_corrected_by_hand(
    sign_in: Callable[..., Signed], keyed: tuple[Server, dict[Role, str]], tmp_path: Path
) -> None:
    signed = sign_in(Role.INTAKE)
    page = signed.page
    page.goto(signed.url + "/backlog")
    backlog = tmp_path / "臺灣.csv"
    backlog.write_bytes("編號,內容\n1,老闆拖欠工資半年不給\n2,路燈壞了沒人修\n".encode("big5hkscs"))
    page.set_input_files("#file", backlog)
    expect(page.locator("#how")).to_contain_text("gb18030")
    expect(page.locator("#rows")).not_to_contain_text("老闆")
    page.select_option("#encoding", "utf-8-sig")
    expect(page.locator("#notice")).to_contain_text("请另选编码")
    page.select_option("#encoding", "big5hkscs")
    expect(page.locator("#rows")).to_contain_text("老闆拖欠工資半年不給")
    expect(page.locator("#notice")).to_be_empty()
    page.select_option("#text-column", "內容")
    _, result = _from_start_to_download(page, keyed[0].settings, "臺灣.csv")
    assert [one["內容"] for one in result] == ["老闆拖欠工資半年不給", "路燈壞了沒人修"]
    assert "欠薪" in result[0]["类别路径"]


def test_one_sheet_of_several_is_chosen_by_hand(sign_in: Callable[..., Signed], tmp_path: Path) -> None:
    signed = sign_in(Role.CLERK)
    page = signed.page
    page.goto(signed.url + "/backlog")
    workbook = openpyxl.Workbook()
    for title, text in (("一月", "老板拖欠工资"), ("二月", "路灯坏了")):
        sheet = workbook.create_sheet(title)
        sheet.append(["编号", "内容"])
        sheet.append(["1", text])
    workbook.remove(workbook["Sheet"])
    workbook.save(tmp_path / "两月.xlsx")
    page.set_input_files("#file", tmp_path / "两月.xlsx")
    expect(page.locator("#rows")).to_contain_text("老板拖欠工资")
    expect(page.locator("#rows")).to_contain_text("路灯坏了")
    page.select_option("#sheet", "二月")
    expect(page.locator("#rows")).not_to_contain_text("老板拖欠工资")
    expect(page.locator("#rows")).to_contain_text("路灯坏了")
    page.locator("#start").get_by_role("button", name="开始分办").click()
    expect(page.locator("tr", has_text="两月.xlsx")).to_contain_text("排队")
    jobs = page.evaluate("() => fetch('/v1/jobs').then(answer => answer.json())")["jobs"]
    assert jobs[0]["options"]["sheet"] == "二月"


def test_the_encodings_offered_are_those_that_can_be_read() -> None:
    assert set(_ENCODINGS) == set(ENCODINGS)
