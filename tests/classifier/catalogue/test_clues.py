"""No expression that matches is ever left out."""

from __future__ import annotations

import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.clues import Clues
from classifier.compiled import kernel

PATTERNS = [
    re.compile(one, re.IGNORECASE)
    for one in (
        "漏电|触电",
        "水.{0,2}管",
        "(?:坏|破)了",
        "[0-9]+",
        "井盖",
        "盖住",
        "灯.{0,3}不亮",
        "水(?!管)",
        "坏了$",
        "水+破",
    )
]
CLUES = Clues(PATTERNS)


@given(st.text("漏电触水管坏破了0井盖住甲", max_size=24))
def test_whatever_matches_is_a_candidate_and_is_found(text: str) -> None:
    matching = [at for at, pattern in enumerate(PATTERNS) if pattern.search(text)]
    assert set(matching) <= CLUES.candidates(text).keys()
    assert CLUES.matching(text) == matching


@pytest.mark.skipif(kernel is None, reason="there is no compiled kernel")
@given(st.text("漏电触水管坏破了0井盖住甲𠮷", max_size=24))
def test_the_kernel_meets_the_clues_that_the_plain_twin_meets(text: str) -> None:
    assert sorted(CLUES.met(text)) == sorted(CLUES.met_plainly(text))


@pytest.mark.skipif(kernel is None, reason="there is no compiled kernel")
def test_the_kernel_refuses_clues_that_do_not_fit_together() -> None:
    one, key = array("i", [0, 1]), array("Q", [ord("水") << 21])
    right = (key, one, array("i", [0]), one, one, array("i", [0]))
    for at, wrong in ((1, [0]), (3, [0, 1, 2]), (4, [0, 2]), (4, [1, 1]), (5, [1])):
        parts = list(right)
        parts[at] = array("i", wrong)
        with pytest.raises(ValueError, match="fit together"):
            kernel.make_clues(*parts)
    assert kernel.candidates(kernel.make_clues(*right), "水") == [(0, 0)]


def test_overlapping_clues_are_all_seen_and_few_others() -> None:
    assert sorted(CLUES.candidates("井盖住了")) == [3, 4, 5]
    assert sorted(CLUES.candidates("路灯不亮")) == [3, 6]
    assert sorted(CLUES.candidates("路灯坏")) == [3]
    assert not Clues([]).candidates("路灯")
