"""目录: what a ledger's categories, departments and regions are, and who answers for what on a day."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from classifier.domain import Category, Department, Region
from service.access import caller_of
from service.domain import Role
from service.initials import initials
from service.workbench.duties import Responsible, responsible
from service.workbench.rendering import page_ledger, show
from service.workbench.routing import opened_ledger, page_router

_TABLE_NAMES: Final = {
    "duties": "职责清单",
    "departments": "部门",
    "regions": "地区",
    "rules": "规则",
    "deadlines": "办理时限",
    "categories": "类别",
    "crosswalk": "与上级台账的对照",
}
_MOST: Final = 60

Day = Annotated[dt.date | None, Query()]
Words = Annotated[str, Query(max_length=100)]
router = page_router()


@router.get("/catalogue")
async def catalogue(request: Request, q: Words = "", day: Day = None, region: Words = "") -> Response:
    """What the ledger's categories are and who answers for them on a day, in a place; departments; regions."""
    name = page_ledger(request, Role.INTAKE)
    ledger = await opened_ledger(request, name)
    on = day or dt.date.today()
    place = ledger.regions.find(region) if region else None
    wanted = q.strip()
    duties = [(one, responsible(ledger, one, place, on)) for one in ledger.categories.leaves]
    rows = [(one, duty) for one, duty in duties if _is_meant(wanted, one, duty)]
    departments = [one for one in ledger.departments if _is_called(wanted, one.code, one.name, *one.aliases)]
    regions = [one for one in ledger.regions if _is_called(wanted, one.code, one.path, *one.aliases)]
    return show(
        request,
        "catalogue.html",
        ledger=name,
        title=ledger.settings.title,
        q=q,
        day=on,
        region=region,
        regions=[one.name for one in ledger.regions][:2000],
        rows=rows[:_MOST],
        total=len(rows),
        departments=departments[:_MOST],
        total_departments=len(departments),
        leads=Counter(duty.lead for _, duty in duties if duty),
        places=[(one, _answering(one, ledger.departments.get(one.department))) for one in regions[:_MOST]],
        total_places=len(regions),
        may_revise=caller_of(request, Role.INTAKE).role.rank >= Role.STEWARD.rank,
        tables=list(_TABLE_NAMES.items()),
    )


def _is_meant(wanted: str, category: Category, duty: Responsible | None) -> bool:
    """Tell whether a category is looked for: by what it is, or by who answers for it."""
    who = (duty.lead, *duty.assisting) if duty else ()
    return _is_called(wanted, category.code, category.path, category.definition, *who)


def _is_called(wanted: str, code: str, name: str, *others: str) -> bool:
    """Tell whether one of the names holds the words, or the name's pinyin begins so."""
    if wanted.isascii() and wanted.isalpha():
        return initials(name.rsplit("/", 1)[-1]).startswith(wanted.lower()) or wanted in (code, name, *others)
    return any(wanted in one for one in (code, name, *others))


def _answering(region: Region, department: Department | None) -> str:
    return department.name if department else region.department
