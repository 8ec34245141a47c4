"""The open ledgers of a running service; an edited table or a promoted model is in force within a second."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from classifier.catalogue.ledger import Ledger, find_ledger, load_ledger
from classifier.desk import open_desk, silent
from classifier.errors import FenbanError
from classifier.learn.training import Progress
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

_log = logging.getLogger(__name__)

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(slots=True)
class _Open:
    suggester: Suggester
    stamp: Stamp
    """Of its files before they were read: what changes while they are read is seen at the next look."""


class Desks:
    """Keeps a suggester for each ledger asked for; `refresh` replaces those whose files have changed.

    A request takes the suggester there is, so that a switch of models neither drops nor delays one. A change that
    cannot be loaded is logged and leaves what was in use.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.registry = Registry(places.models)
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def open(self, ledger: str, progress: Progress = silent) -> Suggester:
        """Return the suggester of a ledger, opening it first where needed, which may take seconds.

        Raises:
            LedgerNotFoundError, ModelNotFoundError, CatalogueError, BundleError: it cannot be opened.
        """
        with self._lock:
            held = self._open.get(ledger)
            if held is None:
                stamp = self._stamp(load_ledger(ledger, self.places.ledgers))
                held = self._open[ledger] = _Open(open_desk(self.places, ledger, progress=progress), stamp)
            return held.suggester

    async def ready(self, ledger: str) -> Suggester:
        """Return the suggester of a ledger at once where it is open, else open it beside the event loop.

        Raises:
            LedgerNotFoundError, ModelNotFoundError, CatalogueError, BundleError: it cannot be opened.
        """
        held = self._open.get(ledger)
        return held.suggester if held is not None else await run_in_threadpool(self.open, ledger)

    def require(self, ledger: str) -> None:
        """Make sure a ledger of that name is in the folder of ledgers.

        Raises:
            LedgerNotFoundError: there is none.
        """
        if ledger not in self._open:
            find_ledger(ledger, self.places.ledgers)

    def refresh(self) -> None:
        """Look at the files of every open ledger and load anew what has changed."""
        with self._lock:
            for ledger, held in self._open.items():
                stamp = self._stamp(held.suggester.ledger)
                if stamp != held.stamp:
                    held.stamp = stamp
                    self._reopen(ledger, held)

    def _reopen(self, ledger: str, held: _Open) -> None:
        try:
            held.suggester = open_desk(self.places, ledger)
        except FenbanError as error:
            _log.error("ledger %s changed but cannot be loaded, the former one stays in use: %s", ledger, error.code)
        else:
            _log.info("ledger %s reopened with model %s", ledger, held.suggester.model.name)

    def _stamp(self, ledger: Ledger) -> Stamp:
        """Describe the files that decide a ledger and its model."""
        current = [self.registry.current_file(one.name) for one in ledger.lineage]
        return stamp_of([*ledger.files, *(path for path in current if path)])


def stamp_of(files: Iterable[Path]) -> Stamp:
    """Describe files by name, number, size and time of change."""
    stats = [(path, path.stat()) for path in files if path.exists()]
    return tuple((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
