"""What is wrong in a ledger's tables is said with file, row and column, all of it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from classifier.catalogue.ledger import inspect_ledger, load_ledger
from classifier.catalogue.tables import Finding, Severity
from classifier.errors import (
    CatalogueError,
    LedgerNotFoundError,
    MissingColumnError,
    UnreadableFileError,
    WrongCellError,
    WrongEncodingError,
)

WriteLedger = Callable[..., Path]


def _errors(folder: Path) -> list[tuple[str, int, str]]:
    return [_place(finding) for finding in _findings(folder) if finding.severity is Severity.ERROR]


def _findings(folder: Path) -> list[Finding]:
    return inspect_ledger(folder.name, folder.parent)[1]


def _place(finding: Finding) -> tuple[str, int, str]:
    return finding.file, finding.row, finding.column


def test_a_sound_ledger_has_nothing_to_mend(write_ledger: WriteLedger) -> None:
    assert _findings(write_ledger()) == []


def test_a_sound_child_has_nothing_to_mend(write_ledger: WriteLedger) -> None:
    write_ledger("base")
    assert _findings(write_ledger("child", parent="base")) == []


CATEGORIES, DUTIES, REGIONS = "categories.csv", "duties.csv", "regions.csv"
DEPARTMENTS, RULES, DEADLINES = "departments.csv", "rules.csv", "deadlines.csv"
WRONG_TABLES: list[tuple[str, str, int, str, str]] = [
    # file, its content, and the row, column and part of the message of the one finding
    (DUTIES, "category,lead\nA,环保局\nB1,rs\nZ9,环保局\n", 4, "category", "没有类别 Z9"),
    (DUTIES, "category,lead\nA,环保局\nB1,水务局\n", 3, "lead", "没有部门“水务局”"),
    (DUTIES, "category,lead,assisting\nA,环保局,人社局|邮局\nB1,rs,\n", 2, "assisting", "没有部门“邮局”"),
    (DUTIES, "category,lead,level\nA,环保局,市\nB1,rs,省\n", 3, "level", "“省”不是层级"),
    (DUTIES, "category,lead,region\nA,环保局,\nB1,rs,\nB1,rs,D9\n", 4, "region", "没有地区 D9"),
    (DUTIES, "category,lead\nA,环保局\nB1,rs\n,rs\n", 4, "category", "不能为空"),
    (DUTIES, "category,lead\nA,环保局\nB1,rs\nA1,\n", 4, "lead", "不能为空"),
    (
        DUTIES,
        "category,lead,valid_from,valid_to\nA,环保局,,\nB1,rs,,\nB1,rs,2026-02-01,2026-01-31\n",
        4,
        "valid_to",
        "早",
    ),
    (DUTIES, "category,lead,valid_from\nA,环保局,\nB1,rs,\nB1,rs,明年\n", 4, "valid_from", "“明年”不是日期"),
    (DUTIES, "category,lead\nA,环保局\n", 6, "code", "B1 劳动/欠薪 在 duties.csv 中没有"),
    (DUTIES, "category,lead,valid_to\nA,环保局,\nB1,rs,2020-01-01\n", 6, "code", "今天有效"),
    (CATEGORIES, "code,name\nA,环境\nB1,欠薪\nA,又是环境\n", 4, "code", "A 已在第 2 行用过"),
    (CATEGORIES, "code,name\nA,环境\nB1,\nB1,欠薪\n", 3, "name", "不能为空"),
    (CATEGORIES, "code,name\nA,环境\n,无代码\nB1,欠薪\n", 3, "code", "不能为空"),
    (CATEGORIES, "code,name,parent\nA,环境,\nB1,欠薪,Q\n", 3, "parent", "没有代码 Q"),
    (CATEGORIES, "code,name,replaced_by\nA,环境,\nB1,欠薪,Q\n", 3, "replaced_by", "没有代码 Q"),
    (CATEGORIES, "code,name,parent\nA,环境,A\nB1,欠薪,\n", 2, "parent", "成环"),
    (CATEGORIES, "code,name,valid_from,valid_to\nA,环境,2026-01-02,2026-01-01\nB1,欠薪,,\n", 2, "valid_to", "早于"),
    (REGIONS, "code,name\nD,东镇\nD,西镇\n", 3, "code", "D 已在第 2 行用过"),
    (REGIONS, "code,name\nD,东镇\nE,\n", 3, "name", "不能为空"),
    (REGIONS, "code,name,department\nD,东镇,\nE,西镇,西镇政府\n", 3, "department", "没有部门“西镇政府”"),
    (REGIONS, "code,name,parent\nD1,王家村,D\nD2,李家村,D1\n", 2, "parent", "没有代码 D"),
    (REGIONS, "code,name,parent\nD,东镇,D\n", 2, "parent", "成环"),
    (DEPARTMENTS, "code,name\nhb,环保局\nrs,人社局\nzf,镇政府\nhb,水务局\n", 5, "code", "hb 已在第 2 行用过"),
    (DEPARTMENTS, "code,name\nhb,环保局\nrs,人社局\nzf,镇政府\nx,人社局\n", 5, "name", "人社局 已在第 3 行用过"),
    (DEPARTMENTS, "code,name,level\nhb,环保局,市\nrs,人社局,省\nzf,镇政府,\n", 3, "level", "可用：市、区县"),
    (DEPARTMENTS, "code,name\nhb,环保局\nrs,人社局\nzf,镇政府\n,水务局\n", 5, "code", "不能为空"),
    (RULES, "name,pattern,effect\n坍塌,塌陷,urgency:十万火急\n", 2, "effect", "“urgency:十万火急”无效"),
    (RULES, "name,pattern,effect\n坍塌,塌陷,\n", 2, "effect", "无效"),
    (RULES, "name,pattern,effect\n坍塌,塌陷,lower\n", 2, "effect", "“lower”无效"),
    (RULES, "name,pattern,effect\n坍塌,塌陷,department:邮局\n", 2, "effect", "没有部门“邮局”"),
    (RULES, "name,pattern,effect\n好,塌陷,manual\n坍塌,塌(陷,manual\n", 3, "pattern", "不是有效的表达式"),
    (RULES, "name,pattern,effect\n坍塌,(塌陷)?,manual\n", 2, "pattern", "不能匹配空文本"),
    (RULES, "name,pattern,effect\n,塌陷,manual\n", 2, "name", "不能为空"),
]


@pytest.mark.parametrize(("file", "content", "row", "column", "message"), WRONG_TABLES)
def test_a_wrong_cell_is_found_where_it_stands(
    write_ledger: WriteLedger, file: str, content: str, row: int, column: str, message: str
) -> None:
    folder = write_ledger(changed={file: content})
    errors = [finding for finding in _findings(folder) if finding.severity is Severity.ERROR]
    about = CATEGORIES if file == DUTIES and column == "code" else file
    assert [_place(error) for error in errors] == [(about, row, column)]
    assert message in str(errors[0])
    with pytest.raises(CatalogueError) as caught:
        load_ledger(folder.name, folder.parent)
    assert str(errors[0]) in str(caught.value)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("吐槽,一般,8", "kind", "可用：咨询、求助"),
        ("投诉,很急,8", "urgency", "可用：一般、紧急、特急"),
        ("投诉,一般,9", "urgency", "投诉、一般 已经写过"),
    ],
)
def test_a_wrong_deadline_is_found(
    write_ledger: WriteLedger, ledger_tables: Mapping[str, str], line: str, column: str, message: str
) -> None:
    folder = write_ledger(changed={DEADLINES: ledger_tables[DEADLINES] + line + "\n"})
    (finding,) = _findings(folder)
    assert _place(finding) == (DEADLINES, 17, column)
    assert message in finding.message


@pytest.mark.parametrize("hours", ["0", "-8", "八", "", "nan", "inf"])
def test_a_deadline_is_a_positive_number_of_hours(
    write_ledger: WriteLedger, ledger_tables: Mapping[str, str], hours: str
) -> None:
    table = ledger_tables[DEADLINES].replace("求助,紧急,8", f"求助,紧急,{hours}")
    assert {_place(one) for one in _findings(write_ledger(changed={DEADLINES: table}))} == {
        (DEADLINES, 6, "working_hours")
    }


def test_a_cycle_of_categories_is_found_at_each_of_them(write_ledger: WriteLedger) -> None:
    table = "code,name,parent\nA,环境,A2\nA1,噪声,A\nA2,污水,A1\nB1,欠薪,\n"
    errors = [finding for finding in _findings(write_ledger(changed={CATEGORIES: table})) if "成环" in finding.message]
    assert [_place(one) for one in errors] == [(CATEGORIES, row, "parent") for row in (2, 3, 4)]


def test_a_cycle_of_regions_is_found_at_each_of_them(write_ledger: WriteLedger) -> None:
    table = "code,name,parent\nD,东镇,D1\nD1,王家村,D\nE,西镇,\n"
    assert _errors(write_ledger(changed={REGIONS: table})) == [(REGIONS, row, "parent") for row in (2, 3)]


def test_jurisdiction_needs_a_town(write_ledger: WriteLedger) -> None:
    changed = {
        DUTIES: "category,lead\nA,环保局\nB1,@jurisdiction\n",
        DEPARTMENTS: "code,name,level\nhb,环保局,市\nrs,人社局,市\nzf,镇政府,\n",
    }
    assert _errors(write_ledger(changed=changed)) == [(DUTIES, 3, "lead")]
    changed[DEPARTMENTS] = "code,name,level\nhb,环保局,市\nrs,人社局,市\nzf,镇政府,镇街\n"
    assert _errors(write_ledger("other", changed)) == []


def test_a_duty_for_some_place_is_a_duty(write_ledger: WriteLedger) -> None:
    assert _errors(write_ledger(changed={DUTIES: "category,lead,region\nA,环保局,\nB1,rs,D1\n"})) == []


@pytest.mark.parametrize(
    "line",
    ["A3,旧噪声,A,,2020-12-31,", "A3,旧噪声,A,2999-01-01,,", "A3,旧噪声,A,,,A1", "B9,旧欠薪,,2010-01-01,2011-01-01,B1"],
)
def test_a_category_no_longer_in_use_needs_no_duty(write_ledger: WriteLedger, line: str) -> None:
    table = "code,name,parent,valid_from,valid_to,replaced_by\nA,环境,,,,\nA1,噪声,A,,,\nB1,欠薪,,,,\n"
    changed = {CATEGORIES: table + line + "\n", DUTIES: "category,lead\nA1,环保局\nB1,rs\n"}
    assert _errors(write_ledger(changed=changed)) == []


def test_a_ledger_without_categories_says_so(write_ledger: WriteLedger) -> None:
    (finding,) = _findings(write_ledger(changed={CATEGORIES: None, DUTIES: None}))
    assert str(finding) == "categories.csv：没有任何类别"


def test_missing_deadlines_are_a_warning(write_ledger: WriteLedger) -> None:
    folder = write_ledger(changed={DEADLINES: "kind,urgency,working_hours\n投诉,一般,8\n"})
    (finding,) = _findings(folder)
    assert (finding.severity, finding.file) == (Severity.WARNING, DEADLINES)
    assert "建议/特急" in finding.message
    assert "投诉/一般" not in finding.message
    load_ledger(folder.name, folder.parent)


def test_a_column_nobody_reads_is_a_warning(write_ledger: WriteLedger) -> None:
    table = "category,lead,assistant,备注\nA,环保局,人社局,x\nB1,rs,,\n"
    findings = _findings(write_ledger(changed={DUTIES: table}))
    assert [(_place(one), one.severity) for one in findings] == [
        ((DUTIES, 1, column), Severity.WARNING) for column in ("assistant", "备注")
    ]


def test_all_errors_are_listed_at_once(write_ledger: WriteLedger) -> None:
    changed = {DUTIES: "category,lead\nA,环保局\nB1,邮局\nZ,rs\n", RULES: "name,pattern,effect\nx,(,manual\n"}
    folder = write_ledger(changed=changed)
    with pytest.raises(CatalogueError) as caught:
        load_ledger(folder.name, folder.parent)
    message = str(caught.value)
    assert "台账“place”有错误" in message
    assert [line.split("：")[0].strip() for line in message.splitlines()[1:]] == [
        "rules.csv 第 2 行 “pattern” 列",
        "duties.csv 第 3 行 “lead” 列",
        "duties.csv 第 4 行 “category” 列",
    ]


def test_a_long_list_of_errors_is_cut_and_counted(write_ledger: WriteLedger) -> None:
    folder = write_ledger(changed={DUTIES: "category,lead\nA,rs\nB1,rs\n" + "Z,rs\n" * 30})
    with pytest.raises(CatalogueError, match="共 30 处") as caught:
        load_ledger(folder.name, folder.parent)
    assert len(str(caught.value).splitlines()) == 22


@pytest.mark.parametrize(
    ("crosswalk", "places"),
    [
        ("A,X\n", [("base/categories.csv", 6, "code")]),
        ("A1,X\nB,Y\n", [("base/categories.csv", 4, "code")]),
        ("A,X\nB1,Y\nQ,Y\n", [("crosswalk.csv", 4, "parent_code")]),
        ("A,X\nB1,Y\nB1,Q\n", [("crosswalk.csv", 4, "code")]),
        ("A,X\nB1,Y,0\n", [("crosswalk.csv", 3, "weight"), ("base/categories.csv", 6, "code")]),
        ("A,X\nB1,Y,-1\n", [("crosswalk.csv", 3, "weight"), ("base/categories.csv", 6, "code")]),
        ("A,X\nB1,Y,半\n", [("crosswalk.csv", 3, "weight")]),
        ("A,X\nB1,Y,nan\n", [("crosswalk.csv", 3, "weight")]),
        ("A,X\nB1,-\n", []),
    ],
)
def test_a_crosswalk_must_place_every_leaf_of_the_parent(
    write_ledger: WriteLedger, crosswalk: str, places: list[tuple[str, int, str]]
) -> None:
    write_ledger("base")
    changed = {"crosswalk.csv": "parent_code,code,weight\n" + crosswalk, DUTIES: "category,lead\nX,hb\nY,rs\n"}
    assert _errors(write_ledger("child", changed, parent="base")) == places


def test_a_crosswalk_leads_to_leaves(write_ledger: WriteLedger) -> None:
    write_ledger("base")
    changed = {
        CATEGORIES: "code,name,parent\nX,环境类,\nX1,噪声类,X\nY,劳动类,\n",
        DUTIES: "category,lead\nX,hb\nY,rs\n",
    }
    errors = _errors(write_ledger("child", changed, parent="base"))
    assert set(errors) == {("crosswalk.csv", 2, "code")}


def test_a_child_category_that_nothing_leads_to_needs_a_duty_of_its_own(write_ledger: WriteLedger) -> None:
    write_ledger("base")
    changed = {CATEGORIES: "code,name\nX,环境类\nY,劳动类\nZ,其他类\n"}
    assert _errors(write_ledger("child", changed, parent="base")) == [(CATEGORIES, 4, "code")]
    changed[DUTIES] = "category,lead\nZ,镇政府\n"
    assert _errors(write_ledger("other", changed, parent="base")) == []


def test_an_error_in_the_parent_is_told_as_the_parents(write_ledger: WriteLedger) -> None:
    write_ledger("base", {DUTIES: "category,lead\nA,环保局\nB1,邮局\n"})
    folder = write_ledger("child", parent="base")
    with pytest.raises(CatalogueError, match="台账“base”有错误"):
        inspect_ledger(folder.name, folder.parent)


@pytest.mark.parametrize("file", [CATEGORIES, DUTIES, REGIONS, DEPARTMENTS, RULES, DEADLINES])
def test_a_table_that_is_not_utf_8_is_refused_with_row_and_remedy(
    write_ledger: WriteLedger, ledger_tables: Mapping[str, str], file: str
) -> None:
    header, _, rest = ledger_tables[file].partition("\n")
    raw = header.encode() + b"\n" + rest.encode("gb18030")
    folder = write_ledger(changed={file: raw})
    with pytest.raises(WrongEncodingError) as caught:
        load_ledger(folder.name, folder.parent)
    assert caught.value.row == 2
    assert str(caught.value).startswith(f"{file} 第 2 行：不是 UTF-8 编码；请在 Excel 中另存为“CSV UTF-8")


@pytest.mark.parametrize(
    ("file", "content", "missing"),
    [
        (CATEGORIES, "code,title\nA,环境\n", "name"),
        (DUTIES, "类别,主办\nA,环保局\n", "category"),
        (RULES, "", "name"),
        (DEADLINES, "\n\n", "kind"),
        ("crosswalk.csv", "parent_code\nA\n", "code"),
    ],
)
def test_a_missing_column_is_named_with_those_present(
    write_ledger: WriteLedger, file: str, content: str, missing: str
) -> None:
    write_ledger("base")
    folder = write_ledger("child", {file: content}, parent="base")
    present = "、".join(content.partition("\n")[0].split(",")) or "（无）"
    with pytest.raises(MissingColumnError) as caught:
        load_ledger(folder.name, folder.parent)
    assert str(caught.value) == f"{file} 第 1 行：缺少“{missing}”列；现有的列：{present}"


def test_a_row_with_too_many_cells_is_refused_with_its_number(write_ledger: WriteLedger) -> None:
    folder = write_ledger(changed={DUTIES: "category,lead\nA,环保局\nB1,rs,协办,市\n"})
    with pytest.raises(UnreadableFileError, match=r"duties\.csv 第 3 行：有 4 格，标题只有 2 列"):
        load_ledger(folder.name, folder.parent)


def test_a_quote_that_never_closes_is_refused(write_ledger: WriteLedger) -> None:
    folder = write_ledger(changed={DUTIES: 'category,lead\nA,"环保局\nB1,rs\n'})
    with pytest.raises(UnreadableFileError, match=r"duties\.csv 第 3 行：不是完整的 CSV"):
        load_ledger(folder.name, folder.parent)


@pytest.mark.parametrize("break_", ["\x0b", "\x0c", "\x85", "\u2028", "\x1c"])
def test_only_line_ends_end_a_row(write_ledger: WriteLedger, break_: str) -> None:
    table = f"code,name,definition\nA,环境,上{break_}下\nB1,欠薪,\n"
    ledger, findings = inspect_ledger("place", write_ledger(changed={CATEGORIES: table}).parent)
    assert ledger.categories["A"].definition == f"上{break_}下"
    assert findings == []


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_tables_of_every_system_are_read(write_ledger: WriteLedger, line_end: str) -> None:
    table = '\ufeffcode,name,keywords\n\nA,环境, 脏 | 臭 ||\n,,\nB1,"欠薪,讨薪"\n'.replace("\n", line_end)
    ledger, findings = inspect_ledger("place", write_ledger(changed={CATEGORIES: table}).parent)
    assert findings == []
    assert [(one.code, one.name, one.keywords) for one in ledger.categories] == [
        ("A", "环境", ("脏", "臭")),
        ("B1", "欠薪,讨薪", ()),
    ]
    assert ledger.categories.rows == {"A": 3, "B1": 5}


@pytest.mark.parametrize(
    ("toml", "column"),
    [
        ('title = "x"', "name"),
        ('name = "x"', "title"),
        ('name = ""\ntitle = "x"', "name"),
        ('name = 3\ntitle = "x"', "name"),
        ('name = "x"\ntitle = "x"\nparent = 1', "parent"),
        ('name = "x"\ntitle = "x"\nreporting_level = "2"', "reporting_level"),
        ('name = "x"\ntitle = "x"\nreporting_level = 1.5', "reporting_level"),
        ('name = "x"\ntitle = "x"\nreporting_level = true', "reporting_level"),
        ('name = "x"\ntitle = "x"\nreporting_level = -1', "reporting_level"),
        ('name = "x"\ntitle = "x"\nretention_days = -1', "retention_days"),
        ('name = "x"\ntitle = "x"\ntarget_accuracy = "高"', "target_accuracy"),
        ('name = "x"\ntitle = "x"\ntarget_accuracy = 95', "target_accuracy"),
        ('name = "x"\ntitle = "x"\ntarget_accuracy = 1', "target_accuracy"),
        ('name = "x"\ntitle = "x"\ntarget_accuracy = 0.4', "target_accuracy"),
        ('name = "x"\ntitle = "x"\ntarget_accuracy = nan', "target_accuracy"),
        ("name = x", ""),
        (b"name = \xc8\xcb", ""),
    ],
)
def test_a_wrong_setting_is_named(write_ledger: WriteLedger, toml: str | bytes, column: str) -> None:
    folder = write_ledger(changed={"ledger.toml": toml})
    with pytest.raises(WrongCellError) as caught:
        load_ledger(folder.name, folder.parent)
    assert caught.value.column == column
    assert "ledger.toml" in str(caught.value)


def test_settings_saved_by_notepad_are_read(write_ledger: WriteLedger) -> None:
    folder = write_ledger(changed={"ledger.toml": '\ufeffname = "place"\r\ntitle = "测试"\r\n'})
    assert load_ledger(folder.name, folder.parent).settings.title == "测试"


@pytest.mark.parametrize("parents", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "c", "c": "b"}])
def test_ledgers_that_descend_from_each_other_are_refused(
    write_ledger: WriteLedger, tmp_path: Path, parents: dict[str, str]
) -> None:
    for name, parent in parents.items():
        write_ledger(name, parent=parent)
    with pytest.raises(WrongCellError, match="上级台账成环"):
        load_ledger("a", tmp_path)


def test_a_parent_that_is_not_there_is_named_with_those_that_are(write_ledger: WriteLedger) -> None:
    folder = write_ledger("child", parent="nowhere")
    with pytest.raises(LedgerNotFoundError, match="没有找到台账“nowhere”；现有：child"):
        load_ledger("child", folder.parent)


def test_a_cycle_of_successors_is_found_and_days_as_excel_writes_them_are_read(write_ledger: WriteLedger) -> None:
    table = "code,name,valid_from,valid_to,replaced_by\nA,甲,2020/1/31,2024/12/31,B\nB,乙,,2025.1.2,A\n"
    folder = write_ledger(changed={"categories.csv": table, "duties.csv": None})
    findings = inspect_ledger(str(folder), folder.parent)[1]
    assert {
        (one.file, one.row, one.column) for one in findings if one.column in ("replaced_by", "valid_from", "valid_to")
    } == {
        ("categories.csv", 2, "replaced_by"),
        ("categories.csv", 3, "replaced_by"),
    }
