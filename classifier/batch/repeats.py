"""Which rows say what an earlier one said: their keys in 12 bytes a row, their names on disk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Rows = NDArray[np.uint32]

_RECENT: Final = 1 << 15
"""Keys kept in a dictionary before they join the sorted ones."""


class Earliest:
    """The first row of each key, in sorted runs of doubling size."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[tuple[Keys, Rows]] = []

    def note(self, keys: Keys, first_row: int) -> list[int | None]:
        """Take in the keys of consecutive rows; return for each the earlier row with its key, or None.

        Key 0 is of a row that is like no other.
        """
        older = np.full(len(keys), -1, dtype=np.int64)
        for run, rows in self._runs:
            at = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            there = run[at] == keys
            older[there] = rows[at[there]]
        found: list[int | None] = []
        for row, (key, known) in enumerate(zip(keys.tolist(), older.tolist(), strict=True), first_row):
            if not key:
                found.append(None)
            elif known >= 0:
                found.append(known)
            else:
                earlier = self._recent.setdefault(key, row)
                found.append(earlier if earlier != row else None)
        if len(self._recent) >= _RECENT:
            self._settle()
        return found

    def _settle(self) -> None:
        """Make a sorted run of the recent keys, joined with the runs that are no longer than it."""
        keys = np.fromiter(self._recent.keys(), np.uint64, len(self._recent))
        rows = np.fromiter(self._recent.values(), np.uint32, len(self._recent))
        self._recent = {}
        while self._runs and len(self._runs[-1][0]) <= len(keys):
            run = self._runs.pop()
            keys, rows = np.concatenate([run[0], keys]), np.concatenate([run[1], rows])
        order = np.argsort(keys)
        self._runs.append((keys[order], rows[order]))


class Names:
    """What rows are called, kept in two parts that outlive the process.

    Args:
        names: part of all names one after another.
        ends: part of 8 bytes a row: where its name ends.
    """

    def __init__(self, names: BinaryIO, ends: BinaryIO) -> None:
        self._names, self._ends = names, ends
        ends.seek(0, os.SEEK_END)

    def extend(self, names: Sequence[str]) -> None:
        """Take in the names of further rows."""
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        start = self._names.seek(0, os.SEEK_END)
        ends = np.cumsum([len(name) for name in encoded], dtype=np.uint64) + np.uint64(start)
        self._names.write(b"".join(encoded))
        self._ends.write(ends.tobytes())

    def __getitem__(self, row: int) -> str:
        raw = os.pread(self._ends.fileno(), 16, 8 * max(0, row - 1))
        edges = np.frombuffer(raw, np.uint64)
        begin, end = (0, int(edges[0])) if row == 0 else (int(edges[0]), int(edges[1]))
        return os.pread(self._names.fileno(), end - begin, begin).decode("utf-8", "surrogatepass")


class Repeats:
    """Tells the earliest row that says the same.

    Args:
        keys: part of 8 bytes a row that outlives the process.
    """

    def __init__(self, keys: BinaryIO) -> None:
        self._keys = keys
        self._rows = keys.seek(0, os.SEEK_END) // 8
        self._earliest = Earliest()
        for begin in range(0, self._rows, _RECENT):
            raw = os.pread(keys.fileno(), 8 * _RECENT, 8 * begin)
            self._earliest.note(np.frombuffer(raw, np.uint64), begin)

    def mark(self, keys: Sequence[int]) -> list[int | None]:
        """Take in consecutive rows by their keys; return for each the earliest like it, or None."""
        numbers = np.array(keys, dtype=np.uint64)
        self._keys.write(numbers.tobytes())
        found = self._earliest.note(numbers, self._rows)
        self._rows += len(keys)
        return found
