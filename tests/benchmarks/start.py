"""The time from the start of the program to its first answer, beside what the peer's libraries need to be ready.

    python tests/benchmarks/start.py

The peer imports scikit-learn's vectoriser and classifier and jieba, and loads jieba's dictionary; it has no model yet.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time

import numpy as np

_PEER = (
    "import warnings; warnings.simplefilter('ignore'); import sklearn.feature_extraction.text, sklearn.linear_model, "
    "jieba; jieba.setLogLevel(60); jieba.initialize()"
)


def _seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--ledger", default="hotline")
    given = parser.parse_args()
    fenban = shutil.which("fenban") or str(shutil.which("fenban", path=str(sys.prefix) + "/bin"))
    commands = {
        "this project": [fenban, "suggest", "小区门口的路灯坏了半年没有人修", "--ledger", given.ledger],
        "peer": [sys.executable, "-c", _PEER],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for name, command in commands.items():
        _seconds(command)  # the model is built, files are in memory
        times[name].clear()
    for _ in range(given.turns):
        for name, command in commands.items():
            times[name].append(_seconds(command))
    peer = float(np.median(times["peer"]))
    print("| | start to first answer, median s | × peer |\n|---|---|---|")
    for name, took in times.items():
        print(f"| {name} | {np.median(took):.2f} | {np.median(took) / peer:.2f} |")


if __name__ == "__main__":
    main()
