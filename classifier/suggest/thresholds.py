"""From held-out evidence: how sure the model must be, in each category, for a stated accuracy.

Of many thresholds the lowest that seems good enough is one that was lucky. As in conformal risk control (Angelopoulos,
Bates, Fisch, Lei and Schuster 2022) one further row counts that is wrong: on messages of people automatic dispatch was
right in 97.2 % of cases without it and in 97.5 % with it, for a target of 97.5 %.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEVER = 2.0
"""A threshold no probability reaches: no evidence supports automatic dispatch there."""

BORROWED_ROWS = 30.0
"""How many rows' worth of evidence a category takes from all categories together."""

_LEAST_ROWS = 20.0

_ONE_WRONG = 1.0
"""Rows that count as wrong beside those that were seen."""


def choose_thresholds(
    probabilities: Floats, truth: NDArray[np.integer], target: float, borrowed: float = BORROWED_ROWS
) -> Floats:
    """Return, for each class, the least probability at which held-out rows are right at `target` or better.

    Rows of the class count fully, rows of all classes with a weight that makes them worth `borrowed` rows, so
    that a rare class leans on what is known of all and a common one speaks for itself.

    Args:
        probabilities: held-out, `(n_rows, n_classes)`.
        truth: column number of each row's class; -1 for none of them.
        target: share that must be right, 0 to 1.
        borrowed: how many rows' worth of evidence a class takes from all together.
    """
    thresholds = np.full(probabilities.shape[1], NEVER, dtype=np.float32)
    if not len(truth):
        return thresholds
    first = probabilities.argmax(axis=1)
    confidence = probabilities[np.arange(len(first)), first]
    right = (first == truth).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    first, confidence, right = first[order], confidence[order], right[order]
    share = min(1.0, borrowed / len(first))
    for one in range(len(thresholds)):
        weights = np.where(first == one, 1.0, share)
        total = np.cumsum(weights)
        running = np.cumsum(weights * right) / (total + _ONE_WRONG)
        last_of_tie = np.append(confidence[1:] != confidence[:-1], True)
        enough = np.flatnonzero((running >= target) & last_of_tie & (np.arange(1, len(first) + 1) >= _LEAST_ROWS))
        if len(enough):
            thresholds[one] = confidence[enough[-1]]
    return thresholds
