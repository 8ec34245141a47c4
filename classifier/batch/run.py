"""Run a backlog file through a ledger: read in chunks, suggest in parallel, write in order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import joblib
import pandas as pd

from classifier.batch.columns import OUTPUT, output_columns
from classifier.batch.rows import INPUT, KEY, suggest_table
from classifier.desk import open_desk
from classifier.files.columns import KnownColumns, recognise
from classifier.files.reading import Cells, Source, open_source
from classifier.files.writing import check_output, open_sink
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

CHUNK: Final = 500
_ALONE: Final = 2_000
"""Rows up to which starting more processes costs more than it saves."""

Numbered = tuple[int, Cells]


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to do: `version` None is the one in use; `jobs` 0 is one process a core; `headers` is en or zh."""

    source: Path
    target: Path
    ledger: str
    version: str | None = None
    text_column: str | None = None
    title_column: str | None = None
    headers: str = "en"
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class BatchReport:
    """How a run went; `how` says how the file was read."""

    rows: int
    errors: int
    automatic: int
    manual: int
    duplicates: int
    how: str


def run_batch(
    request: BatchRequest,
    places: Places,
    suggester: Suggester,
    on_rows: Callable[[int], object] = lambda _count: None,
) -> BatchReport:
    """Write every input row once, in order, with its columns untouched and the suggestion's behind them.

    Args:
        request: the files and options.
        places: where worker processes find ledger and model.
        suggester: what suggests in this process; workers open the same version.
        on_rows: called with the number of rows just written.

    Raises:
        TableError, UnsupportedFormatError: the file cannot be read or written; nothing is left half-written.
    """
    check_output(request.target)
    source = open_source(request.source)
    columns = recognise(source.columns, request.source, request.text_column, request.title_column)
    counts = {"rows": 0, "errors": 0, "automatic": 0, "manual": 0, "duplicates": 0}
    earliest: dict[str, str] = {}
    with open_sink(request.target, output_columns(source.columns, request.headers)) as sink:
        for chunk, results in _map(source, columns, request, places, suggester):
            _mark_duplicates(results, chunk, columns, earliest)
            sink.write(
                [*cells, *added]
                for (_, cells), added in zip(
                    chunk, results[list(OUTPUT)].itertuples(index=False, name=None), strict=True
                )
            )
            counts["rows"] += len(chunk)
            counts["errors"] += int((results["error"] != "").sum())
            counts["automatic"] += int((results["decision"] == "auto").sum())
            counts["manual"] += int((results["decision"] == "manual").sum())
            counts["duplicates"] += int((results["duplicate_of"] != "").sum())
            on_rows(len(chunk))
    return BatchReport(**counts, how=source.how)


def _map(
    source: Source, columns: KnownColumns, request: BatchRequest, places: Places, suggester: Suggester
) -> Iterator[tuple[list[Numbered], pd.DataFrame]]:
    """Yield each chunk with its results, in order; more processes start only when the file is long."""
    start = list(itertools.islice(source.rows, _ALONE))
    for chunk in _chunks(iter(start)):
        yield chunk, suggest_table(_table(chunk, columns), suggester)
    if len(start) < _ALONE:
        return
    jobs = request.jobs or joblib.cpu_count(only_physical_cores=False)
    version = suggester.model.name.split("/")[-1]
    waiting, sent = itertools.tee(_chunks(source.rows))
    if jobs == 1:
        results: Iterator[pd.DataFrame] = (suggest_table(_table(chunk, columns), suggester) for chunk in sent)
    else:
        parallel = joblib.Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="3*n_jobs")
        results = parallel(
            joblib.delayed(_suggest_elsewhere)(_table(chunk, columns), places, request.ledger, version)
            for chunk in sent
        )
    yield from zip(waiting, results, strict=True)


@lru_cache(maxsize=1)
def _desk(places: Places, ledger: str, version: str) -> Suggester:
    return open_desk(places, ledger, version)


def _suggest_elsewhere(table: pd.DataFrame, places: Places, ledger: str, version: str) -> pd.DataFrame:
    return suggest_table(table, _desk(places, ledger, version))


def _chunks(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk


def _table(chunk: list[Numbered], columns: KnownColumns) -> pd.DataFrame:
    places = (columns.text, columns.title, columns.region, columns.date)
    cells: dict[str, list[Any]] = {
        name: ["" if at is None else row[at] for _, row in chunk] for name, at in zip(INPUT, places, strict=True)
    }
    return pd.DataFrame(cells, dtype=object)


def _mark_duplicates(
    results: pd.DataFrame, chunk: list[Numbered], columns: KnownColumns, earliest: dict[str, str]
) -> None:
    """Fill `duplicate_of` with the id, or else the row number, of the first row that says the same."""
    marks = []
    for (number, cells), key in zip(chunk, results[KEY], strict=True):
        name = str(cells[columns.id]) if columns.id is not None and cells[columns.id] != "" else str(number)
        marks.append(earliest.get(key, "") if key else "")
        earliest.setdefault(key, name)
    results["duplicate_of"] = marks
