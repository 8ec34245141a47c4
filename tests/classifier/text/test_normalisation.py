"""Damage of copying and scanning is undone, and every character still knows where it stood."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.text import normalisation
from classifier.text.aligned import AlignedText
from classifier.text.normalisation import normalise

KEPT = "井盖漏水灯坏修吗"
"""Characters that stand for themselves and that no damage below turns into."""

_DAMAGE = st.sampled_from(
    [
        *("開(kāi)", "設(shè) ", "號(hào)", "會(huì )", "動(dònɡ)", "辦( bàn )", "的(de)", "(kefu)", "（ｋāｉ）"),
        *("&nbsp;", "&amp;nbsp;", "&#19968;", "&quot;", "&bogus;", "&", "&#", "&#x110000;"),
        *("?", "??", "？？？", "??????", "？"),
        *("\u200b", "\ufeff", "\u00ad", "\u0301", "\ue000", "\ud800", "\x00", "\U000e0041"),
        *("<br/>", "<p>", "</div>", '<a href="x">', "<", "< b", "<3"),
        *(" ", "　", "\n", "\t", "\r\n", "\u2028", "\xa0\xa0"),
        *("ＡＢＣ", "，", "（", "）", "(", ")", "１２３", "！", "；", "①", "㎡", "㈠", "ﷺ", "½", "⽤⽔", "〇", "İ"),
        *("臺灣", "裡面", "乾燥", "後臺", "隻", "abc", "A(B)", "k", "0", "𠮷", "👷\u200d♂️"),
    ]
)
_ANY = st.text(st.characters())
_DAMAGED = st.lists(_DAMAGE | st.text(KEPT, max_size=4), max_size=14).map("".join)
_SPACED = st.lists(st.text(KEPT, min_size=1, max_size=2), max_size=12).map(" ".join)
TEXTS = _ANY | _DAMAGED | _SPACED | st.tuples(_DAMAGED, _ANY, _SPACED).map("".join)


def _places(aligned: AlignedText) -> list[tuple[int, int]]:
    return [aligned.span(at, at + 1) for at in range(len(aligned.text))]


@given(TEXTS)
@example("&amp;amp;amp;nbsp;")
@example("<<br>br>")
@example("开(<b>kāi</b>)展")
@example("井?\u200b?\u200b?盖")
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(TEXTS)
def test_every_character_has_a_place_and_places_are_in_order(text: str) -> None:
    aligned = normalise(text)
    assert aligned.original == text
    if aligned.starts is None or aligned.ends is None:
        assert (aligned.starts, aligned.ends) == (None, None)
        assert len(aligned.text) == len(text)
    else:
        assert len(aligned.starts) == len(aligned.ends) == len(aligned.text)
    places = _places(aligned)
    assert all(0 <= start < end <= len(text) for start, end in places)
    # Characters made of one piece share its place; otherwise the next begins where the one before ended, or later.
    assert all(left == right or left[1] <= right[0] for left, right in pairwise(places))


@given(TEXTS)
def test_every_character_comes_from_what_stands_at_its_place(text: str) -> None:
    aligned = normalise(text)
    for char, (start, end) in zip(aligned.text, _places(aligned), strict=True):
        source = text[start:end]
        if char not in " ?":  # what these stand for is decided by their neighbours
            assert char == source or char in normalise(f"吗{source}吗").text


@given(TEXTS)
def test_the_result_is_clean(text: str) -> None:
    clean = normalise(text).text
    assert clean == clean.strip()
    assert "  " not in clean
    assert "??" not in clean
    assert not any(char.isspace() and char != " " for char in clean)
    assert not any("\uff01" <= char <= "\uff5e" or "A" <= char <= "Z" for char in clean)
    assert not any(char in clean for char in "\u200b\ufeff\u00ad\u0301")
    clean.encode("utf-8")


@given(_DAMAGED | _SPACED)
def test_no_plain_character_is_lost_moved_or_changed(text: str) -> None:
    aligned = normalise(text)
    kept = [(char, place) for char, place in zip(aligned.text, _places(aligned), strict=True) if char in KEPT]
    # ⽔ (a radical) becomes 水, the one character of KEPT that damage can make.
    assert [(text[start:end].replace("⽔", "水")) for _, (start, end) in kept] == [char for char, _ in kept]
    assert "".join(char for char, _ in kept) == "".join(c for c in text.replace("⽔", "水") if c in KEPT)


@pytest.mark.parametrize(
    ("damaged", "clean"),
    [
        ("細(xì)化目標(biāo)任務(wù),加強(qiáng)活動(dòng)指導(dǎo)", "细化目标任务,加强活动指导"),
        ("問題臺(tái)帳銷號(hào)管理", "问题台帐销号管理"),
        ("開(kāi)展", "开展"),
        ("進(jìn)村入戶(hù)", "进村入户"),
        ("社會(huì )", "社会"),
        ("說(shuō)的(de)對", "说的对"),
        ("關（ɡuān）閉", "关闭"),
        ("動(dònɡ)靜", "动静"),
        ("(yɑ)", "(ya)"),
        ("⽤⽔", "用水"),
        ("⺠政⻋辆", "民政车辆"),
        ("路面???坑洼", "路面 坑洼"),
        ("怎么办??", "怎么办?"),
        ("怎么办？？？。谢谢", "怎么办?。谢谢"),
        ("(好)??(坏)", "(好) (坏)"),
        ("??你好", "你好"),
        ("A&amp;nbsp;B", "a b"),
        ("&#x8def;&#28783;", "路灯"),
        ("第一行<br/>第二行", "第一行 第二行"),
        ('<p class="x">路灯</p>', "路灯"),
        ("小 区 停 车 难", "小区停车难"),
        ("请 回 复 我 们。谢谢", "请回复我们。谢谢"),
        ("ＡＢＣ，１２３！", "abc,123!"),
        ("路\u200b灯\ufeff", "路灯"),
        ("第一行\r\n\r\n　　第二行", "第一行 第二行"),
        ("臺灣後面裡面", "台湾后面里面"),
        ("二〇二一年", "二零二一年"),
        ("80㎡", "80m2"),
        ("", ""),
        (" \n　", ""),
    ],
)
def test_damage_is_undone(damaged: str, clean: str) -> None:
    assert normalise(damaged).text == clean


@pytest.mark.parametrize(
    "plain",
    [
        "为什么?",
        "为什么?还不修",
        "a(b)",
        "小区(kefu)",
        "公司(abc)",
        "是(de)吗",
        "好(la)",
        "井盖(5号)丢了",
        "今天 停水 明天 停电",
        "我 不 知道",
        "温度<3度",
        "a<b且b>c",
        "at&t",
        "&bogus;",
        "路灯坏了,一直没人修。",
        "*****",
        "10 000 元",
    ],
)
def test_what_is_no_damage_stays_and_needs_no_tables(plain: str) -> None:
    aligned = normalise(plain)
    assert aligned.text == plain
    assert aligned.starts is None or _places(aligned) == [(at, at + 1) for at in range(len(plain))]


def test_capitals_in_brackets_are_lowered_but_stay() -> None:
    assert normalise("A(B)").text == "a(b)"


def test_a_character_before_a_note_stands_for_itself_alone() -> None:
    aligned = normalise("細(xì)化")
    assert _places(aligned) == [(0, 1), (5, 6)]
    assert aligned.span(0, 2) == (0, 6)


def test_an_expanded_character_shares_its_place_among_its_parts() -> None:
    aligned = normalise("约80㎡吧")
    assert aligned.text == "约80m2吧"
    assert _places(aligned)[3:] == [(3, 4), (3, 4), (4, 5)]


def test_a_long_damaged_text_is_repaired_in_one_go() -> None:
    aligned = normalise("開(kāi)展&nbsp;工 作 會 議??" * 2000)
    assert aligned.text.count("开展") == 2000
    assert "(" not in aligned.text


ANYTHING = st.text(max_size=30) | st.text(
    "路灯 \t\n　&;#<>b/?…()kāi1䏝開\u200b\u0301ＡⅣ㎡\ud800\U000e0001\U0002f800", max_size=30
)


@given(ANYTHING)
def test_what_needs_repair_is_always_doubted(text: str) -> None:
    exchanged = text.translate(normalisation._tables()[0])
    if normalisation._tables()[4].search(exchanged):
        assert normalisation._doubts(exchanged)


@given(st.one_of(ANYTHING, st.text()))
def test_letters_are_what_words_consist_of_but_the_underscore(text: str) -> None:
    assert normalisation.letters(text) == re.sub(r"[\W_]+", "", text)


@given(ANYTHING)
def test_the_kernel_exchanges_as_a_translation_does(text: str) -> None:
    if normalisation.kernel is not None:
        table = normalisation._exchanges()
        assert normalisation.kernel.exchange(text, table) == text.translate(normalisation._tables()[0])


@given(ANYTHING)
def test_characters_that_stand_for_several_are_found_as_an_expression_finds_them(text: str) -> None:
    _, expanded, _, expandable, _ = normalisation._tables()
    found = [(*match.span(), expanded[match.group()]) for match in expandable.finditer(text)]
    assert list(normalisation._expansions(text)) == found


@given(ANYTHING)
def test_what_is_not_doubted_needs_no_repair(text: str) -> None:
    exchanged = AlignedText.whole(text.translate(normalisation._tables()[0]))
    doubts = normalisation._doubts(exchanged.text)
    assert normalisation._repair(exchanged, doubts) == normalisation._repair(exchanged, normalisation._ANYTHING)
