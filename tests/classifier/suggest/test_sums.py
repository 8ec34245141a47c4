"""The compiled sums are those of the plain ones, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.suggest.sums import along, along_plainly, row_sums, row_sums_plainly
from classifier.suggest.weights import Packed, Weights, rows_of


def _weights(dice: np.random.Generator, n_outputs: int, *, packed: bool) -> Weights:
    if not packed:
        return dice.integers(-128, 128, (50, n_outputs)).astype(np.int8)
    numbers = dice.integers(0, 256, (50, -(-n_outputs // 32) * 16)).astype(np.uint8)
    return Packed(numbers, np.sort(dice.integers(-127, 128, 16)).astype(np.int8), n_outputs)


@given(st.integers(0, 60), st.integers(2, 70) | st.integers(71, 650), st.integers(0, 1 << 32), st.booleans())
def test_the_kernel_sums_as_the_plain_twin_does(n_columns: int, n_outputs: int, seed: int, packed: bool) -> None:
    dice = np.random.default_rng(seed)
    weights = _weights(dice, n_outputs, packed=packed)
    rows = rows_of(weights, slice(None))
    scale = dice.random(50, dtype=np.float32)
    columns = dice.integers(0, 50, n_columns).astype(np.int32)
    values = dice.standard_normal(n_columns).astype(np.float32)
    summed = row_sums(values, columns, scale, weights)
    assert np.array_equal(summed, row_sums_plainly(values, columns, scale, weights))
    assert np.allclose(summed, (values * scale[columns]) @ rows[columns], rtol=1e-3, atol=0.1)
    first = int(dice.integers(0, n_outputs))
    at = slice(first, int(dice.integers(first + 1, n_outputs + 1)))
    direction = dice.standard_normal(at.stop - at.start).astype(np.float32)
    # Of some directions most is zero, which the kernel does by itself.
    direction[dice.random(len(direction)) < dice.random()] = 0
    told = along(columns, weights, at, direction)
    assert np.array_equal(told, along_plainly(columns, weights, at, direction))
    assert np.allclose(told, rows[columns, at] @ direction, rtol=1e-3, atol=0.1)


@pytest.mark.skipif(kernel is None, reason="there was no compiler")
def test_the_kernel_reads_nothing_outside_its_arrays() -> None:
    weights, scale = np.zeros((3, 4), np.int8), np.ones(3, np.float32)
    for columns in ([3], [-1], [0, 1]):
        with pytest.raises(ValueError, match="do not fit"):
            row_sums(np.ones(1, np.float32), np.array(columns, np.int32), scale, weights)
    packed = Packed(np.zeros((3, 16), np.uint8), np.zeros(15, np.int8), 4)
    with pytest.raises(ValueError, match="do not fit"):
        row_sums(np.ones(1, np.float32), np.zeros(1, np.int32), scale, packed)
    for columns, direction in (([3], np.ones(4)), ([-1], np.ones(4)), ([0], np.ones(5))):
        with pytest.raises(ValueError, match="do not fit"):
            along(np.array(columns, np.int32), weights, slice(0, 4), direction)
