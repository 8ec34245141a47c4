"""What every command shares: its form, its exit codes, its progress on the terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tqdm import tqdm

from classifier.settings import DEFAULT_LEDGER

if TYPE_CHECKING:
    from classifier.learn.training import Progress

DONE: Final = 0
ROWS_IN_ERROR: Final = 1
WRONG_USE: Final = 2
BAD_INPUT: Final = 3
NOTHING_TO_WORK_WITH: Final = 4
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `arguments` adds its options to a parser, `call` does it and returns an exit code."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    call: Callable[[argparse.Namespace], int]


def progress_bar() -> Progress:
    """Return a reporter of progress that draws a bar on the error stream once something reports."""
    bars: list[tqdm[Any]] = []

    def report(what: str, share: float) -> None:
        if not bars:
            layout = "{desc}：{percentage:3.0f}%|{bar}| {elapsed}"
            bars.append(tqdm(total=100, desc=what, bar_format=layout, file=sys.stderr))
        bars[0].set_description_str(what, refresh=False)
        bars[0].update(round(share * 100) - bars[0].n)
        if share >= 1:
            bars[0].close()

    return report


def first_build_progress() -> Progress:
    """Return a reporter for the building of the default model, which says first what is going on."""
    report = progress_bar()
    announced: list[bool] = []

    def announce(what: str, share: float) -> None:
        if not announced:
            announced.append(True)
            print("首次使用，正在建立默认模型……", file=sys.stderr)
        report(what, share)

    return announce


def ledger_option(parser: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Add `--ledger`."""
    parser.add_argument(
        "--ledger",
        required=required,
        default=None if required else DEFAULT_LEDGER,
        help=f"台账的名称或文件夹{'' if required else f'（默认 {DEFAULT_LEDGER}）'}",
    )


def model_option(parser: argparse.ArgumentParser) -> None:
    """Add `--model`."""
    parser.add_argument("--model", help="模型版本（默认使用中的版本）")
