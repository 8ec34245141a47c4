"""What was put in use when, by whose decision: a ledger's history of versions, one line an event."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_FILE: Final = "history.jsonl"


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch of the version in use, or in shadow; an empty name is none of the ledger's own.

    `kind` is `promoted`, `rolled_back` or `shadowed`; `forced` tells that the gate had refused, `reason` what someone
    said of it.
    """

    at: str
    kind: str
    version: str
    before: str
    forced: bool = False
    reason: str = ""


def now() -> str:
    """Return the time to the second, UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def record(folder: Path, switch: Switch) -> None:
    """Append an event; it is on disk before the switch it tells of, so that no switch goes untold."""
    with (folder / _FILE).open("a", encoding="utf-8") as history:
        history.write(json.dumps(asdict(switch), ensure_ascii=False) + "\n")
        history.flush()
        os.fsync(history.fileno())


def events(folder: Path) -> list[Switch]:
    """Return the events, oldest first; a line cut short by a crash is none."""
    return list(_read(folder / _FILE))


def _read(path: Path) -> Iterator[Switch]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield Switch(**json.loads(line))
        except (ValueError, TypeError):
            continue


def before(folder: Path, version: str) -> str | None:
    """Return what was in use before `version` was last promoted; None where nothing tells.

    An event whose switch never came about, because the machine stopped between, names another version and is passed
    over.
    """
    for event in reversed(events(folder)):
        if event.kind == "promoted" and event.version == version:
            return event.before
    return None
