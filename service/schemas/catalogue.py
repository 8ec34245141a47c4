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
    title: Annotated[str, Field(description="中文名称", examples=["政务服务热线"])]
    parent: Annotated[str | None, Field(description="上级台账", examples=[None])]
    fingerprint: Annotated[str, Field(description="各表内容的指纹（SHA-256）", examples=["9f86d081884c7d65"])]
    categories: Annotated[int, Field(description="类别数，各级合计", ge=0, examples=[660])]
    departments: Annotated[int, Field(description="部门数", ge=0, examples=[60])]
    regions: Annotated[int, Field(description="地区数", ge=0, examples=[1200])]
    target_accuracy: Annotated[float, Field(description="自动派单应达到的正确率", ge=0, le=1, examples=[0.95])]
    retention_days: Annotated[int, Field(description="正文保存天数，0 为不保存", ge=0, examples=[180])]


class CategoryRowOut(BaseModel):
    """一个类别。"""

    code: Code
    name: Annotated[str, Field(description="名称", examples=["小区公共设施"])]
    initials: Annotated[str, Field(description="名称的拼音首字母", examples=["wyfwwt"])]
    path: Annotated[str, Field(description="完整路径", examples=["城乡建设/物业管理/小区公共设施"])]
    level: Annotated[int, Field(description="层级，从 1 起", ge=1, examples=[3])]
    parent: Annotated[str, Field(description="上级类别代码，可空", examples=["0306"])]
    definition: Annotated[str, Field(description="定义，可空", examples=["小区电梯、门禁、路灯等共用设施的维护"])]
    keywords: Annotated[list[str], Field(description="关键词", examples=[["电梯", "门禁"]])]
    replaced_by: Annotated[str, Field(description="取代它的类别代码，可空", examples=[""])]
    valid_from: Annotated[Day, Field(description="生效日期")]
    valid_to: Annotated[Day, Field(description="失效日期")]


class CategoriesOut(BaseModel):
    """类别。"""

    categories: Annotated[list[CategoryRowOut], Field(description="类别，按表中顺序")]


class DepartmentRowOut(BaseModel):
    """一个部门。"""

    code: Code
    name: Annotated[str, Field(description="名称", examples=["住房城乡建设"])]
    level: Annotated[str, Field(description="层级：市、区县、镇街、村社、垂管、企业", examples=["区县"])]
    aliases: Annotated[list[str], Field(description="别名", examples=[["住建局"]])]


class DepartmentsOut(BaseModel):
    """部门。"""

    departments: Annotated[list[DepartmentRowOut], Field(description="部门，按表中顺序")]


class DutyOut(BaseModel):
    """一条职责。"""

    category: Annotated[str, Field(description="类别代码", examples=["030603"])]
    lead: Annotated[str, Field(description="主办部门；@jurisdiction 为属地", examples=["@jurisdiction"])]
    assisting: Annotated[list[str], Field(description="协办部门", examples=[["住房城乡建设"]])]
    level: Annotated[str, Field(description="层级，可空", examples=["镇街"])]
    region: Annotated[str, Field(description="适用地区代码，可空为全部", examples=[""])]
    basis: Annotated[str, Field(description="依据，可空", examples=["《物业管理条例》"])]
    valid_from: Annotated[Day, Field(description="生效日期")]
    valid_to: Annotated[Day, Field(description="失效日期")]


class DutiesOut(BaseModel):
    """职责清单。"""

    duties: Annotated[list[DutyOut], Field(description="职责，按表中顺序")]


class RegionRowOut(BaseModel):
    """一个地区。"""

    code: Code
    name: Annotated[str, Field(description="名称", examples=["阳光街道"])]
    parent: Annotated[str, Field(description="上级地区代码，可空", examples=["440306"])]
    aliases: Annotated[list[str], Field(description="别名", examples=[["阳光街"]])]
    department: Annotated[str, Field(description="属地单位，可空", examples=["阳光街道办事处"])]
    path: Annotated[str, Field(description="完整路径", examples=["宝安区/阳光街道"])]


class RegionsOut(BaseModel):
    """地区。"""

    regions: Annotated[list[RegionRowOut], Field(description="地区，按表中顺序")]


class DeadlineOut(BaseModel):
    """一项时限。"""

    kind: Annotated[str, Field(description="诉求类型", examples=["投诉"])]
    urgency: Annotated[str, Field(description="紧急程度", examples=["紧急"])]
    working_hours: Annotated[float, Field(description="工作小时", ge=0, examples=[24])]


class DeadlinesOut(BaseModel):
    """办理时限。"""

    deadlines: Annotated[list[DeadlineOut], Field(description="时限，按表中顺序")]


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
