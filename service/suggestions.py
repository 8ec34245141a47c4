"""`/v1/suggestions`: one complaint, or up to a thousand, to suggestions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from classifier.domain import Complaint
from classifier.errors import FenbanError
from classifier.presentation import plain
from classifier.suggest.suggester import Suggester
from service.desks import Desks
from service.errors import BatchTooLargeError
from service.schemas import BatchIn, BatchOut, ComplaintIn, ErrorOut, SuggestionOut
from service.settings import Settings

router = APIRouter(prefix="/v1", tags=["建议"])

Ledger = Annotated[str, Query(description="台账名称；可空则用默认台账", max_length=100, pattern=r"^[A-Za-z0-9_-]*$")]
_ERRORS: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "没有这个台账"},
    413: {"model": ErrorOut, "description": "内容过大"},
    503: {"model": ErrorOut, "description": "没有可用的模型"},
}


@router.post("/suggestions", response_model=SuggestionOut, responses=_ERRORS, summary="给一件诉求提出建议")
async def suggest(complaint: ComplaintIn, request: Request, ledger: Ledger = "") -> JSONResponse:
    """读一件诉求，答复候选类别、主办与协办部门、处理方式及理由、类型、紧急程度、时限、地区和原文依据。"""
    suggester = _suggester(request, ledger)
    return JSONResponse(plain(suggester.suggest(_complaint(complaint))))


@router.post("/suggestions/batch", response_model=BatchOut, responses=_ERRORS, summary="给多件诉求提出建议")
async def suggest_batch(batch: BatchIn, request: Request, ledger: Ledger = "") -> JSONResponse:
    """一次最多一千件，按顺序答复；某件有误只影响它自己。"""
    settings: Settings = request.app.state.settings
    if len(batch.complaints) > settings.max_batch:
        raise BatchTooLargeError(len(batch.complaints), settings.max_batch)
    suggester = _suggester(request, ledger)
    results = await run_in_threadpool(lambda: [_item(given, suggester) for given in batch.complaints])
    return JSONResponse({"results": results})


def _suggester(request: Request, ledger: str) -> Suggester:
    desks: Desks = request.app.state.desks
    settings: Settings = request.app.state.settings
    return desks.open(ledger or settings.ledger)


def _item(given: dict[str, Any], suggester: Suggester) -> dict[str, Any]:
    name = str(given.get("id", ""))[:200]
    try:
        complaint = ComplaintIn.model_validate(given)
        return {"id": name, "suggestion": plain(suggester.suggest(_complaint(complaint))), "error": None}
    except ValidationError as error:
        places = "；".join(f"{'.'.join(map(str, one['loc']))}：{one['type']}" for one in error.errors()[:10])
        problem = {"error": "invalid_request", "detail": f"格式有误（{places}）"}
    except FenbanError as error:
        problem = {"error": error.code, "detail": str(error)}
    return {"id": name, "suggestion": None, "error": problem}


def _complaint(given: ComplaintIn) -> Complaint:
    return Complaint(given.text, given.title, given.region, given.date, given.id)
