"""How often each caller may ask: a token bucket for each, held in memory that all processes of a server share."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from service.domain import Caller
from service.errors import TooManyRequestsError

SHARED: Final = "FENBAN_RATES"
"""Variable that names the file which the processes of one server share; they set it for each other."""

_BUCKET: Final = struct.Struct("=Qdd")
"""A caller's number (0: free), what it has left, and when that was counted: seconds of the machine's own clock."""

_BUCKETS: Final = 4_096
_SIZE: Final = _BUCKETS * _BUCKET.size


def make_shared(path: Path) -> None:
    """Make the file that processes share."""
    path.write_bytes(bytes(_SIZE))


class RateLimits:
    """A token bucket for each caller: `rate` a second, and as many at once; 0 is no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        path = os.environ.get(SHARED)
        self._file = os.open(path, os.O_RDWR) if path else -1
        self._held = mmap.mmap(self._file, _SIZE)

    def check(self, caller: Caller) -> None:
        """Count one request.

        Raises:
            TooManyRequestsError: the caller has used up what it may.
        """
        rate = caller.rate or self._rate
        if not rate:
            return
        with self._alone():
            self._count(_number(caller), rate)

    def _count(self, number: int, rate: float) -> None:
        now, most = time.monotonic(), max(rate, 1.0)
        place, held = self._find(number)
        left, at = held or (most, now)
        left = min(most, left + (now - at) * rate)
        _BUCKET.pack_into(self._held, place, number, left - 1 if left >= 1 else left, now)
        if left < 1:
            raise TooManyRequestsError(rate, (1 - left) / rate)

    def _find(self, number: int) -> tuple[int, tuple[float, float] | None]:
        """Return where a caller's bucket is and what it holds; of a new one a free place, else that idle longest."""
        oldest, since = 0, float("inf")
        for step in range(_BUCKETS):
            place = (number + step) % _BUCKETS * _BUCKET.size
            owner, left, at = _BUCKET.unpack_from(self._held, place)
            if owner == number:
                return place, (left, at)
            if not owner:
                return place, None
            if at < since:
                oldest, since = place, at
        return oldest, None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes away from the buckets; in one process the event loop does."""
        if self._file < 0:
            yield
            return
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)


def _number(caller: Caller) -> int:
    """Return a number above 0 that stands for a caller."""
    return int.from_bytes(hashlib.blake2b(caller.id.encode(), digest_size=8).digest(), "big") or 1
