"""Adaptation to a backlog without labels: what it learns, what it costs, what it says of itself."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import load_ledger
from classifier.desk import load_model
from classifier.domain import Complaint
from classifier.errors import EmptyBacklogError, MissingColumnError
from classifier.learn import backlog
from classifier.learn.adaptation import FEWEST_LEARNT, Adaptation, estimate_mix, judge_adaptation
from classifier.learn.backlog import latent_targets, sample_backlog
from classifier.learn.dataset import ledger_complaints, read_unlabelled
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.workshop import adapt_version


def test_words_that_only_the_backlog_has_are_learnt_from_their_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "DIRECTIONS", 2)
    # Two topics. The corpus knows half of each topic's words; the backlog joins them with the other half.
    random = np.random.default_rng(1)
    known, strange = {0: range(10), 1: range(10, 20)}, {0: range(20, 30), 1: range(30, 40)}

    def text(words: list[int]) -> np.ndarray:
        row = np.zeros(40, dtype=np.float32)
        row[random.choice(words, 6)] = 1
        return row

    corpus = [(topic, text([*known[topic]])) for topic in (0, 1) for _ in range(20)]
    joined = [(topic, text([*known[topic], *strange[topic]])) for topic in (0, 1) for _ in range(60)]
    only_strange = [(topic, text([*strange[topic]])) for topic in (0, 1) for _ in range(20)]
    X = np.array([row for _, row in (*corpus, *joined, *only_strange)])
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Y = np.eye(2, dtype=np.float32)[[topic for topic, _ in corpus]]
    targets = latent_targets(X @ X.T, Y, np.ones(len(Y), np.float32))
    guessed = targets[len(joined) :].argmax(axis=1)
    assert (guessed == [topic for topic, _ in only_strange]).mean() > 0.9


def test_the_mix_of_a_backlog_is_found_though_the_model_assumes_another() -> None:
    random = np.random.default_rng(2)
    truth = random.choice(3, 4_000, p=[0.7, 0.2, 0.1])
    evidence = random.normal(np.eye(3)[truth], 0.6)
    likelihood = np.exp(-((evidence[:, None, :] - np.eye(3)) ** 2).sum(axis=2) / (2 * 0.6**2))
    prior = np.full(3, 1 / 3, dtype=np.float32)
    stated = (likelihood / likelihood.sum(axis=1, keepdims=True)).astype(np.float32)
    assert abs(stated.mean(axis=0)[0] - 0.7) > 0.1, "the plain mean would be wrong"
    np.testing.assert_allclose(estimate_mix(stated, prior), [0.7, 0.2, 0.1], atol=0.03)


def test_a_backlog_is_sampled_evenly_without_repeats_or_empty_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "MOST_READ", 400)
    monkeypatch.setattr(backlog, "MOST_LEARNT", 100)
    random = np.random.default_rng(4)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 900)]
    texts = ["".join(random.choice(letters, 30)) for _ in range(2_000)]
    complaints = [Complaint(text) for text in texts for _ in (0, 1)] + [Complaint("。，"), Complaint("")]
    count, sample = sample_backlog(iter(complaints))
    assert count == 4_000
    assert len(sample) == 100 == len({one.text for one in sample})
    places = [texts.index(one.text) for one in sample]
    assert 700 < np.mean(places) < 1_300


def test_adapting_a_child_makes_a_version_that_says_what_changed(own_places: Places, tmp_path: Path) -> None:
    ledger = load_ledger("child", own_places.ledgers)
    texts = [row.complaint.text.replace("小区", "楼盘") for row in ledger_complaints(ledger.base)]
    path = tmp_path / "积压.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([("编号", "诉求内容"), *enumerate(texts), (999, "")])
    version, report = adapt_version(ledger, own_places, read_unlabelled(path))
    assert report.backlog == len(texts) >= report.learnt_from >= report.compared > 0
    assert report.known_after >= report.known_before
    assert abs(sum(report.mix.values()) - 1) < 0.01
    assert not version.in_use
    assert version.manifest["adaptation"]["learnt_from"] == report.learnt_from
    assert version.manifest["rows"]["backlog"] == report.learnt_from
    assert load_model(version).name == f"child/{version.name}"
    assert Registry(own_places.models).find("child", version.name).manifest["ledger"] == "child"


def test_nothing_to_adapt_to_is_said(own_places: Places, tmp_path: Path) -> None:
    ledger = load_ledger("small", own_places.ledgers)
    with pytest.raises(EmptyBacklogError):
        adapt_version(ledger, own_places, [Complaint(""), Complaint("——")])
    path = tmp_path / "a.csv"
    path.write_text("编号,日期\n1,2\n", encoding="utf-8")
    with pytest.raises(MissingColumnError):
        list(read_unlabelled(path))


def _told(learnt_from: int, known_before: float, known_after: float) -> Adaptation:
    return Adaptation(learnt_from, learnt_from, 10, known_before, known_after, 0.1, 0.7, 0.7, 0.5, 0.5, {})


def test_a_backlog_of_many_words_of_its_own_passes() -> None:
    assert judge_adaptation(_told(FEWEST_LEARNT, 0.7, 0.8)).passed


def test_a_backlog_too_small_to_learn_from_is_told_as_such() -> None:
    verdict = judge_adaptation(_told(FEWEST_LEARNT - 1, 0.7, 0.8))
    assert not verdict.passed
    assert verdict.findings == (f"可学的诉求只有 {FEWEST_LEARNT - 1} 件，不足 {FEWEST_LEARNT} 件，学不出本地的用语",)


def test_a_backlog_in_words_that_the_base_knows_has_nothing_to_teach() -> None:
    verdict = judge_adaptation(_told(4_000, 0.9, 0.91))
    assert not verdict.passed
    assert "只从 90.0% 增到 91.0%" in verdict.findings[0]
