"""Say what an adaptation to a backlog changed, what it expects, and whether there was anything to learn.

Without labels nobody knows whether it got better. What can be known is whether it could: measured on several places
(`tests/benchmarks/adaptation.py`), thousands of complaints in words of their own helped every time, short texts in
words that the base knows changed nothing, and after some hundred letters answers changed as chance would have it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.domain import Complaint, Verdict
from classifier.errors import ComplaintError
from classifier.learn.gate import Verdict as Judgement
from classifier.suggest.suggester import Suggester

Floats = NDArray[np.float32]

MOST_COMPARED: Final = 1_000
"""Complaints of a backlog on which two versions are compared."""

FEWEST_LEARNT: Final = 500
"""Complaints of a backlog from which its wording can be learnt: the teacher tells 300 directions apart."""

LEAST_GAIN: Final = 0.02
"""By how much the share of n-grams that the model knows must rise: else the place writes as the base already reads."""


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What an adaptation changed and what it expects, on up to `MOST_COMPARED` complaints of the backlog.

    `learnt_from` complaints of `backlog` were used. `known_before` and `known_after` are the shares of a text's
    n-grams that the model knows. `changed` is the share whose first category is another than before.
    `expected_*` is the mean probability of the first category: the share that should be right. `mix` gives each
    reported category's estimated share of the backlog, largest first (Saerens, Latinne and Decaestecker 2002); it
    is reported and not built in, for what comes tomorrow need not be mixed as the backlog is.
    """

    backlog: int
    learnt_from: int
    compared: int
    known_before: float
    known_after: float
    changed: float
    expected_before: float
    expected_after: float
    automatic_before: float
    automatic_after: float
    mix: dict[str, float]


def compare(count: int, sample: Sequence[Complaint], before: Suggester, after: Suggester) -> Adaptation:
    """Compare two versions of a ledger's model on an even part of `sample`."""
    step = max(1, len(sample) // MOST_COMPARED)
    old, new = _views(sample[::step], before), _views(sample[::step], after)
    both = [(a, b) for a, b in zip(old, new, strict=True) if a and b]
    names = [category.path for category in after.classification.categories]
    shares = estimate_mix(np.array([b.probabilities for _, b in both]), after.classification.expected_mix)
    mix = {names[at]: round(float(shares[at]), 4) for at in np.argsort(-shares)}

    def mean(values: Iterable[float]) -> float:
        return round(float(np.mean(list(values))), 4)

    return Adaptation(
        count,
        len(sample),
        len(both),
        mean(a.known for a, _ in both),
        mean(b.known for _, b in both),
        mean(float(a.first != b.first) for a, b in both),
        mean(a.probabilities.max() for a, _ in both),
        mean(b.probabilities.max() for _, b in both),
        mean(float(a.automatic) for a, _ in both),
        mean(float(b.automatic) for _, b in both),
        mix,
    )


def judge_adaptation(found: Adaptation) -> Judgement:
    """Tell whether there was anything to learn from the backlog; a version without is not to be promoted unasked."""
    findings = []
    if found.learnt_from < FEWEST_LEARNT:
        findings.append(f"可学的诉求只有 {found.learnt_from} 件，不足 {FEWEST_LEARNT} 件，学不出本地的用语")
    if found.known_after - found.known_before < LEAST_GAIN:
        known = f"{found.known_before:.1%} 增到 {found.known_after:.1%}"
        findings.append(f"认识的字词只从 {known}：模型本来就熟悉这里的用语，没有可学的")
    return Judgement(not findings, tuple(findings))


@dataclass(frozen=True, slots=True)
class _View:
    """What one version says of one complaint."""

    first: str
    probabilities: Floats
    automatic: bool
    known: float


def _views(complaints: Sequence[Complaint], suggester: Suggester) -> list[_View | None]:
    return [_view(Complaint(complaint.text, complaint.title), suggester) for complaint in complaints]


def _view(complaint: Complaint, suggester: Suggester) -> _View | None:
    try:
        understood = suggester.understand(complaint)
    except ComplaintError:
        return None
    suggestion = suggester.conclude(complaint, understood, with_evidence=False)
    return _View(
        suggestion.categories[0].category.code,
        understood.classified.reported,
        suggestion.decision.verdict is Verdict.AUTO,
        understood.encoded.occurrences.known,
    )


def estimate_mix(probabilities: Floats, prior: Floats, rounds: int = 100) -> Floats:
    """Estimate the shares of classes among rows by expectation maximisation.

    Args:
        probabilities: `(n_rows, n_classes)`, as calibrated where classes are mixed as in `prior`.
        prior: `(n_classes,)`, the shares that the probabilities assume.
        rounds: of expectation and maximisation.
    """
    shares = prior.astype(np.float64)
    ratio = probabilities / np.maximum(prior, 1e-9)
    for _ in range(rounds if len(probabilities) else 0):
        posterior = ratio * shares
        posterior /= posterior.sum(axis=1, keepdims=True)
        shares = posterior.mean(axis=0)
    return shares.astype(np.float32)
