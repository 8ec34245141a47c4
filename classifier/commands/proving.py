"""Commands that compare versions and put them in use: compare, promote, roll back."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from classifier.catalogue.ledger import load_ledger
from classifier.learn.dataset import read_labelled
from classifier.settings import Places
from classifier.terminal import DONE, Command, ledger_option

_SHOWN: Final = 8


def comparison_lines(comparison: Mapping[str, Any], gate: Mapping[str, Any]) -> str:
    """Return what a clerk reads of a comparison: the figures of both versions, and what the gate says."""
    lines = [
        f"与 {comparison['other']} 在同样的 {comparison['rows']} 件上比较（学过的按留出时的回答）：",
        f"  准确率    {comparison['accuracy_before']:.1%} → {comparison['accuracy_after']:.1%}"
        f"（改对 {comparison['gained']} 件，改错 {comparison['lost']} 件，p = {comparison['p_value']:.3f}）",
        f"  宏平均 F1 {comparison['macro_f1_before']:.3f} → {comparison['macro_f1_after']:.3f}",
        f"  可自动    {comparison['automatic_before']:.1%} → {comparison['automatic_after']:.1%}",
    ]
    falls = [one for one in comparison["categories"] if one["after"] < one["before"]][:_SHOWN]
    lines += [
        f"  下降      {one['category']} {one['before']:.3f} → {one['after']:.3f}（{one['rows']} 件）" for one in falls
    ]
    lines.append("检验通过" if gate["passed"] else "检验未通过：" + "；".join(gate["findings"]))
    return "\n".join(lines)


def force_options(parser: argparse.ArgumentParser) -> None:
    """Add `--force` and `--reason`."""
    parser.add_argument("--force", action="store_true", help="检验未通过也启用，会记录在案")
    parser.add_argument("--reason", default="", help="启用或退回的理由，会记录在案")


def _compare(given: argparse.Namespace) -> int:
    from classifier.learn.gate import judge
    from classifier.workshop import compare_versions, version_used

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    rows = [row for path in given.data for row in read_labelled(path, ledger)]
    other = given.other or version_used(ledger, places)
    comparison = compare_versions(ledger, places, given.version, other, rows)
    verdict = judge(comparison, ledger.settings.allowed_fall)
    changed = [rows[at].source for at in comparison.changed] if rows else []
    figures = {**dataclasses.asdict(comparison), "changed": changed}
    if given.json:
        print(json.dumps({**figures, "gate": dataclasses.asdict(verdict)}, ensure_ascii=False, indent=1))
        return DONE
    print(comparison_lines(figures, dataclasses.asdict(verdict)))
    if changed:
        print(f"首选类别有变的 {len(changed)} 行：" + "、".join(changed[:_SHOWN]) + ("……" if changed[_SHOWN:] else ""))
    return DONE


def _promote(given: argparse.Namespace) -> int:
    from classifier.workshop import promote_version

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    version = promote_version(ledger, places, given.version, forced=given.force, reason=given.reason)
    print(json.dumps({"in_use": version.name}) if given.json else f"{ledger.name} 现在使用 {version.name}")
    return DONE


def _rollback(given: argparse.Namespace) -> int:
    from classifier.workshop import rollback_version

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    version = rollback_version(ledger, places, given.reason)
    name = version.name if version else None
    if given.json:
        print(json.dumps({"in_use": name}))
    else:
        print(f"{ledger.name} 现在使用 {name or '上级台账的模型'}")
    return DONE


def _shadow(given: argparse.Namespace) -> int:
    from classifier.registry.versions import Registry

    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    version = Registry(places.models).shadow(ledger.name, given.version)
    name = version.name if version else None
    if given.json:
        print(json.dumps({"in_shadow": name}))
    else:
        print(f"{ledger.name} 影子运行 {name}" if name else f"{ledger.name} 不再影子运行")
    return DONE


def _compare_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="版本，如 v3")
    parser.add_argument("other", nargs="?", help="与哪个版本比较（默认使用中的版本）")
    ledger_option(parser, required=True)
    parser.add_argument(
        "--data", nargs="+", type=Path, default=[], help="带类别的诉求文件；不给则用两个版本都学过的诉求的留出结果"
    )


def _promote_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="版本，如 v3")
    ledger_option(parser, required=True)
    force_options(parser)


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    ledger_option(parser, required=True)
    parser.add_argument("--reason", default="", help="退回的理由，会记录在案")


def _shadow_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", nargs="?", help="版本，如 v3；不给则停止影子运行")
    ledger_option(parser, required=True)


COMMANDS: Final = (
    Command("models compare", "在同样的诉求上比较两个版本", _compare_arguments, _compare),
    Command("models promote", "检验通过后启用一个版本", _promote_arguments, _promote),
    Command("models rollback", "退回到上一个使用的版本", _rollback_arguments, _rollback),
    Command("models shadow", "让一个版本影子运行：对新工单的建议只记下来比较，不给人看", _shadow_arguments, _shadow),
)
