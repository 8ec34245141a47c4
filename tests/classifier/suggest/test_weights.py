"""Weights in few bits stay near what they were, and stand where they stood."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.suggest.weights import pack, quantise, rows_of

DICE = np.random.default_rng(4)


@pytest.mark.parametrize("n_outputs", [1, 15, 16, 31, 32, 33, 580])
def test_packed_weights_are_near_and_in_their_places(n_outputs: int) -> None:
    weights = (DICE.standard_t(3, (300, n_outputs)) * DICE.random((300, 1))).astype(np.float32)
    packed, scale = pack(weights)
    assert packed.numbers.nbytes <= 300 * (n_outputs + 31) / 2
    found = rows_of(packed, slice(None)) * scale[:, None]
    assert found.shape == weights.shape
    error = np.square(found - weights).sum() / np.square(weights).sum()
    assert error < 0.03
    np.testing.assert_array_equal(rows_of(packed, np.array([7, 3])), rows_of(packed, slice(None))[[7, 3]])


def test_packing_is_better_than_evenly_spaced_levels() -> None:
    weights = DICE.standard_t(2, (500, 100)).astype(np.float32)
    packed, scale = pack(weights)
    largest = np.abs(weights).max(axis=1, keepdims=True)
    even = np.rint(weights / largest * 7) / 7 * largest
    error = np.square(rows_of(packed, slice(None)) * scale[:, None] - weights).sum()
    assert error < np.square(even - weights).sum() / 2


def test_a_feature_that_says_nothing_stays_so() -> None:
    weights = np.zeros((3, 40), np.float32)
    for numbers, scale in (quantise(weights), pack(weights)):
        assert not np.abs(rows_of(numbers, slice(None)) * scale[:, None]).max() > 1e-9
