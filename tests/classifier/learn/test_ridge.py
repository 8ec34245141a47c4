"""The solver against the plain definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from classifier.learn.ridge import fit_ridge, gram, near_duplicate_groups

RANDOM = np.random.default_rng(7)


def _problem(rows: int = 40, features: int = 60, outputs: int = 5) -> tuple[np.ndarray, np.ndarray]:
    X = RANDOM.normal(size=(rows, features)) * (RANDOM.random((rows, features)) < 0.3)
    return X.astype(np.float32), RANDOM.random((rows, outputs)).astype(np.float32)


def _weights_of(X: np.ndarray, Y: np.ndarray, penalty: float, counts: np.ndarray) -> np.ndarray:
    """Weighted ridge by its normal equations, in double precision."""
    wide = X.astype(np.float64)
    return np.linalg.solve(
        wide.T @ (counts[:, None] * wide) + penalty * np.eye(X.shape[1]), wide.T @ (counts[:, None] * Y)
    )


def test_dual_weights_are_those_of_the_normal_equations() -> None:
    X, Y = _problem()
    counts = RANDOM.uniform(0.5, 2, len(X)).astype(np.float32)
    fit = fit_ridge(X @ X.T, Y, 0.7, counts)
    np.testing.assert_allclose(X.T @ fit.dual, _weights_of(X, Y, 0.7, counts), atol=2e-4)


def test_held_out_scores_are_those_of_models_trained_without_the_group() -> None:
    X, Y = _problem()
    groups = np.arange(len(X)) // 3
    counts = np.ones(len(X), dtype=np.float32)
    fit = fit_ridge(X @ X.T, Y, 0.7, None, groups.astype(np.int32))
    for group in (0, 5, 13):
        out = groups == group
        weights = _weights_of(X[~out], Y[~out], 0.7, counts[~out])
        np.testing.assert_allclose(fit.held_out[out], X[out] @ weights, atol=2e-3)


def test_gram_is_the_matrix_of_inner_products() -> None:
    X, _ = _problem(rows=50, features=300)
    X[:, :3] = 1
    np.testing.assert_allclose(gram(sparse.csr_matrix(X)), X @ X.T, atol=1e-4)


def test_rows_that_say_the_same_are_one_group_and_others_are_not() -> None:
    X = np.array([[1, 0, 0], [0.95, 0.1, 0], [0, 1, 0], [0, 0, 1], [0, 0.02, 1]], dtype=np.float32)
    groups = near_duplicate_groups(X @ X.T)
    assert groups[0] == groups[1]
    assert groups[3] == groups[4]
    assert len({groups[0], groups[2], groups[3]}) == 3


def test_a_system_without_a_solution_is_an_error() -> None:
    with pytest.raises(ArithmeticError):
        fit_ridge(-np.eye(3, dtype=np.float32), np.ones((3, 1), np.float32), 0.1)
