"""A run that is cut off anywhere continues to the very bytes of a run that was not."""

from __future__ import annotations

import csv
import dataclasses
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier.batch import run
from classifier.batch.checkpoint import folder_of, open_checkpoint
from classifier.batch.run import BatchRequest, run_batch
from classifier.errors import CannotResumeError, UnwritableFileError
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

TEXTS = ("路灯坏了没人修", "老板拖欠工资半年不给", "河水发黑发臭", "", "=1+1路面有坑")
ENDINGS = (".csv", ".jsonl", ".xlsx", ".parquet")


class CutOff(Exception):  # noqa: N818
    """What stands for a power cut inside a test."""


@pytest.fixture
def backlog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "CHUNK", 7)
    monkeypatch.setattr(run, "_COMMIT_EVERY", 0.0)
    path = tmp_path / "in.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("编号", "内容"))
        writer.writerows((f"{at:04}", f"{TEXTS[at % 5]}{'第' * (at % 11)}") for at in range(100))
    return path


def _cut_off(request: BatchRequest, places: Places, suggester: Suggester, after: int) -> None:
    def stop(done: int, _total: int) -> None:
        if done >= after:
            raise CutOff

    with pytest.raises(CutOff):
        run_batch(request, places, suggester, stop)
    assert not request.target.exists()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_cut_off_again_and_again_gives_the_same_file(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester, ending: str, jobs: int
) -> None:
    whole = BatchRequest(backlog, tmp_path / f"whole{ending}", "small", jobs=jobs)
    report = run_batch(whole, places, suggester)
    request = dataclasses.replace(whole, target=tmp_path / f"cut{ending}", resume=True)
    for after in (0, 7, 50, 100):
        _cut_off(request, places, suggester, after)
    resumed = run_batch(request, places, suggester)
    assert request.target.read_bytes() == whole.target.read_bytes()
    assert resumed == dataclasses.replace(report, resumed=100)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["in.csv", f"cut{ending}", f"whole{ending}"])


def test_what_was_written_after_the_last_commit_is_written_again(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    whole = BatchRequest(backlog, tmp_path / "whole.csv", "small")
    run_batch(whole, places, suggester)
    dice = random.Random(1)  # noqa: S311
    for at in range(10):
        request = dataclasses.replace(whole, target=tmp_path / f"{at}.csv", resume=True)
        _cut_off(request, places, suggester, dice.randrange(100))
        for name in ("draft", "sizes", "keys", "sketches", "names", "ends", "ledger.jsonl"):
            with (folder_of(request.target) / name).open("ab") as file:
                file.write(bytes(dice.randrange(256) for _ in range(dice.randrange(40))).replace(b"\n", b""))
        run_batch(request, places, suggester)
        assert request.target.read_bytes() == whole.target.read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_cut_off_while_it_was_finishing_is_finished(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester, ending: str
) -> None:
    whole = BatchRequest(backlog, tmp_path / f"whole{ending}", "small")
    run_batch(whole, places, suggester)
    request = dataclasses.replace(whole, target=tmp_path / f"cut{ending}", resume=True)
    _cut_off(request, places, suggester, 100)
    facts = run.facts_of(request, suggester)
    source = run.open_source(backlog)
    columns = run.recognise(source.columns, backlog)
    with open_checkpoint(request.target, facts, resume=True) as checkpoint:
        one = run._Run(request, source, columns, 100, checkpoint)
        one.suggest(suggester, lambda _done, _total: None)
        (folder_of(request.target) / f"assembled{ending}").write_bytes(b"cut off")
        assert one.finish() > 10
    assert request.target.read_bytes() == whole.target.read_bytes()
    report = run_batch(request, places, suggester)
    assert (report.rows, report.resumed) == (100, 100)
    assert request.target.read_bytes() == whole.target.read_bytes()
    assert not folder_of(request.target).exists()


def test_without_resume_a_run_begins_anew(backlog: Path, tmp_path: Path, places: Places, suggester: Suggester) -> None:
    request = BatchRequest(backlog, tmp_path / "out.csv", "small")
    _cut_off(request, places, suggester, 50)
    assert run_batch(request, places, suggester).resumed == 0
    assert len(request.target.read_text("utf-8-sig").splitlines()) == 101


def test_a_file_that_changed_meanwhile_is_not_continued(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = BatchRequest(backlog, tmp_path / "out.csv", "small", resume=True)
    _cut_off(request, places, suggester, 50)
    with pytest.raises(CannotResumeError, match="已改变：选项；去掉 --resume"):
        run_batch(dataclasses.replace(request, headers="zh"), places, suggester)
    with monkeypatch.context() as patched:
        patched.setattr(run, "OUTPUT", {**run.OUTPUT, "further": "更多"})
        with pytest.raises(CannotResumeError, match="已改变：结果的列"):
            run_batch(request, places, suggester)
    with backlog.open("a", encoding="utf-8") as file:
        file.write("9999,路灯不亮\n")
    with pytest.raises(CannotResumeError, match="已改变：输入文件"):
        run_batch(request, places, suggester)


def test_two_processes_do_not_write_one_file(
    backlog: Path, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    request = BatchRequest(backlog, tmp_path / "out.csv", "small")
    with open_checkpoint(request.target, {}, resume=False), pytest.raises(UnwritableFileError, match="另一个进程"):
        run_batch(request, places, suggester)


def test_a_result_is_never_written_over_its_input_or_a_folder(
    backlog: Path, places: Places, suggester: Suggester
) -> None:
    with pytest.raises(UnwritableFileError, match="不能写进输入文件"):
        run_batch(BatchRequest(backlog, backlog, "small"), places, suggester)
    (backlog.parent / "out.csv").mkdir()
    with pytest.raises(UnwritableFileError, match="文件夹"):
        run_batch(BatchRequest(backlog, backlog.parent / "out.csv", "small"), places, suggester)
    with pytest.raises(UnwritableFileError, match="无法写入"):
        run_batch(BatchRequest(backlog, backlog / "below" / "out.csv", "small"), places, suggester)


def test_a_process_killed_at_a_random_moment_is_continued(tmp_path: Path, places: Places) -> None:
    source = tmp_path / "in.csv"
    source.write_text("内容\n" + "".join(f"{TEXTS[at % 3]}第{at}次\n" for at in range(3_000)), "utf-8")
    environment = {
        **os.environ,
        "FENBAN_LEDGERS": str(places.ledgers),
        "FENBAN_MODELS": ":".join(map(str, places.models)),
    }

    def start(target: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "classifier.cli", "batch", str(source), str(target), "--ledger", "small"]
        return subprocess.Popen([*command, "--resume"], env=environment, stderr=subprocess.DEVNULL)

    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv"
    assert start(whole).wait(120) == 0
    kills = 0
    dice = random.Random(2)  # noqa: S311
    while kills < 3:
        process = start(cut)
        time.sleep(dice.uniform(0.8, 2))
        process.send_signal(signal.SIGKILL)
        kills += 1
        if process.wait(60) == 0:
            break
    assert start(cut).wait(120) == 0
    assert cut.read_bytes() == whole.read_bytes()
