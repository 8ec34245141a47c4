"""Shares of parent leaves among a child's, what lies outside, and steps that join."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.categories import CategoryTree
from classifier.catalogue.crosswalk import Crosswalk, chain, identity, read_crosswalk
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Category

PARENT = CategoryTree([Category("A", "甲"), Category("A1", "乙", "A"), Category("A2", "丙", "A"), Category("B", "丁")])
CHILD = CategoryTree([Category("X", "x"), Category("Y", "y")])


def _read(*lines: str) -> tuple[Crosswalk, Findings]:
    findings = Findings()
    names = ("parent_code", "code", "weight")
    rows = [
        Row("crosswalk.csv", number, dict(zip(names, line.split(","), strict=False)))
        for number, line in enumerate(lines, 2)
    ]
    return read_crosswalk(rows, PARENT, CHILD, findings, "base"), findings


@pytest.mark.parametrize(
    ("lines", "shares", "outside"),
    [
        (("A,X", "B,Y"), [[1, 0], [1, 0], [0, 1]], [0, 0, 0]),
        (("A,X", "A2,Y", "B,Y"), [[1, 0], [0, 1], [0, 1]], [0, 0, 0]),
        (("A,X,1", "A,Y,3", "B,-"), [[0.25, 0.75], [0.25, 0.75], [0, 0]], [0, 0, 1]),
        (("A1,X", "A2,-", "B,X,1", "B,-,1"), [[1, 0], [0, 0], [0.5, 0]], [0, 1, 0.5]),
        (("A,X", "A,X", "B,Y"), [[1, 0], [1, 0], [0, 1]], [0, 0, 0]),
    ],
)
def test_shares_are_weights_over_their_sum(
    lines: tuple[str, ...], shares: list[list[float]], outside: list[float]
) -> None:
    crosswalk, findings = _read(*lines)
    assert findings.found == []
    np.testing.assert_allclose(crosswalk.shares, shares)
    np.testing.assert_allclose(crosswalk.outside(), outside)
    assert crosswalk.shares.dtype == crosswalk.outside().dtype == np.float32


@given(st.lists(st.tuples(st.sampled_from(["X", "Y", "-"]), st.floats(0.01, 1000)), min_size=1, max_size=6))
def test_shares_and_what_lies_outside_make_one(entries: list[tuple[str, float]]) -> None:
    crosswalk, findings = _read("A,X", *(f"B,{code},{weight!r}" for code, weight in entries))
    assert findings.found == []
    assert (crosswalk.shares >= 0).all()
    np.testing.assert_allclose(crosswalk.shares.sum(axis=1) + crosswalk.outside(), 1, rtol=1e-5)
    out = sum(weight for code, weight in entries if code == "-") / sum(weight for _, weight in entries)
    assert crosswalk.outside()[2] == pytest.approx(out, abs=1e-5)


def test_a_ledger_that_keeps_the_categories_keeps_each_leaf() -> None:
    crosswalk = identity(PARENT)
    np.testing.assert_array_equal(crosswalk.shares, np.eye(3))
    np.testing.assert_array_equal(crosswalk.outside(), np.zeros(3))


def test_joined_steps_are_the_product_and_what_is_outside_adds_up() -> None:
    first = Crosswalk(np.array([[0.5, 0.5], [0, 0.5], [0, 0]], np.float32))
    second = Crosswalk(np.array([[1, 0, 0], [0, 0.5, 0.25]], np.float32))
    joined = chain([first, second])
    assert joined is not None
    np.testing.assert_allclose(joined.shares, [[0.5, 0.25, 0.125], [0, 0.25, 0.125], [0, 0, 0]])
    np.testing.assert_allclose(joined.outside(), [0.125, 0.625, 1])


def test_no_step_at_all_is_no_crosswalk() -> None:
    assert chain([]) is None
    only = Crosswalk(np.eye(2, dtype=np.float32))
    joined = chain([only])
    assert joined is not None
    np.testing.assert_array_equal(joined.shares, only.shares)
