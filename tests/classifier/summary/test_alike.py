"""Rows that say the same or nearly so find each other, however many there are between them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from classifier.learn.duplicates import near_duplicates
from classifier.summary.alike import Alike
from classifier.summary.spool import Strings


def _groups(texts: list[str]) -> tuple[list[int], list[int]]:
    alike = Alike()
    for text in texts:
        alike.append(text)
    same, first = alike.groups()
    alike.close()
    return same.tolist(), first.tolist()


def test_exact_and_near_repeats_are_told_apart() -> None:
    text = "小区东门的路灯坏了半个月没有人来修理晚上回家看不见路"
    texts = [text, "", "河水发黑发臭", text, f"{text}了", "", "河水发黑发臭"]
    same, first = _groups(texts)
    assert same == [0, 1, 2, 0, 4, 5, 2]
    assert first == [0, 1, 2, 0, 0, 5, 2]


def test_a_chain_of_small_changes_is_one_matter() -> None:
    letters = [chr(0x4E00 + at) for at in range(400)]
    chain = ["".join(letters[at : at + 60]) for at in range(0, 40, 4)]
    assert _groups(chain)[1] == [0] * 10


def test_what_is_found_one_by_one_is_found_together() -> None:
    dice = random.Random(3)  # noqa: S311
    words = [
        "路灯",
        "坏了",
        "没人修",
        "小区",
        "物业",
        "停水",
        "三天",
        "噪音",
        "夜里",
        "工地",
        "施工",
        "领导",
        "请问",
        "解决",
    ]
    texts = ["".join(dice.choices(words, k=dice.randrange(4, 12))) for _ in range(400)]
    texts += [text[:-1] for text in texts[:80]] + texts[:40]
    same, first = _groups(texts)
    pairs = {pair.later: pair for pair in near_duplicates(texts)}
    assert {at for at in range(len(texts)) if first[at] != at} >= set(pairs)
    assert {at for at in range(len(texts)) if same[at] != at} == {
        at for at, text in enumerate(texts) if text in texts[:at]
    }
    assert all(first[one] <= same[one] <= one for one in range(len(texts)))


@given(st.lists(st.text()))
def test_strings_come_back_as_they_went(texts: list[str]) -> None:
    kept = Strings()
    for text in texts:
        kept.append(text)
    assert [kept[at] for at in range(len(kept))] == texts
    kept.close()


def test_no_rows_have_no_groups() -> None:
    assert _groups([]) == ([], [])
