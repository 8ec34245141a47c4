"""What models that had not seen a row say of it, and which labels are doubted for it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.ledger import Ledger
from classifier.domain import Complaint
from classifier.learn.audit.doubts import doubtful, doubts
from classifier.learn.audit.examination import audit_files
from classifier.learn.audit.opinions import MOST_ALIKE, count_errors, hold_out, split
from classifier.learn.audit.remarks import Problem
from classifier.learn.dataset import Labelled, ledger_complaints
from classifier.learn.duplicates import Pair
from classifier.suggest.suggester import Suggester

_LAMPS = ("路灯不亮", "路灯坏了", "街灯忽明忽暗", "灯杆倒了没人修", "夜里没有照明")
_WAGES = ("拖欠工资", "克扣工钱", "工资三个月没发", "欠薪不给", "老板不结工资")
LAMPS = [f"{place}{lamp}" for place in ("东街", "西街", "村口", "桥头") for lamp in _LAMPS]
WAGES = [f"{who}{wage}" for who in ("饭店", "工厂", "包工头", "公司") for wage in _WAGES]


def _silent(_what: str, _share: float) -> None: ...


def _labelled(wrong: tuple[int, ...]) -> list[Labelled]:
    rows = [Labelled(Complaint(text, id=str(at)), ("LD",), source=f"a.csv:{at}") for at, text in enumerate(LAMPS)]
    rows += [
        Labelled(Complaint(text, id=str(at)), ("GZ",), source=f"a.csv:{at}")
        for at, text in enumerate(WAGES, len(LAMPS))
    ]
    for at in wrong:
        rows[at] = dataclasses.replace(rows[at], categories=("GZ" if at < len(LAMPS) else "LD",))
    return rows


def test_planted_wrong_labels_are_doubted_and_the_right_one_is_named(child_suggester: Suggester) -> None:
    rows = _labelled((3, 27))
    opinions = hold_out(child_suggester, rows, [], _silent)
    found = list(doubts(opinions, rows, child_suggester.ledger.categories))
    assert {remark.source for remark in found} == {"a.csv:3", "a.csv:27"}
    assert {remark.suggested for remark in found} == {"路上的事", "工资问题"}
    assert all(remark.given_probability < 0.5 < remark.probability for remark in found)
    assert not any(text in str(remark) for remark in found for text in (*LAMPS, *WAGES))
    assert np.isfinite(opinions.known).all()


def test_sound_labels_are_not_doubted(child_suggester: Suggester) -> None:
    rows = _labelled(())
    assert len(doubtful(hold_out(child_suggester, rows, [], _silent), rows)) == 0


def test_a_further_label_of_a_row_is_no_reason_to_doubt_it(child_suggester: Suggester) -> None:
    rows = _labelled((3, 27))
    rows[3] = dataclasses.replace(rows[3], categories=("GZ", "LD"))
    opinions = hold_out(child_suggester, rows, [], _silent)
    assert [int(at) for at in doubtful(opinions, rows)] == [27]


def test_as_many_labels_are_doubted_as_are_likely_wrong_the_least_likely_first(make_opinions) -> None:
    rows = [Labelled(Complaint(""), ("A1",))] * 5
    opinions = make_opinions(("A1", "B1"), [0] * 5, [1, 1, 1, 0, 1], [0.3, 0.1, 0.2, 0.9, 0.4], errors=2)
    assert doubtful(opinions, rows).tolist() == [1, 2]
    unsure = dataclasses.replace(opinions, best_chance=np.array([0.7, 0.4, 0.8, 0.9, 0.6], np.float32))
    assert doubtful(unsure, rows).tolist() == [2]


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_examined(child_suggester: Suggester) -> None:
    rows = [*_labelled(()), Labelled(Complaint("！！！"), ("LD",), source="a.csv:99")]
    opinions = hold_out(child_suggester, rows, [], _silent)
    assert list(opinions.faults) == [40]
    assert "没有可以阅读的文字" in opinions.faults[40]
    assert (len(opinions.asked), opinions.best[40]) == (40, -1)


def test_rows_the_base_has_learnt_from_are_judged_by_what_it_said_before(suggester: Suggester) -> None:
    """A model trained on top of it would know them already."""
    rows = ledger_complaints(suggester.ledger)
    opinions = hold_out(suggester, rows, [], _silent)
    held_out, labels = suggester.model.held_out, suggester.model.heads["leaves"].labels
    assert opinions.parts == 0
    assert len(opinions.asked) == len(rows)
    assert [opinions.labels[at] for at in opinions.best] == [labels[at] for at in held_out.leaves.argmax(axis=1)]


def test_a_base_that_does_not_say_what_it_learnt_from_is_not_asked(suggester: Suggester) -> None:
    held_out = suggester.model.held_out
    model = suggester.model.with_local(None)
    model.held_out = dataclasses.replace(held_out, rows=held_out.rows[:0])
    old = Suggester(suggester.ledger, model)
    rows = ledger_complaints(suggester.ledger)
    opinions = hold_out(old, rows, [], _silent)
    assert (opinions.skipped, len(opinions.asked), opinions.parts) == (len(rows), 0, 0)


def test_the_audit_says_by_which_model_it_was_made(small_ledger: Ledger, suggester: Suggester, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{row.complaint.text},{row.categories[0]}" for row in _labelled((3,))]
    path.write_text("text,category\n" + "\n".join(lines).replace("LD", "C1").replace("GZ", "B1") + "\n", "utf-8")
    audit = audit_files([path], small_ledger, 1, suggester)
    assert audit.notes[0].startswith("已用未见过该件的模型复核 40 件，与所给类别相符")
    assert [one.source for one in audit.remarks if one.problem is Problem.DOUBTFUL_LABEL] == ["a.csv:5"]


def test_errors_are_counted_where_another_class_is_likelier_than_is_usual_for_it() -> None:
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.95, 0.05], [0.6, 0.4]], np.float32)
    given_labels = np.array([0, 0, 1, 1, 1, 1], np.int32)
    # Rows of the second class are given it with 0.54 on average, those of the first with 0.85: only 0.95 is above that.
    assert count_errors(chances, given_labels) == 1
    assert count_errors(chances[:4], given_labels[:4]) == 0


@given(st.lists(st.integers(0, 12), min_size=1, max_size=80), st.integers(1, 30))
def test_what_says_the_same_is_never_divided_and_no_row_is_examined_twice(matters: list[int], most: int) -> None:
    first: dict[int, int] = {}
    pairs = []
    for at, matter in enumerate(matters):
        if matter in first:
            pairs.append(Pair(at, first[matter], 1.0))
        first.setdefault(matter, at)
    parts = split(np.arange(len(matters)), pairs, most)
    assert sorted(int(at) for part in parts for at in part) == list(range(len(matters)))
    where = {int(at): number for number, part in enumerate(parts) for at in part}
    assert all(where[pair.later] == where[pair.earlier] for pair in pairs)
    largest = max(matters.count(matter) for matter in matters)
    assert all(len(part) < most + largest + 1 for part in parts)


def test_of_very_many_that_say_the_same_some_are_enough() -> None:
    pairs = [Pair(at, 0, 1.0) for at in range(1, 3 * MOST_ALIKE)]
    parts = split(np.arange(3 * MOST_ALIKE + 5), pairs, 1_000)
    assert [len(part) for part in parts] == [MOST_ALIKE + 5]
    assert split(np.zeros(0, np.intp), [], 10) == []


def test_many_rows_are_examined_in_parts(child_suggester: Suggester) -> None:
    rows = _labelled((3, 27))
    told: list[str] = []
    opinions = hold_out(child_suggester, rows, [], lambda what, _share: told.append(what), most=20)
    assert opinions.parts == 2
    assert len(opinions.asked) == len(rows)
    assert any(what.startswith("复核第 2/2 份，约还需") for what in told)
