"""What the names a ledger gives its categories say of a complaint: a second opinion beside its crosswalk.

A crosswalk says where the base's categories belong; the child's own names, definitions and keywords say what its people
call things. They are read like complaints, and a ridge regression learns from them, so that words which the names of
several categories share count little. A ledger whose categories have many names below them (a scheme's lower levels, as
keywords or as categories) gains the most; a handful of words changes next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.ledger import Ledger
from classifier.domain import Category, Complaint
from classifier.errors import EmptyComplaintError
from classifier.text.features import Encoded, FeatureSpace
from classifier.text.pipeline import ReadComplaint, TextPipeline

Floats = NDArray[np.float32]

STRENGTH: Final = 6.0
"""How loud names speak: by the names of either shipped child, held-out complaints lose next to no likelihood."""

MOST_READ: Final = 1_500
"""Names that are read; of more, the first keywords of each category."""


class Names:
    """Scores complaints by the names of a ledger's reported categories; columns in the order of `reported`.

    `features` are the columns of the feature space that stand in any name, ascending, and `weights`
    `(len(features), n_reported)` what each of them says.
    """

    def __init__(self, features: NDArray[np.integer], weights: Floats) -> None:
        self._features = features
        self._weights = weights

    @classmethod
    def of(cls, ledger: Ledger, reported: Sequence[Category], space: FeatureSpace, pipeline: TextPipeline) -> Names:
        """Read the names of a ledger's categories, as the model's feature space sees them."""
        column = {category.code: at for at, category in enumerate(reported)}
        read, columns = [], []
        for code, name in _names(ledger):
            seen = _read(name, pipeline) if code in column else None
            if seen is not None:
                read.append(seen)
                columns.append(column[code])
        X = space.transform(read)
        Y = np.eye(len(reported), dtype=np.float32)[columns]
        # Each category's names together weigh the same: 1 a name on average.
        Y *= np.float32(len(read) / max(len(reported), 1)) / np.maximum(Y.sum(axis=0), 1)
        dual = np.linalg.solve((X @ X.T).toarray() + np.eye(len(read), dtype=np.float32), Y)
        features = np.unique(X.indices)
        return cls(features, STRENGTH * (X[:, features].T @ dual).astype(np.float32))

    def __call__(self, encoded: Encoded) -> Floats:
        """Return how much the names speak for each reported category, as logarithms of odds `(n_reported,)`."""
        _, known, here = np.intersect1d(self._features, encoded.columns, assume_unique=True, return_indices=True)
        spoken: Floats = encoded.values[here] @ self._weights[known]
        return spoken


def _names(ledger: Ledger) -> Iterator[tuple[str, Complaint]]:
    """Yield the code of a reported category with each name that speaks for it, written as a complaint's title."""
    level = ledger.reporting_level
    most = MOST_READ // max(len(ledger.categories), 1)
    for category in ledger.categories:
        reported = ledger.categories.at_level(category, level).code
        below = category.path.split("/")[level:]
        yield reported, Complaint(category.definition, " ".join(below) or category.name)
        for keyword in category.keywords[:most]:
            yield reported, Complaint("", keyword)


def _read(name: Complaint, pipeline: TextPipeline) -> ReadComplaint | None:
    try:
        return pipeline.read(name)
    except EmptyComplaintError:
        return None
