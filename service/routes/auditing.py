"""`/v1/audit`: who did what, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from service import audit
from service.access import caller_of, looked_up
from service.domain import Role
from service.schemas.operation import AuditOut
from service.wire import respond

router = APIRouter(prefix="/v1/audit", tags=["运行"])


@router.get("", response_model=AuditOut, summary="审计日志")
async def find(
    request: Request,
    limit: Annotated[int, Query(description="一页多少条", ge=1, le=500)] = 100,
    before: Annotated[int | None, Query(description="上一页的 next", examples=[924], ge=0, le=2**53)] = None,
) -> Response:
    """密钥的生成和吊销、处理的报告、任务、模型的切换，最新的在前。须 admin 角色；限于一个台账的密钥只看到该台账的。"""
    caller = caller_of(request, Role.ADMIN)
    found = await looked_up(request, lambda connection: audit.entries(connection, limit + 1, before, caller.ledger))
    shown = found[:limit]
    return respond({"entries": shown, "next": shown[-1].no if len(found) > limit else None})
