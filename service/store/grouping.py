"""Group commit: what several requests want of the store at once is done in one transaction, by one thread.

A transaction that is on disk costs about as much for one ticket as for sixty, and the event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Generic, TypeVar

import sqlalchemy as sa

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

LARGEST: Final = 64
"""Items in one transaction at most."""

_Waiting = tuple[Item, "asyncio.Future[Outcome]", asyncio.AbstractEventLoop]


class Grouping(Generic[Item, Outcome]):
    """Does `work` on groups of items, each group in one transaction of its own thread.

    `work` returns an outcome, or an error to raise, for each item in order. A group that fails as a whole is
    tried again item by item, so that one request's trouble is not another's.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sa.Connection]],
        work: Callable[[sa.Connection, Sequence[Item]], list[Outcome | Exception]],
        name: str,
    ) -> None:
        self._transaction = transaction
        self._work = work
        self._waiting: queue.SimpleQueue[_Waiting[Item, Outcome] | None] = queue.SimpleQueue()
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Waiting[Item, Outcome]]] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, item: Item) -> Outcome:
        """Return the outcome of one item once its transaction is on disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        gathered = self._gathered.setdefault(loop, [])
        gathered.append((item, future, loop))
        if len(gathered) == 1:
            # Requests that came at the same time are worked on before this, and go into the same transaction.
            loop.call_soon(self._hand_over, loop)
        return await future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        for one in self._gathered.pop(loop):
            self._waiting.put(one)

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
                loop.call_soon_threadsafe(_settle, settled)
            except RuntimeError:  # the loop is closed: nobody waits any more
                continue


def _settle(settled: list[tuple[asyncio.Future[Outcome], Outcome | Exception]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
