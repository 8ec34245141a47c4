"""Vectors are what their definition says: unit blocks, exact n-grams, and places that can be pointed at."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.domain import Complaint
from classifier.errors import EmptyComplaintError
from classifier.text.features import BLOCK_WEIGHTS, Encoded, FeatureSpace
from classifier.text.ngrams import character_keys
from classifier.text.pipeline import ReadComplaint, TextPipeline

PIPELINE = TextPipeline()
COMPLAINTS = [
    PIPELINE.read(Complaint(text, title=title))
    for title, text in [
        ("路灯坏了", "村口的路灯坏了半年,路灯一直没人修"),
        ("路灯不亮", "小区门口路灯不亮,老人摔倒"),
        ("拖欠工资", "老板拖欠工资三个月,工人没钱回家"),
        ("", "工地拖欠农民工工资"),
        ("噪音扰民", "工地夜间施工噪音扰民,小区居民睡不着"),
        ("停车难", "小区停车难,物业乱收费 wifi 也不好"),
        ("物业乱收费", "物业乱收费,小区路灯坏了也不修"),
        ("𠮷野家", "𠮷野家门口停车难"),
    ]
]


@pytest.fixture(scope="module")
def every() -> FeatureSpace:
    """A space that knows all of its complaints' features."""
    return FeatureSpace.fit(COMPLAINTS, min_documents=1)


@pytest.fixture(scope="module")
def frequent() -> FeatureSpace:
    return FeatureSpace.fit(COMPLAINTS)


def _characters_of(key: int) -> str:
    parts = []
    while key:
        parts.append(chr(key & 0x1FFFFF))
        key >>= 21
    return "".join(reversed(parts))


def _name_of(space: FeatureSpace, feature: int) -> tuple[str, str]:
    """Say in words which feature a column is: its block and its characters."""
    edges = np.cumsum([len(space.characters), len(space.words), len(space.pairs)])
    if feature < edges[0]:
        return "characters", _characters_of(int(space.characters[feature]))
    if feature < edges[1]:
        return "words", space.words[feature - edges[0]]
    if feature < edges[2]:
        left, right = divmod(int(space.pairs[feature - edges[1]]), 1 << 32)
        return "pairs", space.words[left] + space.words[right]
    return "title", _characters_of(int(space.title[feature - edges[2]]))


def _blocks(space: FeatureSpace, encoded: Encoded) -> list[np.ndarray]:
    edges = np.cumsum([len(space.characters), len(space.words) + len(space.pairs)])
    cuts = np.searchsorted(encoded.columns, edges)
    return np.split(encoded.values, cuts)


@pytest.mark.parametrize(
    ("text", "grams"),
    [
        ("路灯坏", ["路", "灯", "坏", "路灯", "灯坏", "路灯坏"]),
        ("路,灯", ["路", "灯"]),
        ("a1b", ["a", "b"]),
        ("路 灯ab", ["路", "灯", "a", "b", "灯a", "ab", "灯ab"]),
        ("𠮷野", ["𠮷", "野", "𠮷野"]),
        ("12,!", []),
        ("", []),
        ("路", ["路"]),
    ],
)
def test_character_grams_do_not_reach_over_what_is_no_letter(text: str, grams: list[str]) -> None:
    keys, starts, sizes = character_keys(text)
    assert [_characters_of(int(key)) for key in keys] == grams
    assert [text[start : start + size] for start, size in zip(starts, sizes, strict=True)] == grams


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("路灯坏了ab, 1")))
def test_every_gram_stands_where_it_is_said_to(text: str) -> None:
    keys, starts, sizes = character_keys(text)
    assert keys.dtype == np.uint64
    for key, start, size in zip(keys, starts, sizes, strict=True):
        assert _characters_of(int(key)) == text[start : start + size]
        assert 1 <= size <= 3


@pytest.mark.parametrize("read", COMPLAINTS, ids=lambda read: read.title.text)
def test_every_occurrence_points_at_its_feature(every: FeatureSpace, read: ReadComplaint) -> None:
    found = every.occurrences(read)
    assert len(found.feature) == len(found.field) == len(found.start) == len(found.size) > 0
    for feature, field, start, size in zip(found.feature, found.field, found.start, found.size, strict=True):
        block, characters = _name_of(every, int(feature))
        assert read.fields[field][1].text[start : start + size] == characters
        assert block != "title" or read.fields[field][0] == "title"


def test_occurrences_are_counted_as_a_slow_count_would(every: FeatureSpace) -> None:
    read = COMPLAINTS[0]
    found = every.occurrences(read)
    counted = Counter(_name_of(every, int(feature)) for feature in found.feature)
    slow: Counter[tuple[str, str]] = Counter()
    for name, field in read.fields:
        for piece in field.text.split(","):
            grams = [piece[at : at + size] for size in (1, 2, 3) for at in range(len(piece) - size + 1)]
            slow.update(("characters", gram) for gram in grams)
            if name == "title":
                slow.update(("title", gram) for gram in grams)
        words = [word if word != "," else "" for word in field.words]
        slow.update(("words", word) for word in words if word)
        slow.update(("pairs", left + right) for left, right in pairwise(words) if left and right)
    assert counted == slow
    assert found.totals == tuple(
        sum(count for (block, _), count in slow.items() if block in blocks)
        for blocks in (("characters",), ("words", "pairs"), ("title",))
    )


@pytest.mark.parametrize("read", COMPLAINTS, ids=lambda read: read.title.text)
def test_columns_ascend_and_known_blocks_have_their_weight(every: FeatureSpace, read: ReadComplaint) -> None:
    encoded = every.encode(read)
    assert (np.diff(encoded.columns) > 0).all()
    assert encoded.columns[-1] < every.n_features
    assert (encoded.columns.dtype, encoded.values.dtype) == (np.int32, np.float32)
    norms = [float(np.linalg.norm(block)) for block in _blocks(every, encoded)]
    expected = [*BLOCK_WEIGHTS[:2], BLOCK_WEIGHTS[2] if read.title.text else 0]
    assert norms == pytest.approx(expected, rel=1e-5)


def test_values_are_sublinear_frequency_times_rarity(every: FeatureSpace) -> None:
    encoded = every.encode(COMPLAINTS[0])
    value = dict(zip(map(int, encoded.columns), map(float, encoded.values), strict=True))
    by_name = {_name_of(every, column): (column, value[column]) for column in value}
    documents = len(COMPLAINTS)

    def weight(name: str, count: int, seen_in: int) -> float:
        column = by_name["characters", name][0]
        idf = math.log((1 + documents) / (1 + seen_in)) + 1
        assert every.idf[column] == pytest.approx(idf, rel=1e-6)
        return (1 + math.log(count)) * idf

    often, once = weight("路灯", 3, 3), weight("半年", 1, 1)
    ratio = by_name["characters", "路灯"][1] / by_name["characters", "半年"][1]
    assert ratio == pytest.approx(often / once, rel=1e-5)


def test_a_block_with_strange_features_is_shorter(frequent: FeatureSpace) -> None:
    known = frequent.encode(PIPELINE.read(Complaint("路灯")))
    strange = frequent.encode(PIPELINE.read(Complaint("路灯鳜鳟")))
    assert np.linalg.norm(_blocks(frequent, known)[0]) == pytest.approx(BLOCK_WEIGHTS[0])
    rare = (math.log((1 + frequent.n_documents) / 2) + 1) ** 2
    grams = [feature for feature in strange.columns if feature < len(frequent.characters)]
    length = sum(float(frequent.idf[gram]) ** 2 for gram in grams)
    unknown = 4 + 3 + 2 - len(grams)
    assert unknown > 0
    expected = math.sqrt(length / (length + rare * unknown))
    assert np.linalg.norm(_blocks(frequent, strange)[0]) == pytest.approx(expected, rel=1e-5)


def test_only_what_stands_in_enough_complaints_is_learnt(every: FeatureSpace, frequent: FeatureSpace) -> None:
    assert "路灯" in frequent.words
    assert "半年" in every.words
    assert "半年" not in frequent.words
    assert {_characters_of(int(key)) for key in frequent.title} >= {"路灯", "路", "灯"}
    assert "噪音" not in {_characters_of(int(key)) for key in frequent.title}
    assert 0 < frequent.n_features < every.n_features
    assert all(word not in every.words for word in (",", " ", "*"))


def test_the_vocabulary_is_sorted(every: FeatureSpace) -> None:
    for keys in (every.characters, every.pairs, every.title):
        assert (np.diff(keys.astype(object)) > 0).all()
    assert list(every.words) == sorted(set(every.words))
    assert len(every.idf) == every.n_features


def test_a_matrix_has_the_vectors_as_its_rows(frequent: FeatureSpace) -> None:
    matrix = frequent.transform(COMPLAINTS)
    assert matrix.shape == (len(COMPLAINTS), frequent.n_features)
    assert matrix.dtype == np.float32
    assert matrix.has_canonical_format
    for row, read in enumerate(COMPLAINTS):
        encoded = frequent.encode(read)
        np.testing.assert_array_equal(matrix[row].indices, encoded.columns)
        np.testing.assert_array_equal(matrix[row].data, encoded.values)


def test_no_complaints_give_a_matrix_without_rows(frequent: FeatureSpace) -> None:
    assert frequent.transform([]).shape == (0, frequent.n_features)


def test_fitting_and_encoding_are_the_same_every_time(frequent: FeatureSpace) -> None:
    again = FeatureSpace.fit(list(reversed(COMPLAINTS)))
    assert again.words == frequent.words
    for name in ("characters", "pairs", "title", "idf"):
        np.testing.assert_array_equal(getattr(again, name), getattr(frequent, name))
    for read in COMPLAINTS:
        np.testing.assert_array_equal(frequent.encode(read).values, again.encode(read).values)


@given(st.text() | st.text(alphabet="路灯坏了拖欠工资小区物业,。 ab1*"), st.text(max_size=12))
def test_any_text_gives_a_vector_that_can_be_trusted(
    every: FeatureSpace, frequent: FeatureSpace, text: str, title: str
) -> None:
    try:
        read = PIPELINE.read(Complaint(text, title=title))
    except EmptyComplaintError:
        return
    for space in (every, frequent):
        encoded = space.encode(read)
        assert (np.diff(encoded.columns) > 0).all()
        assert np.isfinite(encoded.values).all()
        assert (encoded.values > 0).all()
        for block, weight in zip(_blocks(space, encoded), BLOCK_WEIGHTS, strict=True):
            assert np.linalg.norm(block) <= weight * (1 + 1e-5)
        np.testing.assert_array_equal(encoded.columns[encoded.position], encoded.occurrences.feature)
        np.testing.assert_array_equal(np.bincount(encoded.position, minlength=len(encoded.columns)), encoded.counts)
        found = encoded.occurrences
        for feature, field, start, size in zip(found.feature, found.field, found.start, found.size, strict=True):
            assert read.fields[field][1].text[start : start + size] == _name_of(space, int(feature))[1]


def test_a_text_of_unknown_features_alone_has_an_empty_vector(frequent: FeatureSpace) -> None:
    encoded = frequent.encode(PIPELINE.read(Complaint("鳜鳟")))
    assert len(encoded.columns) == len(encoded.values) == 0
    assert encoded.occurrences.totals == (3, 1 + (len(encoded.complaint.body.words) - 1) * 2, 0)


def test_a_space_fitted_on_nothing_knows_nothing() -> None:
    space = FeatureSpace.fit([])
    assert space.n_features == 0
    assert len(space.encode(COMPLAINTS[0]).columns) == 0


LETTERS = st.text("路灯坏了没人修村口小区物业停车难乱收费 ,。ab1𠮷野家", max_size=40)


@given(LETTERS, LETTERS)
def test_the_kernel_encodes_as_the_plain_twin_does(every: FeatureSpace, title: str, text: str) -> None:
    try:
        read = PIPELINE.read(Complaint(text, title))
    except EmptyComplaintError:
        return
    quick, plain = every.encode(read), every.encode_plainly(read)
    assert np.array_equal(quick.columns, plain.columns)
    assert np.array_equal(quick.values, plain.values)
    assert np.array_equal(quick.position, plain.position)
    assert np.array_equal(quick.counts, plain.counts)
    assert quick.occurrences.totals == plain.occurrences.totals
    for name in ("feature", "field", "start", "size"):
        assert np.array_equal(getattr(quick.occurrences, name), getattr(plain.occurrences, name))


@given(LETTERS, LETTERS, st.integers(0, 2**32 - 1))
def test_parts_are_spread_over_characters_as_by_the_plain_twin(
    every: FeatureSpace, title: str, text: str, seed: int
) -> None:
    try:
        encoded = every.encode(PIPELINE.read(Complaint(text, title)))
    except EmptyComplaintError:
        return
    parts = np.random.default_rng(seed).normal(size=len(encoded.columns)).astype(np.float32)
    spread = encoded.spread(parts)
    assert all(map(np.array_equal, spread, encoded.spread_plainly(parts)))
    assert sum(part.sum() for part in spread) == pytest.approx(parts.sum(), abs=1e-3)


@given(LETTERS)
def test_a_vocabulary_with_gaps_is_encoded_alike(frequent: FeatureSpace, text: str) -> None:
    """One where a gram is known of which a part is not: what was learnt never has it, but the kernel must not assume."""
    trigrams = frequent.characters[frequent.characters > (1 << 42)]
    idf = np.ones(len(trigrams) + len(frequent.words), np.float32)
    nothing = np.zeros(0, np.uint64)
    gaps = FeatureSpace(trigrams, frequent.words, nothing, nothing, idf, frequent.n_documents)
    try:
        read = PIPELINE.read(Complaint(text))
    except EmptyComplaintError:
        return
    assert np.array_equal(gaps.encode(read).values, gaps.encode_plainly(read).values)


def test_a_text_of_any_length_is_encoded_alike(every: FeatureSpace) -> None:
    read = PIPELINE.read(Complaint("路灯坏了半年没人修" * 5_000, "路灯" * 20_000))
    quick, plain = every.encode(read), every.encode_plainly(read)
    assert np.array_equal(quick.values, plain.values)
    assert np.array_equal(quick.position, plain.position)


def test_a_space_of_more_characters_than_the_kernel_numbers_is_encoded_plainly() -> None:
    characters = np.arange(0x20000, 0x20000 + 70_000, dtype=np.uint64)
    nothing = np.zeros(0, np.uint64)
    space = FeatureSpace(characters, (), nothing, nothing, np.ones(len(characters), np.float32), 1)
    read = PIPELINE.read(Complaint("𠮷野家"))
    assert list(space.encode(read).columns) == [ord("𠮷") - 0x20000]


@pytest.mark.skipif(kernel is None, reason="there was no compiler")
def test_the_kernel_refuses_words_that_do_not_make_up_the_text(every: FeatureSpace) -> None:
    for ends in ([1], [3], [2, 1], [0, 2], [-1, 2]):
        with pytest.raises(ValueError, match="do not make up"):
            kernel.encode(every._compiled, "", b"", "路灯", np.array(ends, np.int32).tobytes())
