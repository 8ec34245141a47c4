"""模型: the versions of a ledger's model, their figures, and switching between them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from classifier.desk import REPORT_HTML, REPORT_JSON
from classifier.learn.audit.remarks import Problem
from service import drifts, jobs, models
from service.access import looked_up, resources_of
from service.domain import JobKind, Role
from service.errors import VersionNotFoundError
from service.reports import Period
from service.workbench.rendering import page_ledger, show
from service.workbench.routing import opened_ledger, page_router

_RECENT: Final = 10

router = page_router()


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
            "audits": jobs.listed(connection, JobKind.LABEL_AUDIT, name, _RECENT),
            "drift": drifts.compared(connection, Period(name, since, today)) if since else None,
        }

    return show(
        request,
        "models.html",
        ledger=name,
        model=suggester.model.name,
        problems={one.value: one.label for one in Problem},
        versions=shown[::-1],
        history=history[::-1][:_RECENT],
        since=since,
        **await looked_up(request, read),
    )


@router.get("/models/{version}")
async def version(version: str, request: Request, other: Annotated[str, Query(alias="with")] = "") -> Response:
    """One version: its figures, the simulator of automatic dispatch, how it compares with another."""
    name = page_ledger(request, Role.STEWARD)
    ledger, resources = await opened_ledger(request, name), resources_of(request)
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
