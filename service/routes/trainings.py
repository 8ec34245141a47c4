"""`/v1/trainings`: a ledger's model learnt anew from decisions and uploaded labels, in the background."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import Response

from classifier.catalogue.ledger import Ledger
from classifier.learn.dataset import check_labels
from service import idempotency
from service.access import LedgerName, caller_of, ledger_of, resources_of
from service.domain import JobKind, Role
from service.jobs import NewJob
from service.routes.jobs import (
    JobId,
    MostListed,
    Submission,
    Webhook,
    WebhookSecret,
    labels_in,
    listed,
    look,
    stop,
    submit,
)
from service.routes.suggestions import IdempotencyKey
from service.schemas.jobs import JobListOut, JobOut
from service.uploads import JobFiles
from service.webhooks import check_webhook
from service.wire import respond

router = APIRouter(prefix="/v1/trainings", tags=["训练"])


@router.post("", response_model=JobOut, status_code=202, summary="训练一个新版本")
async def create(
    request: Request,
    file: Annotated[
        UploadFile | None,
        File(
            description="带类别的诉求：CSV、XLSX、JSONL 等，列为 text、title、category、department 等；可空",
            examples=["标注.xlsx"],
        ),
    ] = None,
    decisions: Annotated[bool, Form(description="也从已处理的工单学习")] = True,
    promote: Annotated[bool, Form(description="通过检验就启用；否则只作为候选")] = False,
    webhook: Webhook = "",
    webhook_secret: WebhookSecret = "",
    ledger: LedgerName = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """接收标注，立即答复任务编号；完成后 `result` 里有版本、与使用中的版本的比较和检验结论。须 steward 角色。

    标注有误，当场答复是哪一行哪一列。
    """
    name = ledger_of(request, ledger, Role.STEWARD)
    caller, resources = caller_of(request, Role.STEWARD), resources_of(request)
    url, secret = check_webhook(webhook, webhook_secret, resources.settings.webhook_hosts)
    options = {"decisions": decisions, "promote": promote, "name": file.filename if file else None}
    wanted = NewJob(JobKind.TRAINING, name, options, url, secret)
    tables: Ledger = (await resources.desks.ready(name)).ledger

    def prepare(files: JobFiles) -> Submission:
        digest = labels_in(files, wanted.id, file, lambda path: check_labels(path, tables))
        content = f"{digest}{options}".encode()
        return wanted, idempotency.once(caller.id, idempotency_key, f"trainings?ledger={name}", content)

    return await submit(resources, wanted, caller, prepare)


@router.get("", response_model=JobListOut, summary="列出训练")
async def find(
    request: Request,
    ledger: LedgerName = "",
    limit: MostListed = 50,
) -> Response:
    """列出一个台账的训练，最新的在前。须 steward 角色。"""
    return await listed(request, JobKind.TRAINING, ledger_of(request, ledger, Role.STEWARD), limit)


@router.get("/{id}", response_model=JobOut, summary="训练的进度和报告")
async def show(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """状态和进度；完成后 `result` 为版本、指标、与原版本的比较（comparison）和检验结论（gate）。须 steward 角色。"""
    caller_of(request, Role.STEWARD)
    return respond(await look(request, id, JobKind.TRAINING))


@router.delete("/{id}", response_model=JobOut, summary="取消训练")
async def cancel(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """要求停止；已存的候选版本不受影响。须 steward 角色。"""
    caller = caller_of(request, Role.STEWARD)
    return respond(await stop(request, await look(request, id, JobKind.TRAINING), caller))
