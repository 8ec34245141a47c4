"""A ledger's tables over the wire, described in Chinese."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, Field

Code = Annotated[str, Field(description="代码", examples=["030603"])]
Day = Annotated[dt.date | None, Field(examples=["2026-01-01"])]


class LedgerOut(BaseModel):
    """台账概况。"""

    name: Annotated[str, Field(description="名称", examples=["hotline"])]
    title: Annotated[str, Field(description="中文名称")]
    parent: Annotated[str | None, Field(description="上级台账")]
    fingerprint: Annotated[str, Field(description="各表内容的指纹（SHA-256）")]
    categories: Annotated[int, Field(description="类别数，各级合计", ge=0)]
    departments: Annotated[int, Field(description="部门数", ge=0)]
    regions: Annotated[int, Field(description="地区数", ge=0)]
    target_accuracy: Annotated[float, Field(description="自动派单应达到的正确率", ge=0, le=1)]
    retention_days: Annotated[int, Field(description="正文保存天数，0 为不保存", ge=0)]


class CategoryRowOut(BaseModel):
    """一个类别。"""

    code: Code
    name: Annotated[str, Field(description="名称")]
    initials: Annotated[str, Field(description="名称的拼音首字母", examples=["wyfwwt"])]
    path: Annotated[str, Field(description="完整路径")]
    level: Annotated[int, Field(description="层级，从 1 起", ge=1)]
    parent: Annotated[str, Field(description="上级类别代码，可空")]
    definition: Annotated[str, Field(description="定义，可空")]
    keywords: Annotated[list[str], Field(description="关键词")]
    replaced_by: Annotated[str, Field(description="取代它的类别代码，可空")]
    valid_from: Annotated[Day, Field(description="生效日期")]
    valid_to: Annotated[Day, Field(description="失效日期")]


class CategoriesOut(BaseModel):
    """类别。"""

    categories: list[CategoryRowOut]


class DepartmentRowOut(BaseModel):
    """一个部门。"""

    code: Code
    name: Annotated[str, Field(description="名称")]
    level: Annotated[str, Field(description="层级：市、区县、镇街、村社、垂管、企业")]
    aliases: Annotated[list[str], Field(description="别名")]


class DepartmentsOut(BaseModel):
    """部门。"""

    departments: list[DepartmentRowOut]


class DutyOut(BaseModel):
    """一条职责。"""

    category: Annotated[str, Field(description="类别代码")]
    lead: Annotated[str, Field(description="主办部门；@jurisdiction 为属地")]
    assisting: Annotated[list[str], Field(description="协办部门")]
    level: Annotated[str, Field(description="层级，可空")]
    region: Annotated[str, Field(description="适用地区代码，可空为全部")]
    basis: Annotated[str, Field(description="依据，可空")]
    valid_from: Annotated[Day, Field(description="生效日期")]
    valid_to: Annotated[Day, Field(description="失效日期")]


class DutiesOut(BaseModel):
    """职责清单。"""

    duties: list[DutyOut]


class RegionRowOut(BaseModel):
    """一个地区。"""

    code: Code
    name: Annotated[str, Field(description="名称")]
    parent: Annotated[str, Field(description="上级地区代码，可空")]
    aliases: Annotated[list[str], Field(description="别名")]
    department: Annotated[str, Field(description="属地单位，可空")]
    path: Annotated[str, Field(description="完整路径")]


class RegionsOut(BaseModel):
    """地区。"""

    regions: list[RegionRowOut]


class DeadlineOut(BaseModel):
    """一项时限。"""

    kind: Annotated[str, Field(description="诉求类型", examples=["投诉"])]
    urgency: Annotated[str, Field(description="紧急程度", examples=["紧急"])]
    working_hours: Annotated[float, Field(description="工作小时", ge=0)]


class DeadlinesOut(BaseModel):
    """办理时限。"""

    deadlines: list[DeadlineOut]


class MovedOut(BaseModel):
    """一张派单会改变的工单。"""

    ticket: Annotated[str, Field(description="工单编号", examples=["GD-2026-000123"])]
    before: Annotated[str, Field(description="现在的类别和主办", examples=["劳动/欠薪，人力资源社会保障"])]
    after: Annotated[str, Field(description="改变后的类别和主办", examples=["劳动/欠薪，司法"])]


class RevisionOut(BaseModel):
    """一张表的改动。"""

    table: Annotated[str, Field(description="哪张表", examples=["duties"])]
    rows: Annotated[int, Field(description="行数", ge=0, examples=[120])]
    warnings: Annotated[list[str], Field(description="值得一看之处", examples=[[]])]
    tickets: Annotated[int, Field(description="试算了多少张最近一个月的工单", ge=0, examples=[500])]
    otherwise: Annotated[int, Field(description="其中派单会改变的", ge=0, examples=[3])]
    moved: Annotated[list[MovedOut], Field(description="会改变的工单，最多 20 张")]
    replaced: Annotated[bool, Field(description="是否已替换", examples=[False])]
