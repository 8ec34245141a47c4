"""Spread a backlog over a Spark cluster: the same rows and columns as on this machine alone, to the byte.

The input, CSV or Parquet on a path that all machines see, is divided into parts. Ledger and model are sent to each
worker once; Spark hands out the parts, does those of a lost worker again, and finds repeats by a shuffle of keys.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import pandas as pd
from py4j.protocol import Py4JError
from pyspark import SparkFiles, StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from threadpoolctl import threadpool_limits

from classifier.batch.checkpoint import Checkpoint, open_checkpoint
from classifier.batch.columns import output_columns
from classifier.batch.parts import Part, Work, answer_part, parts_in, stage, write_part, write_rows
from classifier.batch.rows import Tally
from classifier.batch.run import BatchReport, BatchRequest, Progress, check_places, facts_of
from classifier.batch.spark_repeats import find_repeats
from classifier.desk import open_desk
from classifier.errors import ClusterFailedError, ClusterMissingError, UnsupportedFormatError
from classifier.files.columns import recognise
from classifier.files.parquet import Slice
from classifier.files.reading import open_source
from classifier.files.writing import lines_of
from classifier.registry.bundle import sync_folder
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

SOURCES: Final = (".csv", ".parquet")
TARGETS: Final = (".csv", ".jsonl", ".parquet")

T = TypeVar("T")

_PARTS: Final = "number long, first long, file string, row_group long, begin long, rows long"
_TOLD: Final = "part long, row long, key long, sketch binary, name string"
_TALLIES: Final = ", ".join(f"{field.name} long" for field in dataclasses.fields(Tally))
_LOOK_EVERY: Final = 2.0
"""Seconds between looks at how many parts are answered."""


@contextmanager
def open_session(master: str | None = None) -> Iterator[SparkSession]:
    """Connect to a cluster: the one named, else the one of Spark's own configuration, else this machine's cores.

    A session that is open already is used, and left open.

    Raises:
        ClusterMissingError: there is no Java, or no such cluster.
    """
    # Where a worker's Python is not said otherwise, it is where ours is.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("fenban")
    before = SparkSession.getActiveSession()
    if before is not None:
        yield before
        return
    try:
        session = (builder.master(master) if master else builder).getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise ClusterMissingError(master or "", type(error).__name__) from error
    try:
        yield session
    finally:
        session.stop()


def run_on_spark(
    request: BatchRequest,
    places: Places,
    suggester: Suggester,
    spark: SparkSession,
    progress: Progress = lambda _done, _total: None,
    most: int = 20_000,
) -> BatchReport:
    """Write every input row once, in order, with its columns untouched and the suggestion's behind them.

    CSV and JSONL become one file, Parquet a folder of files; what a run that was cut off had answered stays for
    `resume`.

    Args:
        request: the files, on a path that every worker sees.
        places: where ledgers and models are on this machine.
        suggester: the opened ledger and model, which are sent to each worker once.
        spark: the cluster.
        progress: told of the rows answered so far.
        most: rows of a part.

    Raises:
        TableError, UnsupportedFormatError: the file cannot be read or written.
        CannotResumeError: file, model, ledger or options have changed since.
        ClusterFailedError: a part failed again and again, or the cluster was lost.
    """
    for path, known in ((request.source, SOURCES), (request.target, TARGETS)):
        if path.suffix.lower() not in known:
            raise UnsupportedFormatError(path, known)
    check_places(request, in_parts=True)
    source = open_source(request.source, request.read_as)
    columns = recognise(source.columns, request.source, request.text_column, request.title_column)
    headings = tuple(output_columns(source.columns, request.headers))
    with open_checkpoint(request.target, facts_of(request, suggester, "spark"), resume=request.resume) as checkpoint:
        scratch, day = _begun(checkpoint)
        staged = source.schema is None
        work = Work(
            scratch, columns, headings, day, request.target.suffix.lower(), staged, source.schema, request.guarded
        )
        table = scratch / "staged.parquet" if staged else request.source.absolute()
        if staged and not table.exists():
            stage(source, table)
        parts = parts_in(table, most)
        total = sum(part.rows.rows for part in parts)
        resumed = _answered(parts, work)
        progress(resumed, total)
        counts = _mapped(parts, work, places, suggester, spark, lambda: progress(_answered(parts, work), total))
        progress(total, total)
        _assemble(parts, work, request.target, checkpoint.folder)
        sync_folder(request.target.parent)
        checkpoint.discard()
    return BatchReport(total, **counts, how=source.how, resumed=resumed)


def _begun(checkpoint: Checkpoint) -> tuple[Path, dt.date]:
    """Return the folder of this run's parts, and the day it began; what other runs left is removed.

    A worker of a run that was killed may write on for a while: into a folder of its own.
    """
    file = checkpoint.part("begun")
    if not checkpoint.finished.sizes:
        file.write(json.dumps([uuid.uuid4().hex, dt.date.today().isoformat()]).encode())
        checkpoint.commit(0, {})
    file.seek(0)
    name, day = json.loads(file.read())
    for other in checkpoint.folder.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    scratch = checkpoint.folder.absolute() / name
    for folder in (scratch / "answers", scratch / "written"):
        folder.mkdir(parents=True, exist_ok=True)
    return scratch, dt.date.fromisoformat(day)


def _mapped(
    parts: Sequence[Part],
    work: Work,
    places: Places,
    suggester: Suggester,
    spark: SparkSession,
    look: Callable[[], object],
) -> dict[str, int]:
    """Answer every part, find the repeats among all, write every part; returns the counts for the report."""
    names = [field.name for field in dataclasses.fields(Tally)]
    if not parts:
        return dict.fromkeys(names, 0)
    try:
        with warnings.catch_warnings():
            # Of pandas, what is used here are columns of whole numbers and of strings.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            opened = _send(places, suggester, spark), suggester.ledger.name, suggester.model.name.rsplit("/", 1)[-1]
            rows = [(one.number, one.first, str(one.rows.file), *one.rows[1:]) for one in parts]
            table = spark.createDataFrame(spark.sparkContext.parallelize(rows, len(rows)), _PARTS)
            told = table.mapInPandas(_answering(work, opened), _TOLD).persist(StorageLevel.DISK_ONLY)
            # All is answered before anything is made of it, or two stages would answer the same part.
            _awaited(told.count, spark, look)
            repeats = find_repeats(told)
            ours, theirs = table.repartition(len(rows), "number"), repeats.repartition(len(rows), "part")
            written = ours.groupBy("number").cogroup(theirs.groupBy("part")).applyInPandas(_writing(work), _TALLIES)
            counts = _awaited(written.collect, spark, look)
            told.unpersist()
    except (PySparkException, Py4JError) as error:
        raise ClusterFailedError(_said(error)) from error
    return dict(zip(names, map(sum, zip(*counts, strict=True)), strict=True))


def _awaited(action: Callable[[], T], spark: SparkSession, look: Callable[[], object]) -> T:
    """Let the cluster work in a thread of its own, looking at it from time to time; it stops when a look raises."""
    group = uuid.uuid4().hex

    def act() -> T:
        spark.sparkContext.setJobGroup(group, "fenban batch", interruptOnCancel=True)
        return action()

    with ThreadPoolExecutor(1) as thread:
        job = thread.submit(act)
        try:
            while not wait([job], _LOOK_EVERY).done:
                look()
            return job.result()
        finally:
            spark.sparkContext.cancelJobGroup(group)


def _answering(work: Work, sent: tuple[str, str, str]) -> Any:
    """Return the function that answers parts: from a table of parts to one of what repeats are found by."""

    def answer(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            for part in _parts_of(frame):
                told = [
                    # Spark's whole numbers are signed.
                    (part.number, row, key - (1 << 64) if key >> 63 else key, sketch, name)
                    for row, key, sketch, name in answer_part(part, work, lambda: _opened(*sent))
                ]
                yield pd.DataFrame(told, columns=["part", "row", "key", "sketch", "name"])

    return answer


def _writing(work: Work) -> Any:
    """Return the function that writes a part with its repeats, and counts."""

    def write(table: pd.DataFrame, repeats: pd.DataFrame) -> pd.DataFrame:
        exact, nearly = (
            dict(zip(some["row"].tolist(), some["earliest"].tolist(), strict=True))
            for some in (repeats[~repeats["nearly"]], repeats[repeats["nearly"]])
        )
        tallies = [dataclasses.asdict(write_part(part, work, exact, nearly)) for part in _parts_of(table)]
        return pd.DataFrame(tallies, columns=[field.name for field in dataclasses.fields(Tally)])

    return write


def _parts_of(frame: pd.DataFrame) -> Iterator[Part]:
    for number, first, file, group, begin, rows in frame.itertuples(index=False):
        yield Part(int(number), int(first), Slice(Path(file), int(group), int(begin), int(rows)))


def _send(places: Places, suggester: Suggester, spark: SparkSession) -> str:
    """Send the ledgers and the model version in use to each worker, once in a session; returns by what name.

    A worker that joins later fetches all that was ever sent, so it stays as long as the session does.
    """
    of_ledgers = [ledger.fingerprint for ledger in suggester.ledger.lineage]
    what = repr((places.models, suggester.model.name, of_ledgers))
    name = f"fenban-{hashlib.blake2b(what.encode(), digest_size=12).hexdigest()}"
    packed = Path(SparkFiles.getRootDirectory()) / "sent" / f"{name}.tar"
    if not packed.exists():
        packed.parent.mkdir(exist_ok=True)
        _pack(places, suggester, packed)
        spark.sparkContext.addArchive(f"{packed}#{name}")
    return name


def _pack(places: Places, suggester: Suggester, packed: Path) -> None:
    owner, version = suggester.model.name.split("/")
    model = next(place / owner / version for place in places.models if (place / owner / version).is_dir())
    with tarfile.open(packed, "w", dereference=True) as archive:
        archive.add(model, f"models/{owner}/{version}")
        for ledger in suggester.ledger.lineage:
            archive.add(ledger.folder, f"ledgers/{ledger.name}")


@lru_cache(maxsize=1)
def _opened(sent: str, ledger: str, version: str) -> Suggester:
    """Open what was sent, once in each process of a worker."""
    threadpool_limits(1)
    folder = Path(SparkFiles.get(sent))
    return open_desk(Places(folder / "ledgers", (folder / "models",)), ledger, version)


def _answered(parts: Sequence[Part], work: Work) -> int:
    """Return how many rows are answered so far."""
    there = {path.name for path in work.answers.iterdir()}
    return sum(part.rows.rows for part in parts if work.answers_of(part).name in there)


def _assemble(parts: Sequence[Part], work: Work, target: Path, folder: Path) -> None:
    """Put the written parts in their place: one after another in a file, or as the files of a folder."""
    files = [work.written / f"{part.name}{work.suffix}" for part in parts]
    lines = lines_of(target, work.headings, guarded=work.guarded)
    if lines is not None:
        whole = work.scratch / "whole"
        with whole.open("wb") as result:
            result.write(lines.opening())
            for path in files:
                with path.open("rb") as part:
                    shutil.copyfileobj(part, result, 1 << 22)
            result.flush()
            os.fsync(result.fileno())
        whole.replace(target)
        return
    if not files:
        files = [work.written / f"part-{0:06}{work.suffix}"]
        write_rows(iter(()), files[0], work)
    if target.is_dir():
        target.replace(folder / "before")
    elif target.exists():
        target.unlink()
    for left in set(work.written.iterdir()) - set(files):
        left.unlink()
    work.written.replace(target)


def _said(error: Exception) -> str:
    """Return our own words where one of our errors was raised on a worker, else only what kind of error it was.

    What other libraries say may quote a cell.
    """
    ours = re.findall(r"^classifier\.errors\.\w+: (.+)$", str(error), re.MULTILINE)
    return ours[-1] if ours else type(error).__name__
