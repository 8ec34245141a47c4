"""What the running service holds: made once when it starts, handed to the routes, let go when it stops."""

from __future__ import annotations

import logging
import threading
from typing import Final

from threadpoolctl import threadpool_limits

from classifier.errors import FenbanError
from service.desks import Desks
from service.idempotency import Answer
from service.keys import Keyring
from service.metrics import Metrics
from service.recording import Intake, compare, record
from service.retention import digest_secret, sweep
from service.settings import Settings
from service.store.database import Store
from service.store.grouping import Grouping
from service.store.migration import migrate

_log = logging.getLogger(__name__)

_LOOK_EVERY: Final = 1.0
"""Seconds between looks at the ledgers' files and at the keys."""

_SWEEP_EVERY: Final = 3600
"""Looks between two sweeps of texts whose time is over: once an hour."""


class Resources:
    """Settings, open ledgers, store, keys and metrics of one process."""

    def __init__(self, settings: Settings, desks: Desks | None = None) -> None:
        self.settings = settings
        self.desks = desks or Desks(settings.places)
        self.metrics = Metrics()
        self.store: Store
        self.keyring: Keyring
        self.digest_secret: bytes
        self.recorder: Grouping[Intake, Answer]
        self.comparer: Grouping[Intake, Answer]
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def open(self) -> None:
        """Open the store and the default ledger; a ledger that cannot be opened leaves the service not ready.

        Raises:
            StoreTooNewError: a later version of the program has changed the database.
        """
        # A suggestion's products are small: more threads take three times as long, and clerks wait for each other.
        threadpool_limits(1, "blas")
        self.settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store = Store(self.settings.database_url)
        migrate(self.store)
        self.digest_secret = digest_secret(self.store)
        self.keyring = Keyring(self.store)
        self.keyring.refresh()
        write, read = (self.store.never_waiting(writing=writing) for writing in (True, False))
        self.recorder = Grouping(self.store.writing, record, "recorder", write)
        self.comparer = Grouping(self.store.reading, compare, "comparer", read)
        try:
            self.desks.open(self.settings.ledger)
        except FenbanError as error:
            _log.error("ledger %s cannot be opened: %s", self.settings.ledger, error.code)
        self._watcher.start()

    def close(self) -> None:
        """Finish what is waiting to be written and let go."""
        self._stopping.set()
        self._watcher.join()
        self.recorder.close()
        self.comparer.close()
        self.store.close()

    def _watch(self) -> None:
        looks = 0
        while not self._stopping.wait(_LOOK_EVERY):
            try:
                self.desks.refresh()
                self.keyring.refresh()
                self.store.checkpoint()
                if looks % _SWEEP_EVERY == 0:
                    sweep(self.store)
            except Exception as error:
                _log.error("the watch failed: %s", type(error).__name__)
            looks += 1
