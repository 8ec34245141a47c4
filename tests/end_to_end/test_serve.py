"""`fenban serve` and `fenban batch` as processes of their own, from an empty models folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from classifier.registry.versions import Registry

START = 240
RATE = 25
"""Requests a second that the server allows each caller."""


def _fenban(*arguments: str, ledgers: Path, models: Path, **settings: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **settings,
        "FENBAN_LEDGERS": str(ledgers),
        "FENBAN_MODELS": str(models),
        "FENBAN_DATA": str(models / "data"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "classifier.cli", *arguments]
    return subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A test run in the background of a shell ignores interrupts, and so would whatever it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("not ready in time")


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        # Asked to end, it ends its workers, which would otherwise hold what it wrote to open for ever.
        process.terminate()
        process.communicate(timeout=START)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_builds_the_model_answers_and_stops_in_good_order(
    ledgers: Path, tmp_path: Path, processes: list[subprocess.Popen[str]], workers: str
) -> None:
    port = _free_port()
    arguments = ("serve", "--ledger", "child", "--port", str(port), "--workers", workers)
    process = _fenban(*arguments, ledgers=ledgers, models=tmp_path, FENBAN_RATE=str(RATE))
    processes.append(process)
    url = f"http://127.0.0.1:{port}"
    _wait_until_ready(url, process)
    began = time.monotonic()
    answer = httpx2.post(f"{url}/v1/suggestions", json={"text": "老板拖欠工资半年不给"}).json()
    assert answer["categories"][0]["category"]["name"] == "工资问题"
    assert answer["model"] == "small/v1"
    assert "受理" in httpx2.get(url).text
    took = []
    with httpx2.Client() as kept:
        for _ in range(15):
            asked_at = time.perf_counter()
            kept.post(f"{url}/v1/suggestions", json={"text": "老板拖欠工资半年不给"})
            took.append(time.perf_counter() - asked_at)
        for _ in range(30):
            asked_at = time.perf_counter()
            kept.get(f"{url}/livez")
            took.append(time.perf_counter() - asked_at)
    assert min(took[-20:]) < 0.035, "no answer waits for the caller to acknowledge its first packet"
    lines = httpx2.get(f"{url}/metrics").text.splitlines()
    assert sum(float(line.split()[-1]) for line in lines if line.startswith("fenban_suggestions_total")) == 16
    asked = [httpx2.post(f"{url}/v1/suggestions", json={"text": "路灯坏了"}).status_code for _ in range(100)]
    assert set(asked) <= {200, 429}
    assert asked.count(200) + 18 <= RATE + RATE * (time.monotonic() - began) + 1, "all processes count together"
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert "首次使用" in said
    assert f"127.0.0.1:{port}" in said
    assert "Traceback" not in said


def test_serve_says_what_is_missing(ledgers: Path, tmp_path: Path) -> None:
    process = _fenban("serve", "--ledger", "nowhere", ledgers=ledgers, models=tmp_path)
    assert "没有找到台账“nowhere”" in process.communicate(timeout=START)[1]
    assert process.returncode == 4


def test_two_first_starts_at_once_build_one_model(ledgers: Path, tmp_path: Path) -> None:
    both = [_fenban("suggest", "路灯坏了", "--ledger", "small", ledgers=ledgers, models=tmp_path) for _ in range(2)]
    outputs = [process.communicate(timeout=START)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert outputs[0] == outputs[1]
    assert [version.name for version in Registry((tmp_path,)).versions("small")] == ["v1"]


def test_a_killed_build_leaves_nothing_in_use_and_the_next_one_succeeds(ledgers: Path, tmp_path: Path) -> None:
    process = _fenban("suggest", "路灯坏了", "--ledger", "small", ledgers=ledgers, models=tmp_path)
    deadline = time.monotonic() + START
    while not list(tmp_path.glob("small/.*")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    again = _fenban("suggest", "路灯坏了", "--ledger", "small", ledgers=ledgers, models=tmp_path)
    assert "路灯" in again.communicate(timeout=START)[0]
    assert again.returncode == 0


def test_an_interrupted_batch_says_how_to_go_on_and_leaves_no_result(ledgers: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\n" + "路灯坏了没人修，老板拖欠工资不给\n" * 200_000, "utf-8")
    models = tmp_path / "models"
    _fenban("suggest", "路灯坏了", "--ledger", "small", ledgers=ledgers, models=models).communicate(timeout=START)
    process = _fenban(
        "batch", str(source), str(tmp_path / "out.csv"), "--ledger", "small", ledgers=ledgers, models=models
    )
    deadline = time.monotonic() + START
    while not list(tmp_path.glob(".out.csv.partial/draft")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=START)[1]
    assert process.returncode == 130
    assert "已中断" in said
    assert "--resume" in said
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == [".out.csv.partial"]
