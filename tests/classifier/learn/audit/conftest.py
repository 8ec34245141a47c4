"""Opinions made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from classifier.learn.audit.opinions import Opinions

MakeOpinions = Callable[..., Opinions]


@pytest.fixture
def make_opinions() -> MakeOpinions:
    """Make opinions of rows from the columns of their labels and of the likeliest ones."""

    def make(
        labels: tuple[str, ...],
        given: Sequence[int],
        best: Sequence[int],
        given_chance: Sequence[float] | None = None,
        known: Sequence[float] | None = None,
        errors: int = 0,
    ) -> Opinions:
        n = len(given)
        chances = np.full(n, 0.5) if given_chance is None else np.array(given_chance)
        return Opinions(
            labels,
            np.array(given, np.int32),
            np.array(best, np.int32),
            chances.astype(np.float32),
            (1 - chances).astype(np.float32),
            (np.full(n, 0.9) if known is None else np.array(known)).astype(np.float32),
            errors,
            {},
            1,
            0,
        )

    return make
