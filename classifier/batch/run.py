"""Run a backlog file through a ledger: read in chunks, suggest in parallel, write in order, continue when cut off."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from classifier import __version__
from classifier.batch.checkpoint import Checkpoint, open_checkpoint
from classifier.batch.columns import OUTPUT, output_columns
from classifier.batch.draft import Draft
from classifier.batch.local import available_cores, map_chunks
from classifier.batch.nearly import earliest_alike
from classifier.batch.repeats import Names, Repeats
from classifier.batch.rows import DUPLICATE_OF, Answer, Tally, given_of, name_of
from classifier.errors import CellTooLongError, UnwritableFileError
from classifier.files.columns import KnownColumns, recognise
from classifier.files.limits import LONGEST_CELL, too_long
from classifier.files.reading import open_source, parts_of
from classifier.files.source import Numbered, ReadAs, Source
from classifier.files.writing import check_output
from classifier.registry.bundle import sync_folder
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.text.sketches import NONE

CHUNK: Final = 500
_ALONE: Final = 1_000
"""Rows up to which more processes cost more than they save."""
_COMMIT_EVERY: Final = 1.0
"""Seconds between commits, each of which waits for the disk."""

Progress = Callable[[int, int], object]
"""Called with the rows finished so far and those in the file."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to do: `version` None is the one in use; `jobs` 0 is one process a core; `headers` is en or zh.

    `encoding` and `sheet` are as `ReadAs` has them, where the file is not to decide.
    `resume` continues a run that was cut off; `guarded` makes harmless in CSV what would run as a formula.
    """

    source: Path
    target: Path
    ledger: str
    version: str | None = None
    text_column: str | None = None
    title_column: str | None = None
    headers: str = "en"
    jobs: int = 0
    resume: bool = False
    guarded: bool = True
    encoding: str | None = None
    sheet: str | None = None

    @property
    def read_as(self) -> ReadAs:
        """How the file is to be read."""
        return ReadAs(self.text_column, self.encoding, self.sheet)


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How a run went: rows of each sort, how the file was read, and how many rows were finished before.

    `duplicates` say exactly what an earlier row says, `near_duplicates` nearly.
    """

    rows: int
    errors: int
    automatic: int
    manual: int
    duplicates: int
    near_duplicates: int
    how: str
    resumed: int = 0


def run_batch(
    request: BatchRequest,
    places: Places,  # noqa: ARG001
    suggester: Suggester,
    progress: Progress = lambda _done, _total: None,
) -> BatchReport:
    """Write every input row once, in order, with its columns untouched and the suggestion's behind them.

    The result appears whole at the end. A run that is cut off leaves a folder beside it, from which `resume` continues
    to the very bytes of a run that was not.

    Raises:
        TableError, UnsupportedFormatError: the file cannot be read or written; nothing is left half-written.
        CannotResumeError: file, model, ledger or options have changed since.
        WorkerLostError: a worker process ended by itself.
    """
    check_places(request)
    source = open_source(request.source, request.read_as)
    columns = recognise(source.columns, request.source, request.text_column, request.title_column)
    total = _survey(source, request)
    with open_checkpoint(request.target, facts_of(request, suggester), resume=request.resume) as checkpoint:
        resumed = checkpoint.finished.rows
        run = _Run(request, source, columns, total, checkpoint)
        try:
            if not checkpoint.finished.whole:
                run.suggest(suggester, progress)
            near = run.finish()
        except OSError as error:
            raise UnwritableFileError(request.target, error.strerror or type(error).__name__) from error
        sync_folder(request.target.parent)
        counts = {**checkpoint.finished.counts, "near_duplicates": near}
        checkpoint.discard()
    return BatchReport(total, **counts, how=source.how, resumed=resumed)


def check_places(request: BatchRequest, *, in_parts: bool = False) -> None:
    """Refuse a result that cannot be written, before any work; `in_parts`, a folder of parts may be replaced.

    Raises:
        UnsupportedFormatError, UnwritableFileError: it cannot.
    """
    check_output(request.target)
    if request.target.is_dir() and not (in_parts and _holds_parts(request.target)):
        raise UnwritableFileError(request.target, "这是一个文件夹")
    if request.target.exists() and request.source.exists() and request.target.samefile(request.source):
        raise UnwritableFileError(request.target, "结果不能写进输入文件；请另起一个名字")


def _holds_parts(folder: Path) -> bool:
    return all(re.fullmatch(r"part-\d+\.parquet", one.name) for one in folder.iterdir())


def _survey(source: Source, request: BatchRequest) -> int:
    """Read the whole file once and count its rows, so that nothing in it can stop the run an hour later.

    Raises:
        TableError: a row cannot be read, or cannot be written to the kind of file asked for.
    """
    count = 0
    if request.target.suffix.lower() != ".xlsx":
        for _ in source.rows:
            count += 1
        return count
    for number, cells in source.rows:
        count += 1
        for column, cell in zip(source.columns, cells, strict=True):
            if isinstance(cell, str) and too_long(cell):
                raise CellTooLongError(request.source, LONGEST_CELL, row=number, column=column)
    return count


def facts_of(request: BatchRequest, suggester: Suggester, engine: str = "local") -> dict[str, Any]:
    """Return all that decides a result, by names a person understands."""
    read_as = (request.text_column, request.title_column, request.encoding, request.sheet)
    options = (*read_as, request.headers, request.guarded, CHUNK)
    return {
        "程序": __version__,
        "引擎": engine,
        "输入文件": [_digest(path) for path in parts_of(request.source)],
        "选项": json.dumps(options),
        "结果的列": list(OUTPUT),
        "模型": suggester.model.name,
        "台账": [ledger.fingerprint for ledger in suggester.ledger.lineage],
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


class _Run:
    """One run: its parts, its counts, and how a chunk is marked."""

    def __init__(
        self, request: BatchRequest, source: Source, columns: KnownColumns, total: int, checkpoint: Checkpoint
    ) -> None:
        self._request, self._source, self._columns, self._total = request, source, columns, total
        headings = output_columns(source.columns, request.headers)
        self._draft = Draft(checkpoint, request.target, headings, guarded=request.guarded)
        self._checkpoint = checkpoint
        self._tally = Tally(**checkpoint.finished.counts)

    def suggest(self, suggester: Suggester, progress: Progress) -> None:
        """Suggest for the rows that are not finished, committing as they come."""
        begun = self._checkpoint.finished.rows
        self._draft.open()
        days = self._checkpoint.part("day")
        if not begun:
            days.write(dt.date.today().isoformat().encode())
        days.seek(0)
        day = dt.date.fromisoformat(days.read().decode())
        repeats = Repeats(self._checkpoint.part("keys"))
        names = Names(*(self._checkpoint.part(name) for name in ("names", "ends")))
        sketches = self._checkpoint.part("sketches")
        jobs = 1 if self._total - begun <= _ALONE else self._request.jobs or available_cores()
        kept, sent = itertools.tee(_chunks(itertools.islice(self._source.rows, begun, None)))
        given = ([given_of(self._columns, cells) for _, cells in chunk] for chunk in sent)
        answers = map_chunks(given, suggester, day, jobs)
        done, committed = begun, time.monotonic()
        progress(done, self._total)
        for chunk, answered in zip(kept, answers, strict=True):
            names.extend([name_of(self._columns, number, cells) for number, cells in chunk])
            earliest = repeats.mark([one.key for one in answered])
            self._mark(answered, earliest, names)
            self._draft.extend(chunk, answered)
            # What repeats another row exactly does not nearly repeat it besides.
            pairs = zip(answered, earliest, strict=True)
            sketches.write(b"".join(one.sketch if row is None else NONE for one, row in pairs))
            done += len(chunk)
            if time.monotonic() - committed > _COMMIT_EVERY:
                self._checkpoint.commit(done, asdict(self._tally))
                committed = time.monotonic()
            progress(done, self._total)
        self._checkpoint.commit(done, asdict(self._tally), whole=True)

    def _mark(self, answered: Sequence[Answer], earliest: Sequence[int | None], names: Names) -> None:
        """Fill `duplicate_of` with the id, or else the row number, of the earliest row like it; and count."""
        for answer, row in zip(answered, earliest, strict=True):
            answer.cells[DUPLICATE_OF] = "" if row is None else names[row]
            self._tally.add(answer.cells)

    def finish(self) -> int:
        """Put the result in its place, and return how many rows nearly repeat an earlier one."""
        parts = (self._checkpoint.folder / name for name in ("sketches", "names", "ends"))
        with ExitStack() as opened:
            sketches, *of_names = (opened.enter_context(path.open("rb", buffering=0)) for path in parts)
            earliest = earliest_alike(sketches)
            self._draft.put_in_place(self._source, earliest, Names(*of_names))
        return int((earliest >= 0).sum())


def _chunks(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk
