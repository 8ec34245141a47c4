"""From labels to a version in use, and back: candidates, gate, force, rollback, crashes."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.desk import build_base, open_desk
from classifier.domain import Complaint
from classifier.errors import NothingToCompareError, NothingToRollBackError, PromotionRefusedError
from classifier.learn.dataset import Labelled
from classifier.learn.gate import Verdict
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.workshop import (
    compare_versions,
    promote_version,
    rollback_version,
    train_version,
    verdict_on,
    version_used,
)

PLACES = ("东街", "西街", "村口", "桥头", "南门", "北门", "广场", "学校", "医院", "菜场")
STATES = ("坏了", "不亮", "灭了", "忽明忽暗", "没人修", "又坏了")
WHO = ("老板", "公司", "包工头", "饭店", "工厂", "商场", "超市", "学校", "物业", "医院")
WHEN = ("三个月", "半年", "不给", "一年了", "没结清", "两年")


@pytest.fixture
def child(ledgers) -> Ledger:
    return load_ledger("child", ledgers)


@pytest.fixture
def labels() -> list[Labelled]:
    """The place files lamps under 环境问题, against the crosswalk."""
    lamps = [Labelled(Complaint(f"{place}的路灯{state}"), ("HJ",)) for place in PLACES for state in STATES]
    return [*lamps, *(Labelled(Complaint(f"{who}拖欠工资{when}"), ("GZ",)) for who in WHO for when in WHEN)]


def _worse(labels: list[Labelled]) -> list[Labelled]:
    """Half of the lamps called wages."""
    return [
        dataclasses.replace(row, categories=("GZ",)) if row.categories == ("HJ",) and at % 2 else row
        for at, row in enumerate(labels)
    ]


def _said(places: Places) -> list[object]:
    suggester = open_desk(places, "child")
    return [suggester.suggest(Complaint(text)) for text in ("路灯坏了", "老板拖欠工资", "河水发臭", "路上有坑")]


def test_a_better_candidate_is_promoted_a_worse_one_refused_and_rollback_restores_the_answers(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    base = _said(own_places)
    better, trained = train_version(child, own_places, labels)
    assert _said(own_places) == base, "a candidate is not in use"
    comparison = trained.facts["comparison"]
    assert (comparison["other"], comparison["rows"]) == ("small/v1", 120)
    assert comparison["accuracy_after"] > comparison["accuracy_before"]
    assert trained.facts["gate"]["passed"]
    with pytest.raises(PromotionRefusedError, match="没有依据"):
        promote_version(child, own_places, better.name, verdict=Verdict(False, ("没有依据",)))
    promote_version(child, own_places, better.name)
    taught = _said(own_places)
    assert taught != base

    worse, _ = train_version(child, own_places, _worse(labels))
    with pytest.raises(PromotionRefusedError, match="没有显著更好"):
        promote_version(child, own_places, worse.name)
    assert version_used(child, own_places) == better.name
    promote_version(child, own_places, worse.name, forced=True, reason="试一试")
    assert _said(own_places) != taught

    registry = Registry(own_places.models)
    assert registry.rollback("child").name == better.name
    assert _said(own_places) == taught
    assert registry.rollback("child") is None
    assert _said(own_places) == base
    kinds = [(one.kind, one.version, one.forced, one.reason) for one in registry.history("child")]
    assert kinds == [
        ("promoted", "v1", False, ""),
        ("promoted", "v2", True, "试一试"),
        ("rolled_back", "v1", False, ""),
        ("rolled_back", "", False, ""),
    ]


def test_each_version_is_judged_by_what_it_said_of_rows_when_they_were_held_out(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    """A version that learnt a row knows it by heart; that does not count."""
    first, _ = train_version(child, own_places, labels)
    second, _ = train_version(child, own_places, labels)
    promote_version(child, own_places, first.name)
    by_text = compare_versions(child, own_places, second.name, first.name, labels)
    by_memory = compare_versions(child, own_places, second.name, first.name, ())
    assert by_text.gained == by_text.lost == by_memory.gained == by_memory.lost == 0
    assert by_text.accuracy_after == by_memory.accuracy_after
    verdict = verdict_on(child, own_places, second)
    assert verdict is not None
    assert not verdict.passed


def test_versions_without_a_common_row_need_data_to_be_compared(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    one, _ = train_version(child, own_places, labels[::2])
    other, _ = train_version(child, own_places, labels[1::2])
    with pytest.raises(NothingToCompareError, match="没有共同的"):
        compare_versions(child, own_places, one.name, other.name, ())
    assert compare_versions(child, own_places, one.name, other.name, labels).rows == len(labels)


def test_a_base_ledger_is_not_left_without_a_model(small_ledger: Ledger, tmp_path: Path) -> None:
    own = Places(small_ledger.folder.parent, (tmp_path,))
    registry = Registry(own.models)
    build_base(small_ledger, registry)
    with pytest.raises(NothingToRollBackError, match="v1"):
        rollback_version(small_ledger, own)
    assert registry.find("small").name == "v1"


TRAIN = """
import sys, pathlib
from classifier.catalogue.ledger import load_ledger
from classifier.domain import Complaint
from classifier.learn.dataset import Labelled
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.workshop import train_version
places = Places(pathlib.Path(sys.argv[1]), tuple(map(pathlib.Path, sys.argv[2:])))
child = load_ledger("child", places.ledgers)
rows = [Labelled(Complaint(f"{at}号的路灯坏了{'了' * (at % 7)}"), ("HJ" if at % 3 else "GZ",)) for at in range(60)]
print("ready", flush=True)
while True:
    version, _ = train_version(child, places, rows)
    Registry(places.models).promote("child", version.name)
"""


def test_killing_a_training_leaves_the_registry_valid(own_places: Places) -> None:
    command = [sys.executable, "-c", TRAIN, str(own_places.ledgers), *map(str, own_places.models)]
    for moment in (0.15, 0.4, 0.65):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(moment)
            os.kill(process.pid, signal.SIGKILL)
        suggester = open_desk(own_places, "child")
        assert suggester.suggest(Complaint("路灯坏了")).categories
        for version in Registry(own_places.models).versions("child"):
            assert version.manifest["version"] == version.name
