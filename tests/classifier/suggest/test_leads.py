"""Who may lead one complaint: the kernel's answer is that of plain Python, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.suggest.leads import Namings, favours, likeliest_leads, likeliest_leads_plainly

chances = st.floats(0, 1, width=32)


@st.composite
def cases(draw: st.DrawFn) -> tuple[object, ...]:
    """Draw the arguments of `likeliest_leads`."""
    n_duties, n_departments = draw(st.integers(1, 6)), draw(st.integers(1, 9))

    def numbers(count: int) -> np.ndarray:
        return np.array(draw(st.lists(chances, min_size=count, max_size=count)), dtype=np.float32)

    named = draw(st.lists(st.tuples(st.integers(0, n_duties - 1), st.integers(0, n_departments - 1)), max_size=20))
    duties, departments = (np.array([pair[side] for pair in named], dtype=np.int32) for side in (0, 1))
    namings = Namings(duties, departments, numbers(len(named)))
    told, learnt = numbers(n_departments), numbers(n_departments)
    expected = np.where(
        numbers(n_departments) < 0.3, np.float32(0), np.maximum(numbers(n_departments), np.float32(1e-4))
    )
    return numbers(n_duties), told, expected, learnt, draw(st.floats(0, 1)), namings, draw(st.integers(0, 4))


@pytest.mark.skipif(kernel is None, reason="no compiler")
@given(cases())
def test_the_kernel_says_what_python_says(case: tuple) -> None:  # type: ignore[type-arg]
    assert likeliest_leads(*case) == likeliest_leads_plainly(*case)


def test_a_favour_is_bounded_and_one_where_nothing_is_known() -> None:
    told = np.array([0.5, 0.0, 1.0, 0.9], dtype=np.float32)
    expected = np.array([0.25, 0.5, 1e-4, 0.0], dtype=np.float32)
    np.testing.assert_allclose(favours(told, expected), [2, 1e-3, 1e3, 1])


@pytest.mark.skipif(kernel is None, reason="no compiler")
def test_the_kernel_refuses_namings_of_what_is_not_there() -> None:
    one = np.ones(1, dtype=np.float32)
    number = np.array([1], dtype=np.int32)
    with pytest.raises(ValueError, match="do not fit"):
        likeliest_leads(one, one, one, one, 0.5, Namings(number, np.zeros_like(number), one), 1)
