"""Measure learning from a place's own labels: group-wise cross-validation, few labels, time against a peer.

The rows are a labelled file with a column `group` of near-duplicates, which are never split. The base is that of the
default ledger; each fold trains as `fenban train` does. The peer is what a user would write: jieba, TfidfVectorizer and
LogisticRegression, trained in the same run on the same rows.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from naive import fit_naive
from numpy.typing import NDArray
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from classifier.desk import open_desk
from classifier.domain import Complaint, Verdict
from classifier.learn.dataset import Labelled, find_leaf
from classifier.learn.figures import SET_COVERAGE, coverage
from classifier.learn.local import learn_labels
from classifier.settings import Places
from classifier.suggest.calibration import calibration_error
from classifier.suggest.sets import choose_inclusion, members
from classifier.suggest.suggester import Suggester


def read(path: Path, base: Suggester) -> tuple[list[Labelled], NDArray[np.int64]]:
    csv.field_size_limit(10**8)
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = list(csv.DictReader(file))
    tree = base.ledger.categories
    rows = [Labelled(Complaint(one["text"], one["title"]), (find_leaf(tree, one["category"]),)) for one in cells]
    return rows, np.unique([one["group"] for one in cells], return_inverse=True)[1]


def answers(suggester: Suggester, rows: list[Labelled]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return probabilities of the reported categories, and which rows are marked `auto`."""
    found, auto = [], []
    for row in rows:
        understood = suggester.understand(row.complaint)
        found.append(understood.classified.reported)
        suggestion = suggester.conclude(row.complaint, understood, with_evidence=False)
        auto.append(suggestion.decision.verdict is Verdict.AUTO)
    return np.array(found), np.array(auto)


def figures(chances: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    first = chances.argmax(axis=1)
    right = first == truth
    two = (np.argsort(-chances, axis=1)[:, :2] == truth[:, None]).any(axis=1).mean()
    return (
        f"accuracy {right.mean():.4f}  macro-F1 {f1_score(truth, first, average='macro'):.4f}  top-2 {two:.4f}  "
        f"ECE {calibration_error(chances.max(axis=1), right):.4f}  97.5 % right on {coverage(chances.max(axis=1), right, 0.975):.3f}"
    )


def sets_line(inside: NDArray[np.bool_], truth: NDArray[np.int64], names: list[str]) -> str:
    """Say how large prediction sets are, and how often each category's complaints have it in theirs."""
    held = inside[np.arange(len(truth)), truth]
    each = "  ".join(f"{names[at]} {held[truth == at].mean():.3f}" for at in np.unique(truth))
    return f"sets at {SET_COVERAGE}: mean size {inside.sum(axis=1).mean():.3f}, held {held.mean():.3f}: {each}"


def cross_validate(base: Suggester, rows: list[Labelled], groups: NDArray[np.int64], seed: int, peer: bool) -> None:
    names = [category.code for category in base.classification.categories]
    truth = np.array([names.index(row.categories[0]) for row in rows])
    chances, auto = np.zeros((len(rows), len(names)), np.float32), np.zeros(len(rows), bool)
    inside = np.zeros((len(rows), len(names)), bool)
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(rows, truth, groups)
    for number, (train, test) in enumerate(folds):
        began = time.perf_counter()
        local = learn_labels(base, [rows[at] for at in train])
        took = time.perf_counter() - began
        suggester = Suggester(base.ledger, base.model.with_local(local))
        chances[test], auto[test] = answers(suggester, [rows[at] for at in test])
        own = local.proof.probabilities.astype(np.float32)
        inside[test] = members(chances[test], choose_inclusion(own, local.proof.truth, SET_COVERAGE))
        sure = auto[test]
        right = chances[test].argmax(axis=1) == truth[test]
        line = f"  fold {number}: trained in {took:.1f} s, auto {sure.mean():.3f} right {right[sure].mean():.4f}"
        if peer:
            began = time.perf_counter()
            fit_naive(
                [f"{rows[at].complaint.title} {rows[at].complaint.text}" for at in train],
                [str(one) for one in truth[train]],
            )
            line += f", {took / (time.perf_counter() - began):.2f} of the peer's time"
        print(line, flush=True)
    print(f"seed {seed}: {figures(chances, truth)}  auto {auto.mean():.3f}", flush=True)
    print(sets_line(inside, truth, names), flush=True)


def few_labels(base: Suggester, rows: list[Labelled], groups: NDArray[np.int64], n: int, draws: int) -> None:
    names = [category.code for category in base.classification.categories]
    truth = np.array([names.index(row.categories[0]) for row in rows])
    scores = []
    for draw in range(draws):
        train = np.sort(np.random.default_rng(draw).permutation(len(rows))[:n])
        test = np.flatnonzero(~np.isin(groups, groups[train]))
        local = learn_labels(base, [rows[at] for at in train])
        suggester = Suggester(base.ledger, base.model.with_local(local))
        chances, _ = answers(suggester, [rows[at] for at in test])
        scores.append(f1_score(truth[test], chances.argmax(axis=1), average="macro"))
    print(f"{n} labels: macro-F1 {np.mean(scores):.4f} (from {min(scores):.4f} to {max(scores):.4f}, {draws} draws)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path, help="labelled file with the columns text, title, category, group")
    parser.add_argument("--ledger", default="messages")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--few", type=int, nargs="*", default=[])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--peer", action="store_true", help="train the peer as well")
    given = parser.parse_args()
    base = open_desk(Places.from_environment(), given.ledger).without_local()
    rows, groups = read(given.messages, base)
    for seed in range(given.seeds):
        cross_validate(base, rows, groups, seed, given.peer)
    for n in given.few:
        few_labels(base, rows, groups, n, given.draws)


if __name__ == "__main__":
    main()
