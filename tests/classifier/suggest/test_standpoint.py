"""Where a text stands: the same alone as among many, stored and read back, and told word by word."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.domain import Complaint
from classifier.learn.axes import latent_axes
from classifier.learn.dataset import Labelled
from classifier.learn.local import learn_labels
from classifier.learn.ridge import gram
from classifier.suggest.local import OWN, Local
from classifier.suggest.suggester import Suggester
from classifier.text.features import FeatureSpace
from classifier.text.pipeline import ReadComplaint

TEXTS = [
    f"{who}{what}{at}次了也没有人管"
    for at in range(6)
    for who, what in (
        ("老板拖欠工资", "讨薪"),
        ("人民路路灯", "坏了"),
        ("隔壁工地夜里施工", "吵醒"),
        ("河里", "排污水"),
    )
]


@pytest.fixture(scope="module")
def learnt(suggester: Suggester) -> Local:
    codes = ("B1", "C1", "A1", "A2")
    rows = [Labelled(Complaint(text), (codes[at % 4],), source=f"a:{at}") for at, text in enumerate(TEXTS)]
    return learn_labels(suggester.without_local(), rows)


@pytest.fixture(scope="module")
def read(suggester: Suggester) -> list[ReadComplaint]:
    return [suggester.pipeline.read(Complaint(text)) for text in (*TEXTS, "路灯和工资都没人管", "abc")]


def test_a_text_stands_where_it_does_among_many(suggester: Suggester, learnt: Local, read: list[ReadComplaint]) -> None:
    base = suggester.model
    scores = np.array([base.predict(base.space.encode(one)).leaf_scores for one in read])
    many = learnt.standpoint.many(scores, learnt.wording.space.transform(read))
    for at, one in enumerate(read):
        point, length = learnt.standpoint(scores[at], learnt.wording.space.encode(one))
        assert np.allclose(point, many[at], atol=2e-3)
        assert length > 0
    squares = (many[:-1] ** 2).sum(axis=1)
    assert np.allclose(squares, learnt.standpoint.total, atol=1e-4)


def test_what_n_grams_add_by_their_place_is_the_place_itself(learnt: Local, read: list[ReadComplaint]) -> None:
    latent = learnt.standpoint.latent
    assert latent is not None
    for one in read[:5]:
        encoded = learnt.wording.space.encode(one)
        place, length = latent(encoded)
        for axis in range(len(place)):
            direction = np.zeros(len(place), dtype=np.float32)
            direction[axis] = 1
            assert np.isclose(latent.along(encoded, direction).sum(), place[axis] * length, rtol=1e-2, atol=1e-4)


def test_texts_that_share_words_stand_nearer_than_others(learnt: Local, read: list[ReadComplaint]) -> None:
    latent = learnt.standpoint.latent
    assert latent is not None
    places = latent.many(learnt.wording.space.transform(read[: len(TEXTS)]))
    near = places @ places.T
    same = np.arange(len(TEXTS)) % 4
    alike = same[:, None] == same[None, :]
    assert near[alike].mean() > near[~alike].mean() + 0.3


def test_few_complaints_have_no_axes_of_their_own(suggester: Suggester, read: list[ReadComplaint]) -> None:
    few = read[:8]
    space = FeatureSpace.fit(few)
    X = space.transform(few)
    assert latent_axes(X, gram(X), np.ones(X.shape[1], np.float32)) is None
    rows = [
        Labelled(Complaint(text), (code,), source=f"a:{at}")
        for at, (text, code) in enumerate(zip(TEXTS, ("B1", "C1"), strict=False))
    ]
    local = learn_labels(suggester.without_local(), rows)
    assert local.standpoint.latent is None
    scored = local.score(read[0], suggester.model.predict(suggester.model.space.encode(read[0])).leaf_scores)
    assert scored.groups[OWN].argmax() == local.groups[OWN].labels.index("B1")


def test_a_version_of_before_stands_where_it_stood(learnt: Local) -> None:
    entries, arrays, texts = learnt.to_bundle()
    del entries["local"]["reach"]
    former = {name: array for name, array in arrays.items() if "latent" not in name}
    n_axes = arrays["local_axes"].shape[1]
    former["local_support"] = arrays["local_support"][:, :n_axes]
    former["local_linear"] = arrays["local_linear"][:n_axes]
    read_back = Local.from_bundle(_Stored(entries, former, texts))  # type: ignore[arg-type]
    assert read_back is not None
    scores = np.random.default_rng(0).normal(size=(1, len(arrays["local_axes"]))).astype(np.float32)
    view = read_back.standpoint.views(scores)
    expected = np.exp(3 * (view @ former["local_support"].T - 1)) @ former["local_dual"]
    assert np.allclose(read_back.near(read_back.standpoint.many(scores, None)), expected, rtol=1e-4)  # type: ignore[arg-type]


class _Stored:
    """What a bundle holds, as `Local` reads it."""

    def __init__(self, manifest: dict, arrays: dict, texts: dict) -> None:  # type: ignore[type-arg]
        self.manifest, self.arrays, self.texts = manifest, arrays, texts
