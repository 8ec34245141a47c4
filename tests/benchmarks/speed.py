"""Put this project's speed beside its peers', in one process on one core, block by block, as one table.

    taskset -c 0 env OPENBLAS_NUM_THREADS=1 python tests/benchmarks/speed.py MESSAGES.csv

The peers: jieba + TfidfVectorizer + LogisticRegression predicting the labels of the file, one of a few; and, where the
package `fasttext` is at hand, fastText trained on this project's complaints predicting the leaves, words cut by rjieba.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rjieba
from naive import fit_naive, read_messages

from classifier.batch.rows import suggest_rows
from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.learn.dataset import ledger_complaints
from classifier.settings import Places

_BLOCK = 200
_SINGLES = 20


def _fit_fasttext(rows: list[tuple[str, str]]) -> Any:
    """Train fastText on texts and labels, with its defaults for classification; None where it is not installed."""
    try:
        import fasttext
    except ImportError:
        return None
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(f"__label__{label} {_cut(text)}\n" for text, label in rows)
        file.flush()
        return fasttext.train_supervised(file.name, epoch=25, lr=0.5, wordNgrams=2, thread=1, verbose=0)


def _cut(text: str) -> str:
    return " ".join(rjieba.cut(text, False)).replace("\n", " ")


Peer = Callable[[list[Complaint]], object]


def _peers(places: Places, ledger: str, complaints: list[Complaint], labels: list[str]) -> dict[str, tuple[Peer, Peer]]:
    """Return, for each path, how it answers many complaints and how it answers one."""
    day = dt.date.today()
    naive = fit_naive([_whole(one) for one in complaints], labels)
    suggester = open_desk(places, ledger)

    def predict(given: list[Complaint]) -> object:
        return naive.predict_proba([_whole(one) for one in given])

    def suggest_many(given: list[Complaint]) -> object:
        return suggest_rows([(one.text, one.title, "", "") for one in given], suggester, day)

    def suggest_one(given: list[Complaint]) -> object:
        return suggester.suggest(given[0])

    peers: dict[str, tuple[Peer, Peer]] = {"naive": (predict, predict), "this project": (suggest_many, suggest_one)}
    rows = ledger_complaints(suggester.ledger.base)
    fast = _fit_fasttext([(_whole(row.complaint), row.categories[0]) for row in rows])
    if fast is not None:

        def look_up(given: list[Complaint]) -> object:
            # Below its own `predict`, which does not know the present numpy.
            return [fast.f.predict(_cut(_whole(one)) + "\n", 3, 0.0, "strict") for one in given]

        peers["fastText"] = look_up, look_up
    return peers


def _whole(complaint: Complaint) -> str:
    return f"{complaint.title} {complaint.text}"


def _seconds(call: Peer, given: list[Complaint]) -> float:
    start = time.perf_counter()
    call(given)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="hotline")
    given = parser.parse_args()
    titles, texts, labels = read_messages(given.messages)
    complaints = [Complaint(text, title) for title, text in zip(titles, texts, strict=True)]
    peers = _peers(Places.from_environment(), given.ledger, complaints, labels)
    many: dict[str, list[float]] = {name: [] for name in peers}
    single: dict[str, list[float]] = {name: [] for name in peers}
    for begin in range(0, len(complaints) - _BLOCK, _BLOCK):
        block = complaints[begin : begin + _BLOCK]
        for name, (answer_many, answer_one) in peers.items():
            many[name].append(_seconds(answer_many, block))
            single[name] += [_seconds(answer_one, [one]) for one in block[:_SINGLES]]
    print("| path | rows a second, many at once | × naive | one, median ms | × naive |\n|---|---|---|---|---|")
    for name, times in many.items():
        faster = np.median(np.array(many["naive"]) / np.array(times))
        slower = np.median(single[name]) / np.median(single["naive"])
        alone = np.median(single[name]) * 1000
        print(f"| {name} | {_BLOCK / np.median(times):.0f} | {faster:.2f} | {alone:.2f} | {slower:.2f} |")


if __name__ == "__main__":
    main()
