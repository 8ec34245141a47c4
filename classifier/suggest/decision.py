"""Whether to dispatch automatically, to suggest, or to ask a person; always with a reason in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifier.domain import Category, Decision, ReasonCode, Verdict
from classifier.suggest.classification import OUTSIDE_LIMIT

FEWEST_CHARACTERS = 4
"""Chinese characters below which nobody could tell a category."""

HOPELESS = 0.3
"""Probability of the first three together below which they are not worth suggesting."""

CLOSE = 0.6
"""Share of the first's probability from which the second makes a close call."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision rests on: the likeliest categories, best first, with their probabilities, and what else counts.

    `threshold` is the probability needed for automatic dispatch.
    """

    categories: Sequence[Category]
    chances: Sequence[float]
    threshold: float
    han_count: int
    outside: float
    has_lead: bool
    several_matters: bool
    manual_rule: str = ""


def decide(seen: Circumstances) -> Decision:
    """Return the verdict, the most decisive objection first."""
    objection = _objection(seen)
    if objection:
        return Decision(Verdict.MANUAL, *objection)
    first, chance = seen.categories[0].name, seen.chances[0]
    if seen.several_matters:
        reason = f"似有多件事：“{first}”与“{seen.categories[1].name}”，请确认主要诉求或拆分"
        return Decision(Verdict.SUGGEST, ReasonCode.SEVERAL_MATTERS, reason)
    if chance >= seen.threshold:
        reason = f"“{first}”把握 {percent(chance)}，达到自动派单所需的 {percent(seen.threshold)}"
        return Decision(Verdict.AUTO, ReasonCode.CONFIDENT, reason)
    if len(seen.chances) > 1 and seen.chances[1] >= CLOSE * chance:
        second = f"“{seen.categories[1].name}”（{percent(seen.chances[1])}）"
        reason = f"“{first}”（{percent(chance)}）与{second}接近，请人工选择"
        return Decision(Verdict.SUGGEST, ReasonCode.CLOSE_CALL, reason)
    needed = f"低于自动派单所需的 {percent(seen.threshold)}" if seen.threshold <= 1 else "这一类还没有足够依据自动派单"
    reason = f"最可能是“{first}”，把握 {percent(chance)}，{needed}，请确认"
    return Decision(Verdict.SUGGEST, ReasonCode.LOW_CONFIDENCE, reason)


def _objection(seen: Circumstances) -> tuple[ReasonCode, str] | None:
    """Return why only a person can decide, or None."""
    if seen.han_count == 0:
        return ReasonCode.UNREADABLE, "没有可识别的中文内容，请人工处理"
    if seen.han_count < FEWEST_CHARACTERS:
        return ReasonCode.TOO_SHORT, "内容太短，无法判断，请补充诉求"
    if seen.manual_rule:
        return ReasonCode.RULE, f"按规则须人工处理：{seen.manual_rule}"
    if seen.outside >= OUTSIDE_LIMIT:
        return ReasonCode.OUTSIDE, f"可能不属于本台账受理范围（{percent(seen.outside)}），请人工确认"
    if not seen.has_lead:
        return ReasonCode.NO_DEPARTMENT, "职责清单中没有可派的主办部门，请人工指定"
    if sum(seen.chances[:3]) < HOPELESS:
        return ReasonCode.LOW_CONFIDENCE, "与已知的各类诉求都不够像，请人工判断"
    return None


def percent(share: float) -> str:
    """Round down, so that nothing short of certain reads as 100 %."""
    return f"{int(share * 100)}%"
