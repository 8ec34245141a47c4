"""The command that finds wrong labels before training, and carries their corrections back."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Final

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.desk import open_desk
from classifier.errors import BundleError, ModelNotFoundError, SettingError
from classifier.files.writing import check_output
from classifier.learn.audit.corrections import apply_corrections, write_remarks
from classifier.learn.audit.examination import audit_files
from classifier.learn.audit.remarks import Audit, Problem
from classifier.learn.audit.rows import ENOUGH
from classifier.presentation import plain
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.terminal import DONE, ROWS_IN_ERROR, Command, first_build_progress, ledger_option, progress_bar


def _audit(given: argparse.Namespace) -> int:
    places = Places.from_environment()
    ledger = load_ledger(given.ledger, places.ledgers)
    if given.apply:
        return _apply(given, ledger)
    if given.output:
        check_output(given.output)
    base, why_not = _open(given, places)
    audit = audit_files(given.data or ledger.complaint_files, ledger, given.enough, base, progress_bar())
    if why_not:
        note = f"没有用模型复核类别、用语和判对情况：{why_not}"
        audit = dataclasses.replace(audit, notes=(*audit.notes, note))
    if given.output:
        write_remarks(given.output, audit)
    _show(audit, ledger, given)
    wrong = {Problem.UNREADABLE, Problem.UNKNOWN_CATEGORY} & {*audit.counts}
    return ROWS_IN_ERROR if wrong else DONE


def _open(given: argparse.Namespace, places: Places) -> tuple[Suggester | None, str]:
    """Open the model in use, or say why there is none."""
    if given.no_model:
        return None, "按 --no-model"
    try:
        return open_desk(places, given.ledger, progress=first_build_progress()), ""
    except (ModelNotFoundError, BundleError) as error:
        return None, str(error)


def _show(audit: Audit, ledger: Ledger, given: argparse.Namespace) -> None:
    if given.json:
        print(json.dumps(plain(audit), ensure_ascii=False, indent=1))
        return
    for remark in audit.remarks:
        print(remark)
    found = "，".join(f"{problem.label} {count}" for problem, count in audit.counts.items())
    print(f"{ledger.name}：{audit.rows} 件，{audit.categories} 个末级类别；{found or '没有发现问题'}")
    for note in audit.notes:
        print(note)


def _apply(given: argparse.Namespace, ledger: Ledger) -> int:
    """Carry the corrections of an audit's spreadsheet back to the one file given."""
    if len(given.data) != 1 or given.output is None:
        raise SettingError("--apply", given.apply.name, "与一个数据文件和 --output 一起使用")
    applied = apply_corrections(given.data[0], given.apply, given.output, ledger)
    if given.json:
        print(json.dumps(plain(applied), ensure_ascii=False))
        return DONE
    print(f"{applied.rows} 行，改正 {applied.changed} 行，删除 {applied.deleted} 行 → {given.output}")
    if applied.elsewhere:
        print(f"另有 {applied.elsewhere} 处改正属于其他文件，请对那些文件再运行一次", file=sys.stderr)
    return DONE


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="*", type=Path, help="带类别的诉求文件；不给则检查台账自己的 complaints/")
    ledger_option(parser, required=True)
    parser.add_argument("--output", type=Path, help="把问题清单写成 CSV、XLSX 或 JSONL，在“改为”列填写正确的类别")
    parser.add_argument("--apply", type=Path, metavar="清单", help="把填好的问题清单用于数据文件，结果写到 --output")
    parser.add_argument(
        "--no-model", action="store_true", help="不用模型复核（复核相当于一次训练，每 6,000 件约需一分钟）"
    )
    parser.add_argument(
        "--enough", type=int, default=ENOUGH, metavar="N", help=f"一个类别至少应有的件数（默认 {ENOUGH}）"
    )


COMMANDS: Final = (
    Command("audit", "训练前检查带类别的诉求：类别存疑、同文异类、难以区分、随时间变化", _audit_arguments, _audit),
)
