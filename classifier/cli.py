"""The command line: a table of commands over library calls. Parse, call, print.

Exit codes: 0 done, 1 done with rows in error, 2 wrong use, 3 bad input, 4 nothing to work with, 130 interrupted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from classifier import __version__
from classifier.catalogue.ledger import Ledger, inspect_ledger, load_ledger
from classifier.desk import open_desk, train_version
from classifier.domain import Complaint
from classifier.errors import FenbanError, NothingToWorkWithError, SettingError
from classifier.learn.training import Progress
from classifier.presentation import lines, plain
from classifier.registry.versions import Registry
from classifier.settings import DEFAULT_LEDGER, Places

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


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser(_commands()).parse_args(arguments)
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


def _suggest(given: argparse.Namespace) -> int:
    text = given.text if given.text is not None else sys.stdin.read()
    suggester = open_desk(Places.from_environment(), given.ledger, given.model, first_build_progress())
    complaint = Complaint(text, given.title, given.region)
    suggestion = suggester.suggest(complaint)
    if given.json:
        print(json.dumps(plain(suggestion), ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(suggestion, text, given.title)))
    return DONE


def _batch(given: argparse.Namespace) -> int:
    from classifier.batch.run import BatchRequest, run_batch

    places = Places.from_environment()
    suggester = open_desk(places, given.ledger, given.model, first_build_progress())
    request = BatchRequest(
        given.input,
        given.output,
        given.ledger,
        given.model,
        given.text_column,
        given.title_column,
        given.headers,
        given.jobs,
    )
    with tqdm(unit="行", file=sys.stderr, desc=given.input.name, delay=1) as bar:
        advance: Callable[[int], object] = bar.update
        report = run_batch(request, places, suggester, advance)
    if given.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False))
    else:
        print(
            f"{report.rows} 行（{report.how}）：自动 {report.automatic}，人工 {report.manual}，"
            f"重复 {report.duplicates}，出错 {report.errors} → {given.output}"
        )
    return ROWS_IN_ERROR if report.errors else DONE


def _train(given: argparse.Namespace) -> int:
    from classifier.learn.dataset import read_labelled

    places = Places.from_environment()
    ledger, registry = load_ledger(given.ledger, places.ledgers), Registry(places.models)
    rows = [row for path in given.data for row in read_labelled(path, ledger)]
    version, trained = train_version(ledger, registry, rows, progress_bar())
    if given.promote:
        registry.promote(ledger.name, version.name)
    state = "已启用" if given.promote else f"未启用；启用：fenban models promote {version.name} --ledger {ledger.name}"
    if given.json:
        print(
            json.dumps(
                {"version": version.name, "promoted": given.promote, **trained.facts}, ensure_ascii=False, indent=1
            )
        )
    else:
        print(f"{ledger.name}/{version.name}（{state}）")
        print("\n".join(f"{name}: {value}" for name, value in trained.facts["metrics"].items()))
    return DONE


def _evaluate(given: argparse.Namespace) -> int:
    from classifier.learn.dataset import read_labelled
    from classifier.learn.evaluation import evaluate

    places = Places.from_environment()
    suggester = open_desk(places, given.ledger, given.model, first_build_progress())
    rows = read_labelled(given.data, suggester.ledger)
    with tqdm(total=len(rows), unit="行", file=sys.stderr, delay=1) as bar:
        result = evaluate(rows, suggester, bar.update)
    figures = {"model": suggester.model.name, **plain(result)}
    if given.json:
        print(json.dumps(figures, ensure_ascii=False, indent=1))
    else:
        for name, value in figures.items():
            if name != "per_category":
                print(f"{name:22} {value if value is not None else '—'}")
        for name, value in sorted(figures["per_category"].items(), key=lambda pair: pair[1]):
            print(f"  F1 {value:.3f}  {name}")
    return DONE


def _models_list(given: argparse.Namespace) -> int:
    ledger, registry = _ledger_and_registry(given)
    shown = ("created", "rows", "metrics")
    found = [
        {"version": one.name, "in_use": one.in_use, **{key: one.manifest.get(key) for key in shown}}
        for one in registry.versions(ledger.name)
    ]
    if given.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif not found:
        print(f"台账“{ledger.name}”还没有自己的模型" + (f"，使用“{ledger.parent.name}”的模型" if ledger.parent else ""))
    for version in found if not given.json else []:
        print(f"{'*' if version['in_use'] else ' '} {version['version']:6} {version['created']}  {version['metrics']}")
    return DONE


def _models_show(given: argparse.Namespace) -> int:
    ledger, registry = _ledger_and_registry(given)
    manifest = registry.find(ledger.name, given.version).manifest
    print(json.dumps(manifest, ensure_ascii=False, indent=None if given.json else 1))
    return DONE


def _models_promote(given: argparse.Namespace) -> int:
    from classifier.desk import load_model

    ledger, registry = _ledger_and_registry(given)
    load_model(registry.find(ledger.name, given.version))
    version = registry.promote(ledger.name, given.version)
    print(json.dumps({"in_use": version.name}) if given.json else f"{ledger.name} 现在使用 {version.name}")
    return DONE


def _catalogue_check(given: argparse.Namespace) -> int:
    from classifier.learn.dataset import label_findings

    ledger, findings = inspect_ledger(given.ledger, Places.from_environment().ledgers)
    findings += label_findings(ledger)
    errors = [finding for finding in findings if finding.severity == "error"]
    if given.json:
        print(json.dumps([dataclasses.asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(f"{'错误' if finding in errors else '提示'}  {finding}")
        print(
            f"{ledger.name}：{len(ledger.categories.leaves)} 个末级类别，{len(ledger.departments)} 个部门，"
            f"{len(ledger.regions)} 个地区，{len(errors)} 处错误，{len(findings) - len(errors)} 处提示"
        )
    return BAD_INPUT if errors else DONE


def _ledger_and_registry(given: argparse.Namespace) -> tuple[Ledger, Registry]:
    places = Places.from_environment()
    return load_ledger(given.ledger, places.ledgers), Registry(places.models)


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


def _suggest_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", help="诉求正文；不给则从标准输入读取")
    parser.add_argument("--title", default="", help="标题")
    parser.add_argument("--region", default="", help="地区代码或名称")
    ledger_option(parser)
    parser.add_argument("--model", help="模型版本（默认使用中的版本）")


def _batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, help="输入：CSV、XLSX、XLS 或 JSONL")
    parser.add_argument("output", type=Path, help="输出：CSV、XLSX 或 JSONL")
    ledger_option(parser)
    parser.add_argument("--model", help="模型版本（默认使用中的版本）")
    parser.add_argument("--text-column", help="诉求正文所在的列")
    parser.add_argument("--title-column", help="标题所在的列")
    parser.add_argument("--headers", choices=("en", "zh"), default="en", help="新增列的列名用英文或中文")
    parser.add_argument("--engine", choices=("local",), default="local", help="在哪里运行")
    parser.add_argument("--jobs", type=_count, default=0, help="进程数（默认每核一个）")


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="*", type=Path, help="带类别的诉求文件；台账自己的 complaints/ 总会用到")
    ledger_option(parser, required=True)
    parser.add_argument("--promote", action="store_true", help="训练后立即启用")


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="带类别的诉求文件")
    ledger_option(parser, required=True)
    parser.add_argument("--model", help="模型版本（默认使用中的版本）")


def _version_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="版本，如 v3")
    ledger_option(parser, required=True)


def _required_ledger(parser: argparse.ArgumentParser) -> None:
    ledger_option(parser, required=True)


def _checked_ledger(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", help="台账的名称或文件夹")


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise argparse.ArgumentTypeError("不能小于 0")
    return number


COMMANDS: Final = (
    Command("suggest", "给一件诉求提出类别和部门建议", _suggest_arguments, _suggest),
    Command("batch", "给一个文件的每一行提出建议", _batch_arguments, _batch),
    Command("train", "用带类别的诉求训练一个新版本", _train_arguments, _train),
    Command("evaluate", "用带类别的诉求检验一个版本", _evaluate_arguments, _evaluate),
    Command("models list", "列出模型版本", _required_ledger, _models_list),
    Command("models show", "显示一个版本的说明", _version_argument, _models_show),
    Command("models promote", "启用一个版本", _version_argument, _models_promote),
    Command("catalogue check", "检查台账的各张表", _checked_ledger, _catalogue_check),
)


def _commands() -> list[Command]:
    added: list[Command] = [point.load() for point in entry_points(group="fenban.commands")]
    return [*COMMANDS, *added]


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


_GROUPS: Final = {"models": "查看和切换模型版本", "catalogue": "检查台账"}


if __name__ == "__main__":
    sys.exit(run())
