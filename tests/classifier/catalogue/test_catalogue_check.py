"""`catalogue check` names file and row of each fault a ledger can have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifier.catalogue.ledger import inspect_ledger, load_ledger
from classifier.errors import CatalogueError, FenbanError, MissingColumnError, WrongCellError, WrongEncodingError


@pytest.fixture
def folder(ledgers: Path, tmp_path: Path) -> Path:
    shutil.copytree(ledgers, tmp_path / "ledgers")
    return tmp_path / "ledgers"


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def _row_of(path: Path, start: str) -> int:
    return next(at for at, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.startswith(start))


def _findings(folder: Path, ledger: str = "small") -> list[str]:
    return [str(finding) for finding in inspect_ledger(ledger, folder)[1] if finding.severity == "error"]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("duties.csv", "C1,城市管理", "XX,城市管理", "duties.csv 第 6 行 “category” 列：没有类别 XX"),
        ("duties.csv", "C1,城市管理", "C1,没有局", "duties.csv 第 6 行 “lead” 列：没有部门“没有局”"),
        ("duties.csv", "A1,生态环境,城市管理", "A1,生态环境,没有局", "duties.csv 第 2 行 “assisting” 列"),
        ("duties.csv", "C2,交通运输,,市,E1", "C2,交通运输,,市,ZZ", "duties.csv 第 8 行 “region” 列：没有地区 ZZ"),
        ("duties.csv", "A2,生态环境,,市,,,,2025-12-31", "A2,生态环境,,市,,,2026-02-01,2025-12-31", "第 3 行 “valid_to” 列：结束日期"),
        ("duties.csv", "2025-12-31", "31.12.2025", "第 3 行 “valid_to” 列：“31.12.2025”不是日期"),
        ("duties.csv", "B,人力资源社会保障,,市", "B,人力资源社会保障,,省", "第 5 行 “level” 列"),
        ("categories.csv", "A2,污水", "A1,污水", "categories.csv 第 4 行 “code” 列：代码 A1 已在第 3 行用过"),
        ("categories.csv", "A,环境,", "A,环境,A1", "“parent” 列：上级关系成环"),
        ("categories.csv", "A2,污水,A", "A2,污水,Q", "第 4 行 “parent” 列：没有代码 Q"),
        ("categories.csv", "2020-12-31,C1", "2020-12-31,C8", "“replaced_by” 列：没有代码 C8"),
        ("departments.csv", "rs,人力资源社会保障", "hb,人力资源社会保障", "departments.csv 第 3 行 “code” 列"),
        ("regions.csv", "D1,王家村,D", "D1,王家村,Q", "regions.csv 第 4 行 “parent” 列"),
        ("regions.csv", "东庄,东庄镇政府", "东庄,没有局", "regions.csv 第 2 行 “department” 列"),
        ("rules.csv", "专人,绝密", "专人,绝密(", "rules.csv 第 4 行 “pattern” 列：不是有效的表达式"),
        ("rules.csv", "专人,绝密,manual", "专人,绝密,lower", "rules.csv 第 4 行 “effect” 列"),
        ("rules.csv", "department:应急消防", "department:没有局", "rules.csv 第 2 行 “effect” 列：没有部门"),
        ("deadlines.csv", "投诉,一般,40", "投诉,一般,四十", "deadlines.csv 第 2 行 “working_hours” 列：“四十”不是数字"),
        ("deadlines.csv", "投诉,紧急,16", "投诉,很急,16", "deadlines.csv 第 3 行 “urgency” 列"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_file_and_row(folder: Path, file: str, old: str, new: str, said: str) -> None:
    assert _findings(folder) == []
    _change(folder / "small" / file, old, new)
    assert any(said in finding for finding in _findings(folder)), _findings(folder)
    with pytest.raises(CatalogueError, match=r"small"):
        load_ledger("small", folder)


def test_a_category_without_a_duty_is_named_by_its_row(folder: Path) -> None:
    _change(folder / "small" / "duties.csv", "C1,城市管理,,市,,,,\n", "")
    row = _row_of(folder / "small" / "categories.csv", "C1,")
    (finding,) = _findings(folder)
    assert finding.startswith(f"categories.csv 第 {row} 行 “code” 列：类别 C1 道路/路灯")


def test_a_leaf_the_crosswalk_leaves_out_is_named_by_its_row(folder: Path) -> None:
    _change(folder / "child" / "crosswalk.csv", "B2,-,1\n", "")
    row = _row_of(folder / "small" / "categories.csv", "B2,")
    (finding,) = _findings(folder, "child")
    assert finding.startswith(f"small/categories.csv 第 {row} 行")
    assert "B2 劳动/社保" in finding


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("A,HJ,1", "A,QQ,1", "第 2 行 “code” 列：没有类别 QQ"),
        ("A,HJ,1", "ZZ,HJ,1", "第 2 行 “parent_code” 列：上级台账没有类别 ZZ"),
        ("A,HJ,1", "A,HJ,0", "第 2 行 “weight” 列：权重应大于 0"),
    ],
)
def test_a_fault_of_the_crosswalk_is_found(folder: Path, old: str, new: str, said: str) -> None:
    _change(folder / "child" / "crosswalk.csv", old, new)
    assert any(said in finding for finding in _findings(folder, "child"))


def test_a_table_in_another_encoding_says_how_to_save_it(folder: Path) -> None:
    table = folder / "small" / "duties.csv"
    table.write_bytes(table.read_text("utf-8").encode("gbk"))
    with pytest.raises(WrongEncodingError, match=r"duties\.csv 第 2 行：不是 UTF-8 编码；请在 Excel 中另存为"):
        load_ledger("small", folder)


def test_a_missing_column_is_named_with_those_there_are(folder: Path) -> None:
    _change(folder / "small" / "duties.csv", "category,lead", "category,主办")
    with pytest.raises(MissingColumnError, match="缺少“lead”列；现有的列：category、主办"):
        load_ledger("small", folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "small"', ""),
        ("target_accuracy = 0.9", "target_accuracy = 2.0"),
        ("reporting_level = 2", 'reporting_level = "两"'),
        ("title", "= title"),
    ],
)
def test_a_wrong_setting_is_refused(folder: Path, old: str, new: str) -> None:
    _change(folder / "small" / "ledger.toml", old, new)
    with pytest.raises(WrongCellError, match=r"ledger\.toml"):
        load_ledger("small", folder)


def test_parents_in_a_circle_are_refused(folder: Path) -> None:
    with (folder / "small" / "ledger.toml").open("a", encoding="utf-8") as file:
        file.write('parent = "child"\n')
    with pytest.raises(FenbanError, match="成环"):
        load_ledger("small", folder)


def test_an_unknown_column_is_a_remark_not_an_error(folder: Path) -> None:
    table = folder / "small" / "departments.csv"
    table.write_text(table.read_text("utf-8").replace("aliases\n", "aliases,电话\n", 1), "utf-8")
    findings = inspect_ledger("small", folder)[1]
    assert [(finding.severity, finding.column) for finding in findings] == [("warning", "电话")]


def test_a_child_inherits_departments_rules_deadlines_and_places(ledgers: Path) -> None:
    child = load_ledger("child", ledgers)
    parent = load_ledger("small", ledgers)
    assert len(child.departments) == len(parent.departments)
    assert [rule.name for rule in child.rules] == [rule.name for rule in parent.rules]
    assert child.deadlines == parent.deadlines
    assert child.regions.find("D1").path == "东庄镇/王家村"
    assert child.projection is not None
    shares = dict(
        zip([leaf.code for leaf in parent.categories.leaves], child.projection.outside().tolist(), strict=True)
    )
    assert shares == {"A1": 0, "A2": 0, "B1": 0, "B2": 1, "C1": 0, "C2": 0, "C9": 0}


def test_retired_categories_and_names_are_found_without_guessing(ledgers: Path) -> None:
    tree = load_ledger("small", ledgers).categories
    assert tree.find("旧路灯").code == "C1"
    assert tree.find("劳动/欠薪").code == "B1"
    with pytest.raises(FenbanError, match=r"没有这个类别：欠新；相近的有：.*欠薪"):
        tree.find("欠新")
