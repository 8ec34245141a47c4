"""What a run has finished so far, kept beside its result, so that a run that was cut off can be continued.

A folder holds append-only parts and a ledger. After some chunks the parts are made durable, then a line of the
ledger says how long each part is. A later run cuts the parts to the last whole line, whatever was written after it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from classifier.errors import CannotResumeError, UnwritableFileError

_LEDGER: Final = "ledger.jsonl"


@dataclass(frozen=True, slots=True)
class Finished:
    """How far a run has come: rows, sizes of the parts in bytes, counts for the report; `whole` when at the end."""

    rows: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False


class Checkpoint:
    """The folder of one run; made by `open_checkpoint`."""

    def __init__(self, folder: Path, facts: Mapping[str, Any], finished: Finished) -> None:
        self.folder = folder
        self.facts = facts
        self.finished = finished
        self._parts: dict[str, BinaryIO] = {}

    def part(self, name: str) -> BinaryIO:
        """Open a part for reading anywhere and appending, cut to what is finished."""
        path = self.folder / name
        file = path.open("r+b" if path.exists() else "w+b", buffering=0)
        file.truncate(self.finished.sizes.get(name, 0))
        file.seek(0, os.SEEK_END)
        self._parts[name] = file
        return file

    def commit(self, rows: int, counts: Mapping[str, int], *, whole: bool = False) -> None:
        """Make what the parts hold durable and note how far the run has come."""
        for file in self._parts.values():
            os.fsync(file.fileno())
        sizes = {name: file.tell() for name, file in self._parts.items()}
        self.finished = Finished(rows, sizes, dict(counts), whole)
        line = {"rows": rows, "sizes": sizes, "counts": dict(counts), "whole": whole}
        _append(self.folder / _LEDGER, line)

    def close(self) -> None:
        """Close the parts; what was not committed is not finished."""
        for file in self._parts.values():
            file.close()

    def discard(self) -> None:
        """Remove the folder: the ledger first, so that no ledger ever speaks of parts that are gone."""
        self.close()
        (self.folder / _LEDGER).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def folder_of(target: Path) -> Path:
    """Return where the checkpoint of a result is kept: hidden, beside it."""
    return target.with_name(f".{target.name}.partial")


@contextmanager
def open_checkpoint(target: Path, facts: Mapping[str, Any], *, resume: bool) -> Iterator[Checkpoint]:
    """Begin a run, or continue the one that was cut off; only one at a time may write a result.

    Args:
        target: the result.
        facts: all that decides it, by names a person understands.
        resume: continue where there is something to continue; otherwise what there is is thrown away.

    Raises:
        CannotResumeError: a fact has changed.
        UnwritableFileError: the folder cannot be made, or another process is writing this result.
    """
    folder = folder_of(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise UnwritableFileError(target, error.strerror or type(error).__name__) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UnwritableFileError(target, "另一个进程正在写这个文件") from error
        begun = _read(folder / _LEDGER) if resume else None
        if begun is None:
            begun = dict(facts), Finished()
            (folder / _LEDGER).unlink(missing_ok=True)
            _append(folder / _LEDGER, begun[0])
        else:
            changed = [name for name in facts if facts[name] != begun[0].get(name)]
            if changed:
                raise CannotResumeError(target, changed)
        checkpoint = Checkpoint(folder, *begun)
        try:
            yield checkpoint
        finally:
            checkpoint.close()


def _append(path: Path, line: Mapping[str, Any]) -> None:
    with path.open("ab") as file:
        file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> tuple[dict[str, Any], Finished] | None:
    """Return the facts and the last whole line; None where not even the facts are whole."""
    if not path.exists():
        return None
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if len(whole) < len(raw):
        os.truncate(path, len(whole))
    lines = [json.loads(line) for line in whole.splitlines()]
    if not lines:
        return None
    return lines[0], Finished(**lines[-1]) if len(lines) > 1 else Finished()
