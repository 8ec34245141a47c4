"""The search for better settings takes what is clearly better, tells what it tried, and keeps to its time."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from classifier import cli, terminal
from classifier.learn.recipes import FEW, MANY, LocalRecipe, recipe_for, search
from classifier.registry.versions import Registry
from classifier.settings import Places

DICE = np.random.default_rng(5)
NOISE = DICE.normal(0, 0.2, 400)


def _losses(recipe: LocalRecipe) -> np.ndarray:
    """A smaller penalty is better, a larger text weight worse, all else of no account but for noise."""
    other = DICE.normal(0, 0.05, len(NOISE))
    return (1 + NOISE + other + (recipe.penalty - 0.1) * 2 + max(recipe.text - 0.6, 0)).astype(np.float32)


def test_what_is_clearly_better_is_taken_and_all_trials_are_told() -> None:
    found, trials = search(FEW, 60, _losses)
    assert found.penalty == pytest.approx(0.05)
    assert found.text <= 0.6
    assert [one.setting for one in trials][:3] == ["", "penalty=0.05", "penalty=0.2"]
    assert trials[0].taken
    assert trials[1].taken
    assert not trials[2].taken


def test_without_a_budget_nothing_is_tried() -> None:
    def never(_: LocalRecipe) -> np.ndarray:
        raise AssertionError

    assert search(FEW, 0, never) == (FEW, ())


def test_nothing_is_begun_that_would_take_longer_than_is_left() -> None:
    def slowly(recipe: LocalRecipe) -> np.ndarray:
        time.sleep(0.05)
        return _losses(recipe)

    began = time.monotonic()
    _, trials = search(FEW, 0.17, slowly)
    assert 1 <= len(trials) <= 3
    assert time.monotonic() - began < 1


def test_a_training_with_a_budget_writes_what_it_tried(
    own_places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FENBAN_LEDGERS", str(own_places.ledgers))
    monkeypatch.setenv("FENBAN_MODELS", ":".join(map(str, own_places.models)))
    data = tmp_path / "标注.csv"
    lamps = "".join(f"{place}路灯坏了,HJ\n" for place in "东西南北中前后左右")
    wages = "".join(f"{who}拖欠工资,GZ\n" for who in "甲乙丙丁戊己庚辛壬")
    data.write_text("text,category\n" + lamps + wages, "utf-8")
    code = cli.run(["train", str(data), "--ledger", "child", "--budget", "20", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert code == terminal.DONE
    assert len(told["trials"]) == 9
    version = Registry(own_places.models).find("child", told["version"])
    taken = [one["setting"] for one in told["trials"] if one["taken"] and one["setting"]]
    for setting in taken:
        name, value = setting.split("=")
        assert name in version.manifest["local_recipe"]
        assert float(value) > 0
    assert "试过的设置" in (version.folder / "report.html").read_text("utf-8")


def test_settings_go_from_those_for_few_to_those_for_many_with_the_labels_there_are() -> None:
    assert [recipe_for(n) for n in (0, 1, 500)] == [FEW] * 3
    assert [recipe_for(n) for n in (4_000, 1_000_000)] == [MANY] * 2
    penalties = [recipe_for(n).penalty for n in (500, 1_000, 2_000, 4_000)]
    assert penalties == pytest.approx([0.1, 0.1333, 0.1667, 0.2])
