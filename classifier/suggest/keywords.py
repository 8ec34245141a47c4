"""What a ledger's own keywords say of a text, beside its model: a place's words count where labels are few or none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger

Floats = NDArray[np.float32]

_MOST_HITS = 3
_FLOOR = np.float32(0.01)
"""Probability added to each category, so that keywords can speak for one the base does not think of."""


class Keywords:
    """Weighs a ledger's lowest categories by the keywords found, their own and those of the categories above.

    Each of the first three different keywords multiplies a category's probability by the ledger's
    `keyword_weight`; a weight of 1, the default, changes nothing.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._weight = ledger.settings.keyword_weight
        tree = ledger.categories
        self._words = tuple(
            tuple(dict.fromkeys(word.lower() for one in tree.ancestry(leaf) for word in one.keywords))
            for leaf in tree.leaves
        )

    def weigh(self, own: Floats, text: str) -> Floats:
        """Return the probabilities of the lowest categories after `text` (normalised) was searched; the sum is kept."""
        if self._weight == 1:
            return own
        hits = np.array([min(sum(word in text for word in words), _MOST_HITS) for words in self._words], np.float32)
        if not hits.any():
            return own
        weighed = (own + _FLOOR) * np.float32(self._weight) ** hits
        kept: Floats = (weighed * (own.sum() / weighed.sum())).astype(np.float32)
        return kept
