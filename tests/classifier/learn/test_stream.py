"""Learning from more labels than can be solved exactly."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.desk import load_model, open_desk
from classifier.domain import Complaint
from classifier.errors import NothingUnseenError, WrongCellError
from classifier.learn.dataset import Labelled, LabelledFiles, Together
from classifier.learn.evaluation import evaluate
from classifier.learn.local import learn_labels
from classifier.learn.proof import judgeable
from classifier.learn.stream import learn_many
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.text.pipeline import said
from classifier.workshop import train_version

WHERE = [f"{a}{b}" for a in "东西南北中前后左右上下" for b in "街路巷村屯桥门口"]
LAMP = ("路灯坏了", "路灯不亮", "路灯灭了", "灯杆倒了", "灯一闪一闪的")
WAGE = ("工资没发", "欠了三个月工资", "老板跑了不给钱", "工钱拖着不给", "克扣工资")
WATER = ("河水发臭", "污水横流", "下水道堵了冒脏水", "臭水沟没人管", "排污口直排")


@pytest.fixture(scope="module")
def rows() -> list[Labelled]:
    """The place files lamps and water under 环境问题: 1,320 rows in a mixed order."""
    every = [
        Labelled(Complaint(f"{where}{what}"), (code,), source=f"{where}{code}")
        for code, said in (("HJ", (*LAMP, *WATER)), ("GZ", WAGE))
        for what in said
        for where in WHERE
    ]
    return [every[at] for at in np.random.default_rng(2).permutation(len(every))]


@pytest.fixture(scope="module")
def base(places: Places) -> Suggester:
    return open_desk(places, "child")


def _accuracy(suggester: Suggester, rows: list[Labelled]) -> float:
    first = [suggester.suggest(row.complaint, with_evidence=False).categories[0].category.code for row in rows]
    return float(np.mean([code == row.categories[0] for code, row in zip(first, rows, strict=True)]))


def test_what_streams_by_is_learnt(base: Suggester, rows: list[Labelled]) -> None:
    """The exact part knows only a few rows; a category is turned round in what comes after."""
    streamed = learn_many(base, rows, most_exact=60)
    taught = Suggester(base.ledger, base.model.with_local(streamed.learning.local))
    assert streamed.rows == len(rows)
    assert _accuracy(taught, streamed.held_out) > max(0.97, _accuracy(base, streamed.held_out))


def test_rows_held_out_are_never_learnt_from_and_judge_the_outcome(base: Suggester, rows: list[Labelled]) -> None:
    streamed = learn_many(base, rows, most_exact=60)
    proof = streamed.learning.local.proof
    assert len(proof.rows) == len(streamed.held_out)
    assert 0.12 < len(streamed.held_out) / len(rows) < 0.28
    dealt = [dataclasses.replace(row, categories=("HJ" if at % 2 else "GZ",)) for at, row in enumerate(rows)]
    proof = learn_many(base, dealt, most_exact=60).learning.local.proof
    assert (proof.probabilities.argmax(axis=1) == proof.truth).mean() < 0.65


def test_a_version_remembers_what_it_learnt_and_is_judged_by_the_rest_alone(
    base: Suggester, rows: list[Labelled]
) -> None:
    new = Labelled(Complaint("新修的广场上夜里没有灯"), ("HJ",))
    streamed = learn_many(base, rows, most_exact=60)
    taught = Suggester(base.ledger, base.model.with_local(streamed.learning.local))
    fair = judgeable([*rows, new], taught)
    unseen = {said(row.complaint) for row in fair}
    held_out = {said(row.complaint) for row in streamed.held_out}
    assert unseen >= held_out | {said(new.complaint)}
    # What says nearly the same as a row held out was passed over, so that it may judge as well.
    assert 0.1 * len(rows) < len(fair) < 0.5 * len(rows)
    result = evaluate([*rows, new], taught)
    assert (result.figures.rows, result.set_aside) == (len(fair), len(rows) + 1 - len(fair))
    learnt = [row for row in rows if said(row.complaint) not in unseen]
    with pytest.raises(NothingUnseenError, match="学过给出的全部"):
        evaluate(learnt, taught)
    assert judgeable(rows, base) == rows


def test_no_more_rows_are_in_memory_than_are_kept(base: Suggester, rows: list[Labelled]) -> None:
    class Counting:
        """Makes rows anew each time, and knows how many are alive."""

        def __init__(self) -> None:
            self.alive = self.most = 0

        def __iter__(self) -> Iterator[Labelled]:
            for _ in range(2):
                for row in rows:
                    tracked = Tracked(row.complaint, row.categories)
                    self.alive += 1
                    self.most = max(self.most, self.alive)
                    yield tracked
                    del tracked

    source = Counting()

    class Tracked(Labelled):
        __slots__ = ()

        def __del__(self) -> None:
            source.alive -= 1

    streamed = learn_many(base, source, most_exact=40)
    assert streamed.rows == 2 * len(rows)
    assert source.most < 40 + len(streamed.held_out) + 2 * 64 + 100


def test_near_duplicates_stay_on_one_side(base: Suggester) -> None:
    """Each complaint comes twice, once with a word more: dealt labels must not be confirmed by their twins."""
    texts = [f"{where}{what}已经很久没有人来修理大家都很着急" for where in WHERE[:60] for what in LAMP]
    labels = [("HJ", "GZ")[at] for at in np.random.default_rng(3).integers(0, 2, len(texts))]
    twins = [
        Labelled(Complaint(text + end), (label,))
        for text, label in zip(texts, labels, strict=True)
        for end in ("", "啊")
    ]
    proof = learn_many(base, twins, most_exact=40).learning.local.proof
    assert (proof.probabilities.argmax(axis=1) == proof.truth).mean() < 0.62


def test_files_are_gone_through_as_often_as_needed(ledgers: Path, tmp_path: Path) -> None:
    child: Ledger = load_ledger("child", ledgers)
    first, second = tmp_path / "一.csv", tmp_path / "二.jsonl"
    first.write_text("text,category\n路灯坏了,HJ\n", "utf-8")
    second.write_text('{"text": "工资没发", "category": "工资问题"}\n', "utf-8")
    rows = Together((LabelledFiles(child, (first, second)), [Labelled(Complaint("河臭"), ("HJ",))]))
    assert [row.categories[0] for row in rows] == [row.categories[0] for row in rows] == ["HJ", "GZ", "HJ"]
    second.write_text('{"text": "工资没发", "category": "哪一类"}\n', "utf-8")
    with pytest.raises(WrongCellError, match=r"二\.jsonl"):
        list(rows)


def test_a_ledger_with_many_labels_becomes_a_version_like_any_other(
    own_places: Places, ledgers: Path, rows: list[Labelled]
) -> None:
    child = load_ledger("child", ledgers)
    version, trained = train_version(child, own_places, rows[:400], most_exact=100)
    assert trained.facts["rows"]["own"] == 400
    assert trained.facts["gate"]["passed"]
    taught = Suggester(child, load_model(version))
    assert _accuracy(taught, rows[400:500]) > 0.9
    assert trained.model.local is not None
    assert taught.model.local is not None
    assert np.array_equal(taught.model.local.proof.learnt, trained.model.local.proof.learnt)
    assert len(judgeable(rows[400:], taught)) > len(judgeable(rows[:400], taught))


def test_exact_and_streamed_learning_agree_where_both_can(base: Suggester, rows: list[Labelled]) -> None:
    exact = Suggester(base.ledger, base.model.with_local(learn_labels(base, rows[:500])))
    streamed = learn_many(base, rows[:500], most_exact=200)
    other = Suggester(base.ledger, base.model.with_local(streamed.learning.local))
    assert abs(_accuracy(exact, rows[500:700]) - _accuracy(other, rows[500:700])) < 0.03
