"""Complaints and suggestions over the wire, described in Chinese for those who connect other systems."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from classifier.text.pipeline import LONGEST
from service.schemas.errors import ErrorOut
from service.schemas.fields import Moment, Plain

_EXAMPLE: dict[str, JsonValue] = {
    "title": "小区电梯停运一周",
    "text": "我住阳光花园，电梯坏了一个星期物业一直不修，家里有老人上下楼困难。",
}


class ComplaintIn(BaseModel):
    """一件诉求。"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    text: Annotated[str, Field(description=f"诉求正文，最多 {LONGEST} 字", examples=[_EXAMPLE["text"]])]
    title: Annotated[str, Field(description="标题，可空", examples=[_EXAMPLE["title"]])] = ""
    region: Annotated[
        str, Field(description="地区代码或名称（regions.csv），可空：由正文判断", max_length=200, examples=["440306"])
    ] = ""
    date: Annotated[
        dt.date | None, Field(description="受理日期，决定适用哪天有效的职责；可空：今天", examples=["2026-11-23"])
    ] = None
    id: Annotated[
        Plain, Field(description="来文系统的编号；给出即记录为工单，以后凭它报告处理", examples=["GD-2026-000123"])
    ] = ""


class BatchIn(BaseModel):
    """多件诉求，按顺序答复，某件有误不影响其他。"""

    model_config = ConfigDict(extra="forbid")

    complaints: Annotated[
        list[dict[str, Any]],
        Field(
            description="诉求列表，每项同 ComplaintIn", min_length=1, examples=[[{"id": "GD-2026-000123", **_EXAMPLE}]]
        ),
    ]


class CategoryOut(BaseModel):
    """类别。"""

    code: Annotated[str, Field(description="类别代码", examples=["030603"])]
    name: Annotated[str, Field(description="类别名称", examples=["小区公共设施"])]
    path: Annotated[str, Field(description="完整路径", examples=["城乡建设/物业管理/小区公共设施"])]


class CategoryScoreOut(BaseModel):
    """候选类别。"""

    category: Annotated[CategoryOut, Field(description="类别")]
    probability: Annotated[float, Field(description="经校准的概率", ge=0, le=1, examples=[0.83])]


class DepartmentOut(BaseModel):
    """部门。"""

    code: Annotated[str, Field(description="部门代码", examples=["hx-zhufang"])]
    name: Annotated[str, Field(description="部门名称", examples=["住房城乡建设"])]
    level: Annotated[str, Field(description="层级：市、区县、镇街、村社、垂管、企业", examples=["区县"])]


class DepartmentScoreOut(BaseModel):
    """候选主办部门。"""

    department: Annotated[DepartmentOut, Field(description="部门")]
    probability: Annotated[float, Field(description="由其主办的概率", ge=0, le=1, examples=[0.91])]
    source: Annotated[
        Literal["duty", "jurisdiction", "learnt", "rule"],
        Field(description="依据：duty 职责清单，jurisdiction 属地，learnt 文本判断，rule 规则"),
    ]
    basis: Annotated[str, Field(description="职责所依的法规，可空", examples=["《物业管理条例》"])]


class DecisionOut(BaseModel):
    """处理方式。"""

    verdict: Annotated[
        Literal["auto", "suggest", "manual"], Field(description="auto 可自动派单，suggest 请人确认，manual 请人处理")
    ]
    code: Annotated[
        Literal[
            "confident",
            "low_confidence",
            "close_call",
            "several_matters",
            "too_short",
            "unreadable",
            "outside",
            "rule",
            "no_department",
        ],
        Field(description="理由代码，供程序判断"),
    ]
    reason: Annotated[str, Field(description="理由，供人阅读", examples=["把握不足，请人确认"])]


class RegionOut(BaseModel):
    """地区。"""

    code: Annotated[str, Field(description="地区代码", examples=["440306"])]
    name: Annotated[str, Field(description="地区名称", examples=["宝安区"])]
    path: Annotated[str, Field(description="完整路径", examples=["深圳市/宝安区"])]


class AlarmOut(BaseModel):
    """触发的安全规则。"""

    rule: Annotated[str, Field(description="规则名称", examples=["电梯困人"])]
    reason: Annotated[str, Field(description="原因", examples=["涉及人身安全"])]


class EvidenceOut(BaseModel):
    """依据：原文中支持首选类别的文字。"""

    field: Annotated[Literal["title", "text"], Field(description="标题或正文")]
    start: Annotated[int, Field(description="起始位置（按 Unicode 字符数，从 0 起）", ge=0, examples=[7])]
    end: Annotated[int, Field(description="结束位置（不含）", ge=0, examples=[9])]
    weight: Annotated[float, Field(description="所占分量", ge=0, le=1, examples=[0.42])]


class PersonalDataOut(BaseModel):
    """原文中的个人信息。"""

    field: Annotated[Literal["title", "text"], Field(description="标题或正文")]
    start: Annotated[int, Field(description="起始位置（按 Unicode 字符数，从 0 起）", examples=[12], ge=0)]
    end: Annotated[int, Field(description="结束位置（不含）", examples=[23], ge=0)]
    kind: Annotated[str, Field(description="种类，如手机号、身份证号", examples=["手机号"])]


class SuggestionOut(BaseModel):
    """一件诉求的建议。"""

    categories: Annotated[list[CategoryScoreOut], Field(description="候选类别，最可能的在前")]
    departments: Annotated[list[DepartmentScoreOut], Field(description="候选主办部门，最可能的在前")]
    assisting: Annotated[list[DepartmentOut], Field(description="协办部门")]
    decision: Annotated[DecisionOut, Field(description="处理方式及理由")]
    kind: Annotated[Literal["咨询", "求助", "投诉", "举报", "建议"], Field(description="诉求类型")]
    urgency: Annotated[Literal["一般", "紧急", "特急"], Field(description="紧急程度")]
    deadline_hours: Annotated[float | None, Field(description="办理时限，工作小时", examples=[24])]
    region: Annotated[RegionOut | None, Field(description="识别出的地区")]
    model: Annotated[str, Field(description="模型版本", examples=["hotline/v1"])]
    alarms: Annotated[list[AlarmOut], Field(description="触发的安全规则")]
    evidence: Annotated[list[EvidenceOut], Field(description="原文中支持首选类别的文字")]
    personal_data: Annotated[list[PersonalDataOut], Field(description="原文中的个人信息，供界面遮盖")]
    scope: Annotated[Literal["个性", "共性"] | None, Field(description="个性问题或共性问题；台账不区分时为空")] = None
    disposal: Annotated[Literal["当场", "限期", "上会"] | None, Field(description="三类处置；台账不使用时为空")] = None


class SimilarOut(BaseModel):
    """相似的旧诉求。"""

    ticket: Annotated[str, Field(description="旧工单的编号", examples=["GD-2026-000101"])]
    relation: Annotated[
        Literal["duplicate", "matter"],
        Field(description="duplicate 文字几乎相同；matter 同一地点、同一类别，用词也有相同，一月之内"),
    ]
    similarity: Annotated[float, Field(description="文字相同的程度（估计值）", ge=0, le=1, examples=[0.86])]
    recorded: Annotated[Moment, Field(description="旧诉求记录的时间")]


class MatterOut(BaseModel):
    """同一事项：多人反映的同一件事。"""

    ticket: Annotated[str, Field(description="最早反映此事的工单", examples=["GD-2026-000101"])]
    count: Annotated[int, Field(description="反映此事的工单数", ge=1, examples=[3])]
    since: Annotated[Moment, Field(description="最早反映的时间")]


class RecordOut(BaseModel):
    """记录回执。"""

    ticket: Annotated[str, Field(description="工单编号", examples=["GD-2026-000123"])]
    recorded: Annotated[Moment, Field(description="记录的时间")]
    repeated: Annotated[bool, Field(description="此编号以前已提交过：答复的是当时记录的建议", examples=[False])]
    same_text: Annotated[bool, Field(description="正文与当时相同；false 表示内容已变，建议仍是当时的", examples=[True])]


class AnswerOut(SuggestionOut):
    """一件诉求的建议，及记录中与它有关的工单。"""

    similar: Annotated[list[SimilarOut], Field(description="相似的旧诉求，最相似的在前")]
    matter: Annotated[MatterOut | None, Field(description="所属的同一事项；没有旧诉求且未记录时为空")]
    record: Annotated[RecordOut | None, Field(description="记录回执；未记录时为空")]


class BatchItemOut(BaseModel):
    """一项答复：suggestion 与 error 二者有一。"""

    id: Annotated[str, Field(description="该项的 id，没有则为空", examples=["GD-2026-000123"])] = ""
    suggestion: Annotated[AnswerOut | None, Field(description="建议；出错时为空")] = None
    error: Annotated[ErrorOut | None, Field(description="错误；没有则为空", examples=[None])] = None


class BatchOut(BaseModel):
    """按原顺序的答复。"""

    results: Annotated[list[BatchItemOut], Field(description="各项答复，与提交的顺序相同")]
