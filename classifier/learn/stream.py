"""Learn from more labelled complaints than can be solved exactly, with memory that does not grow with their number.

The rows are gone through three times: to count; to keep two even samples, one that is solved exactly and one that no
training ever sees; and to correct the exact solution one by one (stochastic gradient of the log loss, with a step for
each feature that shrinks with what it has been moved: Duchi, Hazan and Singer 2011). Complaints that say nearly what a
held-out one says are passed over, so that near-duplicates stay on one side.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifier.learn.dataset import Labelled
from classifier.learn.duplicates import Known
from classifier.learn.leading import unseen_leading
from classifier.learn.likeness import telling_ngrams
from classifier.learn.local import (
    MOST_EXACT,
    Learning,
    Output,
    Progress,
    fit_blend,
    learn,
    outputs_of,
    see,
)
from classifier.learn.recipes import LocalRecipe
from classifier.learn.reservoir import Reservoir
from classifier.suggest.local import OWN, OWN_DEPARTMENTS, Learnt, Local, Proof
from classifier.suggest.suggester import Suggester
from classifier.suggest.weights import quantise
from classifier.text.pipeline import fingerprint, said

Floats = NDArray[np.float32]

HELD_OUT: Final = 5_000
"""Labelled complaints that are kept apart to judge by, a fifth of them at most."""

_TEXT_STEP: Final = 0.05
_VIEW_STEP: Final = 0.02
_BATCH: Final = 64
_START: Final = 1e-3
"""Steps and batch, chosen by cross-validation on labelled messages."""

_LARGEST: Final = 2**64
_SEED: Final = 20240101


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was learnt from `rows` complaints, and those that were held out to judge it by."""

    learning: Learning
    rows: int
    held_out: list[Labelled]


def learn_many(
    base: Suggester,
    rows: Iterable[Labelled],
    recipe: LocalRecipe | None = None,
    progress: Progress = lambda _what, _share: None,
    most_exact: int = MOST_EXACT,
    budget: float = 0,
) -> Streamed:
    """Learn from labelled complaints that can be read several times, `most_exact` of them exactly.

    Raises:
        NoLabelledDataError: there are no rows.
    """
    counts = Counter(row.categories[0] for row in rows)
    total = counts.total()
    samples = _samples(rows, counts, most_exact)
    start = learn(base, samples.exact, recipe, lambda what, share: progress(what, 0.3 * share), budget=budget)
    taken = {fingerprint(row.complaint) for row in samples.exact}
    learnt = array("Q", taken)
    apart = Known([said(row.complaint) for row in samples.held_out])
    course = _Course(base, start.local, start.recipe)
    done = 0
    others = _others(rows, samples.share, taken, apart, learnt)
    while batch := list(islice(others, _BATCH)):
        course.correct(batch)
        done += len(batch)
        progress("逐件学习", 0.3 + 0.6 * min(1.0, done / total))
    progress("检验", 0.9)
    local = course.finish(samples.held_out, np.unique(np.frombuffer(learnt, np.uint64)))
    leading = unseen_leading(Suggester(base.ledger, base.model.with_local(local), base.pipeline), samples.held_out)
    progress("完成", 1.0)
    return Streamed(replace(start, local=local, leading=leading), total, samples.held_out)


@dataclass(frozen=True, slots=True)
class _Samples:
    """Rows solved exactly, rows held out, and the share of fingerprints that are held out."""

    exact: list[Labelled]
    held_out: list[Labelled]
    share: float


def _is_held_out(number: int, share: float) -> bool:
    """Tell by a row's fingerprint whether it is held out, so that rows of the same letters stay together."""
    return number < share * _LARGEST


def _samples(rows: Iterable[Labelled], counts: Counter[str], most_exact: int) -> _Samples:
    """Keep an even sample, half of it with the same number from each category, and the rows to judge by."""
    share = min(0.2, HELD_OUT / counts.total())
    each = max(1, most_exact // 2 // len(counts))
    random = np.random.default_rng(_SEED)
    by_category: defaultdict[str, Reservoir[Labelled]] = defaultdict(lambda: Reservoir(each, random))
    even: Reservoir[Labelled] = Reservoir(most_exact, random)
    held_out: Reservoir[Labelled] = Reservoir(2 * HELD_OUT, random)
    for row in rows:
        if _is_held_out(fingerprint(row.complaint), share):
            held_out.offer(row)
        else:
            by_category[row.categories[0]].offer(row)
            even.offer(row)
    chosen = {fingerprint(row.complaint): row for one in by_category.values() for row in one.kept}
    for row in even.kept:
        if len(chosen) >= most_exact:
            break
        chosen.setdefault(fingerprint(row.complaint), row)
    return _Samples(list(chosen.values()), held_out.kept, share)


def _others(
    rows: Iterable[Labelled], share: float, taken: set[int], apart: Known, learnt: array[int]
) -> Iterator[Labelled]:
    """Yield the rows that are neither solved exactly nor held out, nor nearly equal to one held out.

    Their fingerprints are added to `learnt`, eight bytes each.
    """
    for row in rows:
        number = fingerprint(row.complaint)
        learnt_or_kept = number in taken or _is_held_out(number, share)
        if not learnt_or_kept and apart.nearest(said(row.complaint)) is None:
            learnt.append(number)
            yield row


@dataclass(frozen=True, slots=True)
class _Scored:
    """Rows with their features, where they stand, scores of all outputs, and each group of outputs with its columns."""

    X: sparse.csr_matrix
    V: Floats
    scores: Floats
    outputs: list[tuple[Output, slice]]


class _Course:
    """The weights while they are corrected; those of n-grams stand for n-grams weighed by how telling they are."""

    def __init__(self, base: Suggester, local: Local, recipe: LocalRecipe) -> None:
        self._base = base
        self._local = local
        self._recipe = recipe
        self._telling = telling_ngrams(base, local.wording.space, recipe)
        weights, self._linear = local.unfolded()
        self._weights = weights / self._telling[:, None]
        self._moved = np.full(len(self._weights), _START)
        self._turned = np.full(len(self._linear), _START)

    def correct(self, rows: Sequence[Labelled]) -> None:
        """Move the weights against what is wrong with the probabilities of some rows."""
        scored = self._score(rows)
        wrong = np.zeros_like(scored.scores)
        for output, at in scored.outputs:
            known = np.flatnonzero(output.truth >= 0)
            chances = self._local.groups[output.name].blend(scored.scores[known, at], output.prior[known])
            chances[np.arange(len(known)), output.truth[known]] -= 1
            wrong[known, at] = chances
        columns = np.unique(scored.X.indices)
        slope = (scored.X.T.tocsr()[columns] @ wrong).astype(np.float32)
        self._moved[columns] += np.square(slope).mean(axis=1)
        self._weights[columns] -= _step(_TEXT_STEP, self._moved[columns]) * slope
        turn = scored.V.T @ wrong
        self._turned += np.square(turn).mean(axis=1)
        self._linear -= _step(_VIEW_STEP, self._turned) * turn

    def finish(self, held_out: Sequence[Labelled], learnt: NDArray[np.uint64]) -> Local:
        """Return what was learnt, as certain as the rows held out allow; `learnt` are all others' fingerprints."""
        parts = [self._score(held_out[at : at + _BATCH]) for at in range(0, len(held_out), _BATCH)]
        scores = np.concatenate([part.scores for part in parts])
        groups, proof = {}, self._local.proof
        for number, (first, at) in enumerate(parts[0].outputs):
            prior = np.concatenate([part.outputs[number][0].prior for part in parts])
            truth = np.concatenate([part.outputs[number][0].truth for part in parts])
            blend = fit_blend(scores[:, at], prior, truth)
            groups[first.name] = Learnt(first.labels, blend)
            if first.name == OWN:
                numbers = np.array([fingerprint(row.complaint) for row in held_out], dtype=np.uint64)
                proof = Proof(numbers, blend(scores[:, at], prior).astype(np.float16), truth, learnt)
        text = quantise(self._weights * self._telling[:, None])
        return self._local.corrected(text, self._linear, groups, proof)

    def _score(self, rows: Sequence[Labelled]) -> _Scored:
        seen = see(self._base, rows)
        telling = sparse.diags_array(self._telling, dtype=np.float32)
        plain = self._local.wording.space.transform(seen.read)
        X = sparse.csr_matrix(plain @ telling)
        V = self._local.standpoint.many(seen.scores, plain)
        scores: Floats = X @ self._weights + self._local.headings(seen.read) + self._local.near(V) + V @ self._linear
        departments = self._local.groups.get(OWN_DEPARTMENTS)
        named = departments.labels if departments else ()
        outputs, at = [], 0
        for output in outputs_of(self._base.ledger, rows, seen, self._recipe, named):
            outputs.append((output, slice(at, at + len(output.labels))))
            at += len(output.labels)
        return _Scored(X, V, scores, outputs)


def _step(size: float, moved: NDArray[np.float64]) -> Floats:
    """Return the step of each row of weights, `(n_rows, 1)`."""
    return (size / np.sqrt(moved)).astype(np.float32)[:, None]
