"""`fenban worker`: do jobs until told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from typing import Final

from classifier.terminal import DONE, Command
from service import logs
from service.backlogs import work_backlog
from service.commands.serving import open_store
from service.domain import JobKind
from service.label_audits import work_label_audit
from service.settings import Settings
from service.shadows import Shadows
from service.trainings import work_training
from service.worker import Worker

_log = logging.getLogger("fenban.worker")

_COURTESY: Final = 10
"""Niceness of a worker beside a server: clerks come before backlogs."""


def _worker(given: argparse.Namespace) -> int:
    settings = Settings.from_environment()
    store = open_store(settings)
    logs.configure(settings.log_level)
    works = {
        JobKind.BATCH: work_backlog,
        JobKind.TRAINING: work_training(store),
        JobKind.LABEL_AUDIT: work_label_audit(store),
    }
    worker = Worker(settings, store, works, Shadows(settings.places, store).work_once)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: worker.stopping.set())
    if given.parent:
        os.nice(_COURTESY)
        threading.Thread(target=_stop_without, args=(given.parent, worker.stopping), daemon=True).start()
    _log.info("worker begins", extra=logs.with_facts(worker=worker.id))
    worker.run()
    store.close()
    return DONE


def _stop_without(parent: int, stopping: threading.Event) -> None:
    """Stop when the server that started this worker is gone, however it went."""
    while not stopping.wait(1.0):
        if os.getppid() != parent:
            stopping.set()


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)


WORKER = Command("worker", "处理批量和训练任务的后台进程（serve 默认自带一个）", _arguments, _worker)
