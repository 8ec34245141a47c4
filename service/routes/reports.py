"""`/v1/reports/…`: what the tickets add up to."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.catalogue.ledger import Ledger
from service import drifts, reports, shadows
from service.access import LedgerName, ledger_of, looked_up, resources_of
from service.bulletins import bulletin
from service.domain import Role
from service.reports import By, Period
from service.schemas.reports import AgreementOut, BulletinOut, CountsOut, DriftOut, MattersOut, ReturnsOut, ShadowingOut
from service.wire import respond

router = APIRouter(prefix="/v1/reports", tags=["报表"])

_USUAL = dt.timedelta(days=29)


def _period(
    request: Request,
    ledger: LedgerName = "",
    first: Annotated[
        dt.date | None, Query(description="受理日期从；可空：到 last 为止的 30 天", examples=["2026-10-25"])
    ] = None,
    last: Annotated[dt.date | None, Query(description="受理日期到；可空：今天", examples=["2026-11-23"])] = None,
) -> Period:
    """Return the days asked for, for callers from clerk on; days in the wrong order are put right."""
    name = ledger_of(request, ledger, Role.CLERK)
    end = last or dt.date.today()
    start = first or (end - _USUAL if end - dt.date.min > _USUAL else dt.date.min)
    return Period(name, min(start, end), max(start, end))


Days = Annotated[Period, Depends(_period)]


@router.get("/counts", response_model=CountsOut, summary="按类别、部门、地区、时间等计数")
async def counts(
    request: Request, period: Days, by: Annotated[By, Query(description="按什么计数")] = By.CATEGORY
) -> Response:
    """各项的工单数、可自动派单数、被退过的和已办结的；类别和部门按现在的算。"""
    ledger = await _ledger(request, period)
    found = await looked_up(request, lambda connection: reports.counts(connection, period, by))
    return respond(_shown(period, rows=[{"name": _name(ledger, by, one.key)} | _plain(one) for one in found]))


@router.get("/returns", response_model=ReturnsOut, summary="退单")
async def returns(request: Request, period: Days) -> Response:
    """各部门首次派到的工单数、退单数和退单率，退单多的在前。"""
    ledger = await _ledger(request, period)
    found = await looked_up(request, lambda connection: reports.returns(connection, period))
    rows = [{"name": _name(ledger, By.DEPARTMENT, one.department)} | _plain(one) for one in found]
    return respond(_shown(period, rows=rows))


@router.get("/agreement", response_model=AgreementOut, summary="人与模型的一致程度")
async def agreement(request: Request, period: Days) -> Response:
    """已处理的工单中，类别、部门与建议一致的比例和未被退单的比例；按处理方式分列，`verdict` 为空的一行是合计。"""
    found = await looked_up(request, lambda connection: reports.agreement(connection, period))
    return respond(_shown(period, rows=found))


@router.get("/drift", response_model=DriftOut, summary="诉求构成的变化")
async def drift(request: Request, period: Days) -> Response:
    """与之前同样长的一段时间相比，类别构成、平均把握、人工比例的变化。

    稳定性指数 0.1 以下为平稳，0.25 以上为明显变化。
    """
    ledger = await _ledger(request, period)
    found = await looked_up(request, lambda connection: drifts.compared(connection, period))
    shifts = [{"name": _name(ledger, By.CATEGORY, one.category)} | _plain(one) for one in found.shifts]
    return respond(_shown(period, **{**_plain(found), "shifts": shifts}))


@router.get("/matters", response_model=MattersOut, summary="多人反映的同一事项")
async def matters(
    request: Request,
    period: Days,
    least: Annotated[int, Query(description="至少多少张工单", ge=1, le=100_000)] = 3,
    limit: Annotated[int, Query(description="最多多少件事项", ge=1, le=200)] = 20,
) -> Response:
    """期间开始、反映人数最多的事项；用 `GET /v1/tickets?matter=编号` 查看其全部工单。"""
    ledger = await _ledger(request, period)
    found = await looked_up(request, lambda connection: reports.matters(connection, period, least, limit))
    rows = [{"category": code, "name": _name(ledger, By.CATEGORY, code), **_plain(matter)} for matter, code in found]
    return respond(_shown(period, rows=rows))


@router.get("/bulletin", response_model=BulletinOut, summary="情况通报")
async def publish(
    request: Request,
    period: Days,
    households: Annotated[
        int | None, Query(description="走访户数；可空：每张工单算一户", examples=[120], ge=0, le=100_000_000)
    ] = None,
) -> Response:
    """按台账自己的格式写出通报的一段话，以及各类问题、待办单位、进度和共性问题；与 `fenban report` 相同，取自工单。"""
    resources = resources_of(request)
    suggester = await resources.desks.ready(period.ledger)
    data = resources.settings.data
    found = await run_in_threadpool(bulletin, resources.store, data, suggester, period, households)
    common = [
        {"category": one.category.path, "town": one.town, "villages": one.villages, "tickets": len(one.rows)}
        for one in found.common
    ]
    parts = {name: getattr(found, name) for name in ("paragraph", "figures", "kinds", "departments", "periods")}
    return respond(_shown(period, **parts, common=common))


@router.get("/shadow", response_model=ShadowingOut, summary="影子运行的比较")
async def shadowed(
    request: Request,
    period: Days,
    version: Annotated[str, Query(description="影子运行过的版本", pattern=r"^v[0-9]{1,6}$", examples=["v4"])],
) -> Response:
    """影子运行的版本与当时的建议有多少相同，处理方式变了多少，与其后的处理相比谁对得多。

    处理的人看到的是使用中的版本的建议，可能随它：比较偏向使用中的版本。正文不保存的工单不在内。
    """
    found = await looked_up(request, lambda connection: shadows.compare(connection, period, version))
    return respond(_shown(period, **_plain(found)))


async def _ledger(request: Request, period: Period) -> Ledger:
    return (await resources_of(request).desks.ready(period.ledger)).ledger


def _plain(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _shown(period: Period, **more: Any) -> dict[str, Any]:
    return {"ledger": period.ledger, "first": period.first, "last": period.last, **more}


def _name(ledger: Ledger, by: By, key: str) -> str:
    """Return what a code is called now; a code that is no longer in the ledger stands for itself."""
    if by is By.CATEGORY and key in ledger.categories:
        return ledger.categories[key].path
    if by is By.DEPARTMENT and (department := ledger.departments.get(key)):
        return department.name
    if by is By.REGION:
        return next((one.path for one in ledger.regions if one.code == key), key)
    return key
