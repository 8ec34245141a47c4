"""Counts and times for Prometheus; with several workers each writes its own and any of them shows the sum.

The names of ledgers, routes and decisions are labels, nothing of a complaint is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """The service's metrics.

    `PROMETHEUS_MULTIPROC_DIR`, which `fenban serve --workers` sets, makes prometheus_client keep values in files
    that all workers share.
    """

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        requests = Counter("fenban_requests", "Requests answered", ("method", "route", "status"), registry=registry)
        seconds = Histogram(
            "fenban_request_seconds", "Seconds to answer", ("method", "route"), buckets=_SECONDS, registry=registry
        )
        suggestions = Counter(
            "fenban_suggestions", "Complaints suggested for", ("ledger", "verdict", "reason"), registry=registry
        )
        # Finding what belongs to some labels costs more than counting; there are few of them.
        self.requests_of: Callable[[str, str, str], Counter] = cache(requests.labels)
        self.seconds_of: Callable[[str, str], Histogram] = cache(seconds.labels)
        self.suggestions_of: Callable[[str, str, str], Counter] = cache(suggestions.labels)
        self.rulings = Counter("fenban_decisions", "Decisions reported", ("ledger", "action"), registry=registry)
        self.jobs = Gauge(
            "fenban_jobs", "Jobs by state", ("kind", "state"), registry=registry, multiprocess_mode="mostrecent"
        )

    def show(self) -> bytes:
        """Return all metrics in Prometheus' text format, summed over the workers."""
        if not _is_shared():
            return generate_latest(self._registry)
        whole = CollectorRegistry()
        MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
        return generate_latest(whole)


def _is_shared() -> bool:
    return values.ValueClass is not values.MutexValue
