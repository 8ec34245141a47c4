"""Categories are found by code, name or path, and a retired one leads to what replaced it."""

from __future__ import annotations

import pytest

from classifier.catalogue.categories import CategoryTree, read_categories
from classifier.catalogue.tables import Findings, Row
from classifier.errors import UnknownCategoryError

LINES = """
A||环境
A1|A|噪声
A11|A1|施工噪声
A12|A1|其他
A2|A|其他
B||劳动
B1|B|欠薪
B2|B|其他
C||其他
C1|C|其他
D||交通
D1|D|停车
"""


def _tree(lines: str, replaced: dict[str, str] | None = None) -> tuple[CategoryTree, Findings]:
    findings = Findings()
    rows = []
    for number, line in enumerate(lines.split(), 2):
        code, parent, name = line.split("|")
        cells = {"code": code, "parent": parent, "name": name, "replaced_by": (replaced or {}).get(code, "")}
        rows.append(Row("categories.csv", number, cells))
    return read_categories(rows, findings), findings


@pytest.fixture(scope="module")
def tree() -> CategoryTree:
    return _tree(LINES)[0]


def test_paths_and_levels_follow_the_parents(tree: CategoryTree) -> None:
    assert [(one.path, one.level) for one in tree][:4] == [
        ("环境", 1),
        ("环境/噪声", 2),
        ("环境/噪声/施工噪声", 3),
        ("环境/噪声/其他", 3),
    ]
    assert tree.depth == 3
    assert len(tree) == 12
    assert tree.rows["A1"] == 3


def test_leaves_are_what_nothing_lies_below(tree: CategoryTree) -> None:
    assert [leaf.code for leaf in tree.leaves] == ["A11", "A12", "A2", "B1", "B2", "C1", "D1"]


def test_order_in_the_table_does_not_decide_the_tree() -> None:
    turned = _tree("\n".join(reversed(LINES.split())))[0]
    assert turned["A11"].path == "环境/噪声/施工噪声"
    assert {leaf.code for leaf in turned.leaves} == {"A11", "A12", "A2", "B1", "B2", "C1", "D1"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("A11", "A11"),
        (" A11 ", "A11"),
        ("施工噪声", "A11"),
        ("环境/噪声/施工噪声", "A11"),
        ("环境", "A"),
        ("环境/其他", "A2"),
        ("劳动/其他", "B2"),
        ("停车", "D1"),
        ("其他/其他", "C1"),
    ],
)
def test_a_category_is_found_by_code_name_or_path(tree: CategoryTree, given: str, code: str) -> None:
    assert tree.find(given).code == code


def test_a_name_that_several_have_is_refused_with_their_paths(tree: CategoryTree) -> None:
    with pytest.raises(UnknownCategoryError) as caught:
        tree.find("其他")
    for path in ("环境/噪声/其他", "环境/其他", "劳动/其他", "其他/其他"):
        assert path in str(caught.value)


def test_a_name_at_a_leaf_and_above_it_means_the_leaf() -> None:
    tree, _ = _tree("C||其他 C1|C|其他 C11|C1|其他 B||劳动")
    assert tree.find("其他").code == "C11"


@pytest.mark.parametrize("given", ["", "不存在", "环境/噪声/", "/环境", "a11", "噪声/施工噪声"])
def test_what_is_called_otherwise_is_refused(tree: CategoryTree, given: str) -> None:
    with pytest.raises(UnknownCategoryError, match=r"请用 categories\.csv 中的代码、名称或完整路径"):
        tree.find(given)


def test_a_near_name_is_proposed(tree: CategoryTree) -> None:
    with pytest.raises(UnknownCategoryError, match="相近的有：施工噪声"):
        tree.find("施工噪音声")
    with pytest.raises(UnknownCategoryError, match=r"相近的有：.*A11"):
        tree["A13"]


def test_codes_are_looked_up_as_in_a_mapping(tree: CategoryTree) -> None:
    assert "A1" in tree
    assert "噪声" not in tree
    assert tree["A1"].name == "噪声"


def test_a_retired_category_gives_the_last_of_its_successors() -> None:
    tree, findings = _tree(LINES, {"A11": "A12", "A12": "B1"})
    assert findings.found == []
    assert tree.find("A11").code == tree.find("施工噪声").code == tree.find("A12").code == "B1"
    assert tree["A11"].code == "A11"
    assert [leaf.code for leaf in tree.leaves_in_use] == ["A2", "B1", "B2", "C1", "D1"]


@pytest.mark.parametrize(
    "replaced", [{"A11": "A11"}, {"A11": "A12", "A12": "A11"}, {"B1": "A11", "A11": "A12", "A12": "A11"}]
)
def test_successors_that_go_round_come_to_an_end(replaced: dict[str, str]) -> None:
    tree, _ = _tree(LINES, replaced)
    for code in replaced:
        assert tree.find(code).code in replaced


def test_a_line_goes_from_the_category_up(tree: CategoryTree) -> None:
    assert [one.code for one in tree.ancestry(tree["A11"])] == ["A11", "A1", "A"]
    assert [one.code for one in tree.ancestry(tree["B"])] == ["B"]


@pytest.mark.parametrize(("level", "code"), [(1, "A"), (2, "A1"), (3, "A11"), (9, "A11")])
def test_an_ancestor_is_taken_at_a_level(tree: CategoryTree, level: int, code: str) -> None:
    assert tree.at_level(tree["A11"], level).code == code


def test_a_tree_with_a_cycle_still_has_lines_that_end() -> None:
    tree, findings = _tree("A|C|甲 B|A|乙 C|B|丙 D|B|丁 E||戊")
    assert len(findings.errors) == 4
    for category in tree:
        assert len(tree.ancestry(category)) <= 2


def test_an_empty_tree_has_no_depth() -> None:
    tree, _ = _tree("")
    assert (len(tree), tree.depth, tree.leaves) == (0, 0, ())
    with pytest.raises(UnknownCategoryError):
        tree.find("A")
