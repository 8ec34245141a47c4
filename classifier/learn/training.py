"""Train a model: the base's leaves, kinds and departments, and a child ledger's own categories where labelled.

The base ledger's complaints and what its catalogue says of each leaf are always part of it. A child's own
complaints add a group of outputs of their own, for which the base's complaints count as weak labels through the
crosswalk: that is how few labels of a place already help.
"""

from __future__ import annotations

import datetime as dt
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.catalogue.ledger import Ledger
from classifier.domain import Category, Complaint, Kind
from classifier.errors import NoLabelledDataError
from classifier.learn.backlog import latent_targets
from classifier.learn.dataset import Labelled, corpus_fingerprint
from classifier.learn.ridge import fit_ridge, gram, near_duplicate_groups, solve_ridge
from classifier.suggest.calibration import fit_sharpness, softmax
from classifier.suggest.model import DEPARTMENTS, KINDS, LEAVES, OWN, Head, HeldOut, Model, quantise
from classifier.text.features import MIN_DOCUMENTS, FeatureSpace
from classifier.text.pipeline import ReadComplaint, TextPipeline

Floats = NDArray[np.float32]
Progress = Callable[[str, float], None]
"""Called with what is being done (Chinese) and the share done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training; the defaults were chosen by cross-validation (`tests/benchmarks/recipe.py`).

    `penalty` smooths the base's outputs, `own_penalty` those of a child's own categories. `second_matter` is
    the target of a complaint's further categories beside 1 for the first; `kinship` the target that a leaf's
    kin share, at each level above it; `balance` how far a category with many complaints is held to the weight
    of one with few (0 not at all, 1 wholly); `knowledge_weight` how much a category's own description counts
    beside a complaint; `base_weight` how much a base complaint counts for a child's own categories;
    `backlog_weight` how much an unlabelled complaint counts beside a labelled one.
    """

    penalty: float = 20.0
    own_penalty: float = 0.5
    second_matter: float = 0.7
    kinship: float = 1.5
    balance: float = 0.5
    knowledge_weight: float = 8.0
    base_weight: float = 0.3
    backlog_weight: float = 0.3


DEFAULT: Final = Recipe()


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that is not stored yet, with the facts its manifest will state."""

    model: Model
    facts: dict[str, Any]


def train(
    ledger: Ledger,
    base_rows: Sequence[Labelled],
    own_rows: Sequence[Labelled] = (),
    backlog: Sequence[Complaint] = (),
    *,
    recipe: Recipe = DEFAULT,
    pipeline: TextPipeline | None = None,
    progress: Progress = lambda _what, _share: None,
) -> Trained:
    """Train on the base's labelled complaints and, for a child ledger, on its own.

    With a `backlog` of a place's unlabelled complaints the model learns that place's wording as well.

    Raises:
        NoLabelledDataError: there is no labelled complaint at all.
    """
    base = ledger.base
    if not base_rows:
        raise NoLabelledDataError(base.name)
    pipeline = pipeline or TextPipeline()
    knowledge = [Labelled(describe(leaf), (leaf.code,)) for leaf in base.categories.leaves_in_use]
    rows = [*base_rows, *own_rows, *knowledge]
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
    layout = _Layout(len(base_rows), len(own_rows), len(knowledge), len(backlog))
    progress("求解模型", 0.5)
    solved = [_solve_base(base, rows, K, layout, recipe)]
    if own_rows:
        progress("求解本地类别", 0.7)
        solved.append(_solve_own(ledger, rows, K, layout, recipe))
    progress("压缩与校准", 0.9)
    model = _assemble(space, X, solved)
    progress("完成", 1.0)
    return Trained(model, _facts(ledger, base_rows, own_rows, pipeline, model, recipe, len(backlog)))


def describe(leaf: Category) -> Complaint:
    """Write what the catalogue knows of a leaf as if it were a complaint."""
    return Complaint(f"{leaf.definition} {' '.join(leaf.keywords)}", leaf.path.replace("/", " "))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How many rows of each sort stand one after another."""

    base: int
    own: int
    knowledge: int
    backlog: int = 0

    @property
    def base_and_knowledge(self) -> NDArray[np.intp]:
        every = np.arange(self.base + self.own + self.knowledge)
        return np.delete(every, slice(self.base, self.base + self.own))

    @property
    def unlabelled(self) -> NDArray[np.intp]:
        first = self.base + self.own + self.knowledge
        return np.arange(first, first + self.backlog)

    @property
    def total(self) -> int:
        return self.base + self.own + self.knowledge + self.backlog


@dataclass(frozen=True, slots=True)
class _Solved:
    """Groups of outputs that share one system: `dual` over all rows, zero where a row took no part."""

    groups: dict[str, tuple[tuple[str, ...], float]]
    dual: Floats
    held_out: Floats
    truth: NDArray[np.int32]


def _solve_base(base: Ledger, rows: Sequence[Labelled], K: Floats, layout: _Layout, recipe: Recipe) -> _Solved:
    taking_part = layout.base_and_knowledge
    mine = [rows[at] for at in taking_part]
    leaves = [leaf.code for leaf in base.categories.leaves_in_use]
    departments = tuple(department.code for department in base.departments)
    Y_leaves = _targets([row.categories for row in mine], leaves, recipe.second_matter)
    Y_leaves += _kin_targets(base, Y_leaves, recipe.kinship)
    Y_kinds = _targets([(row.kind,) if row.kind else () for row in mine], list(Kind))
    Y_departments = _targets([(row.department,) if row.department else () for row in mine], list(departments))
    Y = np.concatenate([Y_leaves, Y_kinds, Y_departments], axis=1)
    weights = _balanced([row.categories[0] for row in mine[: layout.base]], recipe.balance)
    weights = np.concatenate([weights, np.full(layout.knowledge, recipe.knowledge_weight, np.float32)])
    part = _part(K, taking_part)
    fit = fit_ridge(part, Y, recipe.penalty, weights, near_duplicate_groups(part))
    if layout.backlog:
        dual = _learn_from_backlog(K, Y, weights, layout, recipe)
    else:
        dual = _spread(fit.dual, taking_part, layout.total)
    # Of the model without the backlog: its targets were made from all labels, so that no row is held out of them.
    held_out = fit.held_out[: layout.base]
    cut = np.cumsum([0, len(leaves), len(Kind), len(departments)])
    truths = [
        _truth([row.categories[0] for row in mine[: layout.base]], leaves),
        _truth([row.kind or "" for row in mine[: layout.base]], list(Kind)),
        _truth([row.department for row in mine[: layout.base]], list(departments)),
    ]
    sharpness = []
    for begin, end, truth in zip(cut, cut[1:], truths, strict=False):
        known = truth >= 0
        sharpness.append(fit_sharpness(held_out[known, begin:end], truth[known]))
    groups = {
        LEAVES: (tuple(leaves), sharpness[0]),
        KINDS: (tuple(Kind), sharpness[1]),
        DEPARTMENTS: (departments, sharpness[2]),
    }
    probabilities = softmax(held_out[:, : len(leaves)].copy(), sharpness[0])
    return _Solved(groups, dual, probabilities, truths[0])


def _learn_from_backlog(K: Floats, Y: Floats, weights: Floats, layout: _Layout, recipe: Recipe) -> Floats:
    """Solve for corpus and backlog together, the backlog's targets being what its latent teacher says."""
    taking_part = np.concatenate([layout.base_and_knowledge, layout.unlabelled])
    part = _part(K, taking_part)
    targets = latent_targets(part, Y, weights)
    weights = np.concatenate([weights, np.full(layout.backlog, recipe.backlog_weight, np.float32)])
    dual = solve_ridge(part, np.concatenate([Y, targets]), recipe.penalty, weights)
    return _spread(dual, taking_part, layout.total)


def _solve_own(ledger: Ledger, rows: Sequence[Labelled], K: Floats, layout: _Layout, recipe: Recipe) -> _Solved:
    own = [leaf.code for leaf in ledger.categories.leaves]
    Y = np.zeros((layout.total, len(own)), dtype=np.float32)
    local = slice(layout.base, layout.base + layout.own)
    Y[local] = _targets([row.categories for row in rows[local]], own, recipe.second_matter)
    taking_part = np.arange(layout.base, layout.base + layout.own)
    if ledger.projection is not None:
        leaves = [leaf.code for leaf in ledger.base.categories.leaves]
        weak = layout.base_and_knowledge
        Y[weak] = _targets([rows[at].categories[:1] for at in weak], leaves) @ ledger.projection.shares
        taking_part = np.concatenate([taking_part, weak[Y[weak].sum(axis=1) > 0]])
    weights = np.where(np.arange(len(taking_part)) < layout.own, 1.0, recipe.base_weight).astype(np.float32)
    part = _part(K, taking_part)
    fit = fit_ridge(part, Y[taking_part], recipe.own_penalty, weights, near_duplicate_groups(part))
    held_out = fit.held_out[: layout.own]
    truth = _truth([row.categories[0] for row in rows[local]], own)
    sharpness = fit_sharpness(held_out, truth)
    dual = _spread(fit.dual, taking_part, layout.total)
    return _Solved({OWN: (tuple(own), sharpness)}, dual, softmax(held_out.copy(), sharpness), truth)


def _part(K: Floats, rows: NDArray[np.intp]) -> Floats:
    """Return the inner products among `rows` (ascending), without a copy where these are all."""
    return K if len(rows) == len(K) else K[np.ix_(rows, rows)]


def _targets(labels: Sequence[tuple[str, ...]], names: Sequence[str], further: float = 1.0) -> Floats:
    """Return `(n_rows, n_names)`: 1 for a row's first label, `further` for its others."""
    column = {name: at for at, name in enumerate(names)}
    Y = np.zeros((len(labels), len(names)), dtype=np.float32)
    for at, given in enumerate(labels):
        for place, name in enumerate(given):
            Y[at, column[name]] = further if place else 1.0
    return Y


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


def _truth(labels: Sequence[str], names: Sequence[str]) -> NDArray[np.int32]:
    column = {name: at for at, name in enumerate(names)}
    return np.array([column.get(label, -1) for label in labels], dtype=np.int32)


def _spread(dual: Floats, rows: NDArray[np.intp], n_rows: int) -> Floats:
    full = np.zeros((n_rows, dual.shape[1]), dtype=np.float32)
    full[rows] = dual
    return full


def _assemble(space: FeatureSpace, X: sparse.csr_matrix, solved: Sequence[_Solved]) -> Model:
    dual = np.concatenate([one.dual for one in solved], axis=1)
    weights, scale = quantise((X.T @ dual).astype(np.float32))
    heads = {group: Head(*facts) for one in solved for group, facts in one.groups.items()}
    base = solved[0]
    own = solved[1] if len(solved) > 1 else _Solved({}, base.dual[:0], np.zeros((0, 0), np.float32), base.truth[:0])
    held_out = HeldOut(base.held_out.astype(np.float16), base.truth, own.held_out.astype(np.float16), own.truth)
    return Model("", space, weights, scale, heads, held_out)


def _facts(
    ledger: Ledger,
    base_rows: Sequence[Labelled],
    own_rows: Sequence[Labelled],
    pipeline: TextPipeline,
    model: Model,
    recipe: Recipe,
    n_backlog: int,
) -> dict[str, Any]:
    held_out = model.held_out
    metrics = {"held_out_leaf_accuracy": _accuracy(held_out.leaves, held_out.truth)}
    if len(own_rows):
        metrics["held_out_own_accuracy"] = _accuracy(held_out.own, held_out.own_truth)
    return {
        "ledger": ledger.name,
        "base": ledger.base.name,
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "text": pipeline.fingerprint,
        "catalogue": ledger.fingerprint,
        "corpus": {"base": corpus_fingerprint(base_rows), "own": corpus_fingerprint(own_rows)},
        "rows": {"base": len(base_rows), "own": len(own_rows), "backlog": n_backlog},
        "features": model.space.n_features,
        "recipe": {name: getattr(recipe, name) for name in Recipe.__slots__},
        "metrics": metrics,
        "libraries": {name: version(name) for name in ("numpy", "scipy", "rjieba", "opencc")},
        "python": platform.python_version(),
    }


def _accuracy(probabilities: NDArray[np.float16], truth: NDArray[np.int32]) -> float:
    known = truth >= 0
    return round(float((probabilities[known].argmax(axis=1) == truth[known]).mean()), 4)
