"""Map chunks of a backlog over the cores of this machine, in order.

Workers are forked from the process that has ledger and model open, so that they begin at once and share its memory.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import multiprocessing
import os
import signal
import threading
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Final

from threadpoolctl import threadpool_limits

from classifier.batch.rows import Answer, Given, suggest_rows
from classifier.errors import WorkerLostError
from classifier.suggest.suggester import Suggester

_AHEAD: Final = 3
"""Chunks a worker has waiting, so that it never waits for the one who reads and writes."""

_DIE_WITH_PARENT: Final = 1
_at_work: list[tuple[Suggester, dt.date]] = []


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def map_chunks(
    chunks: Iterable[Sequence[Given]], suggester: Suggester, day: dt.date, jobs: int
) -> Iterator[list[Answer]]:
    """Yield the answers of each chunk, in order; `jobs` processes do the work, 1 is this one alone.

    Raises:
        WorkerLostError: a worker ended by itself.
    """
    if jobs == 1:
        for chunk in chunks:
            yield suggest_rows(chunk, suggester, day)
        return
    pool = _pool(jobs, suggester, day)
    try:
        waiting: deque[Future[list[Answer]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_work, chunk))
            if len(waiting) > jobs * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise WorkerLostError from error
    finally:
        pool.shutdown(cancel_futures=True)


def _pool(jobs: int, suggester: Suggester, day: dt.date) -> ProcessPoolExecutor:
    # Frozen objects are not visited by the collector, which would write to, and so copy, every shared page.
    gc.collect()
    gc.freeze()
    try:
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin, (suggester, day, os.getpid()))
        with _uninterrupted(), warnings.catch_warnings():
            # Later Pythons warn of threads in the parent; a worker takes no lock that one of them could hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            # The first task of a pool forks all its workers.
            pool.submit(os.getpid).result()
    finally:
        gc.unfreeze()
    return pool


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interrupt back: between the forks it would leave workers that nobody ends."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if held:
        raise KeyboardInterrupt


def _begin(suggester: Suggester, day: dt.date, parent: int) -> None:
    """Make a new worker ready: it ends with its parent, leaves interrupts to it, and uses one core."""
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threadpool_limits(1)
    _at_work[:] = [(suggester, day)]


def _work(chunk: Sequence[Given]) -> list[Answer]:
    return suggest_rows(chunk, *_at_work[0])
