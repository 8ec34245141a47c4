"""What is said of an expression's matches is true of every match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.expressions import characters, required

PATTERNS = [
    "(?:电|水)表.{0,4}(?:坏了|不准)?|漏电",
    "(?:要|想|会).{0,2}(?:砍死|杀了?(?:我|他))|拿刀",
    "不[想愿]活|跳楼+",
    "(?:坏){2,}[0-9]{1,2}",
    "(?<!不)会漏(?![电水])",
    "Abc电|B超",
    ".+",
    "(?:坏了)?",
]


@given(st.sampled_from(PATTERNS), st.text("电水表坏了不准漏要想会砍死杀我他拿刀愿活跳楼0aAbBcC超", max_size=12))
def test_every_match_holds_what_is_required(pattern: str, text: str) -> None:
    expression = re.compile(pattern, re.IGNORECASE)
    needed = required(expression)
    match = expression.search(text)
    if match and needed:
        assert any(literal in match.group() for literal in needed)


@pytest.mark.parametrize(
    ("pattern", "needed"), [(".+", set()), ("abc", set()), ("(?:坏了)?", set()), ("坏[了的]", {"坏了", "坏的"})]
)
def test_what_cannot_be_told_is_not(pattern: str, needed: set[str]) -> None:
    assert required(re.compile(pattern, re.IGNORECASE)) == needed


def test_characters_that_are_not_listed_are_refused() -> None:
    assert characters(re.compile("a[b-d](?:x|y)?(?=z)")) == set("abcdxy")
    for pattern in (".", "[^a]", r"\d"):
        with pytest.raises(ValueError, match="not listed"):
            characters(re.compile(pattern))
