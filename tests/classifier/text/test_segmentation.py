"""The compiled segmenter gives jieba's words, and drops nothing."""

from __future__ import annotations

import csv
import random
import warnings
from array import array
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.compiled import kernel
from classifier.text.normalisation import normalise
from classifier.text.segmentation import (
    KernelSegmenter,
    RjiebaSegmenter,
    default_segmenter,
    segmenter_by,
    words_between,
)

SENTENCES = [
    "小区物业乱收停车费,业主多次投诉无人理会",
    "楼下烧烤店油烟直接排到居民窗口,晚上根本不敢开窗",
    "工地夜间施工到凌晨两点,孩子没法睡觉",
    "老板拖欠我们二十多个工人三个月工资",
    "村口的路灯坏了半年,老人出门摔倒过两次",
    "自来水发黄有异味,烧开以后还有沉淀",
    "请问灵活就业人员怎么缴纳养老保险",
    "医院挂号要排队三个小时,能不能增加窗口",
    "学校门口上下学堵车,希望交警来疏导",
    "公交车司机甩站不停,态度还很恶劣",
    "建议在滨河公园增设公共厕所和休息座椅",
    "下水道堵塞,污水漫到马路上,臭气熏天",
    "邻居家养的大型犬没有拴绳,差点咬到小孩",
    "供暖温度只有十五度,打电话说等通知",
    "开发商延期交房,现在连售楼部都关门了",
    "房产证办了两年还没有拿到",
    "超市卖过期牛奶,要求退货赔偿",
    "快递放在驿站丢了,客服互相推诿",
    "网上购买的手机是翻新机,商家拒绝退款",
    "健身房关门跑路,预付卡里的钱退不了",
    "农田灌溉用的水渠被人填了",
    "村干部不公开低保名单,怀疑优亲厚友",
    "外地户口的孩子怎么在本地上小学",
    "宅基地审批材料交上去没有下文",
    "电梯经常困人,维保单位一直没来修",
    "消防通道被私家车堵死,物业不管",
    "广场舞音响声音太大,影响高考学生复习",
    "河道里有人电鱼,还倾倒建筑垃圾",
    "化工厂半夜偷排废气,气味刺鼻",
    "路面塌陷出现一个大坑,已经有电动车摔伤",
    "共享单车乱停乱放,把盲道都占了",
    "天然气公司说要强制换表,是不是合理",
    "停电没有提前通知,冰箱里的东西都坏了",
    "退役军人优待证什么时候可以领取",
    "生育津贴申请了四个月还没到账",
    "失业金领取条件是什么",
    "公积金贷款提前还款需要预约多久",
    "出租车不打表,乱要价",
    "景区门票和网上标的价格不一样",
    "养老院收费高,护工打骂老人",
    "幼儿园食堂伙食差,孩子吃坏肚子",
    "培训机构不退学费,负责人已失联",
    "树枝挡住信号灯,司机看不清红绿灯",
    "井盖松动,车一过就哐当响",
    "无证摊贩占道经营,城管来了就跑",
    "高空抛物砸坏汽车,监控没有拍到",
    "加油站加的油有问题,发动机坏了",
    "移动信号太差,在家打不通电话",
    "身份证丢了,异地可以补办吗",
    "残疾人证年审需要带哪些材料",
    "拆迁补偿款迟迟不到位,安置房也没有消息",
    "环卫工人把落叶扫进下水口",
    "流浪狗成群,建议有关部门收容",
    "楼上漏水把我家天花板泡坏了,对方不赔",
    "驾校考试一直约不上,教练还额外收钱",
    "疫苗接种点为什么周末不上班",
    "有人冒充公检法打电话诈骗老人",
    "银行柜员服务态度差,取钱手续繁琐",
    "k12路公交车改线以后老年人看病不方便",
    "abc小区3期wifi信号塔辐射问题,希望检测",
]


@pytest.fixture(scope="module")
def jieba() -> ModuleType:
    with warnings.catch_warnings():
        # Its own escapes and its use of pkg_resources; its words are all we want of it.
        warnings.simplefilter("ignore")
        import jieba

        jieba.setLogLevel("ERROR")
        jieba.initialize()
    return jieba


def _texts() -> list[str]:
    rng = random.Random(11)  # noqa: S311
    joiners = ("", ",", "。", " ", "!?", "(1)", "2021年", "\n", "www.", "\u3000", "“", "5g", "*")
    mixed = ["".join(part + rng.choice(joiners) for part in rng.sample(SENTENCES, 4)) for _ in range(200)]
    cut = ["".join(part[rng.randrange(8) :][:7] for part in rng.sample(SENTENCES, 6)) for _ in range(200)]
    return [*SENTENCES, *mixed, *cut, *(normalise(text).text for text in mixed)]


def test_the_words_are_those_of_jieba(jieba: ModuleType) -> None:
    segmenter = default_segmenter()
    different = [
        (text, segmenter.cut(text), jieba.lcut(text, HMM=False))
        for text in _texts()
        if segmenter.cut(text) != jieba.lcut(text, HMM=False)
    ]
    assert different == []


def test_sentences_are_cut_into_words_and_not_only_characters() -> None:
    segmenter = default_segmenter()
    sizes = [len(word) for sentence in SENTENCES for word in segmenter.cut(sentence)]
    assert sum(sizes) / len(sizes) > 1.5


@given(st.text() | st.lists(st.sampled_from([*SENTENCES, *" \n\t,。?*ab1👷𠮷é"]), max_size=6).map("".join))
def test_the_words_joined_are_the_text_again(text: str) -> None:
    words = default_segmenter().cut(text)
    assert "".join(words) == text
    assert "" not in words


def test_the_dictionary_is_loaded_once() -> None:
    assert default_segmenter() is default_segmenter()


ALPHABET = st.sampled_from(
    [*"路灯坏了没人修小区物业停车难乱收费的一是中国人民", *" \r\n\t,。?*-+#&._%ab1Zz9é👷𠮷", "AT&T", "k12路"]
)


@given(st.text() | st.lists(ALPHABET, max_size=40).map("".join))
def test_the_kernel_cuts_any_text_as_rjieba_does(text: str) -> None:
    assert default_segmenter().cut(text) == RjiebaSegmenter().cut(text)


@given(st.text() | st.lists(ALPHABET, max_size=40).map("".join))
def test_both_say_alike_where_words_end(text: str) -> None:
    for segmenter in (default_segmenter(), RjiebaSegmenter()):
        ends = segmenter.ends(text)
        assert list(words_between(text, ends)) == segmenter.cut(text)
        assert list(array("i", ends)) == sorted(set(array("i", ends)))


def test_the_kernel_cuts_the_whole_corpus_as_rjieba_does() -> None:
    texts = []
    for path in sorted(Path("training_data").glob("*/complaints/*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            texts += [row["text"] for row in csv.DictReader(file)]
    quick, plain = default_segmenter(), RjiebaSegmenter()
    assert len(texts) > 10_000
    assert [text for text in texts if quick.cut(text) != plain.cut(text)] == []


def test_another_dictionary_is_not_cut_by(tmp_path: Path) -> None:
    other = tmp_path / "dict.txt"
    other.write_text("路灯 3 n\n", encoding="utf-8")
    assert isinstance(segmenter_by(other), RjiebaSegmenter)
    assert isinstance(segmenter_by(tmp_path / "none.txt"), RjiebaSegmenter)


@pytest.mark.skipif(kernel is None, reason="there was no compiler")
def test_a_dictionary_may_be_of_any_size() -> None:
    assert isinstance(default_segmenter(), KernelSegmenter)
    assert KernelSegmenter("路 1 n\n路灯 3 n\n灯坏了 9 v\n".encode()).cut("路灯坏了") == ["路", "灯坏了"]
    for nothing in (b"", b"\n", b" 3 n\n"):
        with pytest.raises(ValueError, match="no dictionary"):
            KernelSegmenter(nothing)
