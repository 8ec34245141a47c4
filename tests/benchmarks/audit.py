"""Measure how many wrong labels the audit finds: some are planted in a labelled file, which is audited as a user would.

Two ways of planting: another category drawn evenly, and the category with which the row's own is most often confused.
The file's own labels are taken as right; where some are wrong, finding them counts as a false alarm, so that precision
is understated: a file with 1.3 % wrong labels of its own in which 3 % more are planted allows 0.70 to one who finds all.

The peer ranks the same held-out probabilities by the margin between the likeliest label and the given one.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.desk import open_desk
from classifier.learn.audit.examination import audit_files
from classifier.learn.audit.opinions import hold_out
from classifier.learn.audit.remarks import Problem
from classifier.learn.dataset import Labelled, read_labelled
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

RECALL = 0.6
Numbers = NDArray[np.integer]


def confused_with(base: Suggester, rows: list[Labelled]) -> NDArray[np.intp]:
    """Return for each category the one that held-out models most often take its rows for."""
    found = hold_out(base, rows, [], lambda _what, _share: None)
    wrong = found.given != found.best
    counts = np.zeros((len(found.labels), len(found.labels)), dtype=int)
    np.add.at(counts, (found.given[wrong], found.best[wrong]), 1)
    return counts.argmax(axis=1)


def plant(truth: Numbers, n_labels: int, share: float, seed: int, confused: Numbers | None) -> Numbers:
    random = np.random.default_rng(seed)
    at = random.permutation(len(truth))[: round(share * len(truth))]
    labels = truth.copy()
    if confused is None:
        labels[at] = (truth[at] + random.integers(1, n_labels, len(at))) % n_labels
    else:
        labels[at] = confused[truth[at]]
    return labels


def precision_at_recall(ranked: Sequence[int], wrong: NDArray[np.bool_]) -> float:
    """Return the precision of the shortest beginning of `ranked` with `RECALL` of the wrong rows; 0 where none has."""
    found = wrong[list(ranked)].cumsum()
    enough = np.flatnonzero(found >= np.ceil(RECALL * wrong.sum()))
    return float(found[enough[0]] / (enough[0] + 1)) if len(enough) else 0.0


def write(path: Path, rows: list[Labelled], labels: Sequence[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "title", "text", "category", "date"])
        for at, (row, label) in enumerate(zip(rows, labels, strict=True)):
            writer.writerow([at, row.complaint.title, row.complaint.text, label, row.complaint.date or ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path, help="labelled file with the columns text, title, category")
    parser.add_argument("--ledger", default="messages")
    parser.add_argument("--share", type=float, default=0.03)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--peer", action="store_true", help="rank by the margin as well, which doubles the time")
    given = parser.parse_args()
    base = open_desk(Places.from_environment(), given.ledger)
    rows = read_labelled(given.messages, base.ledger)
    codes = [leaf.code for leaf in base.ledger.categories.leaves]
    truth = np.array([codes.index(row.categories[0]) for row in rows])
    confused = confused_with(base, rows)
    for kind, towards in (("another category", None), ("the category it is confused with", confused)):
        figures = []
        for seed in range(given.seeds):
            labels = plant(truth, len(codes), given.share, seed, towards)
            began = time.perf_counter()
            figures.append(measure(base, rows, [codes[at] for at in labels], labels != truth, given.peer))
            print(f"  seed {seed}: {line(figures[-1])}  ({time.perf_counter() - began:.0f} s)", flush=True)
        print(f"{kind}, mean of {given.seeds}: {line(np.mean(figures, axis=0))}", flush=True)


def measure(
    base: Suggester, rows: list[Labelled], labels: list[str], wrong: NDArray[np.bool_], peer: bool
) -> list[float]:
    """Return the audit's precision at `RECALL`, precision and recall of all it flags, and the peer's at `RECALL`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labelled.csv"
        write(path, rows, labels)
        audit = audit_files([path], base.ledger, base=base)
    flagged = [int(one.id) for one in audit.remarks if one.problem is Problem.DOUBTFUL_LABEL]
    hits = wrong[flagged].sum()
    figures = [precision_at_recall(flagged, wrong), hits / max(len(flagged), 1), hits / wrong.sum()]
    if not peer:
        return figures
    planted = [replace(row, categories=(label,)) for row, label in zip(rows, labels, strict=True)]
    opinions = hold_out(base, planted, [], lambda _what, _share: None)
    margin = np.argsort(opinions.given_chance - opinions.best_chance, kind="stable")
    return [*figures, precision_at_recall([int(at) for at in margin], wrong)]


def line(figures: Sequence[float]) -> str:
    at, precision, recall, *peer = figures
    told = f"precision {at:.3f} at recall {RECALL}; all flagged: precision {precision:.3f}, recall {recall:.3f}"
    return told + "".join(f"; by margin: precision {one:.3f} at recall {RECALL}" for one in peer)


if __name__ == "__main__":
    main()
