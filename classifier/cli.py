"""The command line: finds the command asked for, runs it, and turns errors into exit codes.

Exit codes: 0 done, 1 done with rows in error, 2 wrong use, 3 bad input, 4 nothing to work with, 130 interrupted.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Any, Final

from classifier import __version__
from classifier.commands import MODULES, commands
from classifier.errors import FenbanError, NothingToWorkWithError, SettingError
from classifier.terminal import BAD_INPUT, DONE, INTERRUPTED, NOTHING_TO_WORK_WITH, WRONG_USE, Command


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = sys.argv[1:] if arguments is None else arguments
    given = _parser(_commands(asked[0] if asked else "")).parse_args(asked)
    try:
        code: int = given.call(given)
    except KeyboardInterrupt:
        print("已中断", file=sys.stderr)
        return INTERRUPTED
    except FenbanError as error:
        if given.json:
            print(json.dumps({"error": error.code, "detail": str(error)}, ensure_ascii=False))
        print(f"fenban：{error}", file=sys.stderr)
        return exit_code(error)
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    return code


def exit_code(error: FenbanError) -> int:
    """Translate an error to the exit code that the command line promises."""
    if isinstance(error, NothingToWorkWithError):
        return NOTHING_TO_WORK_WITH
    return WRONG_USE if isinstance(error, SettingError) else BAD_INPUT


def _commands(first: str) -> list[Command]:
    """Load the commands that begin with a word, or all where none does: for help, and for what was mistyped."""
    points = entry_points(group="fenban.commands")
    added = [point for point in points if point.name.partition("-")[0] == first]
    known = first in itertools.chain(*MODULES.values())
    own = [] if added and not known else commands(first)
    return [*own, *(point.load() for point in (added or (() if known else points)))]


def _parser(commands: Sequence[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fenban", description="Fenban（分办）：读群众诉求，提出类别和承办部门建议。")
    parser.add_argument("--version", action="version", version=f"fenban {__version__}")
    top = parser.add_subparsers(required=True, metavar="命令")
    groups: dict[str, Any] = {}
    for command in commands:
        *group, name = command.name.split()
        holder = top
        if group:
            if group[0] not in groups:
                below = top.add_parser(group[0], help=_GROUPS[group[0]])
                groups[group[0]] = below.add_subparsers(required=True, metavar="命令")
            holder = groups[group[0]]
        one = holder.add_parser(name, help=command.help, description=command.help)
        one.add_argument("--json", action="store_true", help="输出 JSON，供程序读取")
        command.arguments(one)
        one.set_defaults(call=command.call)
    return parser


_GROUPS: Final = {"models": "查看和切换模型版本", "catalogue": "检查台账", "ledger": "建立台账", "keys": "管理密钥"}


if __name__ == "__main__":
    sys.exit(run())
