"""Rules raise urgency, add departments and ask for a person; they never make a matter smaller."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.catalogue.rules import NOTHING, Effect, Rule, RuleBook, read_rules
from classifier.catalogue.tables import Findings, Row
from classifier.domain import Alarm, Urgency


def _rule(name: str, pattern: str, effect: str, argument: str = "", reason: str = "") -> Rule:
    return Rule(name, re.compile(pattern), Effect(effect), argument, reason)


RULES = [
    _rule("降级", "咨询", "urgency", "一般"),
    _rule("漏气", "煤气|燃气", "urgency", "紧急", "可能爆炸"),
    _rule("坍塌", "塌", "urgency", "特急"),
    _rule("坍塌", "塌", "department", "应急局"),
    _rule("伤人", "伤", "department", "卫健委"),
    _rule("再伤", "伤", "department", "应急局"),
    _rule("涉密", "绝密", "manual", "", "由专人处理"),
    _rule("来信", "信", "manual"),
]


def test_a_text_that_meets_no_rule_is_left_alone() -> None:
    assert RuleBook(RULES).apply("路灯不亮") == NOTHING
    assert NOTHING.urgency is Urgency.NORMAL


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("咨询燃气费", Urgency.URGENT),
        ("燃气管塌了", Urgency.CRITICAL),
        ("塌了,咨询燃气", Urgency.CRITICAL),
        ("咨询", Urgency.NORMAL),
        ("绝密", Urgency.NORMAL),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_highest_urgency_wins_in_whatever_order(text: str, urgency: Urgency, turned: bool) -> None:
    assert RuleBook(RULES[::-1] if turned else RULES).apply(text).urgency is urgency


@given(
    st.lists(st.sampled_from(RULES)),
    st.sampled_from(RULES),
    st.text(alphabet="咨询煤气燃塌伤绝密信 "),
)
def test_one_rule_more_never_lowers_anything(rules: list[Rule], another: Rule, text: str) -> None:
    before, after = RuleBook(rules).apply(text), RuleBook([*rules, another]).apply(text)
    assert after.urgency.rank >= before.urgency.rank
    assert set(after.departments) >= set(before.departments)
    assert bool(after.manual) >= bool(before.manual)
    assert set(after.alarms) >= set(before.alarms)


def test_departments_are_added_once_in_the_order_of_the_rules() -> None:
    assert RuleBook(RULES).apply("塌方伤人").departments == ("应急局", "卫健委")


def test_a_rule_that_asks_for_a_person_says_why_or_its_name() -> None:
    assert RuleBook(RULES).apply("绝密来信").manual == "由专人处理"
    assert RuleBook(RULES).apply("来信").manual == "来信"
    assert RuleBook(RULES).apply("塌").manual == ""


def test_each_rule_met_is_reported_once_with_its_reason() -> None:
    assert RuleBook(RULES).apply("煤气爆炸楼塌").alarms == (Alarm("漏气", "可能爆炸"), Alarm("坍塌", ""))


def test_several_effects_of_one_row_make_several_rules() -> None:
    cells = {"name": "坍塌", "pattern": "BRIDGE塌", "effect": "urgency:特急 | department:应急局|manual", "reason": "险"}
    findings = Findings()
    rules = [rule for _, rule in read_rules([Row("rules.csv", 2, cells)], findings)]
    assert findings.found == []
    assert [(rule.effect, rule.argument) for rule in rules] == [
        (Effect.URGENCY, "特急"),
        (Effect.DEPARTMENT, "应急局"),
        (Effect.MANUAL, ""),
    ]
    assert RuleBook(rules).apply("bridge塌了").urgency is Urgency.CRITICAL


def test_a_childs_rule_replaces_the_parents_of_that_name() -> None:
    own = RuleBook([_rule("坍塌", "塌方", "urgency", "紧急"), _rule("新", "新", "manual")])
    merged = own.merged(RuleBook(RULES))
    assert [rule.name for rule in merged] == ["坍塌", "新", "降级", "漏气", "伤人", "再伤", "涉密", "来信"]
    assert merged.apply("塌了") == NOTHING
    assert merged.apply("塌方").urgency is Urgency.URGENT
    assert len(merged) == 8


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("停电，没人管", "停电,没人管"),
        ("（急）", "(急)"),
        ("怎么办？", "怎么办?"),
        ("[！？]", "快!"),
        ("ＡＢ楼", "ab楼"),
    ],
)
def test_full_width_signs_of_a_pattern_meet_the_repaired_text(pattern: str, text: str) -> None:
    cells = {"name": "急", "pattern": pattern, "effect": "urgency:紧急", "reason": ""}
    rules = [rule for _, rule in read_rules([Row("rules.csv", 2, cells)], Findings())]
    assert RuleBook(rules).apply(text).urgency is Urgency.URGENT
    assert RuleBook(rules).apply("停电") == NOTHING
