"""Carry what a ledger's own labels taught to the lowest categories of a ledger as they are today."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.crosswalk import chain
from classifier.catalogue.ledger import Ledger
from classifier.suggest.local import OWN, Local, Scored, weigh

Floats = NDArray[np.float32]


class LocalCategories:
    """Knows the categories of the ledger whose labels were learnt from: this one, or one it starts from.

    `shares` is `(n_labels, n_leaves)`: how each label counts for this ledger's lowest categories. A label that was
    retired since counts for its successor, one that is gone without a successor for none.
    """

    def __init__(self, local: Local, ledger: Ledger) -> None:
        names = [one.name for one in ledger.lineage]
        below = names.index(local.ledger) if local.ledger in names else 0
        owner = ledger.lineage[below]
        self._local = local
        self._from_base = owner.projection.shares if owner.projection is not None else None
        self._place = owner.categories.places(local.groups[OWN].labels)
        self._newer = np.setdiff1d(np.arange(len(owner.categories.leaves)), self._place)
        onward = chain(one.crosswalk for one in reversed(ledger.lineage[:below]) if one.crosswalk)
        self._onward = onward.shares if onward is not None else None
        known = np.flatnonzero(self._place >= 0)
        shares = np.zeros((len(self._place), len(owner.categories.leaves)), dtype=np.float32)
        shares[known, self._place[known]] = 1
        self.shares: Floats = shares if self._onward is None else shares @ self._onward
        self._labelled = shares

    def __call__(self, scored: Scored, leaves: Floats, named: Floats | None = None) -> tuple[Floats, Floats]:
        """Return probabilities of this ledger's lowest categories, and of the base's leaves given these.

        A category that is newer than the model keeps what the base says of it. The leaves keep their shares within
        what the labels decided (Jeffrey's rule).

        Args:
            scored: what was learnt from the labels says of one complaint.
            leaves: the base's probabilities of its own leaves.
            named: what names say of this ledger's lowest categories, as logarithms of odds.
        """
        carried = leaves if self._from_base is None else leaves @ self._from_base
        # Names are of this ledger's categories: they say nothing of those of a ledger above it.
        second = carried if named is None or self._onward is not None else weigh(carried, named)
        prior = np.where(self._place >= 0, second[self._place], np.float32(0))
        learnt: Floats = self._local.groups[OWN].blend(scored.groups[OWN], prior) @ self._labelled
        learnt /= max(float(learnt.sum()), 1e-9)
        if len(self._newer):
            learnt *= 1 - carried[self._newer].sum()
            learnt[self._newer] = carried[self._newer]
        learnt = learnt.astype(np.float32, copy=False)
        change = learnt / np.maximum(carried, np.float32(1e-9))
        updated: Floats = leaves * (change if self._from_base is None else self._from_base @ change)
        updated /= max(float(updated.sum()), 1e-9)
        own: Floats = learnt if self._onward is None else learnt @ self._onward
        return own, updated
