"""Keys over the wire, described in Chinese."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.domain import Role
from service.schemas.fields import Moment, Plain

_Ledger = Annotated[
    str, Field(description="只能用于这个台账；空为全部台账", pattern=r"^[\w-]*$", max_length=100, examples=["hotline"])
]


class KeyIn(BaseModel):
    """要生成的密钥。"""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Plain, Field(description="谁用，如系统名称", min_length=1, examples=["12345 热线平台"])]
    role: Annotated[
        Role,
        Field(description="角色：intake 来文系统，clerk 受理员，steward 数据管理员，admin 管理员", examples=["intake"]),
    ] = Role.INTAKE
    ledger: _Ledger = ""
    days: Annotated[int, Field(description="多少天后到期；0 为长期有效", ge=0, le=36_500, examples=[365])] = 0
    rate: Annotated[
        float,
        Field(
            description="每秒最多多少次请求；0 为按服务的设置", ge=0, le=1_000_000, allow_inf_nan=False, examples=[50]
        ),
    ] = 0.0


class KeyOut(BaseModel):
    """一个密钥，不含密钥本身。"""

    id: Annotated[str, Field(description="密钥编号", examples=["3f9c21ab"])]
    name: Annotated[str, Field(description="谁用", examples=["12345 热线平台"])]
    role: Annotated[Role, Field(description="角色", examples=["intake"])]
    ledger: Annotated[str, Field(description="只能用于这个台账；空为全部台账", examples=["hotline"])]
    created: Annotated[Moment, Field(description="生成时间")]
    expires: Annotated[Moment | None, Field(description="到期时间；空为长期有效")]
    revoked: Annotated[Moment | None, Field(description="吊销时间；空为没有吊销")]
    rate: Annotated[float, Field(description="每秒最多多少次请求；0 为按服务的设置", ge=0, examples=[50])]


class NewKeyOut(KeyOut):
    """刚生成的密钥。"""

    key: Annotated[
        str | None,
        Field(
            description="密钥本身，只在这里显示一次，服务只存它的指纹；"
            "用同一个 Idempotency-Key 重发时为空：没有收到第一次的答复，请吊销后重新生成",
            examples=[f"fb_3f9c21ab_{'0' * 64}"],
        ),
    ]


class KeysOut(BaseModel):
    """密钥，旧的在前。"""

    keys: Annotated[list[KeyOut], Field(description="密钥，已吊销和已到期的也在内")]
