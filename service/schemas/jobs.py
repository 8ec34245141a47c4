"""Jobs over the wire, described in Chinese."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from service.domain import JobKind, JobState
from service.schemas.fields import Moment


class BatchResultOut(BaseModel):
    """批量分办的结果统计。"""

    rows: Annotated[int, Field(description="行数", ge=0, examples=[100000])]
    errors: Annotated[int, Field(description="出错的行数，原因见结果的 error 列", ge=0, examples=[3])]
    automatic: Annotated[int, Field(description="可自动派单的行数", ge=0, examples=[52000])]
    manual: Annotated[int, Field(description="须人工处理的行数", ge=0, examples=[9100])]
    duplicates: Annotated[int, Field(description="与更早的行重复的行数", ge=0, examples=[4100])]
    near_duplicates: Annotated[int, Field(description="与更早的行近似、但不完全相同的行数", ge=0, examples=[3900])]
    how: Annotated[str, Field(description="文件是怎样读的，如编码", examples=["utf-8"])]
    resumed: Annotated[int, Field(description="中断后从第几行接着办", ge=0, examples=[0])]
    model: Annotated[str, Field(description="所用的模型", examples=["hotline/v1"])]


class JobOut(BaseModel):
    """一个任务。"""

    id: Annotated[str, Field(description="任务编号", examples=["6f1c2f5e3b7a4c0e9d560d7a3d1f9b11"])]
    kind: Annotated[JobKind, Field(description="batch 批量分办，training 训练，label_audit 检查标注")]
    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    state: Annotated[
        JobState, Field(description="queued 排队，running 进行中，done 完成，failed 失败，cancelled 已取消")
    ]
    options: Annotated[
        dict[str, Any],
        Field(
            description="提交时的选项；version 为所用的模型版本",
            examples=[{"name": "积压.csv", "text_column": "诉求内容"}],
        ),
    ]
    created: Annotated[Moment, Field(description="提交时间")]
    started: Annotated[Moment | None, Field(description="开始时间")]
    finished: Annotated[Moment | None, Field(description="结束时间")]
    stage: Annotated[str, Field(description="正在做什么", examples=["分办"])]
    progress: Annotated[float, Field(description="完成的比例", ge=0, le=1, examples=[0.35])]
    rows: Annotated[int, Field(description="已办的行数", ge=0, examples=[35000])]
    attempts: Annotated[int, Field(description="开始过几次；大于 1 表示曾意外中断后接着办", ge=0, examples=[1])]
    cancelling: Annotated[bool, Field(description="已要求取消", examples=[False])]
    result: Annotated[
        dict[str, Any] | None,
        Field(
            description="完成后的结果：批量分办为各项统计，训练为版本和报告，检查标注为各类问题的件数",
            examples=[{"rows": 100000, "errors": 3}],
        ),
    ]
    error: Annotated[str, Field(description="失败的错误代码，可空", examples=[""])]
    detail: Annotated[str, Field(description="失败的说明，可空", examples=[""])]
    webhook: Annotated[str, Field(description="回调地址，可空", examples=["https://ledger.example.gov.cn/fenban"])]
    webhook_state: Annotated[
        str, Field(description="回调：pending 待送，delivered 已送达，failed 已放弃", examples=["pending"])
    ]


class JobListOut(BaseModel):
    """任务，最新的在前。"""

    jobs: Annotated[list[JobOut], Field(description="任务")]


class PreviewOut(BaseModel):
    """一个文件的开头。"""

    how: Annotated[str, Field(description="是怎样读的：编码、工作表", examples=["gb18030"])]
    encoding: Annotated[str, Field(description="CSV 的编码；其他格式为空", examples=["gb18030"])]
    sheets: Annotated[list[str], Field(description="工作簿里有内容的工作表；其他格式为空", examples=[["投诉", "咨询"]])]
    columns: Annotated[list[str], Field(description="列名", examples=[["编号", "诉求内容"]])]
    rows: Annotated[
        list[list[str]], Field(description="前五行，每格最多 80 字", examples=[[["001", "路灯坏了没人修"]]])
    ]
    text_column: Annotated[str, Field(description="识别为正文的列；空为没有识别出", examples=["诉求内容"])]
    title_column: Annotated[str, Field(description="识别为标题的列；空为没有", examples=[""])]
