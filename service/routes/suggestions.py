"""`/v1/suggestions`: one complaint, or up to a thousand, to suggestions; those with an id are recorded as tickets."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Header, Query, Request
from pydantic import ValidationError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classifier.domain import Complaint
from classifier.errors import FenbanError
from classifier.suggest.suggester import Suggester
from service.access import LedgerName, ledger_of, resources_of
from service.answers import answer_error, answer_store_error
from service.browsers import header
from service.domain import Caller
from service.errors import BatchTooLargeError
from service.idempotency import Once, once
from service.intake import answer_complaint
from service.schemas.suggestions import AnswerOut, BatchIn, BatchOut, ComplaintIn

router = APIRouter(prefix="/v1", tags=["建议"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="同一请求重发时用同一个值：只办一次，第二次原样答复第一次的结果（保留 48 小时）",
        examples=["6f1c2f5e-3b7a-4c0e-9d56-0d7a3d1f9b11"],
    ),
]
Keep = Annotated[bool, Query(alias="record", description="false：即使有 id 也不记录，只试算。默认：有 id 就记录为工单")]
_PATH = "/v1/suggestions"
_ROUTE = SimpleNamespace(path=_PATH)
"""What log lines and metrics know the request by."""

_TOGETHER = 50
"""Items of a batch that are under way at once; between them the event loop serves others."""


class Shortcut:
    """Answers the usual request for one suggestion before FastAPI's routing, which would cost half as much again.

    Any other goes the general way: one with parameters, with an idempotency key, of another content type, or with a
    body that is not as it should be. Plain ASGI; what is outside it has found the caller and read the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on as it came."""
        if not _is_usual(scope):
            await self._app(scope, receive, send)
            return
        message = await receive()
        complaint = _read(message)
        if complaint is None:
            await self._app(scope, _again(message, receive), send)
            return
        scope["route"] = _ROUTE
        try:
            response = await _suggest(Request(scope, receive), complaint)
        except FenbanError as error:
            response = answer_error(error)
        except sa.exc.SQLAlchemyError as error:
            response = answer_store_error(error)
        await response(scope, receive, send)


def _is_usual(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "POST" or scope["query_string"]:
        return False
    kind = header(scope, b"content-type").partition(";")[0]
    return kind == "application/json" and not header(scope, b"idempotency-key")


def _read(message: Message) -> ComplaintIn | None:
    """Return the complaint that a body holds, or None where it is not whole or not valid."""
    if message["type"] != "http.request" or message.get("more_body"):
        return None
    try:
        return ComplaintIn.model_validate_json(message.get("body", b""))
    except ValidationError:
        return None


def _again(message: Message, receive: Receive) -> Receive:
    """Return what gives a message once more, then those that follow it."""
    waiting = [message]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


@router.post("/suggestions", response_model=AnswerOut, summary="给一件诉求提出建议")
async def suggest(
    complaint: ComplaintIn,
    request: Request,
    ledger: LedgerName = "",
    keep: Keep = True,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """读一件诉求，答复候选类别、主办与协办部门、处理方式及理由、类型、紧急程度、时限、地区、原文依据和相似的旧诉求。

    带 `id` 的诉求记录为工单；同一 `id` 再次提交，答复当时记录的建议（`record.repeated` 为 true）。
    """
    return await _suggest(request, complaint, ledger, keep=keep, key=idempotency_key)


async def _suggest(
    request: Request, complaint: ComplaintIn, ledger: str = "", *, keep: bool = True, key: str | None = None
) -> Response:
    name = ledger_of(request, ledger)
    resources = resources_of(request)
    suggester = await resources.desks.ready(name)
    asked = await _once(request, key, name)
    answer = await answer_complaint(_complaint(complaint), name, suggester, resources, keep=keep, once=asked)
    return Response(answer.body, answer.status, media_type="application/json")


@router.post("/suggestions/batch", response_model=BatchOut, summary="给多件诉求提出建议")
async def suggest_batch(
    batch: BatchIn,
    request: Request,
    ledger: LedgerName = "",
    keep: Keep = True,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """一次最多一千件，按顺序答复；某件有误只影响它自己。带 `id` 的记录为工单，与单件相同。"""
    name = ledger_of(request, ledger)
    resources = resources_of(request)
    if len(batch.complaints) > resources.settings.max_batch:
        raise BatchTooLargeError(len(batch.complaints), resources.settings.max_batch)
    suggester = await resources.desks.ready(name)
    asked = await _once(request, idempotency_key, name)
    results: list[str] = []
    for begin in range(0, len(batch.complaints), _TOGETHER):
        group = enumerate(batch.complaints[begin : begin + _TOGETHER], begin)
        tasks = [_item(given, name, suggester, request, _part(asked, at), keep=keep) for at, given in group]
        results += await asyncio.gather(*tasks)
    return Response(f'{{"results": [{", ".join(results)}]}}', media_type="application/json")


async def _item(
    given: dict[str, Any], ledger: str, suggester: Suggester, request: Request, asked: Once | None, *, keep: bool
) -> str:
    """Return the JSON of one item's result."""
    await asyncio.sleep(0)
    name = given.get("id", "")
    shown = json.dumps(name[:200] if isinstance(name, str) else "", ensure_ascii=True)
    try:
        complaint = _complaint(ComplaintIn.model_validate(given))
        answer = await answer_complaint(complaint, ledger, suggester, resources_of(request), keep=keep, once=asked)
    except ValidationError as error:
        places = "；".join(f"{'.'.join(map(str, one['loc']))}：{one['type']}" for one in error.errors()[:10])
        problem = {"error": "invalid_request", "detail": f"格式有误（{places}）"}
    except FenbanError as error:
        problem = {"error": error.code, "detail": str(error)}
    else:
        return f'{{"id": {shown}, "suggestion": {answer.body}, "error": null}}'
    return f'{{"id": {shown}, "suggestion": null, "error": {json.dumps(problem, ensure_ascii=False)}}}'


async def _once(request: Request, key: str | None, ledger: str) -> Once | None:
    caller: Caller = request.state.caller
    return (
        once(caller.id, key, f"{request.url.path}?ledger={ledger}", await request.body()) if key is not None else None
    )


def _part(asked: Once | None, at: int) -> Once | None:
    return Once(asked.caller, f"{asked.key}#{at}", asked.digest) if asked else None


def _complaint(given: ComplaintIn) -> Complaint:
    return Complaint(given.text, given.title, given.region, given.date, given.id)
