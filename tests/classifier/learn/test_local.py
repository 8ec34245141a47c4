"""What a ledger learns from its own labels, and what stays the base's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from classifier.catalogue.ledger import Ledger, load_ledger
from classifier.desk import load_model, open_desk
from classifier.domain import Complaint
from classifier.errors import NoLabelledDataError
from classifier.learn.dataset import Labelled, read_labelled
from classifier.learn.local import fit_blend, learn_labels
from classifier.registry.versions import Registry
from classifier.settings import Places
from classifier.suggest.local import OWN
from classifier.suggest.suggester import Suggester
from classifier.workshop import train_version

LAMPS = [
    f"{place}的路灯{state}"
    for place in ("东街", "西街", "村口", "桥头")
    for state in ("坏了", "不亮", "灭了", "忽明忽暗", "没人修")
]
WAGES = [
    f"{who}拖欠工资{time}"
    for who in ("老板", "公司", "包工头", "饭店")
    for time in ("三个月", "半年", "不给", "一年了", "没结清")
]
ASKED = ("南门的路灯坏了一直没人修", "老板拖欠我工资", "河水发黑发臭", "路面一个大坑")


@pytest.fixture
def child(ledgers: Path) -> Ledger:
    return load_ledger("child", ledgers)


@pytest.fixture
def labels() -> list[Labelled]:
    """The place files lamps under 环境问题, against the crosswalk."""
    lamps = [Labelled(Complaint(text), ("HJ",)) for text in LAMPS]
    return [*lamps, *(Labelled(Complaint(text), ("GZ",)) for text in WAGES)]


def _first(suggester: Suggester, text: str) -> str:
    return suggester.suggest(Complaint(text)).categories[0].category.name


def test_local_labels_decide_over_the_crosswalk(child: Ledger, own_places: Places, tmp_path: Path) -> None:
    data = tmp_path / "labels.csv"
    rows = "".join(f"{text},HJ\n" for text in LAMPS) + "".join(f"{text},工资问题\n" for text in WAGES)
    data.write_text("text,category\n" + rows, "utf-8")
    before = open_desk(own_places, "child")
    version, trained = train_version(child, own_places, read_labelled(data, child))
    Registry(own_places.models).promote("child", version.name)
    suggester = open_desk(own_places, "child")
    assert suggester.model.name == "child/v1"
    assert trained.facts["rows"] == {"base": 44, "own": 40, "backlog": 0}
    assert _first(before, "南门的路灯坏了一直没人修") != "环境问题"
    assert _first(suggester, "南门的路灯坏了一直没人修") == "环境问题"
    assert _first(suggester, "老板拖欠我工资") == "工资问题"
    departments = suggester.suggest(Complaint("老板拖欠我工资")).departments
    assert departments[0].department.name == "街道乡镇"


def test_a_stored_model_with_local_labels_answers_as_the_trained_one(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    version, trained = train_version(child, own_places, labels)
    before, after = Suggester(child, trained.model), Suggester(child, load_model(version))
    for text in ASKED:
        assert dataclasses.replace(after.suggest(Complaint(text)), model="") == dataclasses.replace(
            before.suggest(Complaint(text)), model=""
        )


def test_the_base_of_a_version_is_stored_once(child: Ledger, own_places: Places, labels: list[Labelled]) -> None:
    version, _ = train_version(child, own_places, labels)
    base = Registry(own_places.models).find("small")
    assert (version.folder / "weights.npy").samefile(base.folder / "weights.npy")
    assert (version.folder / "local_weights.npy").stat().st_nlink == 1


def test_training_again_stands_on_the_same_base(child: Ledger, own_places: Places, labels: list[Labelled]) -> None:
    first, _ = train_version(child, own_places, labels)
    Registry(own_places.models).promote("child", first.name)
    second, _ = train_version(child, own_places, labels)
    one, other = (Suggester(child, load_model(version)) for version in (first, second))
    for text in ASKED:
        assert dataclasses.replace(one.suggest(Complaint(text)), model="") == dataclasses.replace(
            other.suggest(Complaint(text)), model=""
        )


def test_a_base_ledger_learns_from_added_labels_as_well(
    small_ledger: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    codes = {"HJ": "A1", "GZ": "B1"}
    rows = [dataclasses.replace(row, categories=(codes[row.categories[0]],)) for row in labels]
    _, trained = train_version(small_ledger, own_places, rows)
    suggester = Suggester(small_ledger, trained.model)
    suggestion = suggester.suggest(Complaint("南门的路灯坏了一直没人修"))
    assert suggestion.categories[0].category.code == "A1"
    assert suggestion.departments[0].department.name == "生态环境"


def test_a_ledger_below_uses_what_the_one_above_learnt(
    child: Ledger, own_places: Places, labels: list[Labelled], tmp_path: Path
) -> None:
    folder = tmp_path / "ledgers"
    folder.mkdir()
    for name in ("small", "child"):
        (folder / name).symlink_to(own_places.ledgers / name)
    (folder / "village").mkdir()
    (folder / "village" / "ledger.toml").write_text('name = "village"\ntitle = "村"\nparent = "child"\n', "utf-8")
    (folder / "village" / "categories.csv").write_text("code,name\nX,村里的事\nY,欠钱\n", "utf-8")
    (folder / "village" / "crosswalk.csv").write_text("parent_code,code\nHJ,X\nLD,Y\nGZ,Y\n", "utf-8")
    places = Places(folder, own_places.models)
    version, _ = train_version(child, places, labels)
    Registry(places.models).promote("child", version.name)
    village = open_desk(places, "village")
    assert village.model.name == "child/v1"
    assert _first(village, "南门的路灯坏了一直没人修") == "村里的事"
    assert _first(village, "老板拖欠我工资") == "欠钱"


def test_returns_count_against_a_department_and_final_handlers_for_it(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    """Lamps went to the streets' office, which returned them all; the environment office handled them."""
    codes = {one.name: one.code for one in child.departments}
    given, final = codes["城市管理"], codes["生态环境"]
    returned = [
        dataclasses.replace(row, department=final, returned_by=(given,)) if row.categories == ("HJ",) else row
        for row in labels
    ]
    plain = Suggester(child, open_desk(own_places, "child").model)
    local = learn_labels(plain, returned)
    taught = Suggester(child, plain.model.with_local(local))
    asked = Complaint("南门的路灯坏了一直没人修")

    def chances(suggester: Suggester) -> dict[str, float]:
        learnt = suggester.router.learnt(suggester.understand(asked).prediction)
        return dict(zip((one.code for one in child.departments), map(float, learnt), strict=True))

    assert chances(plain)[given] > 0.5 > chances(plain)[final]
    assert chances(taught)[final] > 0.5 > chances(taught)[given]


def test_evidence_points_at_what_the_labels_taught(child: Ledger, own_places: Places, labels: list[Labelled]) -> None:
    plain = open_desk(own_places, "child")
    taught = Suggester(child, plain.model.with_local(learn_labels(plain, labels)))
    text = "昨天晚上我在南门散步，看见路灯坏了"
    spans = taught.suggest(Complaint(text)).evidence
    assert any("路灯" in text[span.start : span.end] for span in spans)


VAGUE = "尊敬的领导，情况如题，请派人到现场看一看，盼复"


@pytest.fixture
def titled() -> list[Labelled]:
    """The titles alone tell what it is about; the place files lamps under 环境问题."""
    rows = [("HJ", text) for text in LAMPS] + [("GZ", text) for text in WAGES]
    return [Labelled(Complaint(f"{VAGUE}{'。' * at}", text), (code,)) for at, (code, text) in enumerate(rows)]


def test_a_title_speaks_by_itself_and_shows_so(child: Ledger, own_places: Places, titled: list[Labelled]) -> None:
    version, trained = train_version(child, own_places, titled)
    suggester, stored = (Suggester(child, one) for one in (trained.model, load_model(version)))
    local = suggester.model.local
    assert local is not None
    assert local.heading is not None
    for title in ("南门的路灯坏了一直没人修", "老板拖欠我工资", ""):
        complaint = Complaint(VAGUE, title)
        assert suggester.suggest(complaint).categories == stored.suggest(complaint).categories
    asked = suggester.understand(Complaint(VAGUE, "南门的路灯坏了")).prediction.local
    assert asked is not None
    assert asked.heading is not None
    direction = np.array([1, -1] + [0] * (len(local.groups[OWN].labels) - 2), np.float32)
    spoken, _ = local.spoken(asked, OWN, direction)
    without, _ = local.spoken(dataclasses.replace(asked, heading=None), OWN, direction)
    adds = local.heading.scores(asked.heading)[: len(direction)] @ direction
    assert abs(adds) > 0.01
    assert float(spoken[0].sum() - without[0].sum()) == pytest.approx(float(adds), rel=1e-3)
    np.testing.assert_array_equal(spoken[1], without[1])
    assert suggester.suggest(Complaint(VAGUE, "南门的路灯坏了")).evidence[0].field == "title"


def test_where_nobody_writes_titles_none_are_learnt(own_places: Places, labels: list[Labelled]) -> None:
    local = learn_labels(open_desk(own_places, "child"), labels)
    assert local.heading is None
    assert local.headings([]) == 0


def test_held_out_probabilities_are_of_rows_the_model_had_not_seen(
    child: Ledger, own_places: Places, labels: list[Labelled]
) -> None:
    dealt = [
        dataclasses.replace(row, categories=labels[at * 17 % len(labels)].categories) for at, row in enumerate(labels)
    ]
    plain = open_desk(own_places, "child")
    proof = learn_labels(plain, dealt).proof
    assert proof.probabilities.shape == (len(labels), len(child.categories.leaves))
    assert (proof.probabilities.argmax(axis=1) == proof.truth).mean() < 0.75


def test_nothing_is_learnt_from_nothing(own_places: Places) -> None:
    with pytest.raises(NoLabelledDataError):
        learn_labels(open_desk(own_places, "child"), [])


def test_a_prior_that_is_right_is_trusted_and_one_at_random_is_not() -> None:
    random = np.random.default_rng(5)
    truth = random.integers(0, 3, 400).astype(np.int32)
    noise = random.normal(0, 0.6, (400, 3)).astype(np.float32)
    right = np.full((400, 3), 0.1, np.float32)
    right[np.arange(400), truth] = 0.8
    dealt = right[random.permutation(400)]
    scores = np.eye(3, dtype=np.float32)[truth] + noise
    assert fit_blend(noise, right, truth).trust > 1
    assert abs(fit_blend(scores, dealt, truth).trust) < 0.2


def test_names_of_categories_count_beside_few_labels(child: Ledger, own_places: Places, labels: list[Labelled]) -> None:
    """What a ledger calls its categories is part of the second opinion, which few labels lean on."""
    plain = open_desk(own_places, "child")
    taught = Suggester(child, plain.model.with_local(learn_labels(plain, labels[18:22])))
    assert taught.names is not None
    asked = Complaint("关于环境问题的情况反映")
    with_names = taught.understand(asked).classified.reported
    taught.names = None
    without = taught.understand(asked).classified.reported
    environment = [one.code for one in taught.classification.categories].index("HJ")
    assert with_names[environment] > without[environment]
    assert with_names.sum() == pytest.approx(1, abs=1e-4)
