"""`/v1/label-audits`: labels examined before a training, in the background."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import FileResponse
from starlette.responses import Response

from classifier.learn.dataset import check_audited
from service import idempotency
from service.access import LedgerName, caller_of, ledger_of, resources_of
from service.domain import JobKind, Role
from service.jobs import NewJob
from service.label_audits import SUFFIX
from service.routes.jobs import (
    JobId,
    MostListed,
    Submission,
    download,
    file_answer,
    labels_in,
    listed,
    look,
    stop,
    submit,
)
from service.routes.suggestions import IdempotencyKey
from service.schemas.jobs import JobListOut, JobOut
from service.uploads import JobFiles
from service.wire import respond

router = APIRouter(prefix="/v1/label-audits", tags=["检查标注"])


@router.post("", response_model=JobOut, status_code=202, summary="检查带类别的诉求")
async def create(
    request: Request,
    file: Annotated[
        UploadFile | None,
        File(description="带类别的诉求：CSV、XLSX、JSONL 等；不给则检查已处理的工单", examples=["标注.xlsx"]),
    ] = None,
    ledger: LedgerName = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """立即答复任务编号；完成后 `result` 里是各类问题的件数，可下载问题清单，填好“改为”列后改正。须 steward 角色。"""
    name = ledger_of(request, ledger, Role.STEWARD)
    caller, resources = caller_of(request, Role.STEWARD), resources_of(request)
    options = {"name": file.filename if file else None, "suffix": SUFFIX}
    wanted = NewJob(JobKind.LABEL_AUDIT, name, options)

    def prepare(files: JobFiles) -> Submission:
        digest = labels_in(files, wanted.id, file, check_audited)
        content = f"{digest}{options}".encode()
        return wanted, idempotency.once(caller.id, idempotency_key, f"label-audits?ledger={name}", content)

    return await submit(resources, wanted, caller, prepare)


@router.get("", response_model=JobListOut, summary="列出对标注的检查")
async def find(
    request: Request,
    ledger: LedgerName = "",
    limit: MostListed = 50,
) -> Response:
    """列出一个台账的检查，最新的在前。须 steward 角色。"""
    return await listed(request, JobKind.LABEL_AUDIT, ledger_of(request, ledger, Role.STEWARD), limit)


@router.get("/{id}", response_model=JobOut, summary="检查的进度和结果")
async def show(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """状态和进度；完成后 `result.problems` 为各类问题的件数。须 steward 角色。"""
    caller_of(request, Role.STEWARD)
    return respond(await look(request, id, JobKind.LABEL_AUDIT))


@router.get(
    "/{id}/result",
    response_class=FileResponse,
    summary="下载问题清单",
    responses=file_answer("问题清单，XLSX 文件"),
)
async def result(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """下载 XLSX：每行一个问题，只有行号、编号和类别，没有诉求内容；填“改为”列，用 fenban audit --apply 改正。

    须 steward 角色。
    """
    caller_of(request, Role.STEWARD)
    return download(request, await look(request, id, JobKind.LABEL_AUDIT))


@router.delete("/{id}", response_model=JobOut, summary="取消检查")
async def cancel(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """要求停止。须 steward 角色。"""
    caller = caller_of(request, Role.STEWARD)
    return respond(await stop(request, await look(request, id, JobKind.LABEL_AUDIT), caller))
