"""What holds of every text: repair is idempotent, offsets point back, masking hides, words join up again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.domain import Complaint
from classifier.errors import EmptyComplaintError
from classifier.text.aligned import AlignedText
from classifier.text.features import BLOCK_WEIGHTS, FeatureSpace, character_keys
from classifier.text.masking import find_personal_data, is_card_number, is_identity_number, mask, redact
from classifier.text.normalisation import normalise
from classifier.text.pipeline import TextPipeline
from classifier.text.segmentation import RjiebaSegmenter

PIECES = st.sampled_from(
    [
        "開(kāi)展", "社會(huì )", "網(wǎng)站", "任務(wù)", "的(de)", "????????", "??", "&nbsp;", "&amp;lt;", "&#21326;", "<br/>",
        "<p>", "</p>", "\u200b", "\ufeff", "\u00ad", "ＡＢＣ１２３", "，。！", "⽤⽔", "㎡", "⑴", "问 题 台 账", "  ", "\u3000", "\n",
        "路灯坏了", "物业", "(", ")", "小区(kefu)", "A(B)", "13800001234", "é", "e\u0301", "ɡōnɡ", "\U0001f600", "\ud800",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join))


def check_alignment(aligned: AlignedText) -> None:
    if aligned.starts is None or aligned.ends is None:
        assert aligned.starts is aligned.ends is None
        assert len(aligned.text) == len(aligned.original)
        return
    assert len(aligned.starts) == len(aligned.ends) == len(aligned.text)
    assert list(aligned.starts) == sorted(aligned.starts)
    assert all(
        0 <= start < end <= len(aligned.original) for start, end in zip(aligned.starts, aligned.ends, strict=True)
    )


@settings(max_examples=600)
@given(TEXTS)
def test_repair_is_idempotent_and_every_character_has_its_place(text: str) -> None:
    aligned = normalise(text)
    check_alignment(aligned)
    assert normalise(aligned.text).text == aligned.text


@settings(max_examples=300)
@given(TEXTS)
def test_characters_that_were_not_changed_stand_where_they_point(text: str) -> None:
    aligned = normalise(text)
    for at, char in enumerate(aligned.text):
        start, end = aligned.span(at, at + 1)
        if end - start == 1 and "一" <= char <= "龥" and text[start] == char:
            assert aligned.original[start:end] == char
        assert normalise(text[start:end] + "了").text != ""


@pytest.mark.parametrize(
    ("damaged", "clean"),
    [
        ("細(xì)化目標(biāo)任務(wù),加強(qiáng)活動(dòng)指導(dǎo)", "细化目标任务,加强活动指导"),
        ("問題臺(tái)帳銷號(hào)管理", "问题台帐销号管理"),
        ("開(kāi)展", "开展"),
        ("進(jìn)村入戶(hù)", "进村入户"),
        ("社會(huì )", "社会"),
        ("網(wǎng)站", "网站"),
        ("工(ɡōnɡ)作的(de)", "工作的"),
        ("????????北城街道????????走访", "北城街道 走访"),
        ("真的吗？？？", "真的吗?"),
        ("真的吗?我不信", "真的吗?我不信"),
        ("A&amp;nbsp;B", "a b"),
        ("第一<br/>第二", "第一 第二"),
        ("⽤⽔困难", "用水困难"),
        ("12３㎡", "123m2"),
        ("路\u200b灯", "路灯"),
        ("问 题 台 账", "问题台账"),
        ("张三 李四", "张三 李四"),
        ("公司(abc)小区(kefu)", "公司(abc)小区(kefu)"),
    ],
)
def test_each_damage_is_undone_and_what_is_no_damage_stays(damaged: str, clean: str) -> None:
    assert normalise(damaged).text == clean


def test_a_repaired_word_points_at_the_whole_of_what_it_was() -> None:
    aligned = normalise("請開(kāi)展&nbsp;網(wǎng)站檢查")
    at = aligned.text.index("网站")
    start, end = aligned.span(at, at + 2)
    assert aligned.original[start:end] == "網(wǎng)站"


PLANTED = [
    "11010519491231002X", "440524188001010014", "4111111111111111", "13800001234", "138 0000 1234",
    "+8613912345678", "0755-83456789", "(010) 62345678", "zhang.san@example.com", "京A12345", "粤B·D12345", "3栋2单元501",
    "12号楼1203室", "7-2-301",
]  # fmt: skip


@given(
    st.sampled_from(PLANTED), st.text("路灯坏了，请回电。物业", max_size=12), st.text("。，谢谢你们管管", max_size=12)
)
def test_planted_personal_data_is_found_where_it_stands_and_hidden(planted: str, before: str, after: str) -> None:
    text = f"{before}，{planted}，{after}"
    aligned = normalise(text)
    masked, found = mask(aligned)
    check_alignment(masked)
    assert any(text[one.start : one.end] == planted for one in found)
    assert normalise(planted).text not in masked.text
    assert planted not in redact(text, found)


@pytest.mark.parametrize(
    "text", ["2021年3月21日凌晨", "312国道", "欠了125000元", "工单20210321000123号", "2018-2020年", "单价1-2元"]
)
def test_dates_sums_and_roads_are_not_personal(text: str) -> None:
    assert find_personal_data(normalise(text).text) == ()


def test_check_digits_are_checked() -> None:
    assert is_identity_number("11010519491231002X")
    assert not is_identity_number("110105194912310021")
    assert is_card_number("4111111111111111")
    assert not is_card_number("4111111111111112")


@given(TEXTS)
def test_words_joined_are_the_text(text: str) -> None:
    plain = normalise(text).text
    assert "".join(RjiebaSegmenter().cut(plain)) == plain


@pytest.mark.filterwarnings("ignore")
def test_words_are_those_of_jieba() -> None:
    import jieba

    jieba.setLogLevel(60)
    sentences = [
        "小区物业乱收费,保安天天不在岗", "公司拖欠我三个月工资不给结", "村里的自来水已经停了五天", "学校门口摆摊占道堵得厉害",
        "请问新生儿医保怎么办理需要什么材料", "开发商延期交房还不退定金", "河道里的污水又黑又臭没人管", "出租车司机拒载还绕路",
        "孩子户口不在本地能不能上公办小学", "养老保险断缴两年可以补吗", "楼上装修噪音从早到晚吵死人", "医院乱开检查单收费太高",
    ]  # fmt: skip
    for sentence in sentences:
        assert RjiebaSegmenter().cut(sentence) == jieba.lcut(sentence, HMM=False)


def test_character_keys_stand_for_the_characters_they_name() -> None:
    text = "路灯12坏a了"
    keys, starts, sizes = character_keys(text)
    for key, start, size in zip(keys.tolist(), starts.tolist(), sizes.tolist(), strict=True):
        gram = text[start : start + size]
        expected = 0
        for char in gram:
            expected = expected << 21 | ord(char)
        assert key == expected
        assert not any(char.isdigit() for char in gram)


@given(TEXTS, TEXTS)
def test_a_vector_is_sorted_and_no_block_is_longer_than_its_weight(title: str, text: str) -> None:
    pipeline = TextPipeline()
    corpus = [pipeline.read(Complaint(f"路灯坏了物业不管{at % 3}", "路灯")) for at in range(4)]
    space = FeatureSpace.fit(corpus)
    try:
        encoded = space.encode(pipeline.read(Complaint(text, title)))
    except EmptyComplaintError:
        return
    assert (np.diff(encoded.columns) > 0).all()
    assert np.isfinite(encoded.values).all()
    assert float(np.square(encoded.values).sum()) <= sum(weight**2 for weight in BLOCK_WEIGHTS) + 1e-3


def test_a_known_text_fills_its_blocks_and_strange_words_shrink_them() -> None:
    pipeline = TextPipeline()
    corpus = [pipeline.read(Complaint("路灯坏了物业不管", "路灯坏了")) for _ in range(3)]
    space = FeatureSpace.fit(corpus)
    known = space.encode(corpus[0])
    strange = space.encode(pipeline.read(Complaint("路灯坏了物业不管魑魅魍魉饕餮纵横四海", "路灯坏了")))
    assert abs(float(np.square(known.values).sum()) - sum(weight**2 for weight in BLOCK_WEIGHTS)) < 1e-3
    assert float(np.square(strange.values).sum()) < float(np.square(known.values).sum())
    matrix = space.transform(corpus)
    np.testing.assert_array_equal(matrix[0].indices, known.columns)
    np.testing.assert_array_equal(matrix[0].data, known.values)
