"""Parts of a backlog, each answered and written by whichever process, on whichever machine, has its turn.

Everything a part leaves behind is a file that appears whole on a path all machines share, so that a part whose worker
was lost is simply done again, and what is done stays done. What needs all rows, the earliest that says the same, is
told from outside before a part is written.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa

from classifier.batch.columns import numeric_headings
from classifier.batch.rows import (
    DUPLICATE_OF,
    NEAR_DUPLICATE_OF,
    Answer,
    Tally,
    given_of,
    name_of,
    suggest_rows,
)
from classifier.files.columns import KnownColumns
from classifier.files.parquet import GROUP, ParquetSink, Slice, read_slice, slices
from classifier.files.source import Numbered, Source, unique_names
from classifier.files.writing import lines_of, written_whole
from classifier.suggest.suggester import Suggester

_TOGETHER: Final = 500
"""Rows in memory at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring rows; `first` is the number of the first where rows are counted, `number` the part's own, from 0."""

    number: int
    first: int
    rows: Slice

    @property
    def name(self) -> str:
        """What its files are called, so that they sort in order."""
        return f"part-{self.number:06}"


@dataclass(frozen=True, slots=True)
class Work:
    """What is the same for all parts.

    `scratch` is seen by all machines; `numbered` tells that the last column of the rows holds their numbers; `suffix`
    is that of the result; `schema` holds the types of the input's columns where the file states them.
    """

    scratch: Path
    columns: KnownColumns
    headings: tuple[str, ...]
    day: dt.date
    suffix: str
    numbered: bool
    schema: Any = None
    guarded: bool = True

    @property
    def answers(self) -> Path:
        """Where the answers of each part are."""
        return self.scratch / "answers"

    @property
    def written(self) -> Path:
        """Where each part of the result is."""
        return self.scratch / "written"

    def answers_of(self, part: Part) -> Path:
        """Where the answers of one part are, as soon as it is answered."""
        return self.answers / f"{part.name}.jsonl.zst"


class Told(NamedTuple):
    """What repeats are found by: a row's place in its part, key and sketch of what it says, and what it is called."""

    row: int
    key: int
    sketch: bytes
    name: str


def stage(source: Source, path: Path) -> None:
    """Copy rows of any kind to Parquet, with their numbers as a last column, so that any part of them can be read.

    Raises:
        TableError: a row cannot be read.
    """
    names = unique_names([*source.columns, "number"])
    types = [*(pa.field(name, pa.string()) for name in source.columns), pa.field(names[-1], pa.int64())]
    with written_whole(path) as draft:
        sink = ParquetSink(draft, names, pa.schema(types))
        sink.write([*cells, number] for number, cells in source.rows)
        sink.close()


def parts_in(path: Path, most: int = GROUP) -> list[Part]:
    """Divide a Parquet file, or a folder of them, into parts of at most `most` rows."""
    parts, first = [], 1
    for number, rows in enumerate(slices(path, most)):
        parts.append(Part(number, first, rows))
        first += rows.rows
    return parts


def answer_part(part: Part, work: Work, suggester: Callable[[], Suggester]) -> Iterator[Told]:
    """Answer the rows of a part, unless that was done before, and yield what repeats are found by."""
    path = work.answers_of(part)
    if not path.exists():
        with written_whole(path) as draft, pa.CompressedOutputStream(str(draft), "zstd") as file:
            for name, answer in _answered(part, work, suggester()):
                sketch = b64encode(answer.sketch).decode()
                file.write(json.dumps([answer.key, sketch, name, *answer.cells]).encode() + b"\n")
    for row, (key, sketch, name, *_) in enumerate(_answers(path)):
        if key:
            yield Told(row, key, b64decode(sketch), name)


def write_part(part: Part, work: Work, repeats: Mapping[int, str], nearly: Mapping[int, str]) -> Tally:
    """Write a part of the result; by their place, rows have the name of the earliest that says the same, or nearly."""
    tally = Tally()

    def lines() -> Iterator[list[Any]]:
        answers = _answers(work.answers_of(part))
        for row, ((_, cells), (_, _, _, *answer)) in enumerate(zip(_rows(part, work), answers, strict=True)):
            answer[DUPLICATE_OF], answer[NEAR_DUPLICATE_OF] = repeats.get(row, ""), nearly.get(row, "")
            tally.add(answer)
            yield [*cells, *answer]

    with written_whole(work.written / f"{part.name}{work.suffix}") as draft:
        write_rows(lines(), draft, work)
    return tally


def write_rows(rows: Iterator[list[Any]], path: Path, work: Work) -> None:
    """Write rows as a part of the result: lines without a heading, or a Parquet file."""
    encoding = lines_of(Path(f"result{work.suffix}"), work.headings, guarded=work.guarded)
    if encoding is not None:
        with path.open("wb") as file:
            while chunk := list(islice(rows, _TOGETHER)):
                file.writelines(encoding.encode(chunk))
        return
    sink = ParquetSink(path, work.headings, work.schema, numeric_headings(work.headings))
    sink.write(rows)
    sink.close()


def _answered(part: Part, work: Work, suggester: Suggester) -> Iterator[tuple[str, Answer]]:
    rows = _rows(part, work)
    while chunk := list(islice(rows, _TOGETHER)):
        answers = suggest_rows([given_of(work.columns, cells) for _, cells in chunk], suggester, work.day)
        for (number, cells), answer in zip(chunk, answers, strict=True):
            yield name_of(work.columns, number, cells), answer


def _rows(part: Part, work: Work) -> Iterator[Numbered]:
    rows = read_slice(part.rows)
    if work.numbered:
        return ((cells[-1], cells[:-1]) for cells in rows)
    return enumerate(rows, part.first)


def _answers(path: Path) -> Iterator[list[Any]]:
    with pa.CompressedInputStream(str(path), "zstd") as raw:
        for line in _lines(raw):
            yield json.loads(line)


def _lines(raw: pa.CompressedInputStream) -> Iterator[bytes]:
    rest = b""
    while block := raw.read(1 << 16):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
