"""Every error this package raises on purpose, as one tree.

FenbanError
├── InputError                      what was given cannot be used
│   ├── ComplaintError
│   │   ├── EmptyComplaintError
│   │   ├── ComplaintTooLongError
│   │   └── NotTextError
│   ├── TableError                  names file, row, column and remedy
│   │   ├── UnreadableFileError
│   │   ├── WrongEncodingError
│   │   ├── MissingColumnError
│   │   ├── WrongCellError
│   │   ├── CellTooLongError
│   │   ├── TooManyColumnsError
│   │   ├── UnwritableFileError
│   │   └── CannotResumeError
│   ├── UnsupportedFormatError
│   ├── LedgerNameError
│   ├── LedgerExistsError
│   ├── CatalogueError              a ledger whose tables contradict each other
│   └── UnknownNameError
│       ├── UnknownCategoryError
│       ├── UnknownDepartmentError
│       └── UnknownRegionError
├── NothingToWorkWithError
│   ├── LedgerNotFoundError
│   ├── ModelNotFoundError
│   ├── NoLabelledDataError
│   ├── NothingToRollBackError
│   ├── NothingToCompareError
│   ├── EmptyBacklogError
│   └── ClusterMissingError
├── BundleError
│   ├── BundleCorruptError
│   └── BundleIncompatibleError
├── WorkerLostError
├── ClusterFailedError
├── PromotionRefusedError           the gate found a candidate no better, or worse somewhere
└── SettingError

Clerks and analysts read these messages, so they are Chinese; `code` is for programs and never changes.
A complaint's own text never stands in a message: it is personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class FenbanError(Exception):
    """Base of every error raised on purpose; `code` is stable and meant for programs."""

    code = "error"


class InputError(FenbanError):
    """What was given cannot be used."""

    code = "bad_input"


class ComplaintError(InputError):
    """A single complaint (诉求) cannot be read."""

    code = "bad_complaint"


class EmptyComplaintError(ComplaintError):
    """The complaint has no letter or character to read."""

    code = "empty_complaint"

    def __init__(self) -> None:
        super().__init__("诉求内容为空：没有可以阅读的文字，请填写诉求正文")


class ComplaintTooLongError(ComplaintError):
    """The complaint is longer than any complaint is."""

    code = "complaint_too_long"

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"诉求过长：{length} 字，最多 {limit} 字；请只提交诉求正文，附件内容另行保存")


class NotTextError(ComplaintError):
    """The complaint is not a string."""

    code = "not_text"

    def __init__(self, kind: str) -> None:
        super().__init__(f"诉求不是文本（收到的是 {kind}），请提供字符串")


class TableError(InputError):
    """A table cannot be read; the message names file, row, column and remedy."""

    code = "bad_table"

    def __init__(self, path: Path | str, problem: str, *, row: int | None = None, column: str = "") -> None:
        where = Path(path).name + (f" 第 {row} 行" if row else "") + (f" “{column}” 列" if column else "")
        super().__init__(f"{where}：{problem}")
        self.problem = problem
        self.row = row
        self.column = column


class UnreadableFileError(TableError):
    """The file is damaged or is not what its name says."""

    code = "unreadable_file"


class WrongEncodingError(TableError):
    """No encoding in use decodes the file without loss."""

    code = "wrong_encoding"


class MissingColumnError(TableError):
    """A column that is needed is not there."""

    code = "missing_column"

    def __init__(self, path: Path | str, column: str, present: Sequence[str], remedy: str = "") -> None:
        shown = "、".join(present[:12]) + ("……" if len(present) > 12 else "")
        problem = f"缺少“{column}”列；现有的列：{shown or '（无）'}"
        super().__init__(path, problem + (f"；{remedy}" if remedy else ""), row=1)


class WrongCellError(TableError):
    """One cell holds what its column cannot."""

    code = "wrong_cell"


class CellTooLongError(TableError):
    """A cell is longer than the kind of file asked for can hold."""

    code = "cell_too_long"

    def __init__(self, path: Path | str, limit: int, *, row: int, column: str) -> None:
        super().__init__(
            path, f"内容超过 Excel 单元格的上限 {limit} 字，写入会丢失；请输出为 .csv", row=row, column=column
        )


class TooManyColumnsError(TableError):
    """A table has more columns than the kind of file asked for can hold."""

    code = "too_many_columns"

    def __init__(self, path: Path | str, count: int, limit: int) -> None:
        super().__init__(path, f"有 {count} 列，Excel 最多 {limit} 列；请输出为 .csv")


class UnwritableFileError(TableError):
    """The result cannot be written where it was asked for."""

    code = "unwritable_file"

    def __init__(self, path: Path | str, why: str) -> None:
        super().__init__(path, f"无法写入：{why}")


class CannotResumeError(TableError):
    """What was begun earlier cannot be continued: something that decides the result has changed since."""

    code = "cannot_resume"

    def __init__(self, path: Path | str, changed: Sequence[str]) -> None:
        super().__init__(path, f"不能接着上次继续，因为已改变：{'、'.join(changed)}；去掉 --resume 从头开始")


class UnsupportedFormatError(InputError):
    """A file name ends in something this program does not read or write."""

    code = "unsupported_format"

    def __init__(self, path: Path | str, known: Sequence[str]) -> None:
        super().__init__(f"不支持的文件格式：{Path(path).name}；可用：{'、'.join(known)}")


class CatalogueError(InputError):
    """A ledger's tables are wrong or contradict each other."""

    code = "bad_catalogue"

    def __init__(self, ledger: str, findings: Sequence[object]) -> None:
        shown = "\n".join(f"  {finding}" for finding in findings[:20])
        more = f"\n  ……共 {len(findings)} 处" if len(findings) > 20 else ""
        super().__init__(f"台账“{ledger}”有错误，请改正后重试：\n{shown}{more}")


class LedgerNameError(InputError):
    """A new ledger's name cannot be that of a folder."""

    code = "ledger_name"

    def __init__(self, name: str) -> None:
        super().__init__(f"台账名“{name}”无效：只能用文字、数字、下划线和连字符，因为它也是文件夹的名称")


class LedgerExistsError(InputError):
    """A new ledger has the name of one that is there."""

    code = "ledger_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"已经有名为“{name}”的台账或文件夹；请换一个名称，或先移走它")


class UnknownNameError(InputError):
    """A name or code stands in none of the ledger's tables."""

    code = "unknown_name"
    what = "名称"
    remedy = "请核对台账"

    def __init__(self, given: str, near: Sequence[str] = ()) -> None:
        hint = f"；相近的有：{'、'.join(near)}" if near else ""
        super().__init__(f"没有这个{self.what}：{given}{hint}；{self.remedy}")


class UnknownCategoryError(UnknownNameError):
    """A category's code, name or path is not in the catalogue."""

    code = "unknown_category"
    what = "类别"
    remedy = "请用 categories.csv 中的代码、名称或完整路径"


class UnknownDepartmentError(UnknownNameError):
    """A department's code, name or alias is not in the directory."""

    code = "unknown_department"
    what = "部门"
    remedy = "请用 departments.csv 中的代码、名称或别名"


class UnknownRegionError(UnknownNameError):
    """A region's code or name is not in the gazetteer."""

    code = "unknown_region"
    what = "地区"
    remedy = "请用 regions.csv 中的代码或名称"


class NothingToWorkWithError(FenbanError):
    """There is no ledger, no model or no data to begin with."""

    code = "nothing_to_work_with"


class LedgerNotFoundError(NothingToWorkWithError):
    """No ledger has that name, and no such folder exists."""

    code = "ledger_not_found"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"没有找到台账“{name}”；现有：{'、'.join(known) or '（无）'}；也可以给出台账文件夹的路径")


class ModelNotFoundError(NothingToWorkWithError):
    """The ledger has no version of a model, or not the one asked for."""

    code = "model_not_found"

    def __init__(self, ledger: str, version: str | None = None) -> None:
        if version is None:
            super().__init__(f"台账“{ledger}”还没有可用的模型；请先运行 fenban train --ledger {ledger} --promote")
        else:
            super().__init__(f"台账“{ledger}”没有版本 {version}；用 fenban models list --ledger {ledger} 查看现有版本")


class NoLabelledDataError(NothingToWorkWithError):
    """There is nothing to train on."""

    code = "no_labelled_data"

    def __init__(self, ledger: str) -> None:
        super().__init__(
            f"台账“{ledger}”没有带类别的诉求可供训练；请在其 complaints/ 文件夹放入 CSV，或在命令中给出文件"
        )


class NothingToRollBackError(NothingToWorkWithError):
    """No earlier version is known."""

    code = "nothing_to_roll_back"

    def __init__(self, ledger: str, current: str) -> None:
        state = f"使用中的是 {current}，没有记录在它之前用的是哪个版本" if current else "没有使用中的版本"
        super().__init__(f"台账“{ledger}”{state}；可用 fenban models promote 指定要启用的版本")


class NothingToCompareError(NothingToWorkWithError):
    """Two versions share no labelled row that both can be judged on."""

    code = "nothing_to_compare"

    def __init__(self, candidate: str, other: str) -> None:
        super().__init__(f"{candidate} 与 {other} 没有共同的带类别的诉求可供比较；请在命令后给出带类别的文件")


class NothingUnseenError(NothingToWorkWithError):
    """A version learnt from all of the labelled rows that it is to be judged by."""

    code = "nothing_unseen"

    def __init__(self, version: str) -> None:
        super().__init__(f"{version} 学过给出的全部诉求，又没有留出时的回答，无法据此检验；请换用它没有学过的诉求")


class EmptyBacklogError(NothingToWorkWithError):
    """There is no text to adapt to."""

    code = "empty_backlog"

    def __init__(self) -> None:
        super().__init__("给出的文件里没有一行有正文或标题，没有可学习的内容")


class ClusterMissingError(NothingToWorkWithError):
    """The means to run on a cluster are not installed, or the cluster cannot be reached."""

    code = "cluster_missing"

    def __init__(self, master: str, why: str) -> None:
        super().__init__(
            f"不能在 Spark 上运行{f'（{master}）' if master else ''}：{why}；"
            "需要 Java 17（Debian：openjdk-17-jre-headless）和 pip install 'fenban[spark]'，并核对 --master 的地址"
        )


class BundleError(FenbanError):
    """A stored model cannot be used."""

    code = "bad_bundle"


class BundleCorruptError(BundleError):
    """A file of a stored model is missing or is not the file that was written."""

    code = "bundle_corrupt"

    def __init__(self, folder: Path | str, problem: str) -> None:
        super().__init__(
            f"模型文件已损坏：{Path(folder).parent.name}/{Path(folder).name}：{problem}；"
            "请回退到其他版本（fenban models promote）或重新训练"
        )


class BundleIncompatibleError(BundleError):
    """A stored model was written by a program this one does not understand."""

    code = "bundle_incompatible"

    def __init__(self, folder: Path | str, found: object, expected: object) -> None:
        super().__init__(
            f"模型 {Path(folder).parent.name}/{Path(folder).name} 的格式是 {found}，本程序需要 {expected}；请重新训练"
        )


class WorkerLostError(FenbanError):
    """A worker process ended by itself, for instance because memory ran out."""

    code = "worker_lost"

    def __init__(self) -> None:
        super().__init__("一个工作进程意外结束（可能是内存不足）；已完成的部分保留，用 --resume 接着做，或减少 --jobs")


class ClusterFailedError(FenbanError):
    """A part of a backlog failed on every try, or the cluster was lost."""

    code = "cluster_failed"

    def __init__(self, why: str) -> None:
        super().__init__(f"Spark 没有完成：{why}；已完成的部分保留，用 --resume 接着做，详情见 Spark 的日志")


class PromotionRefusedError(FenbanError):
    """The gate refuses a candidate; a person may force it, which is recorded."""

    code = "promotion_refused"

    def __init__(self, candidate: str, findings: Sequence[str]) -> None:
        super().__init__(
            f"{candidate} 未通过检验，没有启用：{'；'.join(findings)}。仍要启用请加 --force 并说明 --reason"
        )


class SettingError(FenbanError):
    """An environment variable or an option has a value that cannot be used."""

    code = "bad_setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"设置 {name}={value} 无效：应为{expected}")
