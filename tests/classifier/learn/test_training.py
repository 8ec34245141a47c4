"""Training, storing and loading a small model."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger
from classifier.desk import build_base, load_model, open_desk
from classifier.domain import Complaint
from classifier.errors import BundleCorruptError, ModelNotFoundError, NoLabelledDataError, WrongCellError
from classifier.learn.dataset import ledger_complaints, read_labelled
from classifier.learn.evaluation import evaluate
from classifier.learn.training import Recipe, train
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.suggester import Suggester
from classifier.workshop import train_version


def test_training_is_deterministic(small_ledger: Ledger) -> None:
    rows = ledger_complaints(small_ledger)
    first, second = (train(small_ledger, rows).model.to_bundle()[1] for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def test_a_stored_model_answers_as_the_trained_one(small_ledger: Ledger, ledgers: Path, tmp_path: Path) -> None:
    version, trained = train_version(small_ledger, Places(ledgers, (tmp_path,)), [])
    before = Suggester(small_ledger, trained.model)
    after = Suggester(small_ledger, load_model(version))
    for text in ("老板拖欠工资不给", "路面一个大坑，摔伤了人", "河水发黑发臭"):
        one, other = before.suggest(Complaint(text)), after.suggest(Complaint(text))
        assert dataclasses.replace(other, model="") == one


def test_labels_dealt_at_random_are_learnt_but_not_confirmed_by_held_out_rows(small_ledger: Ledger) -> None:
    rows = ledger_complaints(small_ledger)
    dealt = [dataclasses.replace(row, categories=rows[at * 17 % len(rows)].categories) for at, row in enumerate(rows)]
    model = train(small_ledger, dealt, recipe=Recipe(penalty=0.3, kinship=0, knowledge_weight=0.01)).model
    suggester = Suggester(small_ledger, model)
    said = [suggester.suggest(Complaint(row.complaint.text)).categories[0].category.code for row in dealt]
    learnt = np.mean([code == row.categories[0] for code, row in zip(said, dealt, strict=True)])
    held_out = (model.held_out.leaves.argmax(axis=1) == model.held_out.truth).mean()
    assert learnt > 0.8
    assert held_out < 0.4


def test_a_ledger_without_complaints_cannot_be_trained(small_ledger: Ledger) -> None:
    with pytest.raises(NoLabelledDataError):
        train(small_ledger, [])


def test_a_ledger_without_complaints_or_model_cannot_be_opened(tmp_path: Path) -> None:
    bare = tmp_path / "ledgers" / "bare"
    bare.mkdir(parents=True)
    (bare / "ledger.toml").write_text('name = "bare"\ntitle = "空"\n', "utf-8")
    (bare / "categories.csv").write_text("code,name\nA,甲\n", "utf-8")
    (bare / "departments.csv").write_text("code,name\nd,部门\n", "utf-8")
    (bare / "duties.csv").write_text("category,lead\nA,部门\n", "utf-8")
    with pytest.raises(ModelNotFoundError):
        open_desk(Places(tmp_path / "ledgers", (tmp_path / "models",)), "bare")


def test_the_base_is_built_once(small_ledger: Ledger, tmp_path: Path) -> None:
    registry = Registry((tmp_path,))
    first, second = build_base(small_ledger, registry), build_base(small_ledger, registry)
    assert first == second
    assert [version.name for version in registry.versions("small")] == ["v1"]


def test_a_damaged_model_is_refused(small_ledger: Ledger, tmp_path: Path) -> None:
    version = build_base(small_ledger, Registry((tmp_path,)))
    weights = version.folder / "weights.npy"
    damaged = bytearray(weights.read_bytes())
    damaged[-1] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(BundleCorruptError, match=r"weights\.npy"):
        load_model(version)


def test_a_wrong_label_is_named_by_row_and_column(small_ledger: Ledger, tmp_path: Path) -> None:
    data = tmp_path / "labels.csv"
    data.write_text("正文,类别\n路灯坏了,路灯\n河水臭了,环境/污水\n老板跑了,欠薪水\n", "utf-8")
    with pytest.raises(WrongCellError, match=r"labels\.csv 第 4 行 “category” 列.*欠薪"):
        read_labelled(data, small_ledger)


def test_evaluation_counts_an_unanswered_row_as_wrong(suggester: Suggester, small_ledger: Ledger) -> None:
    rows = ledger_complaints(small_ledger)[:4]
    broken = [*rows, dataclasses.replace(rows[0], complaint=Complaint("……"))]
    result = evaluate(broken, suggester)
    assert (result.figures.rows, result.figures.answered, result.figures.learnt_from) == (5, 4, 4)
    assert result.figures.accuracy <= 0.8
