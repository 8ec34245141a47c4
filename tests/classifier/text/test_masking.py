"""Planted personal data is found where it stands, and nothing else is taken for it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.text import masking
from classifier.text.aligned import AlignedText
from classifier.text.masking import (
    HIDDEN,
    Found,
    find_personal_data,
    is_card_number,
    is_identity_number,
    mask,
    redact,
)
from classifier.text.normalisation import normalise

PLANTED = 200
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
SEPARATORS = ("", " ", "-")
BEFORE = (
    "您好,我的联系方式是",
    "来電人(rén)自称住在本市,留下",
    "投诉物业??请联系:",
    "該戶(hù)反映&nbsp;",
    "",
    "　　请工作人员记下 ",
)
AFTER = (",谢谢", "。請儘快(kuài)處理", " 反映路灯不亮??希望维修", "", ";已多次投诉<br/>无人管", "的居民来电")


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _identity(rng: random.Random) -> str:
    day = f"{rng.randint(1940, 2015)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    body = f"{rng.randint(11, 65)}{_digits(rng, 4)}", day, _digits(rng, 3)
    weights = [2 ** (17 - at) % 11 for at in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip("".join(body), weights, strict=True))
    check = rng.choice(("10X98765432", "10x98765432"))[total % 11]
    separator = rng.choice(SEPARATORS)
    return separator.join((body[0], body[1], body[2] + check))


def _card(rng: random.Random) -> str:
    body = rng.choice(("62", "4", "5")) + _digits(rng, rng.choice((14, 17)))
    body = body[: rng.choice((15, 18))].ljust(15, "7")
    doubled = sum(sum(divmod(int(digit) * 2, 10)) for digit in body[::-1][::2])
    number = body + str(-(doubled + sum(map(int, body[::-1][1::2]))) % 10)
    return rng.choice(SEPARATORS).join(re.findall(".{1,4}", number))


def _mobile(rng: random.Random) -> str:
    prefix = rng.choice(("", "", "+86", "86", "+86 ", "86-", "0086"))
    separator = rng.choice(SEPARATORS)
    return prefix + separator.join((f"1{rng.randint(3, 9)}{_digits(rng, 1)}", _digits(rng, 4), _digits(rng, 4)))


def _landline(rng: random.Random) -> str:
    area, number = rng.choice(
        [("010", f"6{_digits(rng, 7)}"), ("0551", f"6{_digits(rng, 7)}"), ("0831", f"2{_digits(rng, 6)}")]
    )
    return rng.choice((f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"{area} {number}"))


def _plate(rng: random.Random) -> str:
    head = rng.choice(PROVINCES) + rng.choice(PLATE_LETTERS.replace("I", "")) + rng.choice(("", "·", " ", "-"))
    letters = rng.choice(PLATE_LETTERS), rng.choice(PLATE_LETTERS)
    return head + rng.choice(
        (
            _digits(rng, 5),
            f"{letters[0]}{_digits(rng, 4)}",
            f"{_digits(rng, 1)}{letters[0]}{_digits(rng, 1)}{letters[1]}{_digits(rng, 1)}",
            f"D{_digits(rng, 5)}",
            f"{_digits(rng, 4)}{rng.choice('挂学警港澳')}",
        )
    )


def _email(rng: random.Random) -> str:
    name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABC0123456789", k=rng.randint(3, 12)))
    return name + rng.choice(("", ".li", "_w", "+x")) + rng.choice(("@qq.com", "@163.com", "@mail.gov.cn", "@A-b.cn"))


def _house(rng: random.Random) -> str:
    building = rng.choice((str(rng.randint(1, 120)), "B", "a3")) + rng.choice(["栋", "幢", "座", "号楼"])
    room = f"{rng.randint(1, 32)}{rng.randint(1, 8):02}" + rng.choice(("", "室", "号", "房", "户"))
    unit = f"{rng.randint(1, 6)}单元"
    return rng.choice(
        (
            building + room,
            building + unit + room,
            f"{unit}{rng.randint(3, 32)}0{rng.randint(1, 4)}室",
            f"{rng.randint(1, 99)}-{rng.randint(1, 4)}-{rng.randint(1, 32)}0{rng.randint(1, 8)}",
        )
    )


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "身份证号": _identity,
    "银行卡号": _card,
    "手机号": _mobile,
    "固定电话": _landline,
    "电子邮箱": _email,
    "车牌号": _plate,
    "门牌号": _house,
}
FULL_WIDTH = {ord(char): ord(char) + 0xFEE0 for char in "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ@-()"}


def _planted(kind: str) -> list[tuple[str, str]]:
    """Return texts, each with one piece of `kind` and no other digit, and the piece."""
    rng = random.Random(kind)  # noqa: S311
    texts = []
    for _ in range(PLANTED):
        piece = MAKERS[kind](rng)
        if rng.random() < 0.2:
            piece = piece.translate(FULL_WIDTH)
        texts.append((rng.choice(BEFORE) + piece + rng.choice(AFTER), piece))
    return texts


@pytest.mark.parametrize("kind", MAKERS)
def test_planted_data_is_found_exactly_where_it_stands_in_the_original(kind: str) -> None:
    wrong = []
    for text, piece in _planted(kind):
        _, found = mask(normalise(text))
        if [(one.kind, text[one.start : one.end]) for one in found] != [(kind, piece)]:
            wrong.append((text, piece, found))
    assert wrong == []


@pytest.mark.parametrize("kind", MAKERS)
def test_a_masked_text_keeps_nothing_of_what_was_planted(kind: str) -> None:
    for text, piece in _planted(kind):
        masked, _ = mask(normalise(text))
        assert normalise(piece).text not in masked.text
        assert not re.search(r"[0-9@]", masked.text)
        assert masked.text.count(HIDDEN) == 1
        at = masked.text.index(HIDDEN)
        start, end = masked.span(at, at + 1)
        assert text[start:end] == piece


@pytest.mark.parametrize("kind", MAKERS)
def test_a_redacted_original_differs_only_where_data_stood(kind: str) -> None:
    for text, piece in _planted(kind):
        _, found = mask(normalise(text))
        before, _, after = text.partition(piece)
        assert redact(text, found) == f"{before}[{kind}]{after}"


def test_several_pieces_in_one_text_are_each_found_in_order() -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(PLANTED):
        kinds = rng.sample(list(MAKERS), 4)
        pieces = [MAKERS[kind](rng) for kind in kinds]
        text = "反映" + ",另有".join(pieces) + ",請處理"
        _, found = mask(normalise(text))
        assert [(one.kind, text[one.start : one.end]) for one in found] == list(zip(kinds, pieces, strict=True))
        assert redact(text, found) == "反映" + ",另有".join(f"[{kind}]" for kind in kinds) + ",請處理"


def test_an_identity_number_with_a_wrong_check_is_none() -> None:
    for text, piece in _planted("身份证号"):
        last = normalise(piece).text[-1]
        wrong = piece[:-1] + next(digit for digit in "0123456789" if digit != last)
        assert not is_identity_number(re.sub(r"[ -]", "", normalise(wrong).text))
        found = find_personal_data(normalise(text.replace(piece, wrong)).text)
        assert "身份证号" not in [one.kind for one in found]


def test_a_card_with_a_wrong_check_is_none() -> None:
    for text, piece in _planted("银行卡号"):
        last = int(normalise(piece).text[-1])
        wrong = piece[:-1] + str((last + 1) % 10)
        assert not is_card_number(re.sub(r"[ -]", "", normalise(wrong).text))
        spoilt = normalise(text.replace(piece, wrong)).text
        assert normalise(wrong).text not in [spoilt[one.start : one.end] for one in find_personal_data(spoilt)]


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),
        ("11010519491231002", False),
        ("1101051949123100XX", False),
        ("", False),
    ],
)
def test_identity_numbers_are_told_by_their_check_character(number: str, valid: bool) -> None:
    assert is_identity_number(number) is valid


@pytest.mark.parametrize(("number", "valid"), [("4111111111111111", True), ("4111111111111112", False)])
def test_cards_are_told_by_luhn(number: str, valid: bool) -> None:
    assert is_card_number(number) is valid


@pytest.mark.parametrize(
    "plain",
    [
        "2021年3月21日反映的",
        "2021-03-21 08:30",
        "2021/3/21",
        "工单20210321没有回复",
        "受理编号20210321001",
        "编号TS2021032100012345678901",
        "拖欠工资13800元",
        "补偿款1250000元",
        "欠费138000.50元",
        "g312国道施工",
        "312省道",
        "s105线k123+500处",
        "5栋2021年交房",
        "3号楼1200元一个月",
        "小区5座12层",
        "18号楼停电",
        "共1200户居民",
        "拨打12345和10086",
        "每天20:00到23:00施工",
        "京东购物",
        "京a牌照的车",
        "上海路128号门口",
        "a(b)@",
        "138",
        "微信群500人",
    ],
)
def test_dates_amounts_roads_and_order_numbers_are_no_personal_data(plain: str) -> None:
    text = normalise(plain).text
    assert [(one.kind, text[one.start : one.end]) for one in find_personal_data(text)] == []
    aligned = normalise(plain)
    assert mask(aligned) == (aligned, ())


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("卡号4111 1111 1111 1111 138元", ["银行卡号"]),
        ("卡号4111111111111111 3天前", ["银行卡号"]),
        ("008613800001234", ["手机号"]),
        ("110105199001010009", ["银行卡号"]),
        ("8888 13800001234 2021", ["手机号"]),
        ("工号12345678 13800001234", ["手机号"]),
        ("京a1b2c3堵路", ["车牌号"]),
        ("粤z·1a2b港违停", ["车牌号"]),
    ],
)
def test_a_form_that_fails_its_check_hides_no_other(text: str, kinds: list[str]) -> None:
    assert [one.kind for one in find_personal_data(text)] == kinds


def test_a_number_inside_a_longer_number_is_none() -> None:
    assert find_personal_data("单号9138000012345") == ()
    assert find_personal_data("单号1380000123456789012345") == ()


@given(st.text(alphabet="京aA单元栋138-0@.挂楼 年x", max_size=40))
def test_found_pieces_are_in_order_apart_and_not_empty(text: str) -> None:
    at = 0
    for one in find_personal_data(text):
        assert at <= one.start < one.end <= len(text)
        assert one.kind in MAKERS
        at = one.end


@given(st.text(alphabet="京aA单元栋1380@.挂楼，（）　１３８ 開(kāi)", max_size=40))
def test_redacting_keeps_all_that_was_not_found(text: str) -> None:
    _, found = mask(normalise(text))
    kept = [text[left:right] for left, right in _gaps(found, len(text))]
    assert re.split(r"\[[^\[\]]+\]", redact(text, found)) == kept


def _gaps(found: tuple[Found, ...], length: int) -> list[tuple[int, int]]:
    edges = [0, *(edge for one in found for edge in (one.start, one.end)), length]
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_masking_without_findings_gives_the_same_text_back() -> None:
    aligned = AlignedText.whole("路灯坏了")
    assert mask(aligned)[0] is aligned
    assert redact("路灯坏了", ()) == "路灯坏了"


@pytest.mark.parametrize(
    "text", ["3号楼120户居民", "3栋12层30户人家", "3号楼1500人", "5号楼120万元", "2号楼3012个车位"]
)
def test_counts_of_a_building_are_no_house_numbers(text: str) -> None:
    assert find_personal_data(text) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("三栋二单元五零一", "门牌号"),
        ("3栋二单元501室", "门牌号"),
        ("十二号楼三〇二室", "门牌号"),
        ("400-820-8820", "固定电话"),
        ("4008208820", "固定电话"),
        ("800 810 8888", "固定电话"),
        ("1 3 8 0 0 0 0 1 2 3 4", "手机号"),
        ("1-3-8-0-0-0-0-1-2-3-4", "手机号"),
        ("138.0000.1234", "手机号"),
        ("138 000 01234", "手机号"),
    ],
)
def test_other_ways_to_write_a_number_are_found_whole(text: str, kind: str) -> None:
    normal = normalise(text).text
    assert find_personal_data(f"地址{normal},请办") == (Found(2, 2 + len(normal), kind),)


@pytest.mark.parametrize(
    "text", ["一座三百户的村", "两栋一百二十户居民", "三座五百米的桥", "1 3 5 7 9 2 4 6", "400万元"]
)
def test_counts_in_chinese_numerals_are_no_house_numbers(text: str) -> None:
    assert find_personal_data(text) == ()


PIECES = st.sampled_from(
    ["13800001234", "0731-84000000", "110105194912310 02x", "11010519491231002x", "a.b@c.cn", "湘a12345", "3栋2单元501室",
     "二栋三零一室", "1 3 8 0 0 0 0 1 2 3 4", "3-12-1001", "400-800-1234", "2019年", "1号楼", "路灯坏了", ",", " ", "湘", "零", "1", "a"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8).map("".join))
def test_looking_where_pieces_can_be_finds_what_looking_everywhere_does(text: str) -> None:
    everywhere, at = [], 0
    while somewhere := masking._ANY.search(text, at):
        found = masking._found_at(text, somewhere.start())
        everywhere += [found] if found else []
        at = found.end if found else somewhere.start() + 1
    assert find_personal_data(text) == tuple(everywhere)
