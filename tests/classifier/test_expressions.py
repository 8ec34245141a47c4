"""What is said of an expression's matches is true of every match."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.expressions import characters, ways

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
def test_every_match_holds_what_its_way_requires(pattern: str, text: str) -> None:
    expression = re.compile(pattern, re.IGNORECASE)
    told = ways(expression)
    match = expression.search(text)
    if match and told:
        assert any(all(any(one in match.group() for one in literals) for literals in way) for way in told)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        (".+", []),
        ("abc", []),
        ("(?:坏了)?", []),
        ("坏[了的]|.", []),
        ("坏[了的]", [[{"坏了", "坏的"}]]),
        ("坏了.*漏水|断电", [[{"坏了"}, {"漏水"}], [{"断电"}]]),
    ],
)
def test_what_cannot_be_told_is_not(pattern: str, told: list[list[set[str]]]) -> None:
    assert [[set(one) for one in way] for way in ways(re.compile(pattern, re.IGNORECASE))] == told


def test_characters_that_are_not_listed_are_refused() -> None:
    assert characters(re.compile("a[b-d](?:x|y)?(?=z)")) == set("abcdxy")
    for pattern in (".", "[^a]", r"\d"):
        with pytest.raises(ValueError, match="not listed"):
            characters(re.compile(pattern))
