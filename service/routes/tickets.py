"""`/v1/decisions` and `/v1/tickets`: what was decided on a ticket, and everything known of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service import idempotency, tickets
from service.access import LedgerName, caller_of, ledger_of, looked_up, resources_of
from service.domain import Role, Ruling
from service.idempotency import Answer
from service.routes.suggestions import IdempotencyKey
from service.schemas.tickets import DecisionIn, TicketListOut, TicketOut, TicketQuery
from service.tickets import TicketFilter
from service.wire import respond, to_json

router = APIRouter(prefix="/v1", tags=["工单"])

TicketId = Annotated[
    str,
    Path(
        description="来文系统的编号（提交诉求时的 id）；特殊字符须按 URL 编码",
        min_length=1,
        max_length=200,
        examples=["GD-2026-000123"],
    ),
]


@router.post("/decisions", response_model=TicketOut, summary="报告对工单的处理")
async def decide(
    decision: DecisionIn, request: Request, ledger: LedgerName = "", idempotency_key: IdempotencyKey = None
) -> Response:
    """报告受理人员或部门的决定：采纳、改正、退单（须有原因）、改派、办结。只追加，绝不改写当时的建议。"""
    name = ledger_of(request, ledger)
    caller, resources = caller_of(request, Role.INTAKE), resources_of(request)
    suggester = await resources.desks.ready(name)
    given = Ruling(decision.action, decision.category, decision.department, decision.reason, decision.by)
    ruling = tickets.checked(given, suggester.ledger, suggester.pipeline)
    asked = idempotency.once(caller.id, idempotency_key, f"decisions?ledger={name}", await request.body())

    def write() -> Answer:
        with resources.store.writing() as connection:
            if asked and (before := idempotency.recall(connection, [asked]).get(asked)):
                if isinstance(before, Exception):
                    raise before
                return before
            ticket = tickets.decide(connection, name, decision.ticket, ruling, caller)
            answer = Answer(200, to_json(ticket))
            if asked:
                idempotency.keep(connection, [(asked, answer)])
            return answer

    answer = await run_in_threadpool(write)
    resources.metrics.rulings.labels(name, ruling.action.value).inc()
    return Response(answer.body, answer.status, media_type="application/json")


@router.get("/tickets/{id:path}", response_model=TicketOut, summary="查看一张工单")
async def show(id: TicketId, request: Request, ledger: LedgerName = "") -> Response:  # noqa: A002 - the path's name
    """答复当时的建议（原样）、其后的每次处理、所属的同一事项。正文已隐去个人信息，过保存期后为空。"""
    name = ledger_of(request, ledger)
    return respond(await looked_up(request, lambda connection: tickets.find(connection, name, id)))


@router.get("/tickets", response_model=TicketListOut, summary="查找工单")
async def find(request: Request, wanted: Annotated[TicketQuery, Query()]) -> Response:
    """按编号、状态、类别、部门、同一事项和日期查找，最新的在前；`next` 不为空时，作为 `before` 传入可续查。"""
    name = ledger_of(request, wanted.ledger)
    filters = TicketFilter(**wanted.model_dump(exclude={"ledger"}))
    found, following = await looked_up(request, lambda connection: tickets.listed(connection, name, filters))
    return respond({"tickets": found, "next": following})
