"""A result on its way: its rows as far as they are answered, and how they become the file that was asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from classifier.batch.checkpoint import Checkpoint
from classifier.batch.columns import OUTPUT
from classifier.batch.rows import NEAR_DUPLICATE_OF, NUMERIC, Answer
from classifier.files.source import Numbered, Source
from classifier.files.writing import Lines, lines_of, make_sink

Nearly = tuple[NDArray[np.int32], Callable[[int], str]]
"""For each row, the earlier row that it nearly repeats, or -1; and what a row is called."""

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
        self._folder, self._target, self._headings = checkpoint.folder, target, headings
        self._lines = lines_of(target, headings, guarded=guarded)

    def open(self, checkpoint: Checkpoint) -> None:
        """Open the parts to be continued."""
        self._draft, self._sizes = checkpoint.part("draft"), checkpoint.part("sizes")
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

    def put_in_place(self, source: Source, nearly: Nearly) -> None:
        """Make the result of what was taken in; may be done again where it was cut off.

        Args:
            source: the input, whose cells stand before the answers.
            nearly: which rows nearly repeat which.
        """
        draft = self._folder / "draft"
        if not draft.exists():
            return
        assembled = self._folder / f"assembled{self._target.suffix.lower()}"
        if self._lines is None:
            self._assemble(assembled, source, nearly)
        elif (nearly[0] >= 0).any():
            with assembled.open("wb") as file:
                self._fill(file, self._lines, nearly)
                os.fsync(file.fileno())
        else:
            assembled = draft
        assembled.chmod(0o644)
        assembled.replace(self._target)

    def _fill(self, result: BinaryIO, lines: Lines, nearly: Nearly) -> None:
        """Copy the lines, filling in what they nearly repeat."""
        earliest, name = nearly
        at = len(self._headings) - len(OUTPUT) + NEAR_DUPLICATE_OF
        with (self._folder / "draft").open("rb") as draft:
            result.write(draft.read(len(lines.opening())))
            for begin, ends in self._ends():
                block, copied = draft.read(int(ends[-1])), 0
                for row in np.flatnonzero(earliest[begin : begin + len(ends)] >= 0).tolist():
                    start, end = int(ends[row - 1]) if row else 0, int(ends[row])
                    result.write(block[copied:start])
                    result.write(lines.filled(block[start:end], at, name(int(earliest[begin + row]))))
                    copied = end
                result.write(block[copied:])

    def _ends(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield blocks of rows: the first one's number, from 0, and where in the block each ends."""
        begin = 0
        with (self._folder / "sizes").open("rb") as file:
            while raw := file.read(4 * _BLOCK):
                ends = np.frombuffer(raw, np.uint32).cumsum(dtype=np.int64)
                yield begin, ends
                begin += len(ends)

    def _assemble(self, path: Path, source: Source, nearly: Nearly) -> None:
        """Write a table of the input's cells and the answers."""
        ours = zip(self._headings[-len(OUTPUT) :], OUTPUT, strict=True)
        numeric = frozenset(heading for heading, name in ours if name in NUMERIC)
        sink = make_sink(path, self._headings, source.schema, numeric)
        with (self._folder / "draft").open(encoding="utf-8") as lines:
            sink.write(
                [*cells, *self._filled(json.loads(line), row, nearly)]
                for row, ((_, cells), line) in enumerate(zip(source.rows, lines, strict=True))
            )
        sink.close()

    @staticmethod
    def _filled(answer: list[Any], row: int, nearly: Nearly) -> list[Any]:
        earlier = int(nearly[0][row])
        if earlier >= 0:
            answer[NEAR_DUPLICATE_OF] = nearly[1](earlier)
        return answer
