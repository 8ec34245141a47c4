"""Complaints are read in one order, and what cannot be read is refused without repeating it."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classifier.domain import Complaint, PersonalData
from classifier.errors import ComplaintError, ComplaintTooLongError, EmptyComplaintError, NotTextError
from classifier.text.masking import HIDDEN, find_personal_data
from classifier.text.normalisation import normalise
from classifier.text.pipeline import LONGEST, TextPipeline
from classifier.text.segmentation import RjiebaSegmenter, Segmenter

PIPELINE = TextPipeline()


class _CutInCharacters(Segmenter):
    """A segmenter as simple as one can be, named after an installed distribution."""

    name = "jieba"

    def cut(self, text: str) -> list[str]:
        return list(text)


@pytest.mark.parametrize(
    "text", ["", " ", "　\n", "！！！", "????", "。。。", "<br/>", "&nbsp;", "\u200b", "___", "👷"]
)
def test_a_complaint_without_a_letter_is_empty(text: str) -> None:
    with pytest.raises(EmptyComplaintError, match="为空"):
        PIPELINE.read(Complaint(text, title=text))


@pytest.mark.parametrize(("title", "text"), [("路灯坏了", ""), ("", "路灯坏了"), ("!", "a"), ("1", "")])
def test_one_letter_anywhere_is_enough(title: str, text: str) -> None:
    read = PIPELINE.read(Complaint(text, title=title))
    assert (read.title.text, read.body.text) == (title, text)


@pytest.mark.parametrize("given_value", [None, 12, 1.5, b"\xe8\xb7\xaf", ["路灯"], True])
@pytest.mark.parametrize("field", ["text", "title"])
def test_what_is_no_text_is_refused_by_its_type(given_value: object, field: str) -> None:
    given_fields = {"text": "路灯坏了", field: given_value}
    with pytest.raises(NotTextError, match=f"收到的是 {type(given_value).__name__}"):
        PIPELINE.read(Complaint(**given_fields))


@pytest.mark.parametrize("field", ["text", "title"])
def test_a_document_is_no_complaint(field: str) -> None:
    given_fields = {"text": "路灯坏了", field: "路灯坏了" * 25_000}
    with pytest.raises(ComplaintTooLongError, match="100000 字，最多 50000 字"):
        PIPELINE.read(Complaint(**given_fields))


def test_the_longest_complaint_is_still_read() -> None:
    read = PIPELINE.read(Complaint("路灯坏了!" * (LONGEST // 5)))
    assert len(read.body.text) == LONGEST
    assert read.han_count == LONGEST // 5 * 4


@pytest.mark.parametrize(
    "complaint",
    [
        Complaint("机密词语" * 20_000),
        Complaint("!" * 10, title="?" * 10),
        Complaint(["机密词语"]),
        Complaint("好", title={"机密词语": 1}),
    ],
)
def test_a_refusal_never_repeats_the_complaint(complaint: Complaint) -> None:
    with pytest.raises(ComplaintError) as caught:
        PIPELINE.read(complaint)
    assert not re.search("机密|词语|!!|[?][?]", str(caught.value))
    assert caught.value.__cause__ is None


def test_a_complaint_is_normalised_then_masked_then_cut() -> None:
    read = PIPELINE.read(Complaint("小區(qū)物業亂收費，電話１３８００００１２３４", title="張先生 投訴"))
    assert read.body.text == "小区物业乱收费,电话*"
    assert read.body.words == ("小区", "物业", "乱收费", ",", "电话", HIDDEN)
    assert read.title.text == "张先生 投诉"
    assert read.han_count == 14
    assert read.fields == (("title", read.title), ("text", read.body))


def test_personal_data_is_placed_in_the_original_field() -> None:
    title, text = "請回電13800001234", "我住&nbsp;3栋2单元501,郵箱a@b.cn"
    read = PIPELINE.read(Complaint(text, title=title))
    assert read.personal_data == (
        PersonalData("title", 3, 14, "手机号"),
        PersonalData("text", 8, 16, "门牌号"),
        PersonalData("text", 19, 25, "电子邮箱"),
    )
    assert read.redacted() == ("請回電[手机号]", "我住&nbsp;[门牌号],郵箱[电子邮箱]")


@given(st.text() | st.text(alphabet="路灯坏了?,１３８ 開(kāi)3栋2单元501a@b.c*"), st.text(max_size=10))
def test_whatever_can_be_read_is_clean_masked_and_whole(text: str, title: str) -> None:
    try:
        read = PIPELINE.read(Complaint(text, title=title))
    except EmptyComplaintError:
        assert not any(char.isalnum() for char in normalise(title).text + normalise(text).text)
        return
    for (_, field), original in zip(read.fields, (title, text), strict=True):
        assert field.aligned.original == original
        assert "".join(field.words) == field.text
        assert len(field.found) <= field.text.count(HIDDEN)
        if not field.found:
            assert field.text == normalise(original).text


@given(st.text(alphabet="路灯坏了 abc,。", min_size=1))
def test_reading_is_the_same_every_time(text: str) -> None:
    assume(any(char.isalnum() for char in text))
    complaint = Complaint(text)
    first = PIPELINE.read(complaint)
    assert first == TextPipeline().read(complaint)


def test_hidden_data_is_found_no_second_time() -> None:
    masked = PIPELINE.read_field("电话13800001234,身份证11010519491231002X,京A12345").text
    assert masked == "电话*,身份证*,*"
    assert find_personal_data(masked) == ()


def test_the_fingerprint_names_the_segmenter_and_its_version() -> None:
    assert re.fullmatch(r"text-\d+/rjieba-[0-9.]+", PIPELINE.fingerprint)
    assert TextPipeline(RjiebaSegmenter()).fingerprint == PIPELINE.fingerprint
    assert TextPipeline(_CutInCharacters()).fingerprint != PIPELINE.fingerprint


def test_another_segmenter_may_be_given() -> None:
    assert TextPipeline(_CutInCharacters()).read_field("路灯坏了").words == ("路", "灯", "坏", "了")
