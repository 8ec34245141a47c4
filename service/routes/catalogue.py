"""`/v1/catalogue/…`: a ledger's categories, departments, duties, regions and deadlines, as they are in force."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.catalogue.ledger import COLUMNS, Ledger
from service.access import LedgerName, caller_of, ledger_of, resources_of
from service.domain import Role
from service.initials import initials
from service.revisions import TABLES, Revision, revise
from service.schemas.catalogue import (
    CategoriesOut,
    DeadlinesOut,
    DepartmentsOut,
    DutiesOut,
    LedgerOut,
    RegionsOut,
    RevisionOut,
)
from service.wire import respond

router = APIRouter(prefix="/v1/catalogue", tags=["台账"])

TableName = StrEnum("TableName", {name.upper(): name for name in TABLES})  # type: ignore[misc]
Table = Annotated[TableName, Path(description="哪张表", examples=["duties"])]
Wanted = Annotated[str, Query(alias="q", description="名称或代码中含有的文字，可空", examples=["物业"], max_length=100)]


@router.get("", response_model=LedgerOut, summary="台账概况")
async def overview(request: Request, ledger: LedgerName = "") -> Response:
    """名称、上级台账、各表条数和指纹；指纹不变，则各表不变，可据此缓存。"""
    found = await _ledger(request, ledger)
    return respond(
        {
            "name": found.name,
            "title": found.settings.title,
            "parent": found.parent.name if found.parent else None,
            "fingerprint": found.fingerprint,
            "categories": len(found.categories),
            "departments": len(found.departments),
            "regions": len(found.regions),
            "target_accuracy": found.settings.target_accuracy,
            "retention_days": found.settings.retention_days,
        }
    )


@router.get("/categories", response_model=CategoriesOut, summary="类别")
async def categories(request: Request, ledger: LedgerName = "", q: Wanted = "") -> Response:
    """全部类别，按表中顺序；`replaced_by` 不为空的已被取代。"""
    found = await _ledger(request, ledger)
    rows = [
        {
            **_fields(one, "definition", "keywords", "replaced_by", "parent", "code", "name", "path", "level"),
            "initials": initials(one.name),
            **_days(one),
        }
        for one in _matching(found.categories, q, "path")
    ]
    return respond({"categories": rows})


@router.get("/departments", response_model=DepartmentsOut, summary="部门")
async def departments(request: Request, ledger: LedgerName = "", q: Wanted = "") -> Response:
    """全部部门，含从上级台账继承的。"""
    found = await _ledger(request, ledger)
    return respond(
        {"departments": [_fields(one, "code", "name", "level", "aliases") for one in _matching(found.departments, q)]}
    )


@router.get("/duties", response_model=DutiesOut, summary="职责清单")
async def duties(
    request: Request,
    ledger: LedgerName = "",
    category: Annotated[str, Query(description="类别代码，可空", examples=["030603"], max_length=100)] = "",
) -> Response:
    """本台账的职责清单；`@jurisdiction` 表示属地。未列出的类别适用上级台账的职责。"""
    found = await _ledger(request, ledger)
    wanted = (one for one in found.duties if not category or one.category == category)
    columns = ("category", "lead", "assisting", "level", "region", "basis")
    return respond({"duties": [{**_fields(one, *columns), **_days(one)} for one in wanted]})


@router.get("/regions", response_model=RegionsOut, summary="地区")
async def regions(request: Request, ledger: LedgerName = "", q: Wanted = "") -> Response:
    """区县、镇街、村社，及其属地单位。"""
    found = await _ledger(request, ledger)
    columns = ("code", "name", "parent", "aliases", "department", "path")
    return respond({"regions": [_fields(one, *columns) for one in _matching(found.regions, q, "path")]})


@router.get("/deadlines", response_model=DeadlinesOut, summary="办理时限")
async def deadlines(request: Request, ledger: LedgerName = "") -> Response:
    """各诉求类型和紧急程度的办理时限，工作小时。"""
    found = await _ledger(request, ledger)
    rows = [
        {"kind": kind, "urgency": urgency, "working_hours": hours} for (kind, urgency), hours in found.deadlines.items()
    ]
    return respond({"deadlines": rows})


@router.get(
    "/tables/{table}",
    response_class=Response,
    summary="下载一张表",
    responses={
        200: {
            "description": "UTF-8 带 BOM 的 CSV，首行为列名",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": "category,lead\n030603,@jurisdiction\n"}},
        }
    },
)
async def download(table: Table, request: Request, ledger: LedgerName = "") -> Response:
    """本台账自己的一张表，UTF-8 带 BOM 的 CSV，Excel 可直接打开；本台账没有的表只有表头。"""
    found = await _ledger(request, ledger)
    path = found.folder / f"{table.value}.csv"
    required, optional = COLUMNS[path.name]
    text = path.read_text("utf-8-sig") if path.is_file() else ",".join((*required, *optional)) + "\n"
    name = f'attachment; filename="{table.value}.csv"'
    return Response(
        text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
    )


@router.post("/tables/{table}", response_model=RevisionOut, summary="替换一张表")
async def replace(
    table: Table,
    request: Request,
    file: Annotated[UploadFile, File(description="整张表：CSV（任何编码）或 XLSX", examples=["duties.xlsx"])],
    trial: Annotated[bool, Form(description="只检查和试算，不替换")] = True,
    ledger: LedgerName = "",
) -> Response:
    """检查整个台账，指出错在哪一行；用最近一个月的工单试算会改变哪些派单；`trial` 为 false 才替换，几秒内各进程生效。

    原表保存在数据目录的 `revisions` 下。类别表改动后应重新训练。须 steward 角色。
    """
    name = ledger_of(request, ledger, Role.STEWARD)
    caller, resources = caller_of(request, Role.STEWARD), resources_of(request)
    suggester = await resources.desks.ready(name)

    def work() -> Revision:
        places, data = resources.settings.places, resources.settings.data
        upload = (file.filename or "", file.file)
        done = revise(resources.store, places, data, suggester, table.value, upload, caller, trial=trial)
        if done.replaced:
            resources.desks.refresh()
        return done

    return respond(await run_in_threadpool(work))


async def _ledger(request: Request, asked: str) -> Ledger:
    return (await resources_of(request).desks.ready(ledger_of(request, asked))).ledger


def _matching(rows: Iterable[Any], wanted: str, more: str = "name") -> list[Any]:
    return [one for one in rows if wanted in one.code or wanted in one.name or wanted in getattr(one, more)]


def _fields(value: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _days(value: Any) -> dict[str, Any]:
    validity = dataclasses.asdict(value.validity)
    return {"valid_from": validity["first"], "valid_to": validity["last"]}
