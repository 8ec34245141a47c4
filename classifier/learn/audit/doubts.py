"""Labels that a model which had not seen them contradicts with confidence.

As many rows are doubted as confident learning counts wrong labels, those whose own label is the least likely: on real
messages with wrong labels planted this found more of them, and with fewer false alarms, than the margin between the
likeliest label and the given one (`tests/benchmarks/audit.py`), and found the same rows as cleanlab 2.9 does with
`low_self_confidence`. Only what the model holds for likelier than not is a contradiction: where it knows little (60 %
right among the 515 categories of the base), this halves the rows to look at; where it knows much it costs two wrong
labels in a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.catalogue.categories import CategoryTree
from classifier.learn.audit.opinions import Opinions
from classifier.learn.audit.remarks import Problem, Remark
from classifier.learn.dataset import Labelled

LIKELY: Final = 0.5
"""Probability of another label from which it contradicts the given one."""


def doubtful(opinions: Opinions, rows: Sequence[Labelled]) -> NDArray[np.intp]:
    """Return the rows whose label is doubted, the most doubtful first.

    A label among the row's further ones is not doubted for being the likeliest.
    """
    column = {code: at for at, code in enumerate(opinions.labels)}
    contradicted = [
        at for at in opinions.asked if opinions.best[at] not in [column[code] for code in rows[at].categories]
    ]
    at = np.array(contradicted, dtype=np.intp)
    least = at[np.argsort(opinions.given_chance[at], kind="stable")][: opinions.errors]
    return least[opinions.best_chance[least] >= LIKELY]


def doubts(opinions: Opinions, rows: Sequence[Labelled], tree: CategoryTree) -> Iterator[Remark]:
    """Remark on each doubtful label with the likeliest one, the most doubtful first."""
    for at in doubtful(opinions, rows):
        yield Remark(
            Problem.DOUBTFUL_LABEL,
            rows[at].source,
            rows[at].complaint.id,
            tree[rows[at].categories[0]].path,
            tree[opinions.labels[opinions.best[at]]].path,
            round(float(opinions.best_chance[at]), 4),
            round(float(opinions.given_chance[at]), 4),
        )
