"""Prediction sets."""

from __future__ import annotations

import numpy as np

from classifier.suggest.sets import choose_inclusion, members


def test_each_class_is_in_its_set_as_often_as_asked() -> None:
    random = np.random.default_rng(1)
    truth = np.repeat([0, 1, 2], (4000, 1000, 200))
    scores = random.normal(0, 1, (len(truth), 3))
    scores[np.arange(len(truth)), truth] += np.array([3, 1.5, 0.7])[truth]
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    half = random.permutation(len(truth)) % 2 == 0
    held = members(chances[~half], choose_inclusion(chances[half], truth[half], 0.9))
    for one in range(3):
        mine = truth[~half] == one
        assert held[mine, one].mean() > 0.84
    hard = truth[~half] == 2
    assert held[hard, 2].mean() < 0.96


def test_a_class_without_enough_rows_is_in_every_set() -> None:
    least = choose_inclusion(np.full((5, 2), 0.5), np.array([0, 0, 0, 0, 0]), 0.9)
    assert (least == 0).all()
    assert members(np.array([[0.9, 0.1]]), least).all()


def test_the_likeliest_class_is_always_in() -> None:
    held = members(np.array([[0.4, 0.35, 0.25]]), np.array([0.5, 0.5, 0.2]))
    assert held.tolist() == [[True, False, True]]
