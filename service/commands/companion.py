"""The worker that `fenban serve` keeps beside it: a process of its own, started again when it dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import Final, Self

from service.logs import with_facts

_log = logging.getLogger("fenban.worker")

_PAUSE: Final = 1.0
_PATIENCE: Final = 10.0
"""Seconds in which a worker that is told to stop must leave its job."""


class Companion:
    """Runs `fenban worker` while the block lasts."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch, name="companion", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _watch(self) -> None:
        while not self._stopping.wait(_PAUSE):
            code = self._process.poll()
            if code is not None:
                _log.error("the worker ended, another is started", extra=with_facts(code=code))
                self._process = self._start()

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        # A group of its own: an interrupt at the terminal is for the server, which then stops the worker.
        command = [sys.executable, "-m", "classifier.cli", "worker", "--parent", str(os.getpid())]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
