"""Every character of an edited text knows where it stood."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.text.aligned import AlignedText

Edit = tuple[int, int, str]


@st.composite
def _text_with_edits(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits in order that do not overlap and each change something."""
    text = draw(st.text(alphabet="甲乙丙abc ", max_size=30))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return text, [(begin, stop, draw(st.text(alphabet="丁戊", max_size=3))) for begin, stop in pairs]


def _rewrite(text: str, edits: list[Edit]) -> tuple[str, list[tuple[int, int]]]:
    """Say slowly and plainly what `splice` must give: the text and each character's place."""
    replaced = {begin: (stop, new) for begin, stop, new in edits}
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    at = 0
    while at < len(text):
        stop, new = replaced.get(at, (at + 1, text[at]))
        chars.append(new)
        places += [(at, stop)] * len(new)
        at = stop
    return "".join(chars), places


def _places(aligned: AlignedText) -> list[tuple[int, int]]:
    return [aligned.span(at, at + 1) for at in range(len(aligned.text))]


@given(_text_with_edits())
def test_a_splice_replaces_each_piece_and_keeps_every_place(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    spliced = AlignedText.whole(text).splice(edits)
    assert (spliced.text, _places(spliced)) == _rewrite(text, edits)
    assert spliced.original == text


@given(_text_with_edits(), st.data())
def test_a_second_splice_points_back_through_the_first(case: tuple[str, list[Edit]], data: st.DataObject) -> None:
    text, edits = case
    once = AlignedText.whole(text).splice(edits)
    begin = data.draw(st.integers(0, len(once.text)))
    stop = data.draw(st.integers(begin, len(once.text)))
    twice = once.splice([(begin, stop, "己")])
    expected = _places(once)
    if begin < stop:
        expected[begin:stop] = [(expected[begin][0], expected[stop - 1][1])]
    assert _places(twice) == expected


def test_a_text_without_edits_carries_no_tables() -> None:
    whole = AlignedText.whole("路灯坏了")
    assert whole.splice([]) is whole
    assert (whole.starts, whole.ends) == (None, None)
    assert whole.span(1, 3) == (1, 3)


def test_an_edit_that_changes_nothing_leaves_places_exact() -> None:
    spliced = AlignedText.whole("路灯坏了").splice([(0, 2, "路灯"), (2, 2, "都"), (3, 4, "")])
    assert spliced.text == "路灯坏"
    assert _places(spliced) == [(0, 1), (1, 2), (2, 3)]


def test_a_substitution_points_at_the_whole_of_what_it_replaced() -> None:
    aligned = AlignedText.whole("停电3天,停水12天").sub(re.compile("[0-9]+"), "几")
    assert aligned.text == "停电几天,停水几天"
    assert aligned.span(2, 3) == (2, 3)
    assert aligned.span(7, 8) == (7, 9)
    assert aligned.span(5, 9) == (5, 10)


def test_a_substitution_may_compute_its_text_from_the_match() -> None:
    aligned = AlignedText.whole("停水12天").sub(re.compile("[0-9]+"), lambda match: "x" * int(match.group()[0]))
    assert aligned.text == "停水x天"
    assert aligned.span(2, 3) == (2, 4)


@pytest.mark.parametrize(("at", "place"), [(0, 0), (1, 6), (2, 7)])
def test_an_empty_span_stays_empty_where_it_stood(at: int, place: int) -> None:
    aligned = AlignedText.whole("开(kāi)展").splice([(1, 6, "")])
    assert aligned.text == "开展"
    assert aligned.span(at, at) == (place, place)


def test_a_text_edited_away_still_answers() -> None:
    nothing = AlignedText.whole("??").splice([(0, 2, "")])
    assert (nothing.text, nothing.starts, nothing.ends) == ("", (), ())
    assert nothing.span(0, 0) == (2, 2)
