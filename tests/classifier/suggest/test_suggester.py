"""The intake path on a small real model."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.domain import Complaint, ReasonCode, Source, Suggestion, Urgency, Verdict
from classifier.errors import ComplaintTooLongError, EmptyComplaintError, FenbanError, NotTextError, UnknownRegionError
from classifier.suggest.suggester import Suggester

CHINESE = st.text(
    alphabet="工地噪声污水路灯坏了工资社保路面塌陷老板不发,。?！ 開(kāi)展１２３abc&nbsp;\u200b\U0001f600", max_size=200
)


def test_each_matter_is_told_from_the_others(suggester: Suggester) -> None:
    texts = {
        "隔壁工地凌晨还在施工，吵得睡不着": "A1",
        "化工厂往河里排污水，水都黑了": "A2",
        "老板拖欠我半年工资不给": "B1",
        "公司不给员工交社保": "B2",
        "门口的路灯坏了，晚上黑漆漆": "C1",
        "路面一个大坑没人补": "C2",
    }
    found = {text: suggester.suggest(Complaint(text)).categories[0].category.code for text in texts}
    assert found == texts


def test_evidence_points_into_the_text_as_it_was_sent(suggester: Suggester) -> None:
    text = "尊敬的領導：\u200b我家門口的路(lù)燈(dēng)壞了，麻煩開(kāi)展維修"
    evidence = suggester.suggest(Complaint(text, "求助")).evidence
    strongest = evidence[0]
    assert strongest.field == "text"
    assert text[strongest.start : strongest.end].startswith("路")
    assert "燈" in text[strongest.start : strongest.end]
    assert sum(one.weight for one in evidence) <= 1.0001


@given(text=CHINESE, title=CHINESE)
def test_any_text_gives_valid_probabilities_and_spans(suggester: Suggester, text: str, title: str) -> None:
    try:
        suggestion = suggester.suggest(Complaint(text, title))
    except EmptyComplaintError:
        return
    for scores in (suggestion.categories, suggestion.departments):
        chances = [score.probability for score in scores]
        assert chances == sorted(chances, reverse=True)
        assert all(0 <= chance <= 1 for chance in chances)
        assert sum(chances) <= 1.0001
    fields = {"text": text, "title": title}
    for one in (*suggestion.evidence, *suggestion.personal_data):
        assert 0 <= one.start < one.end <= len(fields[one.field])


def test_the_same_complaint_gets_the_same_answer(suggester: Suggester) -> None:
    complaint = Complaint("老板拖欠我半年工资不给，工地上十几个人", "讨薪")
    assert suggester.suggest(complaint) == suggester.suggest(complaint)


def test_without_evidence_everything_else_is_the_same(suggester: Suggester) -> None:
    complaint = Complaint("老板拖欠我半年工资不给，社保也没交")
    quick = suggester.suggest(complaint, with_evidence=False)
    full = suggester.suggest(complaint)
    assert quick.evidence == ()
    assert full.evidence
    assert (quick.categories, quick.departments, quick.decision) == (full.categories, full.departments, full.decision)


@pytest.mark.parametrize(
    ("complaint", "error"),
    [
        (Complaint(""), EmptyComplaintError),
        (Complaint("  \n\u3000"), EmptyComplaintError),
        (Complaint("？？？！！……"), EmptyComplaintError),
        (Complaint("路灯" * 50_000), ComplaintTooLongError),
        (Complaint(None), NotTextError),
        (Complaint("路灯坏了", region="没有这个镇"), UnknownRegionError),
    ],
    ids=["empty", "blank", "punctuation", "100,000 characters", "not text", "unknown region"],
)
def test_what_cannot_be_read_is_refused_without_repeating_it(
    suggester: Suggester, complaint: Complaint, error: type[FenbanError]
) -> None:
    with pytest.raises(error) as caught:
        suggester.suggest(complaint)
    assert "路灯" not in str(caught.value)


def test_text_that_is_not_chinese_goes_to_a_person(suggester: Suggester) -> None:
    decision = suggester.suggest(Complaint("The street lamp is broken, please fix it")).decision
    assert (decision.verdict, decision.code) == (Verdict.MANUAL, ReasonCode.UNREADABLE)


def test_a_greeting_is_too_short_to_decide(suggester: Suggester) -> None:
    decision = suggester.suggest(Complaint("你好")).decision
    assert (decision.verdict, decision.code) == (Verdict.MANUAL, ReasonCode.TOO_SHORT)


def test_two_matters_in_one_are_said_to_be_two(suggester: Suggester) -> None:
    text = "老板拖欠我三个月工资不给，工钱要不回来。另外村口的路灯坏了，晚上没有照明。"
    decision = suggester.suggest(Complaint(text)).decision
    assert decision.code is ReasonCode.SEVERAL_MATTERS
    assert "欠薪" in decision.reason
    assert "路灯" in decision.reason


def test_a_rule_raises_urgency_adds_a_department_and_gives_its_reason(suggester: Suggester) -> None:
    suggestion = suggester.suggest(Complaint("路面塌陷摔伤了两个人，快来处理"))
    assert suggestion.urgency is Urgency.CRITICAL
    assert suggestion.deadline_hours == 2
    assert [alarm.rule for alarm in suggestion.alarms] == ["坍塌"]
    assert "应急消防" in [department.name for department in suggestion.assisting]


def test_a_rule_may_ask_for_a_person(suggester: Suggester) -> None:
    decision = suggester.suggest(Complaint("附件是绝密材料，反映路灯坏了")).decision
    assert (decision.verdict, decision.code) == (Verdict.MANUAL, ReasonCode.RULE)
    assert "涉密" in decision.reason


def _lead(suggestion: Suggestion) -> tuple[str, Source]:
    first = suggestion.departments[0]
    return first.department.name, first.source


def test_the_place_in_the_text_decides_whose_town_it_is(suggester: Suggester) -> None:
    text = "路面全是坑，村里的水泥路破损没人修"
    assert _lead(suggester.suggest(Complaint(f"东庄镇王家村{text}"))) == ("东庄镇政府", Source.JURISDICTION)
    assert _lead(suggester.suggest(Complaint(f"西庄王家村{text}"))) == ("西庄镇政府", Source.JURISDICTION)
    assert _lead(suggester.suggest(Complaint(text, region="W"))) == ("西庄镇政府", Source.JURISDICTION)
    assert _lead(suggester.suggest(Complaint(text))) == ("街道乡镇", Source.JURISDICTION)


def test_a_duty_for_a_village_goes_before_the_general_one(suggester: Suggester) -> None:
    suggestion = suggester.suggest(Complaint("李家洼的路面全是坑，水泥路破损没人修"))
    assert suggestion.region is not None
    assert suggestion.region.path == "东庄镇/李家洼村"
    assert _lead(suggestion) == ("交通运输", Source.DUTY)


def test_the_duty_of_the_complaints_own_day_counts(suggester: Suggester) -> None:
    text = "巷子里的下水道堵了，污水外溢，臭水流了一地"
    before = suggester.suggest(Complaint(text, date=dt.date(2025, 12, 31)))
    after = suggester.suggest(Complaint(text, date=dt.date(2026, 1, 1)))
    assert _lead(before)[0] == "生态环境"
    assert _lead(after)[0] == "城市管理"


def test_a_child_ledger_answers_in_its_own_categories(child_suggester: Suggester) -> None:
    suggestion = child_suggester.suggest(Complaint("老板拖欠我半年工资不给"))
    assert suggestion.categories[0].category.name == "工资问题"
    assert _lead(suggestion) == ("街道乡镇", Source.DUTY)
    assert suggestion.model == "small/v1"


def test_a_child_ledger_inherits_the_duties_it_does_not_state(child_suggester: Suggester) -> None:
    assert _lead(child_suggester.suggest(Complaint("人民路的路灯坏了没人修，晚上不亮")))[0] == "城市管理"


def test_what_a_child_ledger_does_not_handle_goes_to_a_person(child_suggester: Suggester) -> None:
    decision = child_suggester.suggest(Complaint("单位不给交社保，养老保险断缴两年")).decision
    assert (decision.verdict, decision.code) == (Verdict.MANUAL, ReasonCode.OUTSIDE)


def test_a_retired_category_is_never_suggested(suggester: Suggester) -> None:
    codes = {category.code for category in suggester.classification.categories}
    suggestion = suggester.suggest(Complaint("旧路灯坏了，路灯不亮"))
    assert suggestion.categories[0].category.code == "C1"
    assert all(score.category.code != "C9" or score.probability == 0 for score in suggestion.categories)
    assert "C1" in codes


def test_personal_data_is_found_where_it_stands(suggester: Suggester) -> None:
    text = "路灯坏了请回电１３８００００１２３４，谢谢"
    (found,) = suggester.suggest(Complaint(text)).personal_data
    assert (found.kind, text[found.start : found.end]) == ("手机号", "１３８００００１２３４")


@pytest.mark.parametrize("of", ["suggester", "child_suggester"])
@given(
    rows=st.lists(
        st.tuples(
            st.lists(
                st.sampled_from(["路灯坏了半年没人修", "老板拖欠工资", ",", "东镇", "abc", "小区停车难", "1"]),
                min_size=1,
                max_size=5,
            ).map("".join),
            st.sampled_from(["", "路灯"]),
            st.sampled_from([None, dt.date(2020, 1, 1)]),
        ),
        max_size=6,
    )
)
def test_many_at_once_are_answered_as_one_by_one(
    request: pytest.FixtureRequest, of: str, rows: list[tuple[str, str, dt.date | None]]
) -> None:
    suggester: Suggester = request.getfixturevalue(of)
    complaints = [Complaint(text, title, "", day) for text, title, day in rows if text.strip(",")]
    understood = suggester.understand_each([suggester.pipeline.read(one) for one in complaints])
    seen = [suggester.look(one, told) for one, told in zip(complaints, understood, strict=True)]
    assert suggester.conclude_each(understood, seen) == [suggester.suggest(one) for one in complaints]
