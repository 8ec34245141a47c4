"""Matters are what many tell of, whatever their words are otherwise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from classifier.summary.matters import Told, distinctive, find_matters


def _told(name: str, *words: str, category: str = "噪音", region: str = "东村", month: str = "2026-01") -> Told:
    return Told(name, category, "城管", region, month, words)


def test_rows_that_share_words_are_one_matter_named_by_them() -> None:
    rows = [
        _told("1", "丽江路", "夜市", "喇叭"),
        _told("2", "夜市", "丽江路", "喇叭", month="2026-02"),
        _told("3", "丽江路", "夜市", "油烟", region="西村"),
        _told("4", "工地", "打桩"),
        _told("5", "丽江路", "夜市", category="占道"),
    ]
    (matter,) = find_matters(rows)
    assert set(matter.words[:2]) == {"丽江路", "夜市"}
    assert matter.words[2] == "喇叭"
    assert matter.rows == ("1", "2", "3")
    assert matter.regions == (("东村", 2), ("西村", 1))
    assert matter.months == (("2026-01", 2), ("2026-02", 1))
    assert matter.departments == (("城管", 3),)


WORDS = st.lists(st.sampled_from("甲乙丙丁戊己"), max_size=5, unique=True).map(tuple)


@given(st.lists(WORDS, max_size=25))
def test_a_row_belongs_to_one_matter_and_shares_its_words(told: list[tuple[str, ...]]) -> None:
    rows = [_told(str(at), *words) for at, words in enumerate(told)]
    matters = find_matters(rows, least=2)
    members = [name for matter in matters for name in matter.rows]
    assert len(members) == len(set(members))
    assert all(len(matter.rows) >= 2 for matter in matters)
    assert all(set(matter.words[:2]) <= set(told[int(name)]) for matter in matters for name in matter.rows)
    assert [len(matter.rows) for matter in matters] == sorted((len(one.rows) for one in matters), reverse=True)


def test_words_of_everybody_and_of_nobody_else_are_not_distinctive() -> None:
    documents = {"小区": 90, "丽江路": 3, "夜市": 5, "只此一次": 1}
    assert distinctive(["小区", "夜市", "丽江路", "夜市", "只此一次"], documents, 100) == ("夜市", "丽江路")
