"""Probabilities from scores: the kernel's are those of plain Python to the last bit, and those of numpy nearly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.suggest.chances import (
    best_of,
    best_of_plainly,
    calibrated,
    calibrated_plainly,
    softmax_of_groups,
    softmax_of_groups_plainly,
)

seeds = st.integers(0, 1 << 32)


@given(seeds, st.lists(st.integers(1, 40), min_size=1, max_size=4), st.floats(0.01, 100))
def test_each_group_has_its_own_softmax(seed: int, sizes: list[int], spread: float) -> None:
    dice = np.random.default_rng(seed)
    scores = (dice.standard_normal(sum(sizes)) * spread).astype(np.float32)
    sharpness = np.repeat(dice.random(len(sizes), dtype=np.float32) * 3, sizes)
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    chances = softmax_of_groups(scores, sharpness, starts)
    np.testing.assert_array_equal(chances, softmax_of_groups_plainly(scores, sharpness, starts))
    for part in np.split(np.arange(len(scores)), starts[1:]):
        exact = np.exp((scores * sharpness)[part].astype(np.float64) - (scores * sharpness)[part].max())
        np.testing.assert_allclose(chances[part], exact / exact.sum(), rtol=1e-5, atol=1e-30)


@given(seeds, st.integers(1, 50), st.floats(0.2, 4), st.floats(0, 1), st.booleans())
def test_calibrated_probabilities_are_powers_shared_out(
    seed: int, n_classes: int, sharpness: float, doubt: float, told: bool
) -> None:
    dice = np.random.default_rng(seed)
    given_ = (dice.dirichlet(np.ones(n_classes), size=3) ** 3).astype(np.float32)
    evidence = dice.normal(0, 3, given_.shape).astype(np.float32) if told else None
    found = calibrated(given_, evidence, sharpness, doubt)
    np.testing.assert_array_equal(found, calibrated_plainly(given_, evidence, sharpness, doubt))
    raised = np.maximum(given_.astype(np.float64), 1e-9) ** np.float32(sharpness)
    raised *= np.exp(evidence) if evidence is not None else 1
    exact = (1 - doubt) * raised / raised.sum(axis=1, keepdims=True) + doubt / n_classes
    np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-7)


@given(st.lists(st.floats(0, 1, width=32), max_size=12), st.integers(0, 5))
def test_the_best_are_in_order_and_of_equal_ones_the_earlier_comes_first(values: list[float], count: int) -> None:
    given_ = np.array(values, dtype=np.float32)
    found = best_of(given_, count)
    assert found == best_of_plainly(given_, count)
    assert found == sorted(range(len(values)), key=lambda at: (-given_[at], at))[:count]


@pytest.mark.skipif(kernel is None, reason="there was no compiler")
def test_the_kernel_refuses_groups_and_classes_that_do_not_fit() -> None:
    three = np.ones(3, dtype=np.float32)
    for starts in ([1], [0, 3], [0, 2, 1], []):
        with pytest.raises(ValueError, match="do not fit"):
            softmax_of_groups(three, three, np.array(starts, dtype=np.int32))
    with pytest.raises(ValueError, match="do not fit"):
        kernel.calibrate(three, b"", 2, 1.0, 0.0)
    with pytest.raises(ValueError, match="do not fit"):
        kernel.calibrate(three, three[:2], 3, 1.0, 0.0)
