"""The words everything else uses: what a complaint, a category, a duty and a suggestion are.

All are immutable values. Nothing here reads a file, scores a text or knows of HTTP.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

JURISDICTION = "@jurisdiction"
"""As a duty's lead: the town or street the complaint is in (属地)."""


class Kind(StrEnum):
    """What the citizen wants (诉求类型)."""

    CONSULTATION = "咨询"
    HELP = "求助"
    COMPLAINT = "投诉"
    REPORT = "举报"
    SUGGESTION = "建议"


class Urgency(StrEnum):
    """How soon someone must act (紧急程度), from the least to the most."""

    NORMAL = "一般"
    URGENT = "紧急"
    CRITICAL = "特急"

    @property
    def rank(self) -> int:
        """0 for 一般, 2 for 特急."""
        return list(Urgency).index(self)


class Scope(StrEnum):
    """How far a matter reaches: one household or village (个性问题), or many (共性问题)."""

    INDIVIDUAL = "个性"
    COMMON = "共性"


class Disposal(StrEnum):
    """How a matter is to be settled (三类处置), from the simplest to the hardest."""

    ON_THE_SPOT = "当场"
    TIME_LIMIT = "限期"
    MEETING = "上会"

    @property
    def rank(self) -> int:
        """0 for 当场, 2 for 上会."""
        return list(Disposal).index(self)


class Verdict(StrEnum):
    """What to do with a suggestion: dispatch it, show it, or ask a person."""

    AUTO = "auto"
    SUGGEST = "suggest"
    MANUAL = "manual"

    @property
    def label(self) -> str:
        """The verdict in Chinese."""
        return {Verdict.AUTO: "自动派单", Verdict.SUGGEST: "请确认", Verdict.MANUAL: "人工处理"}[self]


class ReasonCode(StrEnum):
    """Why a verdict is what it is; stable, for programs."""

    CONFIDENT = "confident"
    LOW_CONFIDENCE = "low_confidence"
    CLOSE_CALL = "close_call"
    SEVERAL_MATTERS = "several_matters"
    TOO_SHORT = "too_short"
    UNREADABLE = "unreadable"
    OUTSIDE = "outside"
    RULE = "rule"
    NO_DEPARTMENT = "no_department"


class Source(StrEnum):
    """Why a department is suggested."""

    DUTY = "duty"
    JURISDICTION = "jurisdiction"
    LEARNT = "learnt"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint (诉求) as it was received; `region` is a code or name of the ledger's regions."""

    text: str
    title: str = ""
    region: str = ""
    date: dt.date | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Validity:
    """The days something is in force, both ends included; None is open."""

    first: dt.date | None = None
    last: dt.date | None = None

    def covers(self, day: dt.date) -> bool:
        """Tell whether `day` lies within."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


ALWAYS = Validity()


@dataclass(frozen=True, slots=True)
class Category:
    """A category of a ledger; `path` is `a/b/c`, `level` counts from 1.

    `disposal` is how its matters are settled where no rule says otherwise.
    """

    code: str
    name: str
    parent: str = ""
    definition: str = ""
    keywords: tuple[str, ...] = ()
    validity: Validity = ALWAYS
    replaced_by: str = ""
    path: str = ""
    level: int = 1
    disposal: Disposal | None = None


@dataclass(frozen=True, slots=True)
class Department:
    """A department or operator (部门); `level` is one of 市, 区县, 镇街, 村社, 垂管, 企业."""

    code: str
    name: str
    level: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duty:
    """A row of the duty list (职责清单): who leads (主办) and who assists (协办) for a category.

    With a `scope` it holds for matters that reach so far only.
    """

    category: str
    lead: str
    assisting: tuple[str, ...] = ()
    level: str = ""
    region: str = ""
    basis: str = ""
    validity: Validity = ALWAYS
    scope: Scope | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """A district, town or village; `department` is who answers for it (属地单位)."""

    code: str
    name: str
    parent: str = ""
    aliases: tuple[str, ...] = ()
    department: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """A category with the calibrated probability that it is the right one."""

    category: Category
    probability: float


@dataclass(frozen=True, slots=True)
class DepartmentScore:
    """A department with the probability that it leads, and why; `basis` is the law or rule of its duty."""

    department: Department
    probability: float
    source: Source
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Characters that spoke for the first category: `[start, end)` in the original `field`.

    `weight` is their share of all that spoke for it, 0 to 1.
    """

    field: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Personal data found at `[start, end)` of the original `field`; `kind` as in `text.masking`."""

    field: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rule of the ledger that the text met, by name, with its reason in Chinese."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, with a reason a clerk can read."""

    verdict: Verdict
    code: ReasonCode
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Everything Fenban says of one complaint, best candidates first."""

    categories: tuple[CategoryScore, ...]
    departments: tuple[DepartmentScore, ...]
    assisting: tuple[Department, ...]
    decision: Decision
    kind: Kind
    urgency: Urgency
    deadline_hours: float | None
    region: Region | None
    model: str
    alarms: tuple[Alarm, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    personal_data: tuple[PersonalData, ...] = field(default=(), repr=False)
    scope: Scope | None = None
    disposal: Disposal | None = None
