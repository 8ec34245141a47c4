"""Evidence is made of whole words, alike with the kernel and without it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.suggest.evidence import (
    positive,
    positive_plainly,
    runs_of_words,
    runs_of_words_plainly,
    sides,
    sides_plainly,
)

WORDS = st.lists(st.integers(1, 12), max_size=40)
SEEDS = st.integers(0, 2**32 - 1)
TEXT = st.text("路灯坏了。!?;\n,a1", max_size=60)


@given(WORDS, SEEDS, st.sampled_from([0.0, 0.7, 0.95]))
def test_runs_of_words_are_those_of_the_plain_twin(sizes: list[int], seed: int, silent: float) -> None:
    dice = np.random.default_rng(seed)
    part = dice.normal(size=sum(sizes)).astype(np.float32)
    part[dice.random(len(part)) < silent] = 0
    ends = np.cumsum(sizes).astype(np.int32).tobytes()
    total = positive(part) or 1.0
    assert total == (positive_plainly(part) or 1.0)
    found = runs_of_words(part, ends, total)
    assert found == runs_of_words_plainly(part, ends, total)
    edges = {0, *np.cumsum(sizes).tolist()}
    assert all(begin in edges and end in edges for begin, end, _ in found)
    assert all(one[1] < other[0] for one, other in pairwise(found)), "runs never touch"


@given(TEXT, SEEDS)
def test_what_sentences_say_is_summed_as_by_the_plain_twin(text: str, seed: int) -> None:
    part = np.random.default_rng(seed).normal(size=len(text)).astype(np.float32)
    told = sides(text, part)
    assert told == sides_plainly(text, part)
    assert told[0] >= 0 >= told[1]
    assert told[0] - told[1] <= told[2] + 1e-6


def test_sentences_on_either_side_are_told_apart() -> None:
    part = np.array([1, 1, 5, -2, 1, -3], np.float32)
    assert sides("路灯。坏了,", part) == (2.0, -1.0, 13.0)
