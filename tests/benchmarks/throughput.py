"""Suggestions a second for many texts in one process, beside the naive pipeline, interleaved in one run."""

from __future__ import annotations

import argparse
import datetime as dt
import time
from pathlib import Path

import numpy as np
from naive import fit_naive, read_messages

from classifier.batch.rows import suggest_rows
from classifier.desk import open_desk
from classifier.settings import Places

_BLOCK = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--ledger", default="hotline")
    given = parser.parse_args()
    titles, texts, labels = read_messages(given.messages)
    documents = [f"{title} {text}" for title, text in zip(titles, texts, strict=True)]
    naive = fit_naive(documents, labels)
    suggester = open_desk(Places.from_environment(), given.ledger)
    rows = [(text, title, "", "") for title, text in zip(titles, texts, strict=True)]
    rates: dict[str, list[float]] = {"naive": [], "suggestions": []}
    for begin in range(0, len(documents) - _BLOCK, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        start = time.perf_counter()
        naive.predict_proba(documents[block])
        middle = time.perf_counter()
        suggest_rows(rows[block], suggester, dt.date.today())
        end = time.perf_counter()
        rates["naive"].append(_BLOCK / (middle - start))
        rates["suggestions"].append(_BLOCK / (end - middle))
    base = float(np.median(rates["naive"]))
    for name, values in rates.items():
        print(f"{name:12} {np.median(values):8.0f} a second ({np.median(values) / base:.2f} × naive)")


if __name__ == "__main__":
    main()
