"""Places are found in a text by the longest name, and one name for several places is decided by the others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.regions import Gazetteer
from classifier.domain import Region
from classifier.errors import UnknownRegionError

GAZETTEER = Gazetteer(
    [
        Region("D", "东镇", "", ("东庄",), path="东镇"),
        Region("W", "西镇", "", (), path="西镇"),
        Region("D1", "王家村", "D", path="东镇/王家村"),
        Region("W1", "王家村", "W", path="西镇/王家村"),
        Region("D2", "李家村", "D", ("李家",), path="东镇/李家村"),
        Region("D3", "李家村北", "D", path="东镇/李家村北"),
        Region("D31", "一组", "D3", path="东镇/李家村北/一组"),
        Region("X", "乙", "", path="乙"),
    ]
)


def _names(text: str) -> list[list[str]]:
    return [[region.code for region in one.regions] for one in GAZETTEER.mentions(text)]


def _located(text: str) -> str | None:
    region = GAZETTEER.locate(text)
    return region.code if region else None


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("李家村北路灯坏了", [["D3"]]),
        ("李家村路灯坏了", [["D2"]]),
        ("李家的路灯坏了", [["D2"]]),
        ("东镇和西镇之间", [["D"], ["W"]]),
        ("王家村", [["D1", "W1"]]),
        ("李家李家村李家村北", [["D2"], ["D2"], ["D3"]]),
        ("东东镇", [["D"]]),
        ("乙方违约", []),
        ("哪里都不是", []),
        ("东", []),
        ("", []),
    ],
)
def test_the_longest_name_at_a_spot_is_meant(text: str, mentions: list[list[str]]) -> None:
    assert _names(text) == mentions


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("东镇王家村路灯坏了", "D1"),
        ("西镇王家村路灯坏了", "W1"),
        ("王家村路灯坏了,西镇政府不管", "W1"),
        ("王家村路灯坏了", None),
        ("王家村和李家村北一组", "D31"),
        ("东庄路灯坏了", "D"),
        ("东镇西镇都停水", "D"),
        ("西镇东镇都停水", "W"),
        ("东镇李家村", "D2"),
        ("东镇的人在西镇王家村开厂", "W1"),
        ("西镇的人在东镇的王家村开厂", "D1"),
        ("东镇政府让我找西镇王家村", "W1"),
        ("一组停水", "D31"),
        ("停水", None),
        ("", None),
    ],
)
def test_a_shared_name_is_decided_by_the_other_places(text: str, code: str | None) -> None:
    assert _located(text) == code


@pytest.mark.parametrize(
    ("given_name", "code"),
    [("D1", "D1"), ("东镇", "D"), ("东庄", "D"), ("东镇/王家村", "D1"), ("西镇/王家村", "W1"), ("乙", "X")],
)
def test_a_region_is_found_by_code_name_alias_or_path(given_name: str, code: str) -> None:
    assert GAZETTEER.find(given_name).code == code


def test_a_shared_name_alone_is_refused_with_the_paths() -> None:
    with pytest.raises(UnknownRegionError, match="没有这个地区：王家村；相近的有：东镇/王家村、西镇/王家村"):
        GAZETTEER.find("王家村")


@pytest.mark.parametrize("name", ["", "南镇", "D9"])
def test_an_unknown_region_is_refused(name: str) -> None:
    with pytest.raises(UnknownRegionError, match=r"请用 regions\.csv"):
        GAZETTEER.find(name)


def test_a_line_goes_from_the_smallest_region_up() -> None:
    assert [one.code for one in GAZETTEER.ancestry(GAZETTEER.find("D31"))] == ["D31", "D3", "D"]
    assert len(GAZETTEER) == 8


def test_a_ledger_without_regions_locates_nothing() -> None:
    assert Gazetteer([]).locate("东镇") is None


@given(
    st.lists(
        st.sampled_from(["东镇", "西镇", "王家村", "李家", "村", "北", "一组", "停水", "东庄", "乙"]), max_size=12
    ).map("".join)
)
def test_what_is_located_is_named_in_the_text(text: str) -> None:
    region = GAZETTEER.locate(text)
    named = [one for mention in GAZETTEER.mentions(text) for one in mention.regions]
    assert region is None or region in named
    assert region is not None or all(len(one.regions) > 1 for one in GAZETTEER.mentions(text))
    for one in named:
        assert any(name in text for name in (one.name, *one.aliases))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("东镇李家村和李家村北一组", {"D2", "D31"}),
        ("王家村", set()),
        ("东镇", set()),
        ("李家村、李家", {"D2"}),
    ],
)
def test_villages_are_the_smallest_places_named_without_doubt(text: str, codes: set[str]) -> None:
    assert GAZETTEER.villages(text) == codes


@pytest.mark.parametrize(
    ("codes", "around"),
    [(["D2", "D31"], "D"), (["D31"], "D31"), (["D2", "W1"], None), ([], None), (["D31", "D3"], "D3")],
)
def test_the_place_around_several_is_the_smallest_that_holds_all(codes: list[str], around: str | None) -> None:
    region = GAZETTEER.around(codes)
    assert (region.code if region else None) == around
