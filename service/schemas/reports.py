"""Reports over the wire, described in Chinese."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, Field

from service.schemas.suggestions import MatterOut

Share = Annotated[float | None, Field(ge=0, le=1, examples=[0.93])]


class _PeriodOut(BaseModel):
    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    first: Annotated[dt.date, Field(description="受理日期从", examples=["2026-10-25"])]
    last: Annotated[dt.date, Field(description="受理日期到", examples=["2026-11-23"])]


class CountOut(BaseModel):
    """一项的工单数。"""

    key: Annotated[str, Field(description="代码，或日期、周、月等", examples=["030603"])]
    name: Annotated[str, Field(description="名称", examples=["城乡建设/物业管理/小区公共设施"])]
    tickets: Annotated[int, Field(description="工单数", ge=0, examples=[128])]
    automatic: Annotated[int, Field(description="其中可自动派单的", ge=0, examples=[76])]
    returned: Annotated[int, Field(description="其中被退过的", ge=0, examples=[5])]
    closed: Annotated[int, Field(description="其中已办结的", ge=0, examples=[90])]


class CountsOut(_PeriodOut):
    """计数。"""

    rows: Annotated[list[CountOut], Field(description="各项，工单多的在前")]


class ReturnOut(BaseModel):
    """一个部门的退单。"""

    department: Annotated[str, Field(description="部门代码", examples=["hx-zhufang"])]
    name: Annotated[str, Field(description="部门名称", examples=["住房城乡建设"])]
    dispatched: Annotated[int, Field(description="首次派到它的工单数", ge=0, examples=[210])]
    returned: Annotated[int, Field(description="它退回的工单数", ge=0, examples=[9])]
    rate: Annotated[float, Field(description="退回数与首次派到数之比", ge=0, examples=[0.042857])]


class ReturnsOut(_PeriodOut):
    """退单。"""

    rows: Annotated[list[ReturnOut], Field(description="各部门，退单多的在前")]


class AgreementRowOut(BaseModel):
    """一种处理方式的一致程度。"""

    verdict: Annotated[str, Field(description="auto、suggest、manual；空为合计", examples=["auto"])]
    tickets: Annotated[int, Field(description="工单数", ge=0, examples=[640])]
    decided: Annotated[int, Field(description="其中已处理的", ge=0, examples=[512])]
    category_kept: Annotated[Share, Field(description="已处理的中，类别未改的比例")]
    in_first_three: Annotated[Share, Field(description="已处理的中，类别在候选之列的比例")]
    department_kept: Annotated[Share, Field(description="已处理的中，部门未改的比例")]
    unreturned: Annotated[Share, Field(description="已处理的中，从未退单的比例")]


class AgreementOut(_PeriodOut):
    """人与模型的一致程度。"""

    rows: Annotated[list[AgreementRowOut], Field(description="各处理方式，最后一行是合计")]


class ShiftOut(BaseModel):
    """一个类别占比的变化。"""

    category: Annotated[str, Field(description="类别代码", examples=["030603"])]
    name: Annotated[str, Field(description="类别路径", examples=["城乡建设/物业管理/小区公共设施"])]
    before: Annotated[float, Field(description="之前的占比", ge=0, le=1, examples=[0.08])]
    now: Annotated[float, Field(description="现在的占比", ge=0, le=1, examples=[0.13])]


class DriftOut(_PeriodOut):
    """诉求构成的变化。"""

    tickets_before: Annotated[int, Field(description="之前的工单数", ge=0, examples=[1180])]
    tickets_now: Annotated[int, Field(description="现在的工单数", ge=0, examples=[1263])]
    stability_index: Annotated[float | None, Field(description="类别构成的稳定性指数（PSI）", ge=0, examples=[0.08])]
    probability_before: Annotated[Share, Field(description="之前的平均把握")]
    probability_now: Annotated[Share, Field(description="现在的平均把握")]
    manual_before: Annotated[Share, Field(description="之前须人工处理的比例")]
    manual_now: Annotated[Share, Field(description="现在须人工处理的比例")]
    shifts: Annotated[list[ShiftOut], Field(description="变化最大的类别")]


class MatterRowOut(MatterOut):
    """一件事项。"""

    category: Annotated[str, Field(description="类别代码", examples=["030603"])]
    name: Annotated[str, Field(description="类别路径", examples=["城乡建设/物业管理/小区公共设施"])]


class MattersOut(_PeriodOut):
    """多人反映的同一事项。"""

    rows: Annotated[list[MatterRowOut], Field(description="事项，反映人数多的在前")]


class VerdictsOut(BaseModel):
    """处理方式的变化。"""

    before: Annotated[str, Field(description="当时的处理方式", examples=["suggest"])]
    after: Annotated[str, Field(description="影子运行的版本的处理方式；空为读不了", examples=["auto"])]
    tickets: Annotated[int, Field(description="工单数", ge=0, examples=[31])]


class ShadowingOut(_PeriodOut):
    """影子运行的版本与使用中的版本的比较。"""

    model: Annotated[str, Field(description="影子运行的版本", examples=["hotline/v4"])]
    tickets: Annotated[int, Field(description="两者都有建议的工单数", ge=0, examples=[1200])]
    same_category: Annotated[int, Field(description="其中首选类别相同的", ge=0, examples=[1104])]
    same_department: Annotated[int, Field(description="其中首选部门相同的", ge=0, examples=[1131])]
    decided: Annotated[int, Field(description="其中已处理的", ge=0, examples=[900])]
    right_in_use: Annotated[int, Field(description="已处理的中，当时的类别对的", ge=0, examples=[801])]
    right_in_shadow: Annotated[int, Field(description="已处理的中，影子运行的类别对的", ge=0, examples=[822])]
    only_in_use: Annotated[int, Field(description="只有当时的对", ge=0, examples=[20])]
    only_in_shadow: Annotated[int, Field(description="只有影子运行的对", ge=0, examples=[41])]
    verdicts: Annotated[list[VerdictsOut], Field(description="处理方式各有多少件，变与不变")]


class SolvedOut(BaseModel):
    """一类问题的件数。"""

    name: Annotated[str, Field(description="类别、单位或时段", examples=["用水"])]
    found: Annotated[int, Field(description="发现的件数", ge=0, examples=[12])]
    solved: Annotated[int, Field(description="其中已解决的", ge=0, examples=[9])]


class CommonOut(BaseModel):
    """几个村都反映的事（共性问题）。"""

    category: Annotated[str, Field(description="类别路径", examples=["民生/用水"])]
    town: Annotated[str, Field(description="所在乡镇，可空", examples=["大庙镇"])]
    villages: Annotated[list[str], Field(description="哪些村", examples=[["张村", "李村", "王村"]])]
    tickets: Annotated[int, Field(description="件数", ge=0, examples=[5])]


class BulletinOut(_PeriodOut):
    """台账的情况通报。"""

    paragraph: Annotated[str, Field(description="通报的一段话", examples=["共走访120户，收集问题35件……"])]
    figures: Annotated[dict[str, int | str], Field(description="通报中的各项数字", examples=[{"problems": 35}])]
    kinds: Annotated[list[SolvedOut], Field(description="按类别")]
    departments: Annotated[list[SolvedOut], Field(description="未解决的按单位")]
    periods: Annotated[list[SolvedOut], Field(description="按时段")]
    common: Annotated[list[CommonOut], Field(description="共性问题")]
