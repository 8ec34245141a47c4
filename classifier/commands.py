"""The commands: each parses its options, makes one library call, and prints."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tqdm import tqdm

from classifier.catalogue.ledger import Ledger, inspect_ledger, load_ledger
from classifier.desk import load_model, open_desk, train_version
from classifier.domain import Complaint
from classifier.learn.dataset import label_findings, read_labelled
from classifier.presentation import lines, plain
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.terminal import (
    BAD_INPUT,
    DONE,
    ROWS_IN_ERROR,
    Command,
    first_build_progress,
    ledger_option,
    progress_bar,
)


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
    ledger, registry = _ledger_and_registry(given)
    load_model(registry.find(ledger.name, given.version))
    version = registry.promote(ledger.name, given.version)
    print(json.dumps({"in_use": version.name}) if given.json else f"{ledger.name} 现在使用 {version.name}")
    return DONE


def _catalogue_check(given: argparse.Namespace) -> int:
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
