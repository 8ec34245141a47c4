"""Tickets and what is decided on them over the wire, described in Chinese."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.domain import Action
from service.schemas.fields import Moment, Plain
from service.schemas.suggestions import MatterOut, SuggestionOut


class DecisionIn(BaseModel):
    """对工单的一次处理。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"ticket": "GD-2026-000123", "action": "accepted", "by": "受理员01"},
                {
                    "ticket": "GD-2026-000123",
                    "action": "returned",
                    "department": "住房城乡建设",
                    "reason": "不属本局职责",
                },
            ]
        },
    )

    ticket: Annotated[
        Plain, Field(description="工单编号（提交诉求时的 id）", min_length=1, examples=["GD-2026-000123"])
    ]
    action: Annotated[
        Action,
        Field(description="accepted 采纳，corrected 改正类别或部门，returned 退单，reassigned 改派，closed 办结"),
    ]
    category: Annotated[
        str,
        Field(
            description="正确的类别：代码、名称或路径；corrected 时与 department 至少一项",
            max_length=200,
            examples=["030603"],
        ),
    ] = ""
    department: Annotated[
        str,
        Field(
            description="部门代码、名称或别名。returned：退单的部门（可空：现承办部门）；reassigned：新的承办部门",
            max_length=200,
            examples=["住房城乡建设"],
        ),
    ] = ""
    reason: Annotated[
        str,
        Field(description="原因；returned 必填；其中的个人信息会被隐去", max_length=2000, examples=["不属本局职责"]),
    ] = ""
    by: Annotated[Plain, Field(description="作出决定的人或岗位，按来文系统的叫法", examples=["受理员01"])] = ""


class RulingOut(BaseModel):
    """已记录的一次处理。"""

    action: Annotated[Action, Field(description="处理")]
    category: Annotated[str, Field(description="类别代码，可空", examples=["030603"])]
    department: Annotated[str, Field(description="部门代码，可空", examples=["hx-zhufang"])]
    reason: Annotated[str, Field(description="原因，可空", examples=["不属本局职责"])]
    by: Annotated[str, Field(description="作出决定的人或岗位", examples=["受理员01"])]
    at: Annotated[Moment, Field(description="记录的时间")]
    key: Annotated[str, Field(description="报告所用密钥的名称", examples=["12345 热线平台"])]


class TicketOut(BaseModel):
    """一张工单。"""

    id: Annotated[str, Field(description="来文系统的编号", examples=["GD-2026-000123"])]
    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    recorded: Annotated[Moment, Field(description="记录的时间")]
    day: Annotated[dt.date, Field(description="受理日期", examples=["2026-11-23"])]
    title: Annotated[
        str | None, Field(description="标题，已隐去个人信息；过保存期后为空", examples=["小区电梯停运一周"])
    ]
    text: Annotated[
        str | None,
        Field(
            description="正文，已隐去个人信息；过保存期后为空",
            examples=["我住阳光花园，电梯坏了一个星期物业一直不修。"],
        ),
    ]
    text_expires: Annotated[Moment | None, Field(description="正文保存到何时")]
    suggestion: Annotated[SuggestionOut, Field(description="当时的建议，原样")]
    state: Annotated[
        Literal["suggested", "accepted", "corrected", "returned", "reassigned", "closed"],
        Field(description="状态：最近一次处理；suggested 尚未处理"),
    ]
    category: Annotated[str, Field(description="现在的类别代码", examples=["030603"])]
    department: Annotated[str, Field(description="现在的承办部门代码，可空", examples=["hx-zhufang"])]
    returns: Annotated[int, Field(description="退单次数", ge=0, examples=[0])]
    matter: Annotated[MatterOut, Field(description="所属的同一事项")]
    rulings: Annotated[list[RulingOut], Field(description="历次处理，最早的在前")]


class TicketQuery(BaseModel):
    """查找工单的条件，都可空。"""

    model_config = ConfigDict(extra="forbid")

    ledger: Annotated[
        str,
        Field(
            description="台账名称；可空则用密钥所属的台账或默认台账",
            pattern=r"^[\w-]*$",
            max_length=100,
            examples=["hotline"],
        ),
    ] = ""
    id: Annotated[Plain, Field(description="工单编号", examples=["GD-2026-000123"])] = ""
    state: Annotated[
        Literal["", "suggested", "accepted", "corrected", "returned", "reassigned", "closed"],
        Field(description="状态"),
    ] = ""
    category: Annotated[Plain, Field(description="现在的类别代码", examples=["030603"])] = ""
    department: Annotated[Plain, Field(description="现在的承办部门代码", examples=["hx-zhufang"])] = ""
    matter: Annotated[Plain, Field(description="同一事项中任一工单的编号", examples=["GD-2026-000101"])] = ""
    first: Annotated[dt.date | None, Field(description="受理日期从", examples=["2026-10-25"])] = None
    last: Annotated[dt.date | None, Field(description="受理日期到", examples=["2026-11-23"])] = None
    before: Annotated[int | None, Field(description="上一页的 next", ge=0, le=2**53, examples=[924])] = None
    limit: Annotated[int, Field(description="一页多少张", ge=1, le=200)] = 50


class TicketListOut(BaseModel):
    """一页工单。"""

    tickets: Annotated[list[TicketOut], Field(description="工单，最新的在前")]
    next: Annotated[int | None, Field(description="续查时作为 before 传入；为空表示没有更多", examples=[924])]
