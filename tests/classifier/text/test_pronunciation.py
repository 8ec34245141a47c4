"""Glued-in pronunciation is found in all its typings, and words in brackets are left alone."""

from __future__ import annotations

import pytest
from pypinyin import Style, pinyin_dict, slug

from classifier.text.normalisation import normalise
from classifier.text.pronunciation import notes


@pytest.mark.parametrize(
    ("damaged", "clean"),
    [
        ("開(kāi)展進(jìn)村入戶(hù)", "开展进村入户"),
        ("社會(huì )治理", "社会治理"),
        ("細(xì)化目標(biāo)任務(wù),加強(qiáng)活動(dòng)指導(dǎo)", "细化目标任务,加强活动指导"),
        ("問題臺(tái)帳銷號(hào)管理", "问题台帐销号管理"),
        ("問題（ｔí）清單 (dān)", "问题清单"),
        ("綠(lǜ)化、女(nǚ)兒(ér)、略(lüè)", "绿化、女儿、略"),
        ("西安(xī'ān)市、管理(guǎn lǐ)", "西安市、管理"),
        ("開(ka\u0304i)展", "开展"),
        ("開(KĀI)展", "开展"),
        ("動(dònɡ)員(yuɑ́n)", "动员"),
        ("開(kai)展了(le)會(huì)議", "开展了会议"),
        ("開(kai)展會(hui)議(yi)", "开展会议"),
        ("開(kai1)展會(hui4)議(yi4)", "开展会议"),
        ("小溫泉池嗎(ma)", "小温泉池吗"),
        ("村????????組(zǔ)", "村 组"),
    ],
)
def test_notes_are_taken_out(damaged: str, clean: str) -> None:
    assert normalise(damaged).text == clean


@pytest.mark.parametrize(
    "text",
    ["材料(word)、附件(a)、图(pdf)", "他(he)说(can)", "微信(wei)", "小区(一期)", "车位(b1)、(b2)、(b3)、(b4)", "(hào)"],
)
def test_words_in_brackets_stay(text: str) -> None:
    assert notes(text) == []


def test_every_sound_of_the_characters_in_use_is_known() -> None:
    common = "".join(chr(point) for point in range(0x4E00, 0x9FA6) if point in pinyin_dict.pinyin_dict)
    sounds = set(slug(common, style=Style.TONE, separator="|", heteronym=True).split("|"))
    assert len(sounds) > 1000
    assert {sound for sound in sounds if normalise(f"字({sound})字(hào)").text != "字字"} == set()
