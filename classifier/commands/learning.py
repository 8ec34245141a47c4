"""Commands of the steward of the data: train, adapt, and measure."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from tqdm import tqdm

from classifier.catalogue.ledger import load_ledger
from classifier.commands.proving import comparison_lines, force_options
from classifier.desk import open_desk
from classifier.learn.dataset import LabelledFiles, read_labelled, read_unlabelled, unknown_departments
from classifier.learn.report import report_html, report_json
from classifier.presentation import plain
from classifier.settings import Places
from classifier.terminal import (
    DONE,
    ROWS_IN_ERROR,
    Command,
    first_build_progress,
    ledger_option,
    model_option,
    progress_bar,
)


def _train(given: argparse.Namespace) -> int:
    from classifier.workshop import promote_version, train_version

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    rows = LabelledFiles(ledger, tuple(given.data))
    for name, count in unknown_departments(rows).items():
        print(f"没有部门“{name}”：{count} 行训练时不计这个部门（fenban audit 列出行号）", file=sys.stderr)
    version, trained = train_version(ledger, places, rows, progress_bar(), budget=given.budget)
    gate = trained.facts.get("gate", {"passed": True, "findings": []})
    promoted = given.promote and bool(gate["passed"] or given.force)
    if promoted:
        promote_version(ledger, places, version.name, forced=given.force, reason=given.reason)
    if given.json:
        facts = {"version": version.name, "promoted": promoted, **trained.facts}
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        print(f"{ledger.name}/{version.name}（{_state(version.name, ledger.name, promoted=promoted)}）")
        print("\n".join(f"{name}: {value}" for name, value in trained.facts["metrics"].items()))
        if comparison := trained.facts.get("comparison"):
            print(comparison_lines(comparison, gate))
    return DONE if promoted or not given.promote else ROWS_IN_ERROR


def _adapt(given: argparse.Namespace) -> int:
    from classifier.workshop import adapt_version, promote_version, verdict_on

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    complaints = (
        complaint
        for path in given.backlog
        for complaint in read_unlabelled(path, given.text_column, given.title_column)
    )
    version, report = adapt_version(ledger, places, complaints, progress_bar())
    verdict = verdict_on(ledger, places, version)
    promoted = given.promote and (verdict is None or verdict.passed or given.force)
    if promoted:
        promote_version(ledger, places, version.name, forced=given.force, reason=given.reason, verdict=verdict)
    ended = DONE if promoted or not given.promote else ROWS_IN_ERROR
    if given.json:
        figures = {"version": version.name, "promoted": promoted, **plain(report), "gate": verdict and plain(verdict)}
        print(json.dumps(figures, ensure_ascii=False, indent=1))
        return ended
    print(f"{ledger.name}/{version.name}（{_state(version.name, ledger.name, promoted=promoted)}）")
    print(f"积压 {report.backlog} 件，学习其中 {report.learnt_from} 件；在其中 {report.compared} 件上比较：")
    print(f"  认识的字词      {report.known_before:6.1%} → {report.known_after:6.1%}")
    print(f"  预计判对        {report.expected_before:6.1%} → {report.expected_after:6.1%}")
    print(f"  可自动分办      {report.automatic_before:6.1%} → {report.automatic_after:6.1%}")
    print(f"  首选类别有变    {report.changed:6.1%}")
    print("  类别构成估计    " + "、".join(f"{path} {share:.1%}" for path, share in [*report.mix.items()][:8]))
    if verdict is None:
        print("没有可以检验的，启用与否由人决定")
    else:
        print("检验通过" if verdict.passed else "检验未通过：" + "；".join(verdict.findings))
    return ended


def _state(version: str, ledger: str, *, promoted: bool) -> str:
    return "已启用" if promoted else f"未启用；启用：fenban models promote {version} --ledger {ledger}"


def _evaluate(given: argparse.Namespace) -> int:
    from classifier.learn.evaluation import evaluate
    from classifier.learn.proving import evaluation_report

    places = Places.from_environment()
    suggester = open_desk(places, given.ledger, given.model, first_build_progress())
    rows = read_labelled(given.data, suggester.ledger)
    with tqdm(total=len(rows), unit="行", file=sys.stderr, delay=1) as bar:
        result = evaluate(rows, suggester, bar.update)
    if given.report:
        used = open_desk(places, given.ledger)
        report = evaluation_report(suggester, rows, result, used if used.model.name != suggester.model.name else None)
        given.report.write_text(report_html(report), encoding="utf-8")
        given.report.with_suffix(".json").write_text(report_json(report), encoding="utf-8")
    per_category = {one.category: one.f1 for one in result.figures.categories if one.rows}
    measured = {**plain(result.figures), **{name: value for name, value in plain(result).items() if name != "figures"}}
    if given.json:
        figures = {"model": suggester.model.name, **measured, "per_category": per_category}
        print(json.dumps(figures, ensure_ascii=False, indent=1))
        return DONE
    print(f"{'model':22} {suggester.model.name}")
    for name, value in measured.items():
        if not isinstance(value, list | dict) and name != "timeline":
            print(f"{name:22} {value if value is not None else '—'}")
    for name, f1 in sorted(per_category.items(), key=lambda pair: pair[1]):
        print(f"  F1 {f1:.3f}  {name}")
    if result.timeline is not None:
        for one in result.timeline.periods:
            print(f"  {one.name}  {one.rows} 件  判对 {one.right:.1%}  可自动分办 {one.automatic:.1%}")
        print(result.timeline.finding)
    return DONE


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="*", type=Path, help="带类别的诉求文件；台账自己的 complaints/ 总会用到")
    ledger_option(parser, required=True)
    parser.add_argument("--promote", action="store_true", help="检验通过就立即启用")
    parser.add_argument("--budget", type=float, default=0, metavar="秒", help="用多少秒寻找更好的设置（默认不找）")
    force_options(parser)


def _adapt_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backlog", nargs="+", type=Path, help="没有类别的诉求文件：CSV、XLSX、XLS 或 JSONL")
    ledger_option(parser, required=True)
    parser.add_argument("--text-column", help="诉求正文所在的列")
    parser.add_argument("--title-column", help="标题所在的列")
    parser.add_argument("--promote", action="store_true", help="积压中有可学的就立即启用")
    force_options(parser)


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", type=Path, help="带类别的诉求文件")
    ledger_option(parser, required=True)
    model_option(parser)
    parser.add_argument("--report", type=Path, help="把报告写成 HTML，旁边是同名的 JSON")


COMMANDS: Final = (
    Command("train", "用带类别的诉求训练一个新版本", _train_arguments, _train),
    Command("adapt", "用没有类别的积压诉求，使模型适应本地的用语", _adapt_arguments, _adapt),
    Command("evaluate", "用带类别的诉求检验一个版本", _evaluate_arguments, _evaluate),
)
