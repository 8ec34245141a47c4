"""The service's own state over the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field


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
