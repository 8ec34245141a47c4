"""The words of the service: who calls, what was recorded, what was decided, what is to be done.

Like those of `classifier.domain` they are immutable values, written once; the store fills them and HTTP shows them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """What a key may do (角色); each may do what those before it may."""

    INTAKE = "intake"
    CLERK = "clerk"
    STEWARD = "steward"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """0 for intake, 3 for admin."""
        return _RANKS[self]


_RANKS: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key by its id and name; `ledger` is the only one it may use, or empty for all.

    `rate` is the number of requests it may make in a second, 0 without limit.
    """

    id: str
    name: str
    role: Role
    ledger: str = ""
    rate: float = 0.0


LOCAL = Caller("local", "本机", Role.ADMIN)
"""Whoever uses the machine itself while no key has been made."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key (密钥) as it is kept: its secret only as a hash."""

    id: str
    name: str
    role: Role
    ledger: str
    created: dt.datetime
    expires: dt.datetime | None = None
    revoked: dt.datetime | None = None
    rate: float = 0.0


class Action(StrEnum):
    """What was decided on a ticket."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    RETURNED = "returned"
    REASSIGNED = "reassigned"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One decision on a ticket (处理), appended and never changed.

    `category` and `department` are codes; for a return (退单) the department is the one that returned it, for a
    reassignment (改派) the one that has it now. `by` is who decided, as the other system names them.
    """

    action: Action
    category: str = ""
    department: str = ""
    reason: str = ""
    by: str = ""
    at: dt.datetime | None = None
    key: str = ""


class Relation(StrEnum):
    """How an earlier complaint is like this one."""

    DUPLICATE = "duplicate"
    MATTER = "matter"


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier complaint: nearly the same words (`duplicate`), or some words, place and category (`matter`).

    `similarity` is the share of common character triples, 0 to 1, estimated from sketches of 128 hashes.
    """

    ticket: str
    relation: Relation
    similarity: float
    recorded: dt.datetime


@dataclass(frozen=True, slots=True)
class Matter:
    """Many people with one complaint (同一事项): the first ticket told of it, how many have, and since when."""

    ticket: str
    count: int
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Ticket:
    """A work order (工单) as it is known: the suggestion as it was, and all that was decided since.

    `title` and `text` are masked, and None once their time is over; `suggestion` is the JSON that was answered.
    """

    id: str
    ledger: str
    recorded: dt.datetime
    day: dt.date
    title: str | None
    text: str | None
    text_expires: dt.datetime | None
    suggestion: dict[str, Any]
    state: str
    category: str
    department: str
    returns: int
    matter: Matter
    rulings: tuple[Ruling, ...] = ()


class JobKind(StrEnum):
    """What a job does."""

    BATCH = "batch"
    TRAINING = "training"
    LABEL_AUDIT = "label_audit"


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more happens to it."""
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    @property
    def label(self) -> str:
        """The state in Chinese."""
        return _STATES[self]


_STATES: Final = {
    JobState.QUEUED: "排队",
    JobState.RUNNING: "进行中",
    JobState.DONE: "完成",
    JobState.FAILED: "失败",
    JobState.CANCELLED: "已取消",
}


@dataclass(frozen=True, slots=True)
class Job:
    """Work that takes longer than a request; `options` and `result` depend on its kind.

    `progress` is the share done, 0 to 1; `stage` says in words what is going on; `cancelling` is set when it was
    asked to stop.
    """

    id: str
    kind: JobKind
    ledger: str
    state: JobState
    options: dict[str, Any]
    created: dt.datetime
    started: dt.datetime | None = None
    finished: dt.datetime | None = None
    stage: str = ""
    progress: float = 0.0
    rows: int = 0
    attempts: int = 0
    cancelling: bool = False
    result: dict[str, Any] | None = None
    error: str = ""
    detail: str = ""
    webhook: str = ""
    webhook_state: str = ""
