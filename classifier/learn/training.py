"""Train the base model: leaves, kinds and departments, from complaints and what the catalogue says of each leaf.

What a ledger learns from labels of its own stands on top of it: `classifier.learn.local`.
"""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.catalogue.ledger import Ledger
from classifier.domain import Category, Complaint, Kind
from classifier.errors import NoLabelledDataError
from classifier.learn.backlog import latent_targets
from classifier.learn.dataset import Labelled, corpus_fingerprint
from classifier.learn.report import Report
from classifier.learn.ridge import fit_ridge, gram, near_duplicate_groups, solve_ridge
from classifier.learn.targets import target_matrix, true_columns
from classifier.registry.history import now
from classifier.suggest.calibration import fit_sharpness, softmax
from classifier.suggest.model import DEPARTMENTS, KINDS, LEAVES, Head, HeldOut, Model
from classifier.suggest.weights import pack
from classifier.text.features import MIN_DOCUMENTS, FeatureSpace
from classifier.text.pipeline import ReadComplaint, TextPipeline, fingerprint

Floats = NDArray[np.float32]
Progress = Callable[[str, float], None]
"""Called with what is being done (Chinese) and the share done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training; the defaults were chosen by cross-validation (`tests/benchmarks/recipe.py`).

    `penalty` smooths the outputs. `second_matter` is the target of a complaint's further categories beside 1 for
    the first; `kinship` the target that a leaf's kin share, at each level above it; `balance` how far a category with
    many complaints is held to the weight of one with few (0 not at all, 1 wholly); `knowledge_weight` how much a
    category's own description counts beside a complaint; `backlog_weight` how much an unlabelled complaint counts
    beside a labelled one.
    """

    penalty: float = 20.0
    second_matter: float = 0.7
    kinship: float = 1.5
    balance: float = 0.5
    knowledge_weight: float = 8.0
    backlog_weight: float = 0.3


DEFAULT: Final = Recipe()


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that is not stored yet, with the facts its manifest will state.

    `shared` are files of a stored version on which it stands, part of it as they are; `report` is written beside them.
    """

    model: Model
    facts: dict[str, Any]
    shared: tuple[Path, ...] = ()
    report: Report | None = None


def train(
    ledger: Ledger,
    base_rows: Sequence[Labelled],
    backlog: Sequence[Complaint] = (),
    *,
    recipe: Recipe = DEFAULT,
    pipeline: TextPipeline | None = None,
    progress: Progress = lambda _what, _share: None,
) -> Trained:
    """Train on the labelled complaints of the ledger's base.

    With a `backlog` of a place's unlabelled complaints the model learns that place's wording as well.

    Raises:
        NoLabelledDataError: there is no labelled complaint at all.
    """
    base = ledger.base
    if not base_rows:
        raise NoLabelledDataError(base.name)
    pipeline = pipeline or TextPipeline()
    knowledge = [Labelled(describe(leaf), (leaf.code,)) for leaf in base.categories.leaves_in_use]
    rows = [*base_rows, *knowledge]
    complaints = [*(row.complaint for row in rows), *backlog]
    read: list[ReadComplaint] = []
    for at, complaint in enumerate(complaints):
        read.append(pipeline.read(complaint))
        if at % 250 == 0:
            progress("阅读诉求", 0.2 * at / len(complaints))
    progress("统计特征", 0.2)
    space = FeatureSpace.fit(read, MIN_DOCUMENTS + bool(backlog))
    X = space.transform(read)
    progress("比较诉求", 0.4)
    K = gram(X)
    progress("求解模型", 0.5)
    solved = _solve_base(base, rows, K, len(base_rows), recipe)
    progress("压缩与校准", 0.9)
    model = _assemble(space, X, solved)
    progress("完成", 1.0)
    return Trained(model, _facts(ledger, base_rows, pipeline, model, recipe, len(backlog)))


def describe(leaf: Category) -> Complaint:
    """Write what the catalogue knows of a leaf as if it were a complaint."""
    return Complaint(f"{leaf.definition} {' '.join(leaf.keywords)}", leaf.path.replace("/", " "))


@dataclass(frozen=True, slots=True)
class _Solved:
    """Groups of outputs that share one system: `dual` over all rows."""

    groups: dict[str, tuple[tuple[str, ...], float]]
    dual: Floats
    held_out: HeldOut


def _solve_base(base: Ledger, rows: Sequence[Labelled], K: Floats, n_complaints: int, recipe: Recipe) -> _Solved:
    """Solve for complaints and knowledge, `rows`, and for the backlog, which is what more `K` has."""
    backlog = len(K) - len(rows)
    leaves = [leaf.code for leaf in base.categories.leaves_in_use]
    departments = tuple(department.code for department in base.departments)
    Y_leaves = target_matrix([row.categories for row in rows], leaves, recipe.second_matter)
    Y_leaves += _kin_targets(base, Y_leaves, recipe.kinship)
    Y_kinds = target_matrix([(row.kind,) if row.kind else () for row in rows], list(Kind))
    Y_departments = target_matrix([(row.department,) if row.department else () for row in rows], list(departments))
    Y = np.concatenate([Y_leaves, Y_kinds, Y_departments], axis=1)
    weights = _balanced([row.categories[0] for row in rows[:n_complaints]], recipe.balance)
    weights = np.concatenate([weights, np.full(len(rows) - n_complaints, recipe.knowledge_weight, np.float32)])
    labelled = K[: len(rows), : len(rows)]
    fit = fit_ridge(labelled, Y, recipe.penalty, weights, near_duplicate_groups(labelled))
    dual = _learn_from_backlog(K, Y, weights, recipe) if backlog else fit.dual
    # Of the model without the backlog: its targets were made from all labels, so that no row is held out of them.
    held_out = fit.held_out[:n_complaints]
    cut = np.cumsum([0, len(leaves), len(Kind), len(departments)])
    truths = [
        true_columns([row.categories[0] for row in rows[:n_complaints]], leaves),
        true_columns([row.kind or "" for row in rows[:n_complaints]], list(Kind)),
        true_columns([row.department for row in rows[:n_complaints]], list(departments)),
    ]
    sharpness = []
    for begin, end, right in zip(cut, cut[1:], truths, strict=False):
        known = right >= 0
        sharpness.append(fit_sharpness(held_out[known, begin:end], right[known]))
    groups = {
        LEAVES: (tuple(leaves), sharpness[0]),
        KINDS: (tuple(Kind), sharpness[1]),
        DEPARTMENTS: (departments, sharpness[2]),
    }
    said = [
        softmax(held_out[:, begin:end].copy(), sharp).astype(np.float16)
        for begin, end, sharp in zip(cut, cut[1:], sharpness, strict=False)
    ]
    numbers = np.array([fingerprint(row.complaint) for row in rows[:n_complaints]], dtype=np.uint64)
    return _Solved(groups, dual, HeldOut(said[0], truths[0], numbers, said[2], truths[2]))


def _learn_from_backlog(K: Floats, Y: Floats, weights: Floats, recipe: Recipe) -> Floats:
    """Solve for corpus and backlog together, the backlog's targets being what its latent teacher says."""
    guessed = latent_targets(K, Y, weights)
    weights = np.concatenate([weights, np.full(len(guessed), recipe.backlog_weight, np.float32)])
    return solve_ridge(K, np.concatenate([Y, guessed]), recipe.penalty, weights)


def _kin_targets(base: Ledger, Y: Floats, kinship: float) -> Floats:
    """Spread each target over all leaves below the same ancestor, at each level, so that kin support each other."""
    tree = base.categories
    shared = np.zeros_like(Y)
    for level in range(1, tree.depth):
        above = np.array([tree.at_level(leaf, level).code for leaf in tree.leaves_in_use])
        same = (above[:, None] == above[None, :]).astype(np.float32)
        shared += np.float32(kinship) * (Y @ (same / same.sum(axis=1, keepdims=True)))
    return shared


def _balanced(labels: Sequence[str], balance: float) -> Floats:
    """Weigh each row by its category's count, to the power of -`balance`, relative to the mean count."""
    counts = Counter(labels)
    mean = len(labels) / max(len(counts), 1)
    return np.array([(mean / counts[label]) ** balance for label in labels], dtype=np.float32)


def _assemble(space: FeatureSpace, X: sparse.csr_matrix, solved: _Solved) -> Model:
    weights, scale = pack((X.T @ solved.dual).astype(np.float32))
    heads = {group: Head(*facts) for group, facts in solved.groups.items()}
    return Model("", space, weights, scale, heads, solved.held_out)


def _facts(
    ledger: Ledger,
    base_rows: Sequence[Labelled],
    pipeline: TextPipeline,
    model: Model,
    recipe: Recipe,
    n_backlog: int,
) -> dict[str, Any]:
    held_out = model.held_out
    metrics = {"held_out_leaf_accuracy": _accuracy(held_out.leaves, held_out.truth)}
    return {
        "ledger": ledger.name,
        "base": ledger.base.name,
        "created": now(),
        "text": pipeline.fingerprint,
        "catalogue": ledger.fingerprint,
        "corpus": {"base": corpus_fingerprint(base_rows)},
        "rows": {"base": len(base_rows), "own": 0, "backlog": n_backlog},
        "features": model.space.n_features,
        "recipe": {name: getattr(recipe, name) for name in Recipe.__slots__},
        "metrics": metrics,
        "libraries": {name: version(name) for name in ("numpy", "scipy", "rjieba", "opencc")},
        "python": platform.python_version(),
    }


def _accuracy(probabilities: NDArray[np.float16], truth: NDArray[np.int32]) -> float:
    known = truth >= 0
    return round(float((probabilities[known].argmax(axis=1) == truth[known]).mean()), 4)
