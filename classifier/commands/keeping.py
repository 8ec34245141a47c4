"""Commands that look after models and ledgers: list and show versions, check a catalogue."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Final

from classifier.catalogue.founding import found_ledger
from classifier.catalogue.ledger import Ledger, inspect_ledger, load_ledger
from classifier.learn.dataset import label_findings
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.terminal import BAD_INPUT, DONE, Command, ledger_option


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


def _ledger_new(given: argparse.Namespace) -> int:
    folder = found_ledger(given.name, given.source, Places.from_environment().ledgers, given.title)
    if given.json:
        print(json.dumps({"ledger": given.name, "folder": str(folder)}, ensure_ascii=False))
    else:
        print(f"已建立台账 {given.name}：{folder}；接下来要做的事写在其中的 README.md")
    return DONE


def _ledger_new_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="新台账的名称，也是文件夹的名称")
    parser.add_argument("--from", dest="source", required=True, metavar="台账", help="以哪个台账为样本")
    parser.add_argument("--title", default="", help="标题（可空，以后在 ledger.toml 里改）")


def _ledger_and_registry(given: argparse.Namespace) -> tuple[Ledger, Registry]:
    places = Places.from_environment()
    return load_ledger(given.ledger, places.ledgers), Registry(places.models)


def _version_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", help="版本，如 v3")
    ledger_option(parser, required=True)


def _required_ledger(parser: argparse.ArgumentParser) -> None:
    ledger_option(parser, required=True)


def _checked_ledger(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", help="台账的名称或文件夹")


COMMANDS: Final = (
    Command("models list", "列出模型版本", _required_ledger, _models_list),
    Command("models show", "显示一个版本的说明", _version_argument, _models_show),
    Command("ledger new", "以一个台账为样本建立新台账", _ledger_new_arguments, _ledger_new),
    Command("catalogue check", "检查台账的各张表", _checked_ledger, _catalogue_check),
)
