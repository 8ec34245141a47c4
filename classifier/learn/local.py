"""Learn from a ledger's own labelled complaints, on top of the base model in use there.

The settings were chosen by group-wise cross-validation (`tests/benchmarks/learning.py`). Held-out scores come in closed
form from the same solution, each row's from a model without it and its near-duplicates, and decide how far the scores
are trusted beside what the base says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from classifier.catalogue.ledger import Ledger
from classifier.errors import NoLabelledDataError
from classifier.learn.curve import Lesson, Newest, System, learning_curve, lesson, newest_lesson
from classifier.learn.dataset import Labelled
from classifier.learn.leading import Leading, held_out_leading
from classifier.learn.ridge import fit_ridge, gram, near_duplicate_groups
from classifier.learn.targets import target_matrix, true_columns
from classifier.registry.history import now
from classifier.suggest.calibration import log_loss
from classifier.suggest.local import OWN, OWN_DEPARTMENTS, Blend, Learnt, Local, Proof
from classifier.suggest.model import LEAVES
from classifier.suggest.standpoint import Latent, Standpoint, Views
from classifier.suggest.suggester import Suggester
from classifier.suggest.weights import quantise
from classifier.text.features import FeatureSpace
from classifier.text.pipeline import ReadComplaint, fingerprint

Floats = NDArray[np.float32]
Progress = Callable[[str, float], None]

MOST_EXACT: Final = 6_000
"""Labelled complaints that are solved exactly: time grows with their cube, memory with their square."""

_AXES: Final = 128
_PER_AXIS: Final = 10
"""Labelled complaints for each latent axis, at least."""

_FREQUENT: Final = 10
"""Complaints that have an n-gram for which it is placed on the latent axes, at most."""

_ROUNDS: Final = 4
_SEED: Final = 20240101
_FITTED_ON: Final = 2_000_000
_SHARPEST: Final = 5.0


@dataclass(frozen=True, slots=True)
class LocalRecipe:
    """Settings of what is learnt from a ledger's own labels.

    `penalty` smooths all; `text`, `view` and `near` weigh the n-grams, the base's view of a text, and how near it
    stands to others by that view and by its words, `reach` being that of either; an n-gram counts by how much the base
    says with it, relative to the middle one, to the power of `telling`, one that the base does not know as `strange`;
    `second_matter` is the target of a complaint's further categories beside 1; `returned` is what a return (退单)
    counts against a department beside 1 for the final handler.
    """

    penalty: float = 0.1
    text: float = 0.6
    view: float = 0.5
    near: float = 2.0
    reach: tuple[float, float] = (0.75, 1.5)
    telling: float = 0.3
    strange: float = 0.7
    second_matter: float = 0.7
    returned: float = 0.5


DEFAULT: Final = LocalRecipe()


@dataclass(frozen=True, slots=True)
class Learning:
    """What was learnt, and how accuracy grew with the number of labelled complaints, the last with all of them.

    `leading` tells how often the departments that handled held-out complaints are suggested, where they are labelled;
    `newest` how a training on the past does on the newest complaints, where they have dates.
    """

    local: Local
    curve: tuple[Lesson, ...]
    leading: Leading | None = None
    newest: Newest | None = None


def learn_labels(base: Suggester, rows: Sequence[Labelled], recipe: LocalRecipe = DEFAULT) -> Local:
    """Learn as `learn` does, without its curve.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    return learn(base, rows, recipe, with_curve=False).local


def learn(
    base: Suggester,
    rows: Sequence[Labelled],
    recipe: LocalRecipe = DEFAULT,
    progress: Progress = lambda _what, _share: None,
    *,
    with_curve: bool = True,
) -> Learning:
    """Learn the ledger's own categories, and its departments where labelled.

    Args:
        base: the ledger with the model on which this one stands; what that learnt from labels itself is not used.
        rows: labelled complaints of the ledger.
        recipe: settings.
        progress: told how far it is.
        with_curve: train on parts of the rows as well.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    if not rows:
        raise NoLabelledDataError(base.ledger.name)
    seen = see(base, rows, progress)
    space = FeatureSpace.fit(seen.read)
    progress("统计特征", 0.5)
    telling = telling_ngrams(base, space, recipe)
    plain = space.transform(seen.read)
    X = sparse.csr_matrix(plain @ sparse.diags_array(telling, dtype=np.float32))
    progress("比较诉求", 0.6)
    text = gram(X)
    groups = near_duplicate_groups(text)
    views = Views(_axes(seen.scores))
    latent = latent_axes(X, text, telling)
    standpoint = Standpoint(views, latent, recipe.reach if latent else (sum(recipe.reach), 0.0))
    points = standpoint.many(seen.scores, plain)
    seen_from = points[:, : views.axes.shape[1]]
    view = np.float32(recipe.view / standpoint.reach[0])
    K = np.exp(points @ points.T - standpoint.total)
    K *= np.float32(recipe.near)
    K += np.float32(recipe.text) * text
    K += view * (seen_from @ seen_from.T)
    progress("求解模型", 0.8)
    outputs = outputs_of(base.ledger, rows, seen, recipe, _named(rows))
    fit = fit_ridge(K, np.concatenate([one.targets for one in outputs], axis=1), recipe.penalty, None, groups)
    learnt, proof, curve, newest, scores, at = {}, None, [], None, {}, 0
    for one in outputs:
        held_out = scores[one.name] = fit.held_out[:, at : at + len(one.labels)]
        at += len(one.labels)
        blend = fit_blend(held_out, one.prior, one.truth)
        learnt[one.name] = Learnt(one.labels, blend)
        if one.name == OWN:
            numbers = np.array([fingerprint(row.complaint) for row in rows], dtype=np.uint64)
            chances = blend(held_out, one.prior)
            proof = Proof(numbers, chances.astype(np.float16), one.truth)
            if with_curve:
                system = System(K, one.targets, one.prior, one.truth, groups, recipe.penalty)
                curve = [*learning_curve(system, fit_blend), lesson(len(rows), chances.argmax(axis=1), one.truth)]
                newest = newest_lesson(system, [row.complaint.date for row in rows], fit_blend)
    assert proof is not None  # noqa: S101 - the ledger's categories are always among the outputs
    weights = np.float32(recipe.text) * telling[:, None] * (X.T @ fit.dual)
    linear = np.zeros((points.shape[1], fit.dual.shape[1]), dtype=np.float32)
    linear[: seen_from.shape[1]] = view * (seen_from.T @ fit.dual)
    radial = points, np.float32(recipe.near) * fit.dual
    local = Local(space, quantise(weights), standpoint, radial, linear, learnt, proof, base.ledger.name)
    leading = held_out_leading(base, local, rows, seen.read, scores) if OWN_DEPARTMENTS in learnt else None
    progress("完成", 1.0)
    return Learning(local, tuple(curve), leading, newest)


@dataclass(frozen=True, slots=True)
class Seen:
    """The rows as the base sees them: its scores of the leaves, and what follows for categories and departments."""

    read: list[ReadComplaint]
    scores: Floats
    categories: Floats
    departments: Floats


def see(base: Suggester, rows: Sequence[Labelled], progress: Progress = lambda _what, _share: None) -> Seen:
    """Read rows, and score them with the base."""
    read, scores, categories, departments = [], [], [], []
    for at, row in enumerate(rows):
        read.append(base.pipeline.read(row.complaint))
        encoded = base.model.space.encode(read[-1])
        prediction = base.model.predict(encoded)
        scores.append(prediction.leaf_scores)
        categories.append(base.classification.carried(prediction, base.named(encoded)))
        departments.append(base.router.carried(prediction))
        if at % 250 == 0:
            progress("阅读诉求", 0.5 * at / len(rows))
    return Seen(read, np.array(scores), np.array(categories), np.array(departments))


@dataclass(frozen=True, slots=True)
class Output:
    """One group of outputs: `targets` and `prior` are `(n_rows, n_labels)`, `truth` is -1 for a row without a label."""

    name: str
    labels: tuple[str, ...]
    targets: Floats
    prior: Floats
    truth: NDArray[np.int32]


def outputs_of(
    ledger: Ledger, rows: Sequence[Labelled], seen: Seen, recipe: LocalRecipe, departments: Collection[str]
) -> list[Output]:
    """Return the targets of the ledger's own categories, and of `departments` where there are any."""
    labels = tuple(leaf.code for leaf in ledger.categories.leaves)
    Y = target_matrix([row.categories for row in rows], labels, recipe.second_matter)
    found = [Output(OWN, labels, Y, seen.categories, true_columns([row.categories[0] for row in rows], labels))]
    return [*found, _departments(ledger, rows, seen, recipe, departments)] if departments else found


def _named(rows: Sequence[Labelled]) -> set[str]:
    """Return the departments that rows name."""
    return {row.department for row in rows if row.department} | {code for row in rows for code in row.returned_by}


def _departments(
    ledger: Ledger, rows: Sequence[Labelled], seen: Seen, recipe: LocalRecipe, named: Collection[str]
) -> Output:
    """Return targets of 1 for who handled a complaint in the end, below 0 for who returned it."""
    every = [department.code for department in ledger.departments]
    kept = [at for at, code in enumerate(every) if code in named]
    labels = tuple(every[at] for at in kept)
    returned = target_matrix([tuple(code for code in row.returned_by if code in labels) for row in rows], labels)
    handled = target_matrix([(row.department,) if row.department in labels else () for row in rows], labels)
    Y = np.where(handled > 0, handled, np.float32(-recipe.returned) * returned)
    right = true_columns([row.department for row in rows], labels)
    return Output(OWN_DEPARTMENTS, labels, Y, seen.departments[:, kept], right)


def _axes(scores: Floats) -> Floats:
    """Return the directions in which the views vary: all of them for few rows, the strongest for many."""
    n_rows, n_leaves = scores.shape
    if n_leaves <= _AXES or n_rows < 4 * n_leaves:
        return np.eye(n_leaves, dtype=np.float32)
    unit = Views(np.eye(n_leaves, dtype=np.float32))(scores)
    _, vectors = np.linalg.eigh(unit.T @ unit)
    return np.ascontiguousarray(vectors[:, -_AXES:], dtype=np.float32)


def latent_axes(X: sparse.csr_matrix, text: Floats, telling: Floats) -> Latent | None:
    """Find the axes along which complaints differ most by their n-grams; None for too few complaints.

    Args:
        X: features as they count, `(n_rows, n_features)`.
        text: their inner products, `(n_rows, n_rows)`.
        telling: by how much each feature was multiplied, `(n_features,)`.
    """
    n_rows, n_features = X.shape
    n_axes = min(_AXES, n_rows // _PER_AXIS)
    if n_axes < 1:
        return None
    strengths, vectors = _largest(text, n_axes)
    frequent = np.bincount(X.indices, minlength=n_features) >= min(_FREQUENT, max(2, n_rows // 100))
    places = np.full(n_features, -1, dtype=np.int32)
    places[frequent] = np.arange(int(frequent.sum()), dtype=np.int32)
    turned = X[:, frequent].T @ (vectors / np.sqrt(strengths))
    return Latent(places, *quantise(telling[frequent, None] * turned))


def _largest(K: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the largest eigenvalues of a kernel and their vectors, by subspace iteration (Halko et al. 2011)."""
    basis = np.random.default_rng(_SEED).standard_normal((len(K), min(len(K), count + count // 8 + 4)))
    span = basis.astype(np.float32)
    for _ in range(_ROUNDS):
        span, _ = np.linalg.qr(K @ span)
    strengths, turned = np.linalg.eigh(span.T @ (K @ span))
    kept = np.argsort(-strengths)[:count]
    return np.maximum(strengths[kept], np.float32(1e-6)), span @ turned[:, kept]


def telling_ngrams(base: Suggester, space: FeatureSpace, recipe: LocalRecipe) -> Floats:
    """Return how much each n-gram of `space` is to count, `(n_features,)`, by how much the base says with it."""
    known = space.places_in(base.model.space)
    said_with = base.model.strengths(LEAVES)
    middle = max(float(np.median(said_with)), 1e-9)
    relative = np.maximum(said_with[known] / middle, 1e-2) ** recipe.telling
    return np.where(known >= 0, relative, recipe.strange).astype(np.float32)


def fit_blend(scores: Floats, prior: Floats, truth: NDArray[np.int32]) -> Blend:
    """Find how certain held-out scores are and how far the prior is trusted beside them, by the least log loss.

    Few rows lean on a guess at both: a trust of 0.7, a sharpness of e.

    Args:
        scores: held-out, `(n_rows, n_classes)`.
        prior: probabilities that the base carries, `(n_rows, n_classes)`.
        truth: `(n_rows,)` of column numbers, -1 for a row without a class.
    """
    known = np.flatnonzero(truth >= 0)
    step = max(1, len(known) * scores.shape[1] // _FITTED_ON)
    kept = known[::step]

    def at(point: NDArray[np.float64]) -> Blend:
        return Blend(float(np.exp(np.clip(point[0], -_SHARPEST, _SHARPEST))), float(point[1]))

    def loss(point: NDArray[np.float64]) -> float:
        blend = at(point)
        lost = log_loss(blend(scores[kept], prior[kept]), truth[kept]) * len(kept) if len(kept) else 0.0
        return float(lost + 0.1 * (point[0] - 1) ** 2 + 0.5 * (point[1] - 0.7) ** 2)

    found = minimize(loss, np.array([1.0, 0.7]), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-3})
    return at(found.x)


def _shares(leading: Leading | None) -> dict[str, float]:
    if leading is None:
        return {}
    return {"department_accuracy": round(leading.first, 4), "department_top3": round(leading.among_three, 4)}


def local_facts(ledger: Ledger, learning: Learning) -> dict[str, Any]:
    """Return what the manifest says of a training on a ledger's own labels."""
    proof = learning.local.proof
    right = proof.probabilities.argmax(axis=1) == proof.truth
    return {
        "ledger": ledger.name,
        "created": now(),
        "catalogue": ledger.fingerprint,
        "metrics": {"held_out_own_accuracy": round(float(right.mean()), 4), **_shares(learning.leading)},
        "local_recipe": asdict(DEFAULT),
        "curve": [asdict(one) for one in learning.curve],
        "newest": asdict(learning.newest) if learning.newest else None,
    }
