"""Compare settings of the base model by what it says of each written complaint when it has not seen it.

The first lines train on a quarter and half of the corpus; each of the others has one setting changed from the defaults: accuracy of the first and the first three leaves, and log loss,
over all complaints with their near-duplicates left out. With `--messages` (a labelled file of real messages and the
child ledger it belongs to) accuracy and macro-F1 there as well, with no label of theirs used in training.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
from naive import read_messages
from sklearn.metrics import f1_score

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.domain import Complaint
from classifier.learn.dataset import ledger_complaints
from classifier.learn.training import DEFAULT, train
from classifier.settings import DEFAULT_LEDGER, Places
from classifier.suggest.calibration import log_loss
from classifier.suggest.model import Model
from classifier.suggest.suggester import Suggester

CHANGES: dict[str, tuple[float, ...]] = {
    "penalty": (5, 10, 40),
    "kinship": (0, 1, 3),
    "balance": (0, 0.25, 0.75, 1),
    "knowledge_weight": (0.001, 4, 16),
    "second_matter": (0, 1),
}


def held_out(model: Model) -> str:
    chances, truth = model.held_out.leaves.astype(np.float32), model.held_out.truth
    best = np.argsort(-chances, axis=1)[:, :3]
    first, three = (best[:, 0] == truth).mean(), (best == truth[:, None]).any(axis=1).mean()
    return f"leaf {first:.4f}  first three {three:.4f}  log loss {log_loss(chances, truth):.3f}"


def on_messages(model: Model, child: Ledger, messages: Path) -> str:
    suggester = Suggester(child, model)
    titles, texts, labels = read_messages(messages)
    complaints = [Complaint(text, title) for title, text in zip(titles, texts, strict=True)]
    first = [suggester.suggest(one, with_evidence=False).categories[0].category.name for one in complaints]
    accuracy = np.mean([guess == label for guess, label in zip(first, labels, strict=True)])
    return f"messages {accuracy:.4f}  macro-F1 {f1_score(labels, first, average='macro'):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=Path)
    parser.add_argument("--child", default="messages")
    parser.add_argument("--only", default="", help="lines whose name begins so")
    given = parser.parse_args()
    ledgers = Places.from_environment().ledgers
    base, child = load_ledger(DEFAULT_LEDGER, ledgers), load_ledger(given.child, ledgers)
    rows = ledger_complaints(base)
    # Rows stand by category, so that each second or fourth keeps all categories.
    lines = {"corpus 25 %": (rows[::4], DEFAULT), "corpus 50 %": (rows[::2], DEFAULT), "corpus 100 %": (rows, DEFAULT)}
    for name, values in CHANGES.items():
        for value in values:
            lines[f"{name} {value:g}"] = (rows, dataclasses.replace(DEFAULT, **{name: value}))
    for name, (part, recipe) in lines.items():
        if not name.startswith(given.only):
            continue
        model = train(base, part, recipe=recipe).model
        print(
            f"{name:22}",
            held_out(model),
            on_messages(model, child, given.messages) if given.messages else "",
            flush=True,
        )


if __name__ == "__main__":
    main()
