"""`/v1/models`: the versions of a ledger's model, and the switch between them, which drops no request."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.errors import FenbanError
from service import models
from service.access import LedgerName, caller_of, ledger_of, resources_of
from service.domain import Role
from service.models import Switch
from service.schemas.models import ModelsOut, ShadowOut, SwitchOut, VersionFactsOut
from service.wire import respond

router = APIRouter(prefix="/v1/models", tags=["模型"])

VersionName = Annotated[str, Path(description="版本", pattern=r"^v[0-9]{1,6}$", examples=["v3"])]


@router.get("", response_model=ModelsOut, summary="列出模型版本")
async def find(request: Request, ledger: LedgerName = "") -> Response:
    """本台账自己的版本，和使用中的模型；子台账没有自己的版本时，使用上级台账的。"""
    name = ledger_of(request, ledger)
    desks = resources_of(request).desks
    try:
        model: str | None = (await desks.ready(name)).model.name
    except FenbanError:
        model = None
    versions = await run_in_threadpool(lambda: [models.facts(one) for one in desks.registry.versions(name)])
    in_shadow = (await run_in_threadpool(desks.registry.shadows)).get(name)
    return respond({"ledger": name, "model": model, "in_shadow": in_shadow, "versions": versions})


@router.get("/{version}", response_model=VersionFactsOut, summary="一个版本的说明")
async def show(version: VersionName, request: Request, ledger: LedgerName = "") -> Response:
    """版本清单的全部内容。"""
    name = ledger_of(request, ledger)
    found = await run_in_threadpool(models.find, resources_of(request).desks.registry, name, version)
    shown = models.facts(found)
    fields = {one: getattr(shown, one) for one in shown.__dataclass_fields__}
    return respond({**fields, "manifest": found.manifest})


@router.post("/{version}/promote", response_model=SwitchOut, summary="启用一个版本")
async def promote(
    version: VersionName,
    request: Request,
    ledger: LedgerName = "",
    force: Annotated[bool, Query(description="检验未通过也启用，会记录在案")] = False,
    reason: Annotated[
        str, Query(description="启用的理由，会记录在案", examples=["在上月退单上更准"], max_length=500)
    ] = "",
) -> Response:
    """与使用中的版本比较，通过检验才启用；各进程在两秒内换用，不中断任何请求。须 steward 角色。"""
    name = ledger_of(request, ledger, Role.STEWARD)
    resources, caller = resources_of(request), caller_of(request, Role.STEWARD)
    suggester = await resources.desks.ready(name)

    def switch() -> Switch:
        places, store = resources.settings.places, resources.store
        done = models.promote(places, store, suggester.ledger, version, caller, forced=force, reason=reason)
        resources.desks.refresh()
        return done

    return respond(await run_in_threadpool(switch))


@router.post("/rollback", response_model=SwitchOut, summary="退回之前的版本")
async def rollback(request: Request, ledger: LedgerName = "") -> Response:
    """退回现用版本启用之前所用的版本。须 steward 角色。"""
    return await _rollback(request, ledger, None)


@router.post("/{version}/rollback", response_model=SwitchOut, summary="停用一个版本，退回之前的")
async def rollback_from(version: VersionName, request: Request, ledger: LedgerName = "") -> Response:
    """该版本使用中，就退回之前所用的版本；已不在使用中，则什么也不做，重发也无妨。须 steward 角色。"""
    return await _rollback(request, ledger, version)


@router.post("/{version}/shadow", response_model=ShadowOut, summary="让一个版本影子运行")
async def shadow(version: VersionName, request: Request, ledger: LedgerName = "") -> Response:
    """后台进程用它给此后记录的工单也提出建议，只记下来，不给人看；比较见 `GET /v1/reports/shadow`。须 steward 角色。"""
    return await _shadow(request, ledger, version)


@router.delete("/shadow", response_model=ShadowOut, summary="停止影子运行")
async def end_shadow(request: Request, ledger: LedgerName = "") -> Response:
    """已记下的仍可比较。须 steward 角色。"""
    return await _shadow(request, ledger, None)


async def _shadow(request: Request, ledger: str, version: str | None) -> Response:
    name = ledger_of(request, ledger, Role.STEWARD)
    resources, caller = resources_of(request), caller_of(request, Role.STEWARD)
    places, store = resources.settings.places, resources.store
    return respond(await run_in_threadpool(models.shadow, places, store, name, version, caller))


async def _rollback(request: Request, ledger: str, leaving: str | None) -> Response:
    name = ledger_of(request, ledger, Role.STEWARD)
    resources, caller = resources_of(request), caller_of(request, Role.STEWARD)
    found = (await resources.desks.ready(name)).ledger

    def switch() -> Switch:
        done = models.rollback(resources.settings.places, resources.store, found, caller, leaving)
        resources.desks.refresh()
        return done

    return respond(await run_in_threadpool(switch))
