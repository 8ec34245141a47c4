"""Compare the base model before and after an adaptation, on several places and seeds, in one table.

A place is a backlog without labels and complaints to score. `board` is made of the corpus itself: a fifth of it, cut to
100 characters as on a message board, is held out and serves as its own backlog, scored by the domains of `leader-board`.
`messages` (with `--messages` and `--backlog`) adapts to one half of a real backlog a seed, `mailbox` (with `--mailbox`,
columns `text`, `title`, `department_norm`) to the letters themselves. No label is used but to score.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from naive import read_messages
from sklearn.metrics import f1_score

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint
from classifier.learn.backlog import sample_backlog
from classifier.learn.dataset import Labelled, ledger_complaints, read_unlabelled
from classifier.learn.training import DEFAULT, train
from classifier.settings import DEFAULT_LEDGER, Places
from classifier.suggest.calibration import calibration_error
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester

SHORT = 100
Figures = tuple[float, float, float]
Score = Callable[[Model], Figures]
"""Accuracy of the first candidate, macro-F1, and calibration error of a model on one place's complaints."""


def by_category(ledger: Ledger, complaints: Sequence[Complaint], truth: Sequence[str]) -> Score:
    def score(model: Model) -> Figures:
        suggester = Suggester(ledger, model)
        names = np.array([category.name for category in suggester.classification.categories])
        chances = np.array([suggester.understand(one).classified.reported for one in complaints])
        return figures(names[chances.argmax(axis=1)], chances.max(axis=1), truth)

    return score


def by_department(ledger: Ledger, complaints: Sequence[Complaint], truth: Sequence[str]) -> Score:
    def score(model: Model) -> Figures:
        suggester = Suggester(ledger, model)
        first = [suggester.suggest(one, with_evidence=False).departments[0] for one in complaints]
        return figures([one.department.name for one in first], [one.probability for one in first], truth)

    return score


def figures(guesses: Sequence[str], chances: Sequence[float], truth: Sequence[str]) -> Figures:
    right = np.array(guesses) == np.array(truth)
    error = calibration_error(np.asarray(chances, dtype=np.float32), right)
    return float(right.mean()), float(f1_score(truth, guesses, average="macro", zero_division=0)), error


def board(ledger: Ledger, rows: Sequence[Labelled], seed: int) -> tuple[list[Labelled], list[Complaint], list[str]]:
    """Hold out a fifth of the rows that fall under one domain for certain; return the rest, and these cut short."""
    projection = ledger.projection
    assert projection is not None
    number = {leaf.code: at for at, leaf in enumerate(ledger.base.categories.leaves)}
    names = [leaf.name for leaf in ledger.categories.leaves]
    chosen = np.random.default_rng(seed).random(len(rows)) < 0.2
    kept, cut, truth = [], [], []
    for row, out in zip(rows, chosen, strict=True):
        shares = projection.shares[number[row.categories[0]]]
        if not out or shares.max() < 1:
            kept.append(row)
            continue
        cut.append(Complaint(row.complaint.text[:SHORT], row.complaint.title))
        truth.append(names[int(shares.argmax())])
    return kept, cut, truth


def show(place: str, seed: int, before: Figures, after: Figures) -> None:
    changes = "  ".join(f"{old:.4f} → {new:.4f} ({new - old:+.4f})" for old, new in zip(before, after, strict=True))
    print(f"{place:10} {seed:4}  {changes}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=Path, help="labelled messages, scored as the ledger `messages`")
    parser.add_argument("--backlog", type=Path, help="unlabelled messages of the same place")
    parser.add_argument("--mailbox", type=Path, help="letters with the department that answered")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    ledgers = Places.from_environment().ledgers
    base = load_ledger(DEFAULT_LEDGER, ledgers)
    rows = ledger_complaints(base)

    def compare(
        place: str, seed: int, part: Sequence[Labelled], model: Model, todo: list[Complaint], on: Score
    ) -> None:
        show(place, seed, on(model), on(train(base, part, todo, recipe=DEFAULT).model))

    print(f"{'place':10} {'seed':>4}  accuracy, macro-F1, calibration error: before → after")
    leaders = load_ledger("leader-board", ledgers)
    for seed in range(given.seeds):
        part, cut, truth = board(leaders, rows, seed)
        compare("board", seed, part, train(base, part).model, cut, by_category(leaders, cut, truth))
    if not (given.messages or given.mailbox):
        return
    whole = train(base, rows).model
    if given.messages and given.backlog:
        titles, texts, truth = read_messages(given.messages)
        complaints = [Complaint(text, title) for title, text in zip(titles, texts, strict=True)]
        on = by_category(load_ledger("messages", ledgers), complaints, truth)
        backlog = list(read_unlabelled(given.backlog))
        for seed in range(given.seeds):
            half = np.random.default_rng(seed).random(len(backlog)) < 0.5
            _, todo = sample_backlog(one for one, taken in zip(backlog, half, strict=True) if taken)
            compare("messages", seed, rows, whole, todo, on)
    if given.mailbox:
        with given.mailbox.open(encoding="utf-8-sig", newline="") as file:
            letters = list(csv.DictReader(file))
        complaints = [Complaint(letter["text"], letter["title"]) for letter in letters]
        on = by_department(base, complaints, [letter["department_norm"] for letter in letters])
        compare("mailbox", 0, rows, whole, complaints, on)


if __name__ == "__main__":
    main()
