"""The best few of many values."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 6
"""Decimals of the probabilities that a suggestion shows."""


def best_of_each(values: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    """Return the places of each row's largest values, the largest first, of equal ones the earlier.

    Many times quicker than sorting all of some hundreds for the sake of three.

    >>> best_of_each(np.array([[0.2, 0.5, 0.1, 0.5], [0.3, 0.1, 0.4, 0.2]]), 3)
    array([[1, 3, 0],
           [2, 0, 3]])
    """
    left, rows = np.array(values), np.arange(len(values))
    best = np.empty((len(left), min(count, left.shape[1])), dtype=np.intp)
    for column in best.T:
        column[:] = left.argmax(axis=1)
        left[rows, column] = -np.inf
    return best
