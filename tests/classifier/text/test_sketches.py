"""Sketches tell how much texts have in common, and are the same with and without the compiled kernel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.learn.duplicates import jaccard, triples_of
from classifier.text.sketches import BANDS, HASHES, NONE, SIZE, bands_of, likeness, sketch, sketch_plainly

LETTERS = "路灯坏了没人修老板拖欠工资半年不给河水发黑臭面有坑车过去小区物业收费停电天热水管漏"


@given(st.text())
def test_both_ways_give_the_same_bytes(text: str) -> None:
    assert sketch(text) == sketch_plainly(text)


@given(st.text(min_size=1))
@example("\x00")
def test_only_an_empty_text_has_none(text: str) -> None:
    assert sketch("") == NONE
    assert len(sketch(text)) == SIZE == 2 * HASHES
    assert bands_of(sketch(text) + NONE).shape == (2, BANDS)
    assert bands_of(sketch(text)).any()
    assert sketch(text) != NONE


def test_the_estimate_is_as_far_off_as_chance_lets_it_be() -> None:
    draw = np.random.default_rng(0)
    errors, spreads = [], []
    for _ in range(600):
        one = "".join(draw.choice(list(LETTERS), draw.integers(20, 300)))
        share = draw.random() * 0.15
        other = "".join(draw.choice(list(LETTERS)) if draw.random() < share else letter for letter in one)
        true = jaccard(triples_of(one), triples_of(other))
        errors.append(float(likeness(sketch(one), sketch(other))[0]) - true)
        spreads.append((true * (1 - true) / HASHES) ** 0.5)
    assert abs(np.mean(errors)) < 3 * np.mean(spreads) / len(errors) ** 0.5
    assert np.std(errors) < 1.15 * np.mean(np.square(spreads)) ** 0.5


@pytest.mark.skipif(kernel is None, reason="the kernel is not built")
def test_the_kernel_refuses_other_factors() -> None:
    with pytest.raises(ValueError, match="128"):
        kernel.sketch("路灯", b"1234")
    with pytest.raises(TypeError):
        kernel.sketch(3, bytes(4 * HASHES))
