"""The best few of many values."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGITS: Final = 6
"""Decimals of the probabilities that a suggestion shows."""


def best_of(values: NDArray[np.floating], count: int) -> list[int]:
    """Return the places of the largest values, the largest first, of equal ones the earlier.

    Many times quicker than sorting all of some hundreds for the sake of three.

    >>> best_of(np.array([0.2, 0.5, 0.1, 0.5]), 3)
    [1, 3, 0]
    """
    left = np.array(values)
    best = []
    for _ in range(min(count, len(left))):
        place = int(left.argmax())
        best.append(place)
        left[place] = -np.inf
    return best
