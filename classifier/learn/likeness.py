"""How alike labelled complaints are: by their n-grams, by those of their titles alone, and by where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.learn.recipes import LocalRecipe
from classifier.suggest.model import LEAVES
from classifier.suggest.standpoint import Standpoint
from classifier.suggest.suggester import Suggester
from classifier.suggest.weights import quantise
from classifier.suggest.wording import Wording
from classifier.text.features import FeatureSpace
from classifier.text.pipeline import ReadComplaint

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike rows are, part by part.

    `points` `(n_rows, n_axes)` are where they stand; `text` and `titles` `(n_rows, n_rows)` the inner products of their
    n-grams and of those of their titles alone, None where there are no titles.
    """

    standpoint: Standpoint
    points: Floats
    text: Floats
    titles: Floats | None

    def kernel(self, recipe: LocalRecipe) -> Floats:
        """Return how alike rows are by all of it, `(n_rows, n_rows)`, as settings weigh the parts."""
        seen_from, view = self.view(recipe)
        K: Floats = np.exp(self.points @ self.points.T - self.standpoint.total)
        K *= np.float32(recipe.near)
        K += np.float32(recipe.text) * self.text
        K += view * (seen_from @ seen_from.T)
        if self.titles is not None:
            K += np.float32(recipe.heading) * self.titles
        return K

    def view(self, recipe: LocalRecipe) -> tuple[Floats, np.float32]:
        """Return the part of the points that is the base's view, and how much it weighs by itself."""
        n_axes = self.standpoint.views.axes.shape[1]
        return self.points[:, :n_axes], np.float32(recipe.view / self.standpoint.reach[0])


@dataclass(frozen=True, slots=True)
class Counted:
    """What rows say, or their titles by themselves: a vocabulary, how much each n-gram counts, and features.

    `plain` `(n_rows, n_features)` are the features as they are, `features` each by how much it counts.
    """

    space: FeatureSpace
    telling: Floats
    plain: sparse.csr_matrix
    features: sparse.csr_matrix

    def wording(self, weight: float, dual: Floats) -> Wording:
        """Return what it says, from the solution of the rows; `weight` is that of this part in their likeness."""
        return Wording(self.space, *quantise(np.float32(weight) * self.telling[:, None] * (self.features.T @ dual)))


def counted(base: Suggester, space: FeatureSpace, read: Sequence[ReadComplaint], recipe: LocalRecipe) -> Counted:
    """Return what rows say in a vocabulary that has at least one n-gram."""
    telling, plain = telling_ngrams(base, space, recipe), space.transform(read)
    return Counted(space, telling, plain, sparse.csr_matrix(plain @ sparse.diags_array(telling, dtype=np.float32)))


def titles_of(base: Suggester, read: Sequence[ReadComplaint], recipe: LocalRecipe) -> Counted | None:
    """Return the titles by themselves, None where too few rows have one for any n-gram to come twice."""
    headings = [one.heading for one in read]
    space = FeatureSpace.fit(headings)
    return counted(base, space, headings, recipe) if space.n_features else None


def telling_ngrams(base: Suggester, space: FeatureSpace, recipe: LocalRecipe) -> Floats:
    """Return how much each n-gram of `space` is to count, `(n_features,)`, by how much the base says with it."""
    known = space.places_in(base.model.space)
    said_with = base.model.strengths(LEAVES)
    middle = max(float(np.median(said_with)), 1e-9)
    relative = np.maximum(said_with[known] / middle, 1e-2) ** recipe.telling
    return np.where(known >= 0, relative, recipe.strange).astype(np.float32)
