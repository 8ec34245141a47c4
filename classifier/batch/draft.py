"""A result on its way: its rows as far as they are answered, and how they become the file that was asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from classifier.batch.checkpoint import Checkpoint
from classifier.batch.columns import OUTPUT, numeric_headings
from classifier.batch.repeats import Names
from classifier.batch.rows import NEAR_DUPLICATE_OF, Answer
from classifier.files.source import Numbered, Source
from classifier.files.writing import Lines, lines_of, make_sink

Earlier = NDArray[np.int32]

_BLOCK: Final = 1 << 12
"""Rows read at a time while the result is put together."""


class Draft:
    """Takes in answered rows, in two parts that outlive the process, and puts the result together when all are there.

    Where the result is made of lines, they are encoded as they come; of another kind of file, answers alone are kept.
    Which earlier row one nearly repeats is known at the end, and is filled in then.

    Args:
        checkpoint: where the parts are.
        target: the result.
        headings: those of the result.
        guarded: make harmless in CSV what would run as a formula.
    """

    def __init__(self, checkpoint: Checkpoint, target: Path, headings: Sequence[str], *, guarded: bool) -> None:
        self._checkpoint, self._target, self._headings = checkpoint, target, headings
        self._lines = lines_of(target, headings, guarded=guarded)

    def open(self) -> None:
        """Open the parts to be continued."""
        self._draft, self._sizes = self._checkpoint.part("draft"), self._checkpoint.part("sizes")
        if self._lines is not None and not self._draft.tell():
            self._draft.write(self._lines.opening())

    def extend(self, rows: Sequence[Numbered], answers: Sequence[Answer]) -> None:
        """Take in the next rows with their answers."""
        if self._lines is not None:
            lines = self._lines.encode([*cells, *one.cells] for (_, cells), one in zip(rows, answers, strict=True))
        else:
            texts = (json.dumps(one.cells, ensure_ascii=False) + "\n" for one in answers)
            lines = [text.encode("utf-8", "backslashreplace") for text in texts]
        self._draft.write(b"".join(lines))
        self._sizes.write(np.array([len(line) for line in lines], np.uint32).tobytes())

    def put_in_place(self, source: Source, earliest: Earlier, names: Names) -> None:
        """Make the result of what was taken in; may be done again where it was cut off.

        Args:
            source: the input, whose cells stand before the answers.
            earliest: for each row, the earlier row that it nearly repeats, or -1.
            names: what rows are called.
        """
        draft = self._checkpoint.folder / "draft"
        if not draft.exists():
            return
        assembled = self._checkpoint.folder / f"assembled{self._target.suffix.lower()}"
        if self._lines is None:
            self._assemble(assembled, source, earliest, names)
        elif (earliest >= 0).any():
            with assembled.open("wb") as file:
                self._fill(file, self._lines, earliest, names)
                os.fsync(file.fileno())
        else:
            assembled = draft
        assembled.chmod(0o644)
        assembled.replace(self._target)

    def _fill(self, result: BinaryIO, lines: Lines, earliest: Earlier, names: Names) -> None:
        """Copy the lines, filling in what they nearly repeat."""
        at = len(self._headings) - len(OUTPUT) + NEAR_DUPLICATE_OF
        with (self._checkpoint.folder / "draft").open("rb") as draft:
            result.write(draft.read(len(lines.opening())))
            for begin, ends in self._ends():
                block, copied = draft.read(int(ends[-1])), 0
                for row in np.flatnonzero(earliest[begin : begin + len(ends)] >= 0).tolist():
                    start, end = int(ends[row - 1]) if row else 0, int(ends[row])
                    result.write(block[copied:start])
                    result.write(lines.filled(block[start:end], at, names[int(earliest[begin + row])]))
                    copied = end
                result.write(block[copied:])

    def _ends(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield blocks of rows: the first one's number, from 0, and where in the block each ends."""
        begin = 0
        with (self._checkpoint.folder / "sizes").open("rb") as file:
            while raw := file.read(4 * _BLOCK):
                ends = np.frombuffer(raw, np.uint32).cumsum(dtype=np.int64)
                yield begin, ends
                begin += len(ends)

    def _assemble(self, path: Path, source: Source, earliest: Earlier, names: Names) -> None:
        """Write a table of the input's cells and the answers."""
        sink = make_sink(path, self._headings, source.schema, numeric_headings(self._headings))

        def rows(lines: TextIO) -> Iterator[list[Any]]:
            for (_, cells), line, earlier in zip(source.rows, lines, map(int, earliest), strict=True):
                answer = json.loads(line)
                answer[NEAR_DUPLICATE_OF] = names[earlier] if earlier >= 0 else ""
                yield [*cells, *answer]

        with (self._checkpoint.folder / "draft").open(encoding="utf-8") as lines:
            sink.write(rows(lines))
        sink.close()
