"""Group commit: what several requests want of the store at once is done in one transaction.

A transaction that is on disk costs about as much for one ticket as for sixty; a thread of its own waits for it. Where
the store has transactions that wait for nothing, a group is done in the event loop, without two hand-overs between
threads; for as long as they are found to be slow, as where the disk is, the thread does all.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

from service.store.database import BusyError, Transaction

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

LARGEST: Final = 64
"""Items in one transaction at most."""

_AGAIN: Final = 0.001
_ATTEMPTS: Final = 15
"""A group that meets another writer is tried again after `_AGAIN` seconds, so often, before the thread waits for it."""

_SLOW: Final = 0.02
_REST: Final = 1.0
"""A group that has kept the event loop for longer than `_SLOW` seconds leaves the work to the thread for `_REST`."""

_Waiting = tuple[Item, "asyncio.Future[Outcome]", asyncio.AbstractEventLoop]


class Grouping(Generic[Item, Outcome]):
    """Does `work` on groups of items, each group in one transaction of its own thread.

    `work` returns an outcome, or an error to raise, for each item in order. A group that fails as a whole is
    tried again item by item, so that one request's trouble is not another's. While the thread has nothing to do, a
    group is first tried `at_once`, in the event loop.
    """

    def __init__(
        self,
        transaction: Transaction,
        work: Callable[[sa.Connection, Sequence[Item]], list[Outcome | Exception]],
        name: str,
        at_once: Transaction | None = None,
    ) -> None:
        self._transaction = transaction
        self._at_once = at_once
        self._work = work
        self._in_thread = 0
        self._attempts = 0
        self._rest_until = 0.0
        self._waiting: queue.SimpleQueue[_Waiting[Item, Outcome] | None] = queue.SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Waiting[Item, Outcome]]] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, item: Item) -> Outcome:
        """Return the outcome of one item once its transaction has ended."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        gathered = self._gathered.setdefault(loop, [])
        gathered.append((item, future, loop))
        if len(gathered) == 1:
            # Requests that came at the same time are worked on before this, and go into the same transaction.
            loop.call_soon(self._hand_over, loop)
        return await future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        group = self._gathered.pop(loop)
        try:
            done = self._in_thread == 0 and len(group) <= LARGEST and self._settled_at_once(group)
        except BusyError:
            self._attempts += 1
            if self._attempts < _ATTEMPTS:
                self._gathered[loop] = group
                loop.call_later(_AGAIN, self._hand_over, loop)
                return
            done = False
        self._attempts = 0
        if done:
            return
        self._in_thread += len(group)
        for one in group:
            self._waiting.put(one)

    def _settled_at_once(self, group: list[_Waiting[Item, Outcome]]) -> bool:
        """Tell whether a group could be worked on here and now; whatever else is in the way is left to the thread.

        Raises:
            BusyError: another one is writing.
        """
        began = time.monotonic()
        if self._at_once is None or began < self._rest_until:
            return False
        try:
            with self._at_once() as connection:
                outcomes = self._work(connection, [item for item, _, _ in group])
        except BusyError:
            raise
        except Exception:
            return False
        finally:
            ended = time.monotonic()
            if ended - began > _SLOW:
                self._rest_until = ended + _REST
        _settle([(future, outcome) for (_, future, _), outcome in zip(group, outcomes, strict=True)])
        return True

    def close(self) -> None:
        """Finish what is waiting, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._next_group()
            if group:
                self._finish(group, self._outcomes([item for item, _, _ in group]))

    def _next_group(self) -> tuple[list[_Waiting[Item, Outcome]], bool]:
        group: list[_Waiting[Item, Outcome]] = []
        try:
            while len(group) < LARGEST:
                one = self._waiting.get(block=not group)
                if one is None:
                    return group, True
                group.append(one)
        except queue.Empty:
            pass
        return group, False

    def _outcomes(self, items: Sequence[Item]) -> list[Outcome | Exception]:
        try:
            with self._transaction() as connection:
                return self._work(connection, items)
        except Exception as error:
            if len(items) == 1:
                return [error]
            return [outcome for item in items for outcome in self._outcomes([item])]

    def _finish(self, group: list[_Waiting[Item, Outcome]], outcomes: list[Outcome | Exception]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome | Exception]]] = {}
        for (_, future, loop), outcome in zip(group, outcomes, strict=True):
            by_loop.setdefault(loop, []).append((future, outcome))
        for loop, settled in by_loop.items():
            try:
                loop.call_soon_threadsafe(self._come_back, settled)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue

    def _come_back(self, settled: list[tuple[asyncio.Future[Outcome], Outcome | Exception]]) -> None:
        self._in_thread -= len(settled)
        _settle(settled)


def _settle(settled: list[tuple[asyncio.Future[Outcome], Outcome | Exception]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
