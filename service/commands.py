"""`fenban serve`: build the default model where there is none, then serve."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys

import uvicorn

from classifier.terminal import DONE, Command, first_build_progress, ledger_option
from service.app import create_app
from service.desks import Desks
from service.settings import Settings


def application() -> object:
    """Build the application from the environment, for servers that start several processes."""
    return create_app(Settings.from_environment())


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="监听地址（默认只供本机）")
    parser.add_argument("--port", type=int, default=8000, help="端口（默认 8000）")
    parser.add_argument("--workers", type=int, default=1, help="进程数（默认 1）")
    ledger_option(parser)


def _serve(given: argparse.Namespace) -> int:
    settings = dataclasses.replace(Settings.from_environment(), ledger=given.ledger)
    desks = Desks(settings.places)
    suggester = desks.open(settings.ledger, first_build_progress())
    print(  # noqa: T201 - tells the person at the terminal where to look
        f"台账“{suggester.ledger.settings.title}”，模型 {suggester.model.name}；"
        f"打开 http://{given.host}:{given.port}/ ，接口文档 http://{given.host}:{given.port}/docs",
        file=sys.stderr,
        flush=True,
    )
    if given.workers > 1:
        os.environ["FENBAN_LEDGER"] = given.ledger
        uvicorn.run(
            "service.commands:application",
            factory=True,
            host=given.host,
            port=given.port,
            workers=given.workers,
            log_level="warning",
        )
    else:
        uvicorn.run(create_app(settings, desks), host=given.host, port=given.port, log_level="warning")
    return DONE


SERVE = Command("serve", "启动服务和受理页面", _arguments, _serve)
