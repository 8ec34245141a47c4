"""What the names a ledger gives its categories say of a complaint: a second opinion beside its crosswalk.

A crosswalk says where the base's categories belong; the child's own names, definitions and keywords say what its people
call things. They are read like complaints, and each speaks for its category by how like it the complaint is. A ledger
whose categories have many names below them (a scheme's lower levels, as keywords or as categories) gains the most; a
handful of words changes next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.catalogue.ledger import Ledger
from classifier.domain import Category, Complaint
from classifier.errors import EmptyComplaintError
from classifier.text.features import Encoded, FeatureSpace
from classifier.text.pipeline import ReadComplaint, TextPipeline

Floats = NDArray[np.float32]

MOST_NAMES: Final = 50
"""Names of a category, on average over all, beyond which more of them say nothing louder."""


class Names:
    """Scores complaints by the names of a ledger's reported categories; columns in the order of `reported`.

    `features` are the columns of the feature space that stand in any name, ascending, and `weights`
    `(len(features), n_reported)` what each of them says.
    """

    def __init__(self, features: NDArray[np.intp], weights: Floats) -> None:
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
        counts = np.bincount(columns, minlength=len(reported))
        each = min(len(read) / max(len(reported), 1), MOST_NAMES) / np.maximum(counts, 1)
        belongs = sparse.csr_matrix(
            (each[columns].astype(np.float32), (columns, np.arange(len(columns)))), shape=(len(reported), len(read))
        )
        said = (belongs @ space.transform(read)).tocsc()
        features = np.flatnonzero(np.diff(said.indptr))
        return cls(features, said[:, features].T.toarray().astype(np.float32))

    def __call__(self, encoded: Encoded) -> Floats:
        """Return how much the names speak for each reported category, as logarithms of odds `(n_reported,)`."""
        _, known, here = np.intersect1d(self._features, encoded.columns, assume_unique=True, return_indices=True)
        spoken: Floats = encoded.values[here] @ self._weights[known]
        return spoken


def _names(ledger: Ledger) -> Iterator[tuple[str, Complaint]]:
    """Yield the code of a reported category with each name that speaks for it, written as a complaint's title."""
    level = ledger.reporting_level
    for category in ledger.categories:
        reported = ledger.categories.at_level(category, level).code
        below = category.path.split("/")[level:]
        yield reported, Complaint(category.definition, " ".join(below) or category.name)
        for keyword in category.keywords:
            yield reported, Complaint("", keyword)


def _read(name: Complaint, pipeline: TextPipeline) -> ReadComplaint | None:
    try:
        return pipeline.read(name)
    except EmptyComplaintError:
        return None
