"""Learn from a ledger's own labelled complaints, on top of the base model in use there.

The settings were chosen by group-wise cross-validation (`tests/benchmarks/learning.py`). Held-out scores come in closed
form from the same solution, each row's from a model without it and its near-duplicates, and decide how far the scores
are trusted beside what the base says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from classifier.catalogue.ledger import Ledger
from classifier.errors import NoLabelledDataError
from classifier.learn.axes import latent_axes, view_axes
from classifier.learn.curve import Lesson, Newest, System, learning_curve, lesson, newest_lesson
from classifier.learn.dataset import Labelled
from classifier.learn.leading import Leading, held_out_leading
from classifier.learn.likeness import Likeness, counted, titles_of
from classifier.learn.recipes import FEW, LocalRecipe, Trial, recipe_for, search
from classifier.learn.ridge import RidgeFit, fit_ridge, gram, near_duplicate_groups
from classifier.learn.targets import target_matrix, true_columns
from classifier.registry.history import now
from classifier.suggest.calibration import log_loss
from classifier.suggest.local import OWN, OWN_DEPARTMENTS, Blend, Learnt, Local, Proof
from classifier.suggest.standpoint import Standpoint, Views
from classifier.suggest.suggester import Suggester
from classifier.text.features import FeatureSpace
from classifier.text.pipeline import ReadComplaint, fingerprint

Floats = NDArray[np.float32]
Progress = Callable[[str, float], None]

MOST_EXACT: Final = 6_000
"""Labelled complaints that are solved exactly: time grows with their cube, memory with their square."""

_FITTED_ON: Final = 2_000_000
_SHARPEST: Final = 5.0


@dataclass(frozen=True, slots=True)
class Learning:
    """What was learnt, and how accuracy grew with the number of labelled complaints, the last with all of them.

    `leading` tells how often the departments that handled held-out complaints are suggested, where they are labelled;
    `newest` how a training on the past does on the newest complaints, where they have dates. `recipe` are the settings
    used, `trials` those that were tried.
    """

    local: Local
    curve: tuple[Lesson, ...]
    leading: Leading | None = None
    newest: Newest | None = None
    recipe: LocalRecipe = FEW
    trials: tuple[Trial, ...] = ()


def learn_labels(base: Suggester, rows: Sequence[Labelled], recipe: LocalRecipe | None = None) -> Local:
    """Learn as `learn` does, without its curve.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    return learn(base, rows, recipe, with_curve=False).local


def learn(
    base: Suggester,
    rows: Sequence[Labelled],
    recipe: LocalRecipe | None = None,
    progress: Progress = lambda _what, _share: None,
    *,
    with_curve: bool = True,
    budget: float = 0,
) -> Learning:
    """Learn the ledger's own categories, and its departments where labelled.

    Args:
        base: the ledger with the model on which this one stands; what that learnt from labels itself is not used.
        rows: labelled complaints of the ledger.
        recipe: settings; those for so many rows when None.
        progress: told how far it is.
        with_curve: train on parts of the rows as well.
        budget: seconds for a search for better settings than `recipe`.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    if not rows:
        raise NoLabelledDataError(base.ledger.name)
    recipe = recipe or recipe_for(len(rows))
    seen = see(base, rows, progress)
    space = FeatureSpace.fit(seen.read)
    progress("统计特征", 0.5)
    said = counted(base, space, seen.read, recipe)
    progress("比较诉求", 0.6)
    text = gram(said.features)
    groups = near_duplicate_groups(text)
    latent = latent_axes(said.features, text, said.telling)
    reach = recipe.reach if latent else (sum(recipe.reach), 0.0)
    standpoint = Standpoint(Views(view_axes(seen.scores)), latent, reach)
    points = standpoint.many(seen.scores, said.plain)
    titles = titles_of(base, seen.read, recipe)
    if titles is None:
        recipe = replace(recipe, heading=0.0)
    likeness = Likeness(standpoint, points, text, gram(titles.features) if titles is not None else None)
    outputs = outputs_of(base.ledger, rows, seen, recipe, _named(rows))
    progress("求解模型", 0.7)

    def losses(tried: LocalRecipe) -> Floats:
        return _losses(
            fit_ridge(likeness.kernel(tried), outputs[0].targets, tried.penalty, None, groups),
            outputs[0],
        )

    recipe, trials = search(recipe, budget, losses)
    progress("求解模型", 0.8)
    K = likeness.kernel(recipe)
    seen_from, view = likeness.view(recipe)
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
    wording = said.wording(recipe.text, fit.dual)
    linear = np.zeros((points.shape[1], fit.dual.shape[1]), dtype=np.float32)
    linear[: seen_from.shape[1]] = view * (seen_from.T @ fit.dual)
    radial = points, np.float32(recipe.near) * fit.dual
    heading = titles.wording(recipe.heading, fit.dual) if titles is not None else None
    local = Local(wording, heading, standpoint, radial, linear, learnt, proof, base.ledger.name)
    leading = held_out_leading(base, local, rows, seen.read, scores) if OWN_DEPARTMENTS in learnt else None
    progress("完成", 1.0)
    return Learning(local, tuple(curve), leading, newest, recipe, trials)


def _losses(fit: RidgeFit, output: Output) -> Floats:
    """Return the log loss of each row that has a label, when it was held out."""
    known = np.flatnonzero(output.truth >= 0)
    chances = fit_blend(fit.held_out, output.prior, output.truth)(fit.held_out[known], output.prior[known])
    losses: Floats = -np.log(np.maximum(chances[np.arange(len(known)), output.truth[known]], np.float32(1e-9)))
    return losses


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
        "local_recipe": asdict(learning.recipe),
        "trials": [asdict(one) for one in learning.trials],
        "curve": [asdict(one) for one in learning.curve],
        "newest": asdict(learning.newest) if learning.newest else None,
    }
