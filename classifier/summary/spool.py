"""Strings of any number, kept on disk while a backlog is summed up: 8 bytes each in memory."""

from __future__ import annotations

import os
import tempfile
from array import array


class Strings:
    """Strings in the order they came; the file behind them has no name, so that nothing is ever left of it."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, text: str) -> None:
        """Take in one more."""
        written = self._file.write(text.encode("utf-8", "surrogatepass"))
        self._ends.append(self._ends[-1] + written)

    def __getitem__(self, at: int) -> str:
        begin, end = self._ends[at], self._ends[at + 1]
        self._file.flush()
        return os.pread(self._file.fileno(), end - begin, begin).decode("utf-8", "surrogatepass")

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
