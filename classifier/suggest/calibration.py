"""Probabilities that mean what they say.

Scores become probabilities by a softmax whose temperature is fitted on held-out scores (Guo et al. 2017, "On
calibration of modern neural networks"). Probabilities of reported categories are fitted once more, with a second
number for what no certainty rules out: labels that people would argue about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from classifier.suggest.chances import calibrated

Floats = NDArray[np.float32]

_SMALLEST: Final = np.float32(1e-9)
_FITTED_ON: Final = 2_000_000
"""Probabilities that a fit looks at; of more, evenly spaced rows."""
_LEAST_CHANCE: Final = 1e-3
_FEWEST: Final = 50
"""Held-out rows below which nothing is fitted."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns probabilities `p` into `(1 - doubt) * p ** sharpness / sum + doubt / n_classes`.

    `sharpness` above 1 is more certain; `doubt` is the share of cases in which any answer is as good. Without it
    the certain cases, some of which are wrong whatever the model, would hold down the sharpness of all others.
    """

    sharpness: float = 1.0
    doubt: float = 0.0

    def __call__(self, probabilities: Floats, evidence: Floats | None = None) -> Floats:
        """Return calibrated probabilities `(…, n_classes)`; all zero becomes even.

        `evidence`, of the same shape, is what else speaks for each class, as logarithms of odds.
        """
        return calibrated(probabilities, evidence, self.sharpness, self.doubt)

    def doubting(self, share: float) -> Calibration:
        """Return the same with a larger `doubt`: by `share` of the cases."""
        return replace(self, doubt=min(self.doubt + share, 1.0))

    @classmethod
    def fit(cls, probabilities: Floats, truth: NDArray[np.integer]) -> Calibration:
        """Find the calibration with the least log loss on held-out rows; -1 in `truth` is a row without a class.

        Args:
            probabilities: `(n_rows, n_classes)`.
            truth: `(n_rows,)` of column numbers.
        """
        known = np.flatnonzero(truth >= 0)
        step = max(1, len(known) * probabilities.shape[1] // _FITTED_ON)
        kept, right = probabilities[known[::step]], truth[known[::step]]
        if len(kept) < _FEWEST:
            return cls()

        logarithms = np.log(np.maximum(kept, _SMALLEST))
        chosen = logarithms[np.arange(len(right)), right]

        def loss(sharp: Floats, exponent: float) -> float:
            doubt = _logistic(exponent)
            return -float(np.log((1 - doubt) * sharp + doubt / kept.shape[1]).mean())

        def best_at(exponent: float) -> tuple[float, Calibration]:
            """Return the least loss at this sharpness, and the calibration that has it."""
            sharpness = np.float32(math.exp(exponent))
            sharp = np.exp(chosen * sharpness) / np.exp(logarithms * sharpness).sum(axis=1)
            doubt = minimize_scalar(partial(loss, sharp), bounds=(-20, 10), method="bounded")
            return float(doubt.fun), cls(float(sharpness), _logistic(doubt.x))

        found = minimize_scalar(
            lambda exponent: best_at(exponent)[0], bounds=(-1.5, 1.5), method="bounded", options={"xatol": 1e-4}
        )
        return best_at(found.x)[1]


@dataclass(frozen=True, slots=True)
class Confidence:
    """Turns the first candidate's probability `p` into the share that is right: `odds = exp(shift) * odds(p) ** slope`.

    For probabilities put together from several sources, which no temperature mends (Platt 1999, "Probabilistic
    outputs for support vector machines"). The order of the candidates stays.
    """

    shift: float = 0.0
    slope: float = 1.0

    def __call__(self, best: Sequence[float]) -> list[float]:
        """Mend the first of some candidates' probabilities, which are in descending order; the others in proportion."""
        first, second = best[0], best[1] if len(best) > 1 else 0.0
        mended = self._mended(first, second)
        left = (1 - mended) / (1 - first) if first < 1 else 1.0
        return [mended, *(left * one for one in best[1:])]

    def _mended(self, before: float, second: float) -> float:
        """Return the first candidate's share; never below the second's, (1 - after) * second / (1 - before)."""
        return max(self.right(before), second / (1 - before + second)) if 0 < before < 1 else before

    def right(self, first: float) -> float:
        """Return, of first candidates with this probability, the share that is right."""
        held = min(max(first, _LEAST_CHANCE), 1 - _LEAST_CHANCE)
        return _logistic(self.shift + self.slope * (math.log(held) - math.log1p(-held)))

    @classmethod
    def fit(cls, first: NDArray[np.floating], right: NDArray[np.bool_]) -> Confidence:
        """Find the least log loss on held-out rows, `(n_rows,)` each; nothing is changed on few of them."""
        if len(first) < _FEWEST:
            return cls()
        odds = _log_odds(first)

        def loss(point: NDArray[np.float64]) -> float:
            score = point[0] + point[1] * odds
            return float(np.mean(np.logaddexp(0, score) - right * score) + (point[1] - 1) ** 2 / len(first))

        shift, slope = minimize(loss, np.array([0.0, 1.0]), method="L-BFGS-B", bounds=[(-5, 5), (0.05, 5)]).x
        return cls(float(shift), float(slope))


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-score))


def _log_odds(probabilities: NDArray[np.floating]) -> NDArray[np.floating]:
    held = np.clip(probabilities, _LEAST_CHANCE, 1 - _LEAST_CHANCE).astype(np.float64)
    odds: NDArray[np.floating] = np.log(held) - np.log1p(-held)
    return odds


def softmax(scores: Floats, sharpness: float) -> Floats:
    """Return probabilities `(n_rows, n_classes)`; a larger sharpness is more certain."""
    scaled = scores * np.float32(sharpness)
    scaled -= scaled.max(axis=-1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=-1, keepdims=True)
    return scaled


def log_loss(probabilities: Floats, truth: NDArray[np.integer], weights: Floats | None = None) -> float:
    """Return the mean of -ln p(true class); `truth` is `(n_rows,)` of column numbers."""
    chosen = np.maximum(probabilities[np.arange(len(truth)), truth], 1e-9)
    return float(np.average(-np.log(chosen), weights=weights))


def fit_sharpness(scores: Floats, truth: NDArray[np.integer], weights: Floats | None = None) -> float:
    """Find the sharpness with the least log loss on held-out `scores`.

    One further row whose class could be any keeps a small or easy set from making it certain.
    """
    if not len(truth):
        return 1.0

    def loss(exponent: float) -> float:
        chances = softmax(scores, float(np.exp(exponent)))
        anything = float(-np.log(np.maximum(chances, 1e-9)).mean())
        return log_loss(chances, truth, weights) + anything / len(truth)

    found = minimize_scalar(
        loss,
        bounds=(-2.0, 6.0),
        method="bounded",
        options={"xatol": 0.02},
    )
    return float(np.exp(found.x))


def calibration_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 15) -> float:
    """Return the expected calibration error over equal-width bins of the first candidate's probability."""
    which = np.clip((confidence * bins).astype(int), 0, bins - 1)
    return float(
        sum(
            abs(float(confidence[which == one].mean()) - float(right[which == one].mean()))
            * float((which == one).mean())
            for one in range(bins)
            if (which == one).any()
        )
    )
