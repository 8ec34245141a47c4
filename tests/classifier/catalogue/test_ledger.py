"""A ledger is its folder and all it inherits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger, find_ledger, inspect_ledger, known_ledgers, load_ledger
from classifier.catalogue.settings import LedgerSettings, ReportForm, Rhythm
from classifier.domain import Kind, Urgency
from classifier.errors import LedgerNotFoundError, WrongCellError

WriteLedger = Callable[..., Path]

GRANDCHILD = {
    "categories.csv": "code,name\nP,甲\nQ,乙\n",
    "crosswalk.csv": "parent_code,code,weight\nX,P,1\nX,Q,3\nY,-,1\n",
}


@pytest.fixture
def family(write_ledger: WriteLedger) -> Ledger:
    """A ledger of the third generation."""
    write_ledger("base")
    changed = {
        "departments.csv": "code,name,level\nhb2,环保局,区县\nny,农业局,\n",
        "rules.csv": "name,pattern,effect\n坍塌,塌方,urgency:紧急\n新,新,manual\n",
        "deadlines.csv": "kind,urgency,working_hours\n投诉,一般,4\n",
    }
    write_ledger("child", changed, parent="base")
    folder = write_ledger("grandchild", GRANDCHILD, parent="child")
    return load_ledger("grandchild", folder.parent)


def test_settings_have_defaults(write_ledger: WriteLedger) -> None:
    folder = write_ledger()
    ledger = load_ledger("place", folder.parent)
    assert ledger.settings == LedgerSettings("place", "测试台账", "", 0, 0.95, 180)
    assert ledger.name == "place"
    assert ledger.reporting_level == 2


def test_settings_are_read_and_others_reported(write_ledger: WriteLedger) -> None:
    toml = 'name = "p"\ntitle = "t"\nreporting_level = 1\ntarget_accuracy = 0.9\nretention_days = 0\nother = []\n'
    toml += "target_acuracy = 0.8\n"
    ledger, findings = inspect_ledger("place", write_ledger(changed={"ledger.toml": toml}).parent)
    assert [(finding.column, finding.severity) for finding in findings] == [
        ("other", "warning"),
        ("target_acuracy", "warning"),
    ]
    assert "是否指 target_accuracy" in findings[1].message
    assert ledger.settings == LedgerSettings("p", "t", "", 1, 0.9, 0)
    assert ledger.reporting_level == 1


def test_a_ledger_is_given_by_name_or_by_folder(write_ledger: WriteLedger, tmp_path: Path) -> None:
    folder = write_ledger()
    assert find_ledger("place", tmp_path) == folder
    assert find_ledger(str(folder), tmp_path / "elsewhere") == folder
    assert known_ledgers(tmp_path) == ["place"]
    assert known_ledgers(tmp_path / "elsewhere") == []


@pytest.mark.parametrize("given", ["", "nowhere", "plac", "place/categories.csv"])
def test_a_ledger_that_is_not_there_is_refused_with_those_that_are(write_ledger: WriteLedger, given: str) -> None:
    with pytest.raises(LedgerNotFoundError, match="现有：place"):
        load_ledger(given, write_ledger().parent)


def test_a_base_has_no_projection(write_ledger: WriteLedger) -> None:
    ledger = load_ledger("place", write_ledger().parent)
    assert (ledger.projection, ledger.crosswalk, ledger.parent) == (None, None, None)
    assert ledger.base is ledger
    assert list(ledger.lineage) == [ledger]


def test_a_lineage_goes_back_to_the_base(family: Ledger) -> None:
    assert [one.name for one in family.lineage] == ["grandchild", "child", "base"]
    assert family.base.name == "base"
    assert family.base.parent is None


def test_a_projection_is_the_product_of_the_steps(family: Ledger) -> None:
    assert family.projection is not None
    # Base leaves 噪声, 污水, 欠薪 → child X, Y → P, Q and outside.
    np.testing.assert_allclose(family.projection.shares, [[0.25, 0.75], [0.25, 0.75], [0, 0]])
    np.testing.assert_allclose(family.projection.outside(), [0, 0, 1])
    assert family.parent is not None
    assert family.crosswalk is not None
    assert family.parent.crosswalk is not None
    np.testing.assert_allclose(family.projection.shares, family.parent.crosswalk.shares @ family.crosswalk.shares)


def test_a_child_inherits_departments_rules_deadlines_and_regions(family: Ledger) -> None:
    assert [one.code for one in family.departments] == ["hb2", "ny", "rs", "zf"]
    assert family.departments.find("环保局").level == "区县"
    assert [rule.name for rule in family.rules] == ["坍塌", "新"]
    assert family.rules.apply("塌陷").urgency is Urgency.NORMAL
    assert family.rules.apply("塌方").urgency is Urgency.URGENT
    assert family.deadlines[Kind.COMPLAINT, Urgency.NORMAL] == 4
    assert family.deadlines[Kind.COMPLAINT, Urgency.URGENT] == 8
    assert len(family.deadlines) == 15
    assert [region.path for region in family.regions] == ["东镇", "东镇/王家村"]


def test_a_child_with_regions_of_its_own_has_only_these(write_ledger: WriteLedger) -> None:
    write_ledger("base")
    folder = write_ledger("child", {"regions.csv": "code,name\nS,南镇\n"}, parent="base")
    assert [region.name for region in load_ledger("child", folder.parent).regions] == ["南镇"]


def test_a_child_without_categories_keeps_the_parents(write_ledger: WriteLedger) -> None:
    write_ledger("base")
    folder = write_ledger("child", {"categories.csv": None, "crosswalk.csv": None}, parent="base")
    ledger = load_ledger("child", folder.parent)
    assert ledger.parent is not None
    assert ledger.categories is ledger.parent.categories
    assert ledger.projection is not None
    np.testing.assert_array_equal(ledger.projection.shares, np.eye(3))


def test_deadlines_are_by_kind_and_urgency(write_ledger: WriteLedger) -> None:
    table = "kind,urgency,working_hours,source\n投诉,一般,40,x\n投诉,特急,0.5,\n咨询,紧急,8.25,\n"
    ledger = load_ledger("place", write_ledger(changed={"deadlines.csv": table}).parent)
    assert ledger.deadlines == {
        (Kind.COMPLAINT, Urgency.NORMAL): 40,
        (Kind.COMPLAINT, Urgency.CRITICAL): 0.5,
        (Kind.CONSULTATION, Urgency.URGENT): 8.25,
    }


def test_the_fingerprint_is_of_the_tables_and_those_inherited(family: Ledger, tmp_path: Path) -> None:
    def fingerprint() -> str:
        return load_ledger("grandchild", tmp_path).fingerprint

    assert fingerprint() == family.fingerprint
    copied = tmp_path / "copy"
    shutil.copytree(tmp_path / "base", copied / "base")
    shutil.copytree(tmp_path / "child", copied / "child")
    shutil.copytree(tmp_path / "grandchild", copied / "grandchild")
    assert load_ledger("grandchild", copied).fingerprint == family.fingerprint
    complaints = tmp_path / "grandchild" / "complaints"
    complaints.mkdir()
    (complaints / "b.csv").write_text("text,category\n路灯,P\n", encoding="utf-8")
    (complaints / "a.csv").write_text("text,category\n路灯,P\n", encoding="utf-8")
    assert fingerprint() == family.fingerprint
    assert [path.name for path in family.complaint_files] == ["a.csv", "b.csv"]
    duties = tmp_path / "base" / "duties.csv"
    duties.write_text(duties.read_text(encoding="utf-8") + "B1,环保局\n", encoding="utf-8")
    assert fingerprint() != family.fingerprint


def test_the_form_of_a_report_is_read(write_ledger: WriteLedger) -> None:
    toml = 'name = "p"\ntitle = "t"\n[report]\nparagraph = "共{problems}件"\nrhythm = "half-month"\nother = 1\n'
    ledger, findings = inspect_ledger("place", write_ledger(changed={"ledger.toml": toml}).parent)
    assert ledger.settings.report == ReportForm("共{problems}件", Rhythm.HALF_MONTH)
    assert [finding.column for finding in findings] == ["report.other"]


@pytest.mark.parametrize(
    ("form", "column", "told"),
    [
        ('paragraph = "共{problem}件"', "report.paragraph", "没有这些数字：problem；可用：title、"),
        ("paragraph = 3", "report.paragraph", "应为文字"),
        ('rhythm = "weekly"', "report.rhythm", "“weekly”无效；可用：half-month（半月）"),
    ],
)
def test_a_wrong_form_of_a_report_is_refused(write_ledger: WriteLedger, form: str, column: str, told: str) -> None:
    folder = write_ledger(changed={"ledger.toml": f'name = "p"\ntitle = "t"\n[report]\n{form}\n'})
    with pytest.raises(WrongCellError, match=told) as caught:
        load_ledger("place", folder.parent)
    assert caught.value.column == column
