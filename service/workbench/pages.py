"""The pages themselves: each looks up what it shows and renders its template."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.summary.counting import COUNTED, summarise
from classifier.summary.sheets import (
    BY_HAND_COLUMNS,
    HOT_COLUMNS,
    MOST_REPEATED,
    REPEATED_COLUMNS,
    by_hand_rows,
    hot_rows,
    overview,
)
from service import drifts, jobs, reports, tickets
from service.access import allow_ledger, looked_up, resources_of
from service.domain import Action, JobKind, JobState, Role
from service.errors import JobNotFinishedError, ResultGoneError
from service.reports import By, Period
from service.tickets import TicketFilter
from service.uploads import JobFiles
from service.workbench.cases import disputed_case, returned_case, unsure_case
from service.workbench.rendering import page_ledger, show
from service.workbench.routing import opened_ledger, page_router

_ENCODINGS: Final = {
    "utf-8-sig": "UTF-8",
    "gb18030": "GB18030（GBK、GB2312）",
    "cp936": "CP936（Windows 中文）",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16，无标记",
    "big5hkscs": "Big5（繁体）",
}
"""`classifier.files.encoding.ENCODINGS` as people call them."""

_MONTH: Final = dt.timedelta(days=29)
_RECENT: Final = 10
_QUEUE: Final = 30
_BARS: Final = 20


router = page_router()

Day = Annotated[dt.date | None, Query()]


@router.get("/")
async def intake(request: Request) -> Response:
    """受理: one complaint, as it is typed."""
    return show(request, "intake.html", ledger=page_ledger(request, Role.INTAKE))


@router.get("/backlog")
async def backlog(request: Request) -> Response:
    """批量: a file up, how it was read, its progress, the result down."""
    name = page_ledger(request, Role.INTAKE)
    recent = await looked_up(request, lambda connection: jobs.listed(connection, JobKind.BATCH, name, _RECENT))
    return show(request, "backlog.html", ledger=name, jobs=recent, encodings=_ENCODINGS)


@router.get("/backlog/{job}/summary")
async def summary(job: str, request: Request) -> Response:
    """What a classified backlog adds up to, for printing."""
    name = page_ledger(request, Role.INTAKE)
    found = await looked_up(request, lambda connection: jobs.find(connection, job, JobKind.BATCH))
    allow_ledger(request, found.ledger)
    if found.state is not JobState.DONE:
        raise JobNotFinishedError(found.state.value)
    path = JobFiles(resources_of(request).settings.data).result(job, found.options["suffix"])
    if not path.is_file():
        raise ResultGoneError
    text, title = (found.options.get(one) or None for one in ("text_column", "title_column"))
    counted = await run_in_threadpool(summarise, path, text, title)
    charts = [(title, counted.counts[column][:_BARS]) for column, title in COUNTED.items()]
    return show(
        request,
        "summary.html",
        ledger=name,
        source=found.options.get("name") or "",
        counted=counted,
        overview=overview(counted),
        tables=[
            ("热点事项", HOT_COLUMNS, hot_rows(counted), "没有多件诉求说到同一事项。"),
            ("须人工处理的原因", ("原因", "件数"), counted.reasons, "没有须人工处理的诉求。"),
            ("须人工处理的诉求", BY_HAND_COLUMNS, by_hand_rows(counted), ""),
            ("重复诉求", REPEATED_COLUMNS, counted.repeated[:MOST_REPEATED], "没有内容相同的诉求。"),
        ],
        charts=[*charts, *([("月份", counted.months)] if len(counted.months) > 1 else [])],
    )


@router.get("/review")
async def review(request: Request) -> Response:
    """复核: what the model was unsure of, what departments returned, what people disagree on."""
    name = page_ledger(request, Role.CLERK)
    ledger, today = await opened_ledger(request, name), dt.date.today()

    def read(connection: sa.Connection) -> dict[str, Any]:
        unsure = tickets.unsure(connection, name, _QUEUE)
        returned, more = tickets.listed(connection, name, TicketFilter(state=Action.RETURNED.value, limit=_QUEUE))
        disputed = tickets.disputed(connection, name, _QUEUE)
        return {
            "unsure": [unsure_case(one) for one in unsure],
            "returned": [returned_case(one, ledger, today) for one in returned],
            "disputed": [disputed_case(one, ledger) for one in disputed],
            "more": more is not None or _QUEUE in (len(unsure), len(disputed)),
        }

    return show(
        request,
        "review.html",
        ledger=name,
        names={one.code: one.name for one in ledger.departments},
        paths={one.code: one.path for one in ledger.categories},
        choices=[one.path for one in ledger.categories.leaves],
        departments=[one.name for one in ledger.departments],
        **await looked_up(request, read),
    )


@router.get("/statistics")
async def statistics(request: Request, first: Day = None, last: Day = None) -> Response:
    """统计: how people and departments take the suggestions."""
    name = page_ledger(request, Role.CLERK)
    ledger = await opened_ledger(request, name)
    end = last or dt.date.today()
    start = first or end - _MONTH
    period = Period(name, min(start, end), max(start, end))

    def read(connection: sa.Connection) -> dict[str, Any]:
        return {
            "agreement": reports.agreement(connection, period),
            "weeks": reports.weeks(connection, period),
            "categories": reports.counts(connection, period, By.CATEGORY)[:20],
            "returns": reports.returns(connection, period),
            "weekly": reports.weekly_returns(connection, period),
            "drift": drifts.compared(connection, period),
            "matters": reports.matters(connection, period, 3, 20),
        }

    figures = await looked_up(request, read)
    names = {one.code: one.name for one in ledger.departments}
    paths = {one.code: one.path for one in ledger.categories}
    return show(request, "statistics.html", ledger=name, period=period, names=names, paths=paths, **figures)
