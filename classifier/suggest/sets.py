"""Sets of categories that hold the right one with a stated probability, in every category alike.

Conformal prediction with a threshold for each class (Mondrian: Vovk, Gammerman and Shafer 2005, chapter 4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def choose_inclusion(probabilities: Floats, truth: NDArray[np.integer], coverage: float) -> Floats:
    """Return, for each class, the least probability from which it belongs to the set of a complaint.

    A class with too few held-out rows for the coverage always belongs: 0.

    Args:
        probabilities: held-out, `(n_rows, n_classes)`.
        truth: `(n_rows,)` of column numbers; -1 for a row without a class.
        coverage: share of a class's complaints whose set must hold it, 0 to 1.
    """
    least = np.zeros(probabilities.shape[1], dtype=np.float32)
    for one in range(len(least)):
        own = np.sort(probabilities[truth == one, one])
        outside = int((1 - coverage) * (len(own) + 1))
        if outside >= 1:
            least[one] = own[outside - 1]
    return least


def members(probabilities: Floats, least: Floats) -> NDArray[np.bool_]:
    """Return which classes belong to each row's set, the likeliest always: `(n_rows, n_classes)`.

    `least` is `(n_classes,)` or has a row for each row.
    """
    held: NDArray[np.bool_] = probabilities >= least
    held[np.arange(len(held)), probabilities.argmax(axis=1)] = True
    return held
