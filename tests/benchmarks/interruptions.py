"""A backlog killed at random moments and resumed each time: the file must be that of a run nobody disturbed."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def start(source: Path, target: Path, ledger: str, *more: str) -> subprocess.Popen[bytes]:
    """Start `fenban batch` as a group of processes of its own."""
    command = [
        str(Path(sys.executable).with_name("fenban")),
        "batch",
        str(source),
        str(target),
        "--ledger",
        ledger,
        *more,
    ]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backlog", type=Path)
    parser.add_argument("--ledger", default="hotline")
    parser.add_argument("--times", type=int, default=200, help="interruptions in all")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    moments = random.Random(given.seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as folder:
        whole, target = (Path(folder) / f"{name}{given.backlog.suffix}" for name in ("whole", "result"))
        began = time.perf_counter()
        start(given.backlog, whole, given.ledger).wait()
        alone = time.perf_counter() - began
        print(f"undisturbed: {alone:.1f} s, {whole.stat().st_size} bytes", flush=True)
        killed = runs = 0
        while killed < given.times or target.with_name(f".{target.name}.partial").exists():
            run = start(given.backlog, target, given.ledger, "--resume")
            try:
                run.wait(moments.uniform(0, alone) if killed < given.times else None)
            except subprocess.TimeoutExpired:
                # The signal goes to all of the group at once; now and then to the parent alone, as the system would.
                victim = moments.random()
                (os.kill if victim < 0.2 else os.killpg)(run.pid, signal.SIGINT if victim > 0.9 else signal.SIGKILL)
                run.wait()
                killed += 1
                continue
            runs += 1
            if target.read_bytes() != whole.read_bytes():
                sys.exit(f"run {runs}, after {killed} interruptions: another file than the undisturbed run's")
            target.unlink()
    print(f"{killed} interruptions in {runs} runs: every finished file is the undisturbed run's, byte for byte")


if __name__ == "__main__":
    main()
