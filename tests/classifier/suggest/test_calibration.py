"""Probabilities, thresholds and calibration error against cases worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.suggest.calibration import Calibration, Confidence, calibration_error, fit_sharpness, log_loss, softmax
from classifier.suggest.thresholds import NEVER, choose_thresholds

RANDOM = np.random.default_rng(3)


def test_softmax_sums_to_one_and_sharpens() -> None:
    scores = np.array([[0.2, 0.5, 0.1]], dtype=np.float32)
    mild, sharp = softmax(scores.copy(), 1), softmax(scores.copy(), 20)
    np.testing.assert_allclose(mild.sum(), 1, rtol=1e-5)
    assert sharp[0, 1] > mild[0, 1]


def test_fitted_sharpness_recovers_the_one_that_made_the_labels() -> None:
    scores = RANDOM.normal(size=(20_000, 4)).astype(np.float32)
    chances = softmax(scores.copy(), 2.5)
    truth = np.array([RANDOM.choice(4, p=row / row.sum()) for row in chances.astype(np.float64)])
    assert abs(fit_sharpness(scores, truth) - 2.5) < 0.1
    assert log_loss(chances, truth) < log_loss(softmax(scores.copy(), 6), truth)


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    confidence = np.full(100, 0.9, dtype=np.float32)
    right = np.arange(100) < 70
    assert abs(calibration_error(confidence, right) - 0.2) < 1e-6


def _evidence(rows: int, accuracy_when_sure: float) -> tuple[np.ndarray, np.ndarray]:
    """Two classes; above 0.8 rows of both are right at the given rate, below at one half."""
    confidence = RANDOM.uniform(0.5, 1, rows)
    first = RANDOM.integers(0, 2, rows)
    right = RANDOM.random(rows) < np.where(confidence > 0.8, accuracy_when_sure, 0.5)
    chances = np.empty((rows, 2), dtype=np.float32)
    chances[np.arange(rows), first] = confidence
    chances[np.arange(rows), 1 - first] = 1 - confidence
    return chances, np.where(right, first, 1 - first)


def test_a_threshold_reaches_the_target_on_new_rows() -> None:
    thresholds = choose_thresholds(*_evidence(5_000, 0.98), target=0.95)
    chances, truth = _evidence(5_000, 0.98)
    first = chances.argmax(axis=1)
    sure = chances.max(axis=1) >= thresholds[first]
    assert 0.2 < sure.mean() < 0.7
    assert (first == truth)[sure].mean() > 0.94


def test_no_threshold_is_given_where_the_target_is_never_reached() -> None:
    assert (choose_thresholds(*_evidence(2_000, 0.7), target=0.95) == NEVER).all()


def test_no_evidence_means_never() -> None:
    assert (choose_thresholds(np.zeros((0, 3), np.float32), np.zeros(0, int), 0.9) == NEVER).all()


def test_a_category_with_bad_evidence_of_its_own_asks_for_more_than_the_others() -> None:
    chances, truth = _evidence(4_000, 0.99)
    first = chances.argmax(axis=1)
    spoiled = (first == 1) & (RANDOM.random(len(first)) < 0.2)
    thresholds = choose_thresholds(chances, np.where(spoiled, 0, truth), target=0.95)
    assert thresholds[1] > thresholds[0]


def test_calibration_finds_the_doubt_and_the_sharpness_that_made_the_labels() -> None:
    random = np.random.default_rng(8)
    scores = random.normal(size=(20_000, 4)).astype(np.float32) * 3
    stated = softmax(scores.copy(), 1)
    meant = Calibration(1.5, 0.2)(stated).astype(np.float64)
    truth = np.array([random.choice(4, p=row / row.sum()) for row in meant])
    truth[::10] = -1
    found = Calibration.fit(stated, truth)
    assert abs(found.sharpness - 1.5) < 0.15
    assert abs(found.doubt - 0.2) < 0.03
    np.testing.assert_allclose(found(stated).sum(axis=1), 1, rtol=1e-5)


def test_too_few_rows_leave_probabilities_as_they_are() -> None:
    stated = softmax(np.random.default_rng(8).normal(size=(40, 3)).astype(np.float32), 1)
    assert Calibration.fit(stated, stated.argmax(axis=1)) == Calibration()
    np.testing.assert_allclose(Calibration()(stated), stated, rtol=1e-5)


def test_evidence_shifts_odds_and_leaves_the_doubt() -> None:
    calibration = Calibration(sharpness=1.0, doubt=0.1)
    even = np.full((1, 2), 0.5, dtype=np.float32)
    shifted = calibration(even, np.array([[np.log(3), 0]], dtype=np.float32))
    np.testing.assert_allclose(shifted, [[0.9 * 0.75 + 0.05, 0.9 * 0.25 + 0.05]], rtol=1e-5)


def test_doubting_more_brings_every_answer_nearer_to_even() -> None:
    certain = np.array([[1.0, 0.0]], dtype=np.float32)
    np.testing.assert_allclose(Calibration(doubt=0.1).doubting(0.1)(certain), [[0.9, 0.1]], atol=1e-5)


def test_confidence_says_how_often_the_first_candidate_is_right() -> None:
    first = RANDOM.uniform(0.05, 0.99, 20_000)
    truly = 1 / (1 + np.exp(-(0.2 + 0.5 * np.log(first / (1 - first)))))
    confidence = Confidence.fit(first, RANDOM.random(len(first)) < truly)
    np.testing.assert_allclose([confidence.right(one) for one in first.tolist()], truly, atol=0.03)


def test_few_rows_change_no_confidence() -> None:
    assert Confidence.fit(np.array([0.9, 0.8]), np.array([False, True])) == Confidence()


@given(
    st.lists(st.floats(0.001, 1), min_size=2, max_size=6),
    st.floats(-3, 3),
    st.floats(0.1, 3),
)
def test_confidence_keeps_the_order_and_the_sum(shares: list[float], shift: float, slope: float) -> None:
    best = sorted((one / sum(shares) for one in shares), reverse=True)
    mended = Confidence(shift, slope)(best)
    assert abs(sum(mended) - 1) < 1e-9
    assert all(one >= other - 1e-12 for one, other in pairwise(mended))


def test_what_is_dispatched_is_right_as_often_as_asked_on_rows_the_threshold_was_not_chosen_on() -> None:
    dice = np.random.default_rng(0)

    def people(n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return two categories' probabilities, right as often as they say, and the true one."""
        sure = dice.beta(4, 1, n).astype(np.float32)
        return np.stack([sure, 1 - sure], axis=1), np.where(dice.random(n) < sure, 0, 1)

    shares = []
    for _ in range(200):
        threshold = choose_thresholds(*people(300), target=0.95)[0]
        chances, truth = people(4_000)
        dispatched = (chances[:, 0] >= threshold) & (chances[:, 0] >= 0.5)
        if dispatched.any():
            shares.append((truth[dispatched] == 0).mean())
    assert len(shares) > 150
    assert 0.95 <= np.mean(shares) <= 0.96
