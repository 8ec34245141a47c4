"""How the service runs; with `classifier.settings`, the only places that read the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy

from classifier.errors import SettingError
from classifier.settings import DEFAULT_LEDGER, Places

MAX_BODY = 10 * 1024 * 1024
MAX_BATCH = 1000
MAX_UPLOAD = 1024 * 1024 * 1024
_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """`max_body` and `max_upload` are bytes, `min_disk` megabytes, `rate` requests a second for each key (0: no limit).

    `data` holds the database file, and the files of jobs for `job_days` days after their end; `database` is a URL, or
    empty for SQLite in `data`.
    """

    places: Places
    data: Path = Path("data")
    ledger: str = DEFAULT_LEDGER
    database: str = ""
    record: bool = True
    worker: bool = True
    max_body: int = MAX_BODY
    max_batch: int = MAX_BATCH
    max_upload: int = MAX_UPLOAD
    rate: float = 0.0
    min_disk: int = 200
    log_level: str = "info"
    job_days: int = 7
    webhook_hosts: tuple[str, ...] = ()

    @property
    def database_url(self) -> str:
        """Where the store is, as SQLAlchemy reads it."""
        return self.database or f"sqlite:///{self.data / 'fenban.db'}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read every `FENBAN_…` setting of the service beside the places; README lists them.

        Raises:
            SettingError: a value cannot be used; names the setting, the value and what is expected.
        """
        return cls(
            places=Places.from_environment(environment),
            data=Path(environment.get("FENBAN_DATA") or "data"),
            ledger=environment.get("FENBAN_LEDGER") or DEFAULT_LEDGER,
            database=_database(environment),
            record=_switch(environment, "FENBAN_RECORD"),
            worker=_switch(environment, "FENBAN_WORKER"),
            max_upload=_positive(environment, "FENBAN_MAX_UPLOAD", MAX_UPLOAD),
            job_days=_positive(environment, "FENBAN_JOB_DAYS", 7),
            webhook_hosts=tuple(one for one in environment.get("FENBAN_WEBHOOK_HOSTS", "").split(",") if one),
            max_body=_positive(environment, "FENBAN_MAX_BODY", MAX_BODY),
            max_batch=_positive(environment, "FENBAN_MAX_BATCH", MAX_BATCH),
            rate=_positive(environment, "FENBAN_RATE", 0),
            min_disk=_positive(environment, "FENBAN_MIN_DISK", 200),
            log_level=_level(environment),
        )


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdecimal()) or int(value) < 1:
        raise SettingError(name, value, "大于 0 的整数")
    return int(value)


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name) or "on"
    if value not in ("on", "off"):
        raise SettingError(name, value, " on 或 off")
    return value == "on"


def _level(environment: Mapping[str, str]) -> str:
    value = environment.get("FENBAN_LOG_LEVEL") or "info"
    if value not in _LEVELS:
        raise SettingError("FENBAN_LOG_LEVEL", value, f"{'、'.join(_LEVELS)} 之一")
    return value


def _database(environment: Mapping[str, str]) -> str:
    value = environment.get("FENBAN_DATABASE", "")
    if not value:
        return ""
    expected = " sqlite:////绝对路径 或 postgresql://用户:密码@主机/库名"
    try:
        url = sqlalchemy.make_url(value)
    except sqlalchemy.exc.ArgumentError:
        # The value is not repeated: it may hold a password.
        raise SettingError("FENBAN_DATABASE", "……", expected) from None
    if url.get_backend_name() not in ("sqlite", "postgresql") or not url.database:
        raise SettingError("FENBAN_DATABASE", url.render_as_string(hide_password=True), expected)
    return value
