"""An error over the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field


class ErrorOut(BaseModel):
    """错误。"""

    error: Annotated[str, Field(description="稳定的错误代码", examples=["empty_complaint"])]
    detail: Annotated[str, Field(description="说明与处理办法", examples=["诉求没有文字：请填写正文"])]
