"""Commands of clerks and analysts: suggest for one complaint, or for a file of them."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tqdm import tqdm

from classifier.desk import open_desk
from classifier.domain import Complaint
from classifier.errors import ClusterMissingError, UnsupportedFormatError
from classifier.files.encoding import ENCODINGS
from classifier.files.writing import written_whole
from classifier.presentation import lines, plain
from classifier.settings import Places
from classifier.terminal import DONE, ROWS_IN_ERROR, Command, first_build_progress, ledger_option, model_option

if TYPE_CHECKING:
    from classifier.batch.run import BatchReport, BatchRequest, Progress
    from classifier.suggest.suggester import Suggester


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
    from classifier.batch.run import BatchRequest

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
        given.resume,
        not given.keep_formulas,
        given.encoding,
        given.sheet,
    )
    with tqdm(unit="行", file=sys.stderr, desc=given.input.name, delay=1) as bar:

        def show(done: int, total: int) -> None:
            if bar.total is None:
                bar.initial = bar.n = done
                bar.total = total
            bar.update(done - bar.n)

        try:
            report = _engine(given)(request, places, suggester, show)
        except KeyboardInterrupt:
            print("已完成的部分保留；加上 --resume 再运行一次，就接着做", file=sys.stderr)
            raise
    if given.json:
        print(json.dumps(dataclasses.asdict(report), ensure_ascii=False))
    else:
        print(
            f"{report.rows} 行（{report.how}）：自动 {report.automatic}，人工 {report.manual}，"
            f"重复 {report.duplicates}，近似 {report.near_duplicates}，出错 {report.errors} → {given.output}"
        )
    return ROWS_IN_ERROR if report.errors else DONE


def _engine(given: argparse.Namespace) -> Callable[[BatchRequest, Places, Suggester, Progress], BatchReport]:
    """Return what runs a backlog: this machine, or a cluster that is connected to for as long as it takes."""
    if given.engine == "local":
        from classifier.batch.run import run_batch

        return run_batch
    try:
        from classifier.batch.spark import open_session, run_on_spark
    except ImportError as error:
        raise ClusterMissingError(given.master or "", f"没有安装 {error.name}") from error

    def run(request: BatchRequest, places: Places, suggester: Suggester, progress: Progress) -> BatchReport:
        with open_session(given.master) as session:
            return run_on_spark(request, places, suggester, session, progress)

    return run


def _summary(given: argparse.Namespace) -> int:
    from classifier.summary.counting import summarise
    from classifier.summary.page import write_page
    from classifier.summary.sheets import overview, write_workbook

    writers = {".xlsx": write_workbook, ".html": write_page}
    write = writers.get(given.output.suffix.lower())
    if write is None:
        raise UnsupportedFormatError(given.output, tuple(writers))
    summary = summarise(given.input, given.text_column, given.title_column, given.least)
    with written_whole(given.output) as draft:
        write(summary, draft)
    if given.json:
        print(json.dumps(dataclasses.asdict(summary), ensure_ascii=False))
    else:
        print("，".join(f"{name} {count}" for name, count in overview(summary)) + f" → {given.output}")
    return DONE


def _summary_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, help="fenban batch 写出的文件")
    parser.add_argument("output", type=Path, help="输出：XLSX 或 HTML")
    parser.add_argument("--text-column", help="诉求正文所在的列")
    parser.add_argument("--title-column", help="标题所在的列")
    parser.add_argument("--least", type=_count, default=3, help="多少件说到同一事项才算热点（默认 3）")


def _suggest_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", help="诉求正文；不给则从标准输入读取")
    parser.add_argument("--title", default="", help="标题")
    parser.add_argument("--region", default="", help="地区代码或名称")
    ledger_option(parser)
    model_option(parser)


def _batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, help="输入：CSV、XLSX、XLS、JSONL 或 Parquet")
    parser.add_argument("output", type=Path, help="输出：CSV、XLSX、JSONL 或 Parquet")
    ledger_option(parser)
    model_option(parser)
    parser.add_argument("--text-column", help="诉求正文所在的列")
    parser.add_argument("--title-column", help="标题所在的列")
    parser.add_argument("--encoding", choices=ENCODINGS, help="CSV 的编码（默认逐一严格解码来判定）")
    parser.add_argument("--sheet", help="只读工作簿的这一张工作表（默认读有正文列的各张）")
    parser.add_argument("--headers", choices=("en", "zh"), default="en", help="新增列的列名用英文或中文")
    parser.add_argument(
        "--engine", choices=("local", "spark"), default="local", help="在哪里运行：本机（默认）或 Spark 集群"
    )
    parser.add_argument("--master", help="Spark 集群的地址，如 spark://主机:7077（默认按 Spark 自己的配置）")
    parser.add_argument("--resume", action="store_true", help="接着上次中断的地方继续")
    parser.add_argument(
        "--keep-formulas",
        action="store_true",
        help="CSV 中像公式的内容原样写出（默认在前面加一个单引号，以免表格软件执行）",
    )
    parser.add_argument("--jobs", type=_count, default=0, help="进程数（默认每核一个）")


def _count(value: str) -> int:
    number = int(value)
    if number < 0:
        raise argparse.ArgumentTypeError("不能小于 0")
    return number


COMMANDS: Final = (
    Command("suggest", "给一件诉求提出类别和部门建议", _suggest_arguments, _suggest),
    Command("batch", "给一个文件的每一行提出建议", _batch_arguments, _batch),
    Command("summary", "汇总分办结果：各类件数、重复诉求、热点事项", _summary_arguments, _summary),
)
