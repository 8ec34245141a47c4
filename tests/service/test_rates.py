"""How often each caller may ask, by itself and over all processes of a server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service import rates
from service.domain import Caller, Role
from service.errors import TooManyRequestsError
from service.rates import RateLimits


def _caller(name: str) -> Caller:
    return Caller(name, "", Role.INTAKE)


def test_a_rate_counts_each_caller_by_itself() -> None:
    limits = RateLimits(1)
    limits.check(_caller("a"))
    limits.check(_caller("b"))
    with pytest.raises(TooManyRequestsError):
        limits.check(_caller("a"))
    unlimited = RateLimits(0)
    for _ in range(50):
        unlimited.check(_caller("a"))


def test_who_comes_back_later_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    limits = RateLimits(2)
    for _ in range(2):
        limits.check(_caller("a"))
    with pytest.raises(TooManyRequestsError) as refused:
        limits.check(_caller("a"))
    assert refused.value.wait == pytest.approx(0.5)
    clock[0] += 0.5
    limits.check(_caller("a"))


def test_of_too_many_callers_the_one_idle_longest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr(rates, "_BUCKETS", 3)
    limits = RateLimits(1)
    for name in "abcd":
        clock[0] += 0.01
        limits.check(_caller(name))
    for name in "bcd":
        with pytest.raises(TooManyRequestsError):
            limits.check(_caller(name))
    limits.check(_caller("a"))


ASKING = """
from service.domain import Caller, Role
from service.errors import TooManyRequestsError
from service.rates import RateLimits
limits, passed = RateLimits(40), 0
for _ in range(200):
    try:
        limits.check(Caller("a", "", Role.INTAKE, rate=0.01))
        passed += 1
    except TooManyRequestsError:
        pass
print(passed)
"""


def test_processes_of_one_server_count_together(tmp_path: Path) -> None:
    rates.make_shared(tmp_path / "rates")
    environment = {**os.environ, rates.SHARED: str(tmp_path / "rates")}
    asking = [
        subprocess.Popen([sys.executable, "-c", ASKING], env=environment, stdout=subprocess.PIPE) for _ in range(3)
    ]
    passed = [int(one.communicate(timeout=60)[0]) for one in asking]
    # One of the 600 may pass at once; the next would in 100 seconds.
    assert sum(passed) == 1
