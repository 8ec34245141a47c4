"""Versions of models over the wire, described in Chinese."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field


class VersionOut(BaseModel):
    """模型的一个版本。"""

    version: Annotated[str, Field(description="版本", examples=["v3"])]
    in_use: Annotated[bool, Field(description="是否使用中", examples=[True])]
    created: Annotated[str | None, Field(description="建立时间", examples=["2026-11-20T02:10:00+00:00"])]
    rows: Annotated[
        dict[str, int] | None,
        Field(
            description="训练所用的诉求数：base 上级，own 自己，backlog 未标注的积压",
            examples=[{"base": 12000, "own": 3400, "backlog": 0}],
        ),
    ]
    metrics: Annotated[
        dict[str, Any] | None, Field(description="训练时在未见过的诉求上的各项指标", examples=[{"accuracy": 0.87}])
    ]


class ModelsOut(BaseModel):
    """一个台账的模型。"""

    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    model: Annotated[str | None, Field(description="使用中的模型；可能是上级台账的", examples=["hotline/v3"])]
    in_shadow: Annotated[str | None, Field(description="影子运行的版本；空为没有", examples=["v4"])]
    versions: Annotated[list[VersionOut], Field(description="本台账自己的版本，旧的在前")]


class ShadowOut(BaseModel):
    """影子运行的版本：对新工单的建议只记下来比较，不给人看。"""

    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    in_shadow: Annotated[str | None, Field(description="现在影子运行的版本；空为没有", examples=["v4"])]
    before: Annotated[str | None, Field(description="之前影子运行的版本；空为没有", examples=["v3"])]


class VersionFactsOut(VersionOut):
    """一个版本的全部说明。"""

    manifest: Annotated[
        dict[str, Any],
        Field(
            description="版本清单：文件的 SHA-256、语料和台账指纹、库版本、指标、阈值",
            examples=[{"format": 1, "files": {"idf.npy": "9f86d081…"}}],
        ),
    ]


class SwitchOut(BaseModel):
    """模型切换的结果。"""

    ledger: Annotated[str, Field(description="台账", examples=["hotline"])]
    in_use: Annotated[str | None, Field(description="现在使用的版本；空为改用上级台账的", examples=["v3"])]
    before: Annotated[str | None, Field(description="之前使用的版本", examples=["v2"])]
