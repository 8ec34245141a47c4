"""An even sample of whatever goes by, however much that is."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")


class Reservoir(Generic[Item]):
    """Keeps `size` of all that is offered, each with the same chance (Vitter 1985)."""

    def __init__(self, size: int, random: np.random.Generator) -> None:
        self.kept: list[Item] = []
        self.offered = 0
        self._size = size
        self._random = random

    def offer(self, item: Item) -> None:
        """Keep the item, perhaps in place of another."""
        self.offered += 1
        if len(self.kept) < self._size:
            self.kept.append(item)
        elif (place := int(self._random.integers(self.offered))) < self._size:
            self.kept[place] = item
