"""What `fenban batch` needs, CSV to CSV: rows a second on one core and on two, memory of few rows and of many.

    python tests/benchmarks/backlog.py cores --rows 40000 --turns 3
    python tests/benchmarks/backlog.py memory --rows 10000 1000000
    python tests/benchmarks/backlog.py workers --rows 20000

The rows are those of the base ledger's own corpus, over and over, each made different. On a machine that others use as
well, the best of several turns stands for the quiet machine. Memory is sampled over the whole tree of processes: `Pss`
shares what is shared, `Private_Dirty` is what a process alone holds.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "training_data" / "hotline" / "complaints"
EVERY = 0.1
"""Seconds between samples."""


@dataclass(frozen=True)
class Course:
    """How one run went: seconds, the peak of all processes together and of each one's own memory, in MB."""

    seconds: float
    peak: float
    private: tuple[float, ...]


def write_rows(path: Path, rows: int) -> None:
    """Write so many rows of the corpus, no two the same."""
    texts = [row["text"] for one in sorted(CORPUS.glob("*.csv")) for row in csv.DictReader(one.open(encoding="utf-8"))]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("编号", "内容"))
        for at, text in enumerate(itertools.islice(itertools.cycle(texts), rows)):
            writer.writerow((f"{at:08}", f"{text}这是第{at}次反映"))


def _tree(parent: int) -> Iterator[int]:
    yield parent
    try:
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in children:
        yield from _tree(int(child))


def _megabytes(process: int) -> dict[str, float]:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.endswith("kB")}


def run(source: Path, jobs: int, ledger: str) -> Course:
    """Run the command once, watching its processes."""
    target = source.with_name("out.csv")
    command = [sys.executable, "-m", "classifier.cli", "batch", str(source), str(target), "--ledger", ledger]
    began, peak, private = time.monotonic(), 0.0, dict[int, float]()
    process = subprocess.Popen([*command, "--jobs", str(jobs)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        sizes = {one: _megabytes(one) for one in _tree(process.pid)}
        peak = max(peak, sum(size.get("Pss", 0.0) for size in sizes.values()))
        for one, size in sizes.items():
            private[one] = max(private.get(one, 0.0), size.get("Private_Dirty", 0.0))
        time.sleep(EVERY)
    if process.returncode != 0:
        raise SystemExit(f"the run ended with {process.returncode}")
    seconds = time.monotonic() - began
    target.unlink()
    workers = tuple(size for one, size in private.items() if one != process.pid)
    return Course(seconds, peak, (private[process.pid], *workers))


def cores(source: Path, given: argparse.Namespace) -> None:
    """Compare one process with two; what both need to start is taken off by a run over a single row."""
    write_rows(source.with_name("one.csv"), 1)
    idle = min(run(source.with_name("one.csv"), 1, given.ledger).seconds for _ in range(given.turns))
    took: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(given.turns):
        for jobs, seconds in took.items():
            seconds.append(run(source, jobs, given.ledger).seconds)
    rows, alone = given.rows[0], min(took[1])
    print(f"load of the machine {os.getloadavg()[0]:.1f}; a run over one row takes {idle:.1f} s")
    print(
        "| processes | best s | median s | rows/s | × one, whole run | × one, without the start |\n|---|---|---|---|---|---|"
    )
    for jobs, seconds in took.items():
        best = min(seconds)
        rate, whole, net = rows / (best - idle), alone / best, (alone - idle) / (best - idle)
        print(f"| {jobs} | {best:.1f} | {statistics.median(seconds):.1f} | {rate:.0f} | {whole:.2f} | {net:.2f} |")


def memory(source: Path, given: argparse.Namespace) -> None:
    """Compare the peak of many rows with that of few."""
    print(
        "| rows | processes | s | peak MB, all processes | × first | largest process's own MB |\n|---|---|---|---|---|---|"
    )
    first = 0.0
    for rows in given.rows:
        write_rows(source, rows)
        course = run(source, given.jobs, given.ledger)
        first = first or course.peak
        sizes = f"{course.peak:.0f} | {course.peak / first:.2f} | {max(course.private):.0f}"
        print(f"| {rows} | {given.jobs} | {course.seconds:.0f} | {sizes} |", flush=True)


def workers(source: Path, given: argparse.Namespace) -> None:
    """Tell what each further worker holds alone, and what the tree of processes grows by."""
    print("| processes | peak MB, all | MB more for one more | each worker's own MB |\n|---|---|---|---|")
    before = 0.0
    for jobs in (1, 2, 3, 4):
        course = run(source, jobs, given.ledger)
        own = ", ".join(f"{size:.0f}" for size in course.private[1:]) or "–"
        print(
            f"| {jobs} | {course.peak:.0f} | {course.peak - before:.0f} | {own} |"
            if before
            else f"| {jobs} | {course.peak:.0f} | – | {own} |",
            flush=True,
        )
        before = course.peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cores", "memory", "workers"))
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--ledger", default="hotline")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.csv"
        write_rows(source, given.rows[0])
        {"cores": cores, "memory": memory, "workers": workers}[given.what](source, given)


if __name__ == "__main__":
    main()
