"""`/livez`, `/readyz`, `/metrics`: whether the process lives, whether it can do its work, and how much it does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from service import jobs
from service.access import resources_of
from service.readiness import OK, readiness
from service.resources import Resources
from service.schemas.operation import LiveOut, ReadyOut
from service.wire import respond

router = APIRouter(tags=["运行"])


@router.get("/livez", summary="进程是否在运行")
async def live() -> LiveOut:
    """只要进程能答复，就是 ok。"""
    return LiveOut()


@router.get(
    "/readyz",
    response_model=ReadyOut,
    summary="能否提供服务",
    responses={503: {"model": ReadyOut, "description": "有一项不能用，见 checks"}},
)
async def ready(request: Request) -> Response:
    """模型能用、数据库可写、磁盘有余、后台进程在工作，才是 ok；否则答复 503 和原因代码。"""
    found = await run_in_threadpool(readiness, resources_of(request))
    return respond(found, 200 if found.status == OK else 503)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    summary="Prometheus 指标",
    responses={
        200: {
            "description": "Prometheus 文本格式",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "fenban_requests_total 1.0\n"}},
        }
    },
)
async def metrics(request: Request) -> Response:
    """请求数和耗时、建议数、处理数、任务数；多进程时为各进程之和。不含诉求内容。"""
    return Response(await run_in_threadpool(_show, resources_of(request)), media_type=CONTENT_TYPE_LATEST)


def _show(resources: Resources) -> bytes:
    with resources.store.reading() as connection:
        for (kind, state), count in jobs.counts(connection).items():
            resources.metrics.jobs.labels(kind, state).set(count)
    return resources.metrics.show()
