"""A cluster of two worker processes gives the very bytes of this machine alone, even when a worker is lost."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifier.batch.checkpoint import folder_of
from classifier.batch.run import BatchRequest, run_batch
from classifier.batch.spark import run_on_spark
from classifier.cli import run
from classifier.errors import ClusterFailedError, UnsupportedFormatError, UnwritableFileError
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TEXTS = ("路灯坏了没人修", "老板拖欠工资半年不给", "河水发黑发臭", "", '"路面有坑"，\n车过不去', "=1+1路灯不亮")


def _columns(rows: int) -> dict[str, list[str]]:
    return {
        "编号": ["" if at % 4 == 0 else f"{at:05}" for at in range(rows)],
        "内容": [TEXTS[at % 6] + "第" * (at % 7) if at % 6 != 3 else "" for at in range(rows)],
        "category": ["=x"] * rows,
    }


def _csv(path: Path, rows: int, encoding: str = "utf-8") -> Path:
    columns = _columns(rows)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return path


def _below(parent: int, what: str) -> Iterator[int]:
    """Processes that descend from one and whose command says what."""
    for entry in Path("/proc").iterdir():
        try:
            above = int((entry / "stat").read_text().rpartition(")")[2].split()[1]) if entry.name.isdigit() else -1
            if above == parent:
                if what in (entry / "cmdline").read_text():
                    yield int(entry.name)
                yield from _below(int(entry.name), what)
        except (FileNotFoundError, ProcessLookupError):
            continue


def test_a_csv_file_comes_out_as_from_one_machine_and_the_model_was_sent_to_each_worker_once(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    alone = BatchRequest(_csv(tmp_path / "in.csv", 300, "gb18030"), tmp_path / "alone.csv", "small")
    request = dataclasses.replace(alone, target=tmp_path / "many.csv")
    told: list[tuple[int, int]] = []
    report = run_on_spark(request, places, suggester, spark, lambda *state: told.append(state), most=40)
    assert report == run_batch(alone, places, suggester)
    assert report.duplicates
    assert report.near_duplicates
    assert request.target.read_bytes() == alone.target.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone.csv", "in.csv", "many.csv"]
    assert (told[0], told[-1]) == ((0, 300), (300, 300))
    homes = [Path(f"/proc/{worker}/cwd").readlink() for worker in _below(os.getpid(), "CoarseGrainedExecutorBackend")]
    assert [len(list(home.glob("fenban-*/models"))) for home in homes] == [1, 1]


@pytest.mark.parametrize("victim", ["CoarseGrainedExecutorBackend", "pyspark.daemon"])
def test_what_a_lost_worker_was_doing_is_done_again(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester, victim: str
) -> None:
    alone = BatchRequest(_csv(tmp_path / "in.csv", 6_000), tmp_path / "alone.jsonl", "small")
    request = dataclasses.replace(alone, target=tmp_path / "many.jsonl")
    killed: list[tuple[int, int]] = []

    def kill() -> None:
        while not (answered := list(folder_of(request.target).glob("*/answers/part-*"))):
            time.sleep(0.002)
        worker = next(_below(os.getpid(), victim))
        os.kill(worker, signal.SIGKILL)
        killed.append((worker, len(answered)))

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    report = run_on_spark(request, places, suggester, spark, most=400)
    killer.join()
    assert killed[0][1] < 15, "all parts were answered before a worker was killed"
    assert killed[0][0] not in set(_below(os.getpid(), victim))
    assert report == run_batch(alone, places, suggester)
    assert request.target.read_bytes() == alone.target.read_bytes()


def test_a_folder_of_parquet_files_becomes_one_with_the_types_and_rows_of_one_machine(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    columns = _columns(200)
    table = pa.table({
        "内容": pa.array(columns["内容"], pa.large_string()),
        "件数": pa.array([None if at % 3 else 1 << 60 for at in range(200)], pa.int64()),
        "何时": pa.array([dt.datetime(2026, 1, 1, 0, 0, 0, at) for at in range(200)], pa.timestamp("us", "Asia/Shanghai")),
        "标签": [["a", str(at)] for at in range(200)],
    })  # fmt: skip
    source = tmp_path / "in.parquet"
    source.mkdir()
    pq.write_table(table.slice(0, 130), source / "a.parquet", row_group_size=60)
    pq.write_table(table.slice(130), source / "b.parquet")
    (source / "_SUCCESS").touch()
    alone = BatchRequest(source, tmp_path / "alone.parquet", "small", headers="zh")
    request = dataclasses.replace(alone, target=tmp_path / "many.parquet")
    expected = run_batch(alone, places, suggester)
    run_on_spark(request, places, suggester, spark, most=45)
    assert run_on_spark(request, places, suggester, spark, most=70) == expected
    one, many = pq.read_table(alone.target), pq.read_table(request.target)
    assert many.schema.equals(one.schema)
    assert many.equals(one)
    again = BatchRequest(request.target, tmp_path / "again.parquet", "small", text_column="内容")
    assert run_batch(again, places, suggester).rows == 200


def test_a_run_that_was_cut_off_answers_nothing_twice(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    class CutOff(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        if done == total:
            raise CutOff

    alone = BatchRequest(_csv(tmp_path / "in.csv", 120), tmp_path / "alone.csv", "small")
    request = dataclasses.replace(alone, target=tmp_path / "many.csv", resume=True)
    with pytest.raises(CutOff):
        run_on_spark(request, places, suggester, spark, stop, most=30)
    assert not request.target.exists()
    answers = {path: path.stat().st_mtime_ns for path in folder_of(request.target).glob("*/answers/part-*")}
    newest = max(answers)
    newest.unlink()
    missing = 120 - 30 * (len(answers) - 1)
    watched: list[dict[Path, int]] = []

    def watch(done: int, total: int) -> None:
        if done == total:
            watched.append({path: path.stat().st_mtime_ns for path in answers})

    assert run_on_spark(request, places, suggester, spark, watch, most=30).resumed == 120 - missing
    assert [path for path in answers if watched[-1][path] != answers[path]] == [newest]
    run_batch(alone, places, suggester)
    assert request.target.read_bytes() == alone.target.read_bytes()


def test_a_part_that_cannot_be_read_is_told_in_our_words(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"内容": [f"路灯坏了{at}" for at in range(500)]}), source, compression="zstd")
    raw = bytearray(source.read_bytes())
    raw[200:900] = b"x" * 700
    source.write_bytes(raw)
    with pytest.raises(ClusterFailedError, match=r"in\.parquet 第 \d+ 行：Parquet 文件已损坏.*--resume"):
        run_on_spark(BatchRequest(source, tmp_path / "out.csv", "small"), places, suggester, spark)


def test_a_table_without_rows_gives_a_result_without_rows(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    source = _csv(tmp_path / "in.csv", 0)
    for ending in (".csv", ".parquet"):
        alone = BatchRequest(source, tmp_path / f"alone{ending}", "small")
        request = dataclasses.replace(alone, target=tmp_path / f"many{ending}")
        assert run_on_spark(request, places, suggester, spark) == run_batch(alone, places, suggester)
    assert (tmp_path / "many.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()
    assert pq.read_table(tmp_path / "many.parquet").equals(pq.read_table(tmp_path / "alone.parquet"))


def test_what_a_cluster_does_not_read_or_write_is_refused_before_any_work(
    spark: SparkSession, tmp_path: Path, places: Places, suggester: Suggester
) -> None:
    source = _csv(tmp_path / "in.csv", 3)
    for request in (
        BatchRequest(source, tmp_path / "o.xlsx", "small"),
        BatchRequest(tmp_path / "i.xls", source, "small"),
    ):
        with pytest.raises(UnsupportedFormatError):
            run_on_spark(request, places, suggester, spark)
    other = tmp_path / "theirs.parquet"
    other.mkdir()
    (other / "keep.txt").touch()
    with pytest.raises(UnwritableFileError, match="文件夹"):
        run_on_spark(BatchRequest(source, other, "small"), places, suggester, spark)


def test_the_command_runs_on_the_cluster(
    spark: SparkSession,
    tmp_path: Path,
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", str(places.models[0]))
    source = _csv(tmp_path / "in.csv", 12)
    arguments = [str(source), str(tmp_path / "out.csv"), "--ledger", "small", "--json"]
    assert run(["batch", *arguments, "--engine", "spark"]) == 1
    assert json.loads(capsys.readouterr().out)["rows"] == 12
    assert spark.range(3).count() == 3


def test_a_machine_without_spark_is_told_what_to_install(
    tmp_path: Path, places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", str(places.models[0]))
    monkeypatch.delitem(sys.modules, "classifier.batch.spark")
    monkeypatch.setitem(sys.modules, "pyspark", None)
    source = _csv(tmp_path / "in.csv", 3)
    assert run(["batch", str(source), str(tmp_path / "out.csv"), "--ledger", "small", "--engine", "spark"]) == 4
    assert "openjdk-17-jre-headless" in capsys.readouterr().err
