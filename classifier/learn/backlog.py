"""Fit the base to a place's wording from its unlabelled backlog.

The directions in which corpus and backlog vary most together (latent semantics, Deerwester et al. 1990) carry what
the written complaints teach to words that stand only in the backlog. A regression on these directions alone scores
the backlog, and its scores join the corpus as targets for the model that serves: a teacher that sees texts in another
way than its pupil (Blum and Mitchell 1998), where a pupil that repeats its own guesses learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from classifier.domain import Complaint
from classifier.learn.duplicates import near_duplicates
from classifier.learn.reservoir import Reservoir
from classifier.learn.ridge import solve_ridge
from classifier.text.pipeline import said

Floats = NDArray[np.float32]

DIRECTIONS: Final = 300
"""Latent directions of the teacher."""

TEACHER_PENALTY: Final = 5.0

MOST_LEARNT: Final = 5_000
"""Complaints of a backlog that a model learns from: time and memory grow with their square."""

MOST_READ: Final = 4 * MOST_LEARNT
"""Complaints of a backlog that are looked at for it."""

_SEED: Final = 20240101


def sample_backlog(complaints: Iterable[Complaint]) -> tuple[int, list[Complaint]]:
    """Return how many complaints there are, and an even sample of them in which each matter stands once.

    Memory does not grow with the backlog: `MOST_READ` are kept while reading.
    """
    random = np.random.default_rng(_SEED)
    read: Reservoir[tuple[Complaint, str]] = Reservoir(MOST_READ, random)
    for complaint in complaints:
        if text := said(complaint):
            read.offer((complaint, text))
    repeated = {pair.later for pair in near_duplicates([text for _, text in read.kept])}
    once = [one for at, (one, _) in enumerate(read.kept) if at not in repeated]
    if len(once) > MOST_LEARNT:
        once = [once[at] for at in np.sort(random.permutation(len(once))[:MOST_LEARNT])]
    return read.offered, once


def latent_targets(K: Floats, Y: Floats, weights: Floats) -> Floats:
    """Score the rows without labels by a regression on the latent directions of all rows.

    Args:
        K: inner products of all rows, `(n_rows, n_rows)`; the labelled rows stand first.
        Y: targets of the labelled rows, `(n_labelled, n_outputs)`.
        weights: how much each labelled row counts.

    Returns:
        Targets of the rows without labels, `(n_rows - n_labelled, n_outputs)`.
    """
    Z = _latent(K, min(DIRECTIONS, len(K) // 4))
    labelled, others = Z[: len(Y)], Z[len(Y) :]
    dual = solve_ridge(labelled @ labelled.T, Y, TEACHER_PENALTY, weights)
    return others @ (labelled.T @ dual)


def _latent(K: Floats, directions: int) -> Floats:
    """Return each row's place along the strongest directions, all made equally strong, as a unit vector.

    Subspace iteration (Halko, Martinsson and Tropp 2011) finds the leading eigenvectors of `K`.
    """
    random = np.random.default_rng(_SEED)
    block = random.standard_normal((len(K), min(len(K), directions + 50)), dtype=np.float32)
    for _ in range(3):
        block, _ = qr(K @ block, mode="economic", overwrite_a=True, check_finite=False)
    _, vectors = np.linalg.eigh(block.T @ (K @ block))
    places: Floats = block @ vectors[:, -directions:]
    places -= places.mean(axis=0)
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-12)
    return places
