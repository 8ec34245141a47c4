"""Labels as numbers: what a model is to say of each row, and which column is the right one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def target_matrix(labels: Sequence[tuple[str, ...]], names: Sequence[str], further: float = 1.0) -> Floats:
    """Return `(n_rows, n_names)`: 1 for a row's first label, `further` for its others."""
    column = {name: at for at, name in enumerate(names)}
    Y = np.zeros((len(labels), len(names)), dtype=np.float32)
    for at, given in enumerate(labels):
        for place, name in enumerate(given):
            Y[at, column[name]] = further if place else 1.0
    return Y


def true_columns(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.int32]:
    """Return the column of each row's label, `(n_rows,)`; -1 where it is none of `names`."""
    column = {name: at for at, name in enumerate(names)}
    return np.array([column.get(label, -1) for label in labels], dtype=np.int32)
