"""The service's own state over the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from service.schemas.fields import Moment


class LiveOut(BaseModel):
    """进程在运行。"""

    status: Annotated[Literal["ok"], Field(description="只要能答复就是 ok")] = "ok"


class ReadyOut(BaseModel):
    """能否提供服务，逐项说明。"""

    status: Annotated[str, Field(description="ok，或第一个有问题的项的代码", examples=["ok"])]
    ledger: Annotated[str | None, Field(description="服务的默认台账", examples=["hotline"])] = None
    model: Annotated[str | None, Field(description="使用中的模型", examples=["hotline/v1"])] = None
    checks: Annotated[
        dict[str, str],
        Field(
            description="model 模型，database 数据库，disk 磁盘，worker 后台进程：ok 或问题代码",
            examples=[{"model": "ok", "database": "ok", "disk": "ok", "worker": "ok"}],
        ),
    ]


class AuditEntryOut(BaseModel):
    """审计日志的一条。"""

    no: Annotated[int, Field(description="序号", ge=1, examples=[1024])]
    at: Annotated[Moment, Field(description="时间")]
    caller: Annotated[str, Field(description="密钥的名称和编号", examples=["数据管理员（3f9c21ab）"])]
    action: Annotated[str, Field(description="做了什么", examples=["model_promoted"])]
    ledger: Annotated[str, Field(description="台账，可空", examples=["hotline"])]
    subject: Annotated[str, Field(description="对象：工单、任务、版本或密钥的编号", examples=["v3"])]
    detail: Annotated[dict[str, Any], Field(description="细节，不含诉求内容", examples=[{"before": "v2"}])]


class AuditOut(BaseModel):
    """审计日志，最新的在前。"""

    entries: Annotated[list[AuditEntryOut], Field(description="各条，最新的在前")]
    next: Annotated[int | None, Field(description="续查时作为 before 传入；为空表示没有更多", examples=[924])]
