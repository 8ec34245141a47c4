"""The pages themselves: each looks up what it shows and renders its template."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from classifier.catalogue.ledger import Ledger
from classifier.desk import REPORT_HTML, REPORT_JSON
from classifier.errors import FenbanError
from classifier.summary.counting import COUNTED, summarise
from classifier.summary.sheets import HOT_COLUMNS, hot_rows, overview
from service import jobs, models, reports, tickets
from service.access import allow_ledger, caller_of, resources_of
from service.domain import Action, JobKind, JobState, Role
from service.errors import JobNotFinishedError, ResultGoneError, VersionNotFoundError, status_of
from service.reports import By, Period
from service.tickets import TicketFilter
from service.uploads import JobFiles
from service.workbench.cases import disputed_case, returned_case, unsure_case
from service.workbench.duties import responsible
from service.workbench.rendering import page_ledger, show

_TABLE_NAMES: Final = {
    "duties": "职责清单",
    "departments": "部门",
    "regions": "地区",
    "rules": "规则",
    "deadlines": "办理时限",
    "categories": "类别",
    "crosswalk": "与上级台账的对照",
}
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
_MOST_CATEGORIES: Final = 60
_RECENT: Final = 10
_QUEUE: Final = 30
_BARS: Final = 20


class Page(APIRoute):
    """A route whose errors are told on a page of their own."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except FenbanError as error:
                return show(request, "refused.html", status_of(error), reason=str(error))

        return told


router = APIRouter(include_in_schema=False, route_class=Page)

Day = Annotated[dt.date | None, Query()]


@router.get("/")
async def intake(request: Request) -> Response:
    """受理: one complaint, as it is typed."""
    return show(request, "intake.html", ledger=page_ledger(request, Role.INTAKE))


@router.get("/backlog")
async def backlog(request: Request) -> Response:
    """批量: a file up, how it was read, its progress, the result down."""
    name = page_ledger(request, Role.INTAKE)
    recent = await _read(request, lambda connection: jobs.listed(connection, JobKind.BATCH, name, _RECENT))
    return show(request, "backlog.html", ledger=name, jobs=recent, encodings=_ENCODINGS)


@router.get("/backlog/{job}/summary")
async def summary(job: str, request: Request) -> Response:
    """What a classified backlog adds up to, for printing."""
    name = page_ledger(request, Role.INTAKE)
    found = await _read(request, lambda connection: jobs.find(connection, job, JobKind.BATCH))
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
        hot=(HOT_COLUMNS, hot_rows(counted)),
        charts=[*charts, *([("月份", counted.months)] if len(counted.months) > 1 else [])],
    )


@router.get("/review")
async def review(request: Request) -> Response:
    """复核: what the model was unsure of, what departments returned, what people disagree on."""
    name = page_ledger(request, Role.CLERK)
    ledger, today = await _ledger(request, name), dt.date.today()

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
        **await _read(request, read),
    )


@router.get("/catalogue")
async def catalogue(
    request: Request, q: Annotated[str, Query(max_length=100)] = "", day: Day = None, region: str = ""
) -> Response:
    """目录: what the ledger's categories are, and who answers for them on a day, in a place."""
    name = page_ledger(request, Role.INTAKE)
    ledger = await _ledger(request, name)
    on = day or dt.date.today()
    place = ledger.regions.find(region) if region else None
    found = [one for one in ledger.categories if q in one.code or q in one.path or q in one.definition]
    lowest = set(ledger.categories.leaves)
    rows = [(one, responsible(ledger, one, place, on)) for one in found if one in lowest]
    return show(
        request,
        "catalogue.html",
        ledger=name,
        title=ledger.settings.title,
        q=q,
        day=on,
        region=region,
        regions=[one.name for one in ledger.regions][:2000],
        rows=rows[:_MOST_CATEGORIES],
        total=len(rows),
        may_revise=caller_of(request, Role.INTAKE).role.rank >= Role.STEWARD.rank,
        tables=list(_TABLE_NAMES.items()),
    )


@router.get("/statistics")
async def statistics(request: Request, first: Day = None, last: Day = None) -> Response:
    """统计: how people and departments take the suggestions."""
    name = page_ledger(request, Role.CLERK)
    ledger = await _ledger(request, name)
    end = last or dt.date.today()
    start = first or end - _MONTH
    period = Period(name, min(start, end), max(start, end))

    def read(connection: sa.Connection) -> dict[str, Any]:
        return {
            "agreement": reports.agreement(connection, period),
            "weeks": reports.weeks(connection, period),
            "categories": reports.counts(connection, period, By.CATEGORY)[:20],
            "returns": reports.returns(connection, period),
            "drift": reports.drift(connection, period),
            "matters": reports.matters(connection, period, 3, 20),
        }

    figures = await _read(request, read)
    names = {one.code: one.name for one in ledger.departments}
    paths = {one.code: one.path for one in ledger.categories}
    return show(request, "statistics.html", ledger=name, period=period, names=names, paths=paths, **figures)


@router.get("/models")
async def versions(request: Request) -> Response:
    """模型: the versions, their reports, and switching between them."""
    name = page_ledger(request, Role.STEWARD)
    resources = resources_of(request)
    suggester = await resources.desks.ready(name)
    registry = resources.desks.registry
    known, history = await run_in_threadpool(lambda: (registry.versions(name), registry.history(name)))
    shown = [(models.facts(one), (one.folder / REPORT_HTML).is_file()) for one in known]
    today = dt.date.today()
    since = dt.datetime.fromisoformat(history[-1].at).astimezone().date() if history else None

    def read(connection: sa.Connection) -> dict[str, Any]:
        return {
            "trainings": jobs.listed(connection, JobKind.TRAINING, name, _RECENT),
            "drift": reports.drift(connection, Period(name, since, today)) if since else None,
        }

    return show(
        request,
        "models.html",
        ledger=name,
        model=suggester.model.name,
        versions=shown[::-1],
        history=history[::-1][:_RECENT],
        since=since,
        **await _read(request, read),
    )


@router.get("/models/{version}")
async def version(version: str, request: Request, other: Annotated[str, Query(alias="with")] = "") -> Response:
    """One version: its figures, the simulator of automatic dispatch, how it compares with another."""
    name = page_ledger(request, Role.STEWARD)
    ledger, resources = await _ledger(request, name), resources_of(request)
    registry = resources.desks.registry

    def look() -> dict[str, Any]:
        found = models.find(registry, name, version)
        path = found.folder / REPORT_JSON
        if not path.is_file():
            raise VersionNotFoundError(name, version)
        told = json.loads(path.read_text("utf-8"))
        comparison, gate = told["facts"].get("comparison"), told["facts"].get("gate")
        if other:
            compared, verdict = models.compare(resources.settings.places, ledger, version, other)
            comparison, gate = asdict(compared), asdict(verdict)
        others = [one.name for one in registry.versions(name) if one.name != version]
        return {"report": told, "comparison": comparison, "gate": gate, "others": others}

    return show(request, "version.html", ledger=name, version=version, **await run_in_threadpool(look))


@router.get("/models/{version}/report")
async def report(version: str, request: Request) -> Response:
    """The report of a version, as a file that can be read without the service."""
    name = page_ledger(request, Role.STEWARD)
    found = await run_in_threadpool(models.find, resources_of(request).desks.registry, name, version)
    path = found.folder / REPORT_HTML
    if not path.is_file():
        raise VersionNotFoundError(name, version)
    return FileResponse(path, media_type="text/html", filename=f"fenban-{name}-{found.name}.html")


async def _ledger(request: Request, name: str) -> Ledger:
    return (await resources_of(request).desks.ready(name)).ledger


async def _read(request: Request, query: Callable[[sa.Connection], Any]) -> Any:
    def read() -> Any:
        with resources_of(request).store.reading() as connection:
            return query(connection)

    return await run_in_threadpool(read)
