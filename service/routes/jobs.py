"""`/v1/jobs`: a backlog file up, its progress, its result down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import FileResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.files.encoding import ENCODINGS
from classifier.files.source import ReadAs
from service import idempotency, jobs
from service.access import LedgerName, allow_ledger, caller_of, ledger_of, looked_up, resources_of
from service.domain import Caller, Job, JobKind, JobState, Role
from service.errors import JobNotFinishedError, ResultGoneError
from service.idempotency import Answer
from service.jobs import NewJob
from service.previews import preview
from service.resources import Resources
from service.routes.suggestions import IdempotencyKey
from service.schemas.jobs import JobListOut, JobOut, PreviewOut
from service.uploads import JobFiles, check_backlog, result_suffix
from service.webhooks import check_webhook
from service.wire import respond, to_json

router = APIRouter(prefix="/v1/jobs", tags=["批量任务"])

JobId = Annotated[str, Path(description="任务编号", pattern=r"^[0-9a-f]{32}$", examples=["0" * 32])]
AsEncoded = Annotated[
    str,
    Form(
        description=f"CSV 的编码：{'、'.join(ENCODINGS)}；可空：逐一严格解码来判定", examples=["gb18030"], max_length=20
    ),
]
AsSheet = Annotated[
    str, Form(description="只读工作簿的这一张工作表；可空：读有正文列的各张", examples=["投诉"], max_length=100)
]
Webhook = Annotated[
    str,
    Form(
        description="结束时 POST 到这个网址，可空", examples=["https://ledger.example.gov.cn/fenban"], max_length=2000
    ),
]
WebhookSecret = Annotated[
    str, Form(description="回调签名的密钥；设了 webhook 就应给出", examples=["一串随机字符"], max_length=200)
]
MostListed = Annotated[int, Query(description="最多多少个", ge=1, le=200)]
Format = Literal["", "csv", "xlsx", "jsonl"]
Submission = tuple[NewJob, idempotency.Once | None]
"""A job as it is to be queued, and what its idempotency key stands for."""

_LOOK_EVERY = 0.5
"""Seconds between looks at a job whose events are followed."""

_SAY_SOMETHING = 30
"""Looks after which a comment is sent, so that no proxy thinks the connection dead."""


def file_answer(description: str) -> dict[int | str, dict[str, Any]]:
    """Return what the document says of a call that answers with a file."""
    binary = {"schema": {"type": "string", "format": "binary"}, "example": "文件内容"}
    return {200: {"description": description, "content": {"application/octet-stream": binary}}}


@router.post("", response_model=JobOut, status_code=202, summary="上传一个文件，批量分办")
async def create(
    request: Request,
    file: Annotated[
        UploadFile, File(description="CSV（UTF-8、GB18030 等）、XLSX、XLS、JSONL 等，须有正文列", examples=["积压.csv"])
    ],
    text_column: Annotated[
        str, Form(description="正文列名；可空：按常用名称识别", examples=["诉求内容"], max_length=200)
    ] = "",
    title_column: Annotated[str, Form(description="标题列名，可空", examples=["标题"], max_length=200)] = "",
    encoding: AsEncoded = "",
    sheet: AsSheet = "",
    headers: Annotated[Literal["en", "zh"], Form(description="新增列的列名用英文或中文")] = "en",
    format: Annotated[Format, Form(description="结果的格式；可空：与上传的相同")] = "",  # noqa: A002 - the form's name
    webhook: Webhook = "",
    webhook_secret: WebhookSecret = "",
    ledger: LedgerName = "",
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """接收文件，立即答复任务编号；由后台进程分办。文件读不了、没有正文列，当场答复错误。"""
    name = ledger_of(request, ledger)
    caller, resources = caller_of(request, Role.INTAKE), resources_of(request)
    url, secret = check_webhook(webhook, webhook_secret, resources.settings.webhook_hosts)
    told = _told(encoding, sheet, text_column)
    options = {
        "name": file.filename,
        "text_column": text_column,
        "title_column": title_column,
        "encoding": encoding,
        "sheet": sheet,
        "headers": headers,
    }

    wanted = NewJob(JobKind.BATCH, name, webhook=url, webhook_secret=secret)

    def prepare(files: JobFiles) -> Submission:
        path, digest = files.save(wanted.id, 0, file.filename or "", file.file)
        suffix = result_suffix(format, path)
        check_backlog(path, told, title_column or None, headers)
        complete = NewJob(wanted.kind, name, {**options, "suffix": suffix}, url, secret, wanted.id)
        asked = idempotency.once(caller.id, idempotency_key, f"jobs?ledger={name}", f"{digest}{options}".encode())
        return complete, asked

    return await submit(resources, wanted, caller, prepare)


@router.post("/preview", response_model=PreviewOut, summary="试读一个文件")
async def look_into(
    request: Request,
    file: Annotated[UploadFile, File(description="要批量分办的文件；只读开头，不保存", examples=["积压.csv"])],
    encoding: AsEncoded = "",
    sheet: AsSheet = "",
    ledger: LedgerName = "",
) -> Response:
    """答复文件是怎样读的（编码或工作表）、有哪些列、前几行，以及哪一列是正文和标题；识别不出的列名为空。"""
    ledger_of(request, ledger)
    data, told = resources_of(request).settings.data, _told(encoding, sheet)
    return respond(await run_in_threadpool(preview, data, file.filename or "", file.file, told))


def _told(encoding: str, sheet: str, text_column: str = "") -> ReadAs:
    return ReadAs(text_column or None, encoding or None, sheet or None)


def labels_in(files: JobFiles, job: str, file: UploadFile | None, check: Callable[[FilePath], None]) -> str:
    """Store the labels that may come with a job, checked, and return the SHA-256 of what was sent; '' for nothing."""
    if file is None:
        return ""
    path, digest = files.save(job, 0, file.filename or "", file.file)
    check(path)
    return digest


async def submit(
    resources: Resources, wanted: NewJob, caller: Caller, prepare: Callable[[JobFiles], Submission]
) -> Response:
    """Store what a job needs and put it in the queue, or recall the answer to the same request.

    Of a job that does not come about, or was there already, no file is left.

    Args:
        resources: the service's.
        wanted: the job, whose number its files carry.
        caller: who asks for it.
        prepare: stores and checks the files; returns the job as it is to be queued, and its idempotency key's meaning.

    Raises:
        IdempotencyConflictError: the idempotency key stands for another request.
    """

    def store() -> Answer:
        files = JobFiles(resources.settings.data)
        try:
            answer, is_new = _enqueue(resources, caller, *prepare(files))
        except BaseException:
            files.remove(wanted.id)
            raise
        if not is_new:
            files.remove(wanted.id)
        return answer

    answer = await run_in_threadpool(store)
    return Response(answer.body, answer.status, media_type="application/json")


def _enqueue(
    resources: Resources, caller: Caller, wanted: NewJob, asked: idempotency.Once | None
) -> tuple[Answer, bool]:
    """Put a job in the queue, or recall the answer to the same request; tell whether it is new."""
    with resources.store.writing() as connection:
        if asked and (before := idempotency.recall(connection, [asked]).get(asked)):
            if isinstance(before, Exception):
                raise before
            return before, False
        answer = Answer(202, to_json(jobs.enqueue(connection, wanted, caller)))
        if asked:
            idempotency.keep(connection, [(asked, answer)])
        return answer, True


@router.get("", response_model=JobListOut, summary="列出任务")
async def find(
    request: Request,
    ledger: LedgerName = "",
    limit: MostListed = 50,
) -> Response:
    """列出一个台账的批量任务，最新的在前。"""
    return await listed(request, JobKind.BATCH, ledger_of(request, ledger), limit)


async def listed(request: Request, kind: JobKind, ledger: str, limit: int) -> Response:
    """Answer with a ledger's jobs of a kind, newest first."""
    return respond({"jobs": await looked_up(request, lambda connection: jobs.listed(connection, kind, ledger, limit))})


@router.get("/{id}", response_model=JobOut, summary="任务的进度")
async def show(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """任务的状态、进度和结果统计。"""
    return respond(await look(request, id, JobKind.BATCH))


@router.get(
    "/{id}/events",
    response_class=StreamingResponse,
    summary="任务进度的事件流",
    responses={
        200: {
            "description": "事件流，任务结束即止",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": "event: end\ndata: done\n\n"}},
        }
    },
)
async def events(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """`text/event-stream`：每当有变化就发 `progress` 事件，数据同 `GET /v1/jobs/{id}`；结束时发 `end` 事件。"""
    job = await look(request, id, JobKind.BATCH)
    return StreamingResponse(
        follow(request, job), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def follow(request: Request, job: Job) -> AsyncIterator[str]:
    """Yield a job's changes as server-sent events until it has ended."""
    shown, silent = "", 0
    while True:
        body = to_json(job)
        if body != shown:
            shown, silent = body, 0
            yield f"event: progress\ndata: {body}\n\n"
        if job.state.is_final:
            yield f"event: end\ndata: {job.state.value}\n\n"
            return
        await asyncio.sleep(_LOOK_EVERY)
        silent += 1
        if silent % _SAY_SOMETHING == 0:
            yield ": still here\n\n"
        job = await look(request, job.id, job.kind)


@router.get(
    "/{id}/result",
    response_class=FileResponse,
    summary="下载任务的结果",
    responses=file_answer("结果文件：CSV、XLSX 或 JSONL"),
)
async def result(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """下载结果：上传的每一行一行不少、顺序不变，各列原样，后面加上分办的各列。"""
    return download(request, await look(request, id, JobKind.BATCH))


def download(request: Request, job: Job) -> Response:
    """Answer with the file that a job made.

    Raises:
        JobNotFinishedError: it has made none yet.
        ResultGoneError: its time is over.
    """
    if job.state is not JobState.DONE:
        raise JobNotFinishedError(job.state.value)
    path = JobFiles(resources_of(request).settings.data).result(job.id, job.options["suffix"])
    if not path.is_file():
        raise ResultGoneError
    return FileResponse(path, media_type="application/octet-stream", filename=f"fenban-{job.id[:8]}{path.suffix}")


@router.delete("/{id}", response_model=JobOut, summary="取消任务")
async def cancel(id: JobId, request: Request) -> Response:  # noqa: A002 - the path's name
    """要求停止：排队的立即取消，进行中的在下一段之前停下，已办的部分不保留。"""
    job = await look(request, id, JobKind.BATCH)
    stopped = await stop(request, job, caller_of(request, Role.INTAKE))
    if stopped.state.is_final:
        await run_in_threadpool(JobFiles(resources_of(request).settings.data).remove, job.id)
    return respond(stopped)


async def stop(request: Request, job: Job, caller: Caller) -> Job:
    """Ask a job to stop and return it as it then stands."""

    def write() -> Job:
        with resources_of(request).store.writing() as connection:
            return jobs.cancel(connection, job.id, job.kind, caller)

    return await run_in_threadpool(write)


async def look(request: Request, job: str, kind: JobKind) -> Job:
    """Return a job that the caller may see.

    Raises:
        JobNotFoundError: there is none, or it is of another kind.
        LedgerForbiddenError: it is another ledger's.
    """
    found = await looked_up(request, lambda connection: jobs.find(connection, job, kind))
    allow_ledger(request, found.ledger)
    return found
