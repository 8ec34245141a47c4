"""The audit against a file with every fault planted in it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from classifier.catalogue.ledger import Ledger
from classifier.learn.audit import Problem, audit_files
from classifier.learn.dataset import ledger_complaints
from classifier.learn.duplicates import near_duplicates

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
        (Problem.UNREADABLE, "", ""),
    }
    assert audit.rows == len(rows)
    wrong = next(remark for remark in audit.remarks if remark.problem is Problem.UNREADABLE)
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


def test_near_duplicates_are_found_among_many_and_different_texts_are_not() -> None:
    random = np.random.default_rng(5)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 500)]
    texts = ["".join(random.choice(letters, 60)) for _ in range(400)]
    planted = {}
    for at in range(0, 400, 4):
        changed = list(texts[at])
        changed[int(random.integers(60))] = "龘"
        planted[len(texts)] = at
        texts.append("".join(changed))
    pairs = list(near_duplicates(texts))
    assert {pair.later: pair.earlier for pair in pairs} == planted
    assert all(0.7 <= pair.similarity < 1 for pair in pairs)


def test_a_repeated_near_duplicate_keeps_its_similarity_and_nothing_is_like_an_empty_text() -> None:
    near = LONG[:-2] + "处理"
    pairs = list(near_duplicates(["", LONG, near, near, "", LONG]))
    assert [(pair.later, pair.earlier) for pair in pairs] == [(2, 1), (3, 1), (5, 1)]
    assert pairs[0].similarity == pairs[1].similarity < 1
    assert pairs[2].similarity == 1
