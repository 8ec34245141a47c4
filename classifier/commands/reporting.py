"""The command that writes what a place publishes of its ledger."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tqdm import tqdm

from classifier.desk import open_desk
from classifier.presentation import plain
from classifier.settings import Places
from classifier.terminal import DONE, ROWS_IN_ERROR, Command, first_build_progress, model_option


def _report(given: argparse.Namespace) -> int:
    from classifier.batch.report import ReportRequest, report

    suggester = open_desk(Places.from_environment(), given.ledger, given.model, first_build_progress())
    request = ReportRequest(given.backlog, given.text_column, given.title_column, given.households)
    with tqdm(unit="行", file=sys.stderr, desc=given.backlog.name, delay=1) as bar:
        advance: Callable[[int], object] = bar.update
        bulletin = report(request, suggester, advance)
    if given.json:
        print(json.dumps({"model": suggester.model.name, **plain(bulletin)}, ensure_ascii=False, indent=1))
        return ROWS_IN_ERROR if bulletin.errors else DONE
    print(bulletin.paragraph)
    for heading, counts in (("类别", bulletin.kinds), ("待办单位", bulletin.departments), ("进度", bulletin.periods)):
        for one in counts:
            print(f"{heading}  {one.name}：{one.found} 件，已解决 {one.solved} 件")
    for common in bulletin.common:
        villages = "、".join(common.villages)
        told = f"{len(common.rows)} 件，{len(common.villages)} 个村（{villages}）"
        print(f"共性  {common.town}　{common.category.path}：{told}")
    for rows in bulletin.repeats:
        print(f"重复  第 {'、'.join(map(str, rows))} 行是同一人的同一件事")
    for row, problem in bulletin.errors.items():
        print(f"错误  第 {row} 行：{problem}")
    return ROWS_IN_ERROR if bulletin.errors else DONE


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ledger", help="台账的名称或文件夹")
    parser.add_argument("backlog", type=Path, help="走访记录：CSV、XLSX、XLS、JSONL 或 Parquet")
    parser.add_argument("--text-column", help="记录正文所在的列")
    parser.add_argument("--title-column", help="标题所在的列")
    parser.add_argument("--households", type=int, help="走访户数（文件里不是每户都有记录时）")
    model_option(parser)


COMMANDS: Final = (
    Command("report", "写出台账的情况通报：走访户数、各类问题、解决数、交办单位", _report_arguments, _report),
)
