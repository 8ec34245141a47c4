"""Departments are found by every name they go by."""

from __future__ import annotations

import pytest

from classifier.catalogue.departments import DepartmentDirectory
from classifier.domain import Department
from classifier.errors import UnknownDepartmentError

HB = Department("hb", "生态环境局", "市", ("环保局", "环保"))
ZF = Department("zf", "镇政府", "镇街")
DIRECTORY = DepartmentDirectory([HB, ZF, Department("x", "环保", "企业")])


@pytest.mark.parametrize(
    ("given", "code"), [("hb", "hb"), ("生态环境局", "hb"), ("环保局", "hb"), (" 环保局 ", "hb"), ("环保", "x")]
)
def test_a_department_is_found_by_code_name_or_alias_and_names_go_first(given: str, code: str) -> None:
    assert DIRECTORY.find(given).code == code


def test_an_unknown_department_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownDepartmentError, match=r"没有这个部门：生态环保局；相近的有：.*生态环境局"):
        DIRECTORY.find("生态环保局")
    assert DIRECTORY.get("生态环保局") is None
    assert DIRECTORY.get("") is None


def test_a_childs_departments_go_before_the_parents() -> None:
    own = DepartmentDirectory([Department("h2", "生态环境局", "区县"), Department("ny", "农业局")])
    merged = own.merged(DIRECTORY)
    assert [one.code for one in merged] == ["h2", "ny", "zf", "x"]
    assert merged.find("生态环境局").level == "区县"
    assert len(merged) == 4


def test_the_town_stands_for_a_place_that_is_not_known() -> None:
    assert DIRECTORY.town() == ZF
    assert DepartmentDirectory([HB]).town() is None


def test_a_childs_department_of_the_parents_code_is_that_office_by_its_local_name() -> None:
    above = DepartmentDirectory([Department("sl", "水利水务", "市", ("水务局",)), Department("x", "县医院")])
    merged = DepartmentDirectory([Department("sl", "某区水务局", "区县", ("水利站",))]).merged(above)
    assert [one.name for one in merged] == ["某区水务局", "县医院"]
    assert {merged.find(name).name for name in ("水利水务", "水务局", "水利站", "sl")} == {"某区水务局"}
