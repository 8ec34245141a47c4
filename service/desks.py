"""The open ledgers of a running service; an edited table or a promoted model is in force at the next request."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from classifier.desk import open_desk, silent
from classifier.errors import FenbanError
from classifier.learn.training import Progress
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester

_log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
"""Seconds between looks at a ledger's files."""

Stamp = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class _Open:
    suggester: Suggester
    stamp: Stamp
    looked: float


class Desks:
    """Keeps a suggester for each ledger asked for, and replaces it when its files change.

    A change that cannot be loaded is logged and leaves what was in use.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self._registry = Registry(places.models)
        self._open: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def open(self, ledger: str, progress: Progress = silent) -> Suggester:
        """Return the suggester of a ledger, opening it first where needed.

        Raises:
            LedgerNotFoundError, ModelNotFoundError, CatalogueError, BundleError: it cannot be opened.
        """
        now = time.monotonic()
        held = self._open.get(ledger)
        if held is not None and now - held.looked < _LOOK_EVERY:
            return held.suggester
        with self._lock:
            held = self._open.get(ledger)
            if held is None:
                suggester = open_desk(self.places, ledger, progress=progress)
                self._open[ledger] = _Open(suggester, self._stamp(suggester), now)
                return suggester
            held.looked = now
            stamp = self._stamp(held.suggester)
            if stamp != held.stamp:
                held.stamp = stamp
                self._reopen(ledger, held)
            return held.suggester

    def _reopen(self, ledger: str, held: _Open) -> None:
        try:
            held.suggester = open_desk(self.places, ledger)
            held.stamp = self._stamp(held.suggester)
        except FenbanError as error:
            _log.error("ledger %s changed but cannot be loaded, the former one stays in use: %s", ledger, error.code)
        else:
            _log.info("ledger %s reopened with model %s", ledger, held.suggester.model.name)

    def _stamp(self, suggester: Suggester) -> Stamp:
        """Describe the files a suggester came from by name, size and time of change."""
        ledger = suggester.ledger
        current = [self._registry.current_file(one.name) for one in ledger.lineage]
        stats = [(path, path.stat()) for path in [*ledger.files, *(path for path in current if path)] if path.exists()]
        return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)
