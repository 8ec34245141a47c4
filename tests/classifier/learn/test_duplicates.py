"""Near-duplicates among many texts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.learn.duplicates import near_duplicates, runs_of_three, runs_of_three_plainly

LONG = "楼下的烧烤店每天营业到凌晨两点，油烟从窗户缝里钻进来，家里老人咳嗽不止，已经打过三次电话没有人来"


def test_near_duplicates_are_found_among_many_and_different_texts_are_not() -> None:
    random = np.random.default_rng(5)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 500)]
    texts = ["".join(random.choice(letters, 60)) for _ in range(400)]
    planted = {}
    for at in range(0, 400, 4):
        changed = list(texts[at])
        changed[int(random.integers(60))] = "龘"
        planted[len(texts)] = at
        texts.append("".join(changed))
    pairs = list(near_duplicates(texts))
    assert {pair.later: pair.earlier for pair in pairs} == planted
    assert all(0.7 <= pair.similarity < 1 for pair in pairs)


def test_a_repeated_near_duplicate_keeps_its_similarity_and_nothing_is_like_an_empty_text() -> None:
    near = LONG[:-2] + "处理"
    pairs = list(near_duplicates(["", LONG, near, near, "", LONG]))
    assert [(pair.later, pair.earlier) for pair in pairs] == [(2, 1), (3, 1), (5, 1)]
    assert pairs[0].similarity == pairs[1].similarity < 1
    assert pairs[2].similarity == 1


@given(st.text(max_size=12))
def test_the_kernel_cuts_runs_of_three_as_the_plain_twin_does(text: str) -> None:
    assert runs_of_three(text) == runs_of_three_plainly(text)
