"""Finding complaints that say the same, or tell of the same place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from classifier.domain import Complaint
from classifier.text.pipeline import TextPipeline
from service.similar import Findable, findable, named_places, similarity

PIPELINE = TextPipeline()


def _find(text: str, ledger: str = "small", secret: bytes = b"s") -> Findable:
    return findable(PIPELINE.read(Complaint(text)), ledger, secret)


def test_the_same_words_have_the_same_clues_whatever_the_punctuation() -> None:
    one, other = _find("翠湖小区的路灯坏了，没人修！"), _find("翠湖小区的路灯坏了没人修")
    assert one == other
    assert similarity(one.sketch, other.sketch) == 1.0


def test_a_hash_tells_nothing_without_the_secret_and_ledgers_share_no_clue() -> None:
    one, other = _find("翠湖小区的路灯坏了"), _find("翠湖小区的路灯坏了", "child", b"t")
    assert one.digest != other.digest
    assert not {*one.bands, *one.places} & {*other.bands, *other.places}


def test_texts_with_little_in_common_are_far_apart() -> None:
    one = _find("翠湖小区门口的路灯坏了三天没有人来修，晚上出门什么也看不见，老人摔了一跤")
    near = _find("翠湖小区门口的路灯坏了五天没有人来修，晚上出门什么也看不见，老人摔了一跤")
    far = _find("老板拖欠我们半年的工资，打电话也不接，请帮我们讨回来")
    assert similarity(one.sketch, near.sketch) > 0.7
    assert similarity(one.sketch, far.sketch) < 0.1
    assert set(one.bands) & set(near.bands)


def test_vague_places_name_nothing() -> None:
    assert named_places("我们小区的这条路,那个公园,每个学校") == []
    assert named_places("丽发新城旁边的搅拌站,a3区翠湖小区") == ["丽发新城", "搅拌站", "翠湖小区"]


@given(st.text(min_size=1, max_size=60))
def test_any_text_that_can_be_read_can_be_found(text: str) -> None:
    read = PIPELINE.read(Complaint(text + "路"))
    found = findable(read, "small", b"s")
    assert len(found.sketch) == 4 * 128
    assert all(-(2**63) <= clue < 2**63 for clue in (*found.bands, *found.places))
