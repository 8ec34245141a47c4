"""`/livez` and `/readyz`: whether the process lives, and whether it can answer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from classifier.errors import FenbanError
from service.desks import Desks
from service.schemas import HealthOut

router = APIRouter(tags=["运行"])


@router.get("/livez", summary="进程是否在运行")
async def live() -> HealthOut:
    """只要进程能答复，就是 ok。"""
    return HealthOut(status="ok")


@router.get("/readyz", summary="能否提供建议", responses={503: {"model": HealthOut, "description": "不能提供建议"}})
async def ready(request: Request, response: Response) -> HealthOut:
    """台账和模型都已打开才是 ok；否则答复 503 和原因代码。"""
    desks: Desks = request.app.state.desks
    try:
        suggester = desks.open(request.app.state.settings.ledger)
    except FenbanError as error:
        response.status_code = 503
        return HealthOut(status=error.code)
    return HealthOut(status="ok", ledger=suggester.ledger.name, model=suggester.model.name)
