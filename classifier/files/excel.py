"""Read Excel workbooks, unpacked by a process of its own: its memory is bounded, and none of it stays in ours.

A workbook is compressed, refers to each text as often as it likes and may be damaged in any way, so nothing that it
says of its size can be relied on.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from classifier.errors import UnreadableFileError
from classifier.files.source import Numbered, Source
from classifier.files.unpacking import DAY, MOMENT, MOST_MEMORY, TOO_LARGE

HoldsTexts = Callable[[Sequence[str]], bool]

_BLOCK: Final = 1 << 20


class _Spool:
    """A file that has no name and is closed with the last sheet that lies in it."""

    def __init__(self) -> None:
        with tempfile.TemporaryFile() as file:
            self.number = os.dup(file.fileno())
        weakref.finalize(self, os.close, self.number)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that holds a table; its rows lie in a file that has no name, from `begin` to `end`."""

    name: str
    columns: tuple[str, ...]
    spool: _Spool
    begin: int
    end: int

    def rows(self) -> Iterator[Numbered]:
        rest, at = b"", self.begin
        while at < self.end:
            block = os.pread(self.spool.number, min(_BLOCK, self.end - at), at)
            at += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number, *cells = json.loads(line, object_hook=_day)
                yield number, cells


def read_spreadsheet(path: Path, holds_texts: HoldsTexts, only: str | None = None) -> Source:
    """Open a workbook; sheets with a column of texts are read one after another, columns joined by name.

    Args:
        path: an XLSX or XLS file.
        holds_texts: whether columns so named include one of texts; where no sheet's do, the first table is read.
        only: the name of the one sheet to read, whatever its columns.

    Raises:
        UnreadableFileError: it is damaged, has a password, is empty, would fill the memory, or lacks the sheet named.
    """
    tables = _unpacked(path)
    if not tables:
        raise UnreadableFileError(path, "工作表是空的，没有标题行")
    filled = [sheet for sheet in tables if sheet.end > sheet.begin] or tables
    chosen = [sheet for sheet in filled if holds_texts(sheet.columns)] or filled[:1]
    if only is not None:
        chosen = [sheet for sheet in tables if sheet.name == only]
    if not chosen:
        raise UnreadableFileError(
            path, f"没有工作表“{only}”；有内容的工作表：{'、'.join(sheet.name for sheet in tables)}"
        )
    columns = tuple(dict.fromkeys(name for sheet in chosen for name in sheet.columns))

    def rows() -> Iterator[Numbered]:
        for sheet in chosen:
            place = {name: at for at, name in enumerate(sheet.columns)}
            order = [place.get(name) for name in columns]
            for number, cells in sheet.rows():
                yield number, cells if sheet.columns == columns else ["" if at is None else cells[at] for at in order]

    left = [sheet.name for sheet in filled if sheet not in chosen]
    how = "Excel 工作表" + "、".join(f"“{sheet.name}”" for sheet in chosen)
    how += f"（未读{'其他' if only else '没有正文列的'}工作表：{'、'.join(left)}）" if left else ""
    return Source(columns, rows, how, sheets=tuple(sheet.name for sheet in tables))


def _unpacked(path: Path, most: int = MOST_MEMORY) -> list[_Sheet]:
    """Let another process, of `most` bytes of memory, unpack a workbook.

    Raises:
        UnreadableFileError: it could not, or would have needed more memory than it may.
    """
    spool = _Spool()
    command = [sys.executable, "-m", "classifier.files.unpacking", str(path), str(most)]
    done = subprocess.run(command, stdout=spool.number, stderr=subprocess.PIPE, check=False)
    if done.returncode == 0:
        found = json.loads(done.stderr.splitlines()[-1])
        if "problem" in found:
            raise UnreadableFileError(path, found["problem"], row=found["row"])
        return [_Sheet(one["name"], tuple(one["columns"]), spool, one["begin"], one["end"]) for one in found["sheets"]]
    if done.returncode in (-signal.SIGINT, 130):
        raise KeyboardInterrupt
    # What is written in Rust ends the process where there is no memory.
    if done.returncode in (-signal.SIGABRT, -signal.SIGKILL):
        raise UnreadableFileError(path, TOO_LARGE.format(most / (1 << 30)))
    raise UnreadableFileError(path, f"工作簿已损坏（读取进程以 {done.returncode} 结束）；请在 Excel 中另存一次")


def _day(value: dict[str, str]) -> Any:
    return dt.date.fromisoformat(value[DAY]) if DAY in value else dt.datetime.fromisoformat(value[MOMENT])
