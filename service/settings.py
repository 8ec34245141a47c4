"""How the service runs; with `classifier.settings`, the only places that read the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from classifier.errors import SettingError
from classifier.settings import DEFAULT_LEDGER, Places

MAX_BODY = 10 * 1024 * 1024
MAX_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """`max_body` is the largest request body in bytes, `max_batch` the most complaints in one call."""

    places: Places
    ledger: str = DEFAULT_LEDGER
    max_body: int = MAX_BODY
    max_batch: int = MAX_BATCH

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `FENBAN_LEDGER`, `FENBAN_MAX_BODY` and `FENBAN_MAX_BATCH` beside the places.

        Raises:
            SettingError: a value cannot be used.
        """
        return cls(
            Places.from_environment(environment),
            environment.get("FENBAN_LEDGER") or DEFAULT_LEDGER,
            _positive(environment, "FENBAN_MAX_BODY", MAX_BODY),
            _positive(environment, "FENBAN_MAX_BATCH", MAX_BATCH),
        )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "")
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise SettingError(name, value, "大于 0 的整数")
    return int(value)
