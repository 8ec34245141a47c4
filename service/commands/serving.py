"""`fenban serve`: build the default model where there is none, bring the database up to date, then serve."""

from __future__ import annotations

import argparse
import dataclasses
import os
import socket
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import uvicorn
from uvicorn.supervisors import Multiprocess

from classifier.terminal import DONE, Command, first_build_progress, ledger_option
from service import logs, rates
from service.app import create_app
from service.commands.companion import Companion
from service.desks import Desks
from service.errors import StoreUnavailableError
from service.keys import list_keys
from service.settings import Settings
from service.store.database import Store
from service.store.migration import migrate

_GRACE: Final = 15
"""Seconds that requests under way are given when the service is told to stop."""


def application() -> object:
    """Build the application from the environment, for servers that start several processes."""
    settings = Settings.from_environment()
    logs.configure(settings.log_level)
    return create_app(settings)


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="监听地址（默认只供本机）")
    parser.add_argument("--port", type=int, default=8000, help="端口（默认 8000）")
    parser.add_argument("--workers", type=int, default=1, help="进程数（默认 1）")
    ledger_option(parser)


def open_store(settings: Settings) -> Store:
    """Open the database that the settings name and bring it up to date.

    Raises:
        StoreUnavailableError: it does not answer.
        StoreTooNewError: a later version of the program has changed it.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(settings.database_url)
    try:
        migrate(store)
    except sa.exc.OperationalError as error:
        raise StoreUnavailableError from error
    return store


def _serve(given: argparse.Namespace) -> int:
    settings = dataclasses.replace(Settings.from_environment(), ledger=given.ledger)
    desks = Desks(settings.places)
    suggester = desks.open(settings.ledger, first_build_progress())
    store = open_store(settings)
    guarded = bool(list_keys(store))
    store.close()
    _say(
        f"台账“{suggester.ledger.settings.title}”，模型 {suggester.model.name}；"
        f"打开 http://{given.host}:{given.port}/ ，接口文档 http://{given.host}:{given.port}/docs"
    )
    if not guarded:
        _say("尚未设置密钥，只供本机使用；供别的机器使用前，请运行 fenban keys create --name 名称 --role admin")
    logs.configure(settings.log_level)
    with Companion() if settings.worker else nullcontext():
        if given.workers == 1:
            uvicorn.Server(uvicorn.Config(create_app(settings, desks), **_where(given))).run()
        else:
            # What this process has read is of no use to the others.
            del desks, suggester
            _serve_from_several(given)
    return DONE


def _serve_from_several(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="fenban-metrics-") as shared:
        rates.make_shared(Path(shared) / "rates")
        os.environ |= {"FENBAN_LEDGER": given.ledger, "PROMETHEUS_MULTIPROC_DIR": shared}
        os.environ |= {rates.SHARED: f"{shared}/rates"}
        factory = "service.commands.serving:application"
        config = uvicorn.Config(factory, factory=True, workers=given.workers, **_where(given))
        Multiprocess(config, sockets=[listening_socket(config)]).run()


def listening_socket(config: uvicorn.Config) -> socket.socket:
    """Return the socket on which several processes listen; what they send goes out at once.

    asyncio sees to that for sockets it makes itself. On this one an answer's second packet would wait for the first to
    be acknowledged, which most callers put off for 40 milliseconds.
    """
    bound = config.bind_socket()
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def _where(given: argparse.Namespace) -> dict[str, Any]:
    return {"host": given.host, "port": given.port, "log_config": None, "timeout_graceful_shutdown": _GRACE}


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - tells the person at the terminal


SERVE = Command("serve", "启动服务和受理页面", _arguments, _serve)
