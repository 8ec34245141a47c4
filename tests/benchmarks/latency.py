"""Time one suggestion inside the process, beside the naive pipeline's one prediction, interleaved in one run."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from naive import fit_naive, read_messages

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.settings import Places


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="hotline")
    parser.add_argument("--count", type=int, default=1000)
    given = parser.parse_args()
    titles, texts, labels = read_messages(given.messages)
    documents = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
    naive = fit_naive(documents, labels)
    suggester = open_desk(Places.from_environment(), given.ledger)
    times: dict[str, list[float]] = {"naive": [], "suggestion": [], "suggestion without evidence": []}
    for title, text, document in list(zip(titles, texts, documents, strict=True))[: given.count]:
        complaint = Complaint(text, title)
        times["naive"].append(_timed(lambda document=document: naive.predict_proba([document])))
        times["suggestion"].append(_timed(lambda complaint=complaint: suggester.suggest(complaint)))
        times["suggestion without evidence"].append(
            _timed(lambda complaint=complaint: suggester.suggest(complaint, with_evidence=False))
        )
    base = float(np.median(times["naive"]))
    for name, values in times.items():
        median, tail = np.quantile(values, [0.5, 0.99])
        print(f"{name:28} median {median:6.2f} ms ({median / base:.2f} of naive)  99th percentile {tail:6.2f} ms")


if __name__ == "__main__":
    main()
