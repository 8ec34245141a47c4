"""The audit against a file with every fault planted in it."""

from __future__ import annotations

import csv
from pathlib import Path

from classifier.catalogue.ledger import Ledger
from classifier.learn.audit.examination import audit_files
from classifier.learn.audit.remarks import Problem
from classifier.learn.dataset import ledger_complaints

LONG = "楼下的烧烤店每天营业到凌晨两点，油烟从窗户缝里钻进来，家里老人咳嗽不止，已经打过三次电话没有人来"


def _write(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "category", "text"), *rows])
    return path


def test_the_audit_names_each_planted_fault_by_row_and_never_a_text(tmp_path: Path, small_ledger: Ledger) -> None:
    one, two, *_ = [leaf.code for leaf in small_ledger.categories.leaves_in_use]
    rows = [
        ("a", one, LONG),
        ("b", one, LONG.replace("，", ",") + "！"),
        ("c", one, LONG.replace("三次", "四次")),
        ("d", two, LONG.replace("凌晨两点", "凌晨三点")),
        ("e", one, "太吵了"),
        ("f", "没有这一类", "路灯不亮已经一个星期了请派人维修"),
        ("g", two, "公交车半个小时才来一趟，上班总迟到"),
    ]
    path = _write(tmp_path / "标注.csv", rows)
    audit = audit_files([path], small_ledger, enough=4)
    found = {(remark.problem, remark.id, remark.other_id) for remark in audit.remarks if remark.source}
    assert found == {
        (Problem.DUPLICATE, "b", "a"),
        (Problem.NEAR_DUPLICATE, "c", "a"),
        (Problem.CONTRADICTION, "d", "a"),
        (Problem.TOO_SHORT, "e", ""),
        (Problem.UNKNOWN_CATEGORY, "", ""),
    }
    assert audit.rows == len(rows)
    wrong = next(remark for remark in audit.remarks if remark.problem is Problem.UNKNOWN_CATEGORY)
    assert wrong.source == "标注.csv:7"
    assert "category" in wrong.detail or "类别" in wrong.detail
    leaves = len(small_ledger.categories.leaves_in_use)
    assert audit.counts[Problem.THIN_CATEGORY] == 1, "only the second leaf has too few"
    assert audit.counts[Problem.EMPTY_CATEGORY] == leaves - 2
    shown = "\n".join(map(str, audit.remarks))
    assert not any(text[:6] in shown for _, _, text in rows)
    assert [remark.problem for remark in audit.remarks] == sorted(
        (remark.problem for remark in audit.remarks), key=list(Problem).index
    )


def test_the_small_ledger_itself_has_no_duplicate(small_ledger: Ledger) -> None:
    audit = audit_files(small_ledger.complaint_files, small_ledger, enough=1)
    assert audit.rows == len(ledger_complaints(small_ledger))
    assert not audit.counts
