"""Pages from templates: the frame around each, what a role sees of it, and how numbers and days read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from classifier.catalogue.ledger import known_ledgers
from classifier.domain import Verdict
from service.access import ledger_of, resources_of
from service.domain import LOCAL, Caller, Role

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the menu, for those whose role reaches that far."""

    path: str
    name: str
    role: Role


MENU: Final = (
    Entry("/", "受理", Role.INTAKE),
    Entry("/backlog", "批量", Role.INTAKE),
    Entry("/review", "复核", Role.CLERK),
    Entry("/catalogue", "目录", Role.INTAKE),
    Entry("/models", "模型", Role.STEWARD),
    Entry("/statistics", "统计", Role.CLERK),
)

ROLES: Final = {Role.INTAKE: "来文系统", Role.CLERK: "受理人员", Role.STEWARD: "数据管理员", Role.ADMIN: "系统管理员"}


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as people read it, rounded down so that nothing short of all reads as 100 %."""
    if share is None:
        return "—"
    scale = 10.0**digits
    return f"{int(share * 100 * scale + 1e-9) / scale:.{digits}f}%"


def moment(value: dt.datetime | str | None) -> str:
    """Return a moment in the server's own time zone, to the minute."""
    if not value:
        return "—"
    known = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return known.astimezone().strftime("%Y-%m-%d %H:%M")


_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(("html",), default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals |= {
    "verdicts": {"": "合计"} | {one.value: one.label for one in Verdict},
}
_templates.filters |= {"percent": percent, "moment": moment}


def show(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Answer with a page in the frame that its caller's role sees."""
    caller: Caller | None = getattr(request.state, "caller", None)
    menu = [entry for entry in MENU if caller and caller.role.rank >= entry.role.rank]
    frame = {
        "path": request.url.path,
        "menu": menu,
        "caller": caller,
        "role": ROLES[caller.role] if caller else "",
        "ledgers": ledgers_of(request) if caller and "ledger" in values else [],
        "has_key": caller is not None and caller is not LOCAL,
        "query": f"?ledger={values['ledger']}" if request.query_params.get("ledger") and "ledger" in values else "",
    }
    return HTMLResponse(_templates.get_template(template).render(frame | values), status, _HEADERS)


def page_ledger(request: Request, role: Role) -> str:
    """Return the ledger a page is about, for callers whose role reaches that far.

    Raises:
        RoleForbiddenError, LedgerForbiddenError, LedgerNotFoundError: it is not for this caller.
    """
    return ledger_of(request, request.query_params.get("ledger", ""), role)


def ledgers_of(request: Request) -> list[str]:
    """Return the names of the ledgers a caller may look at."""
    caller: Caller = request.state.caller
    return [caller.ledger] if caller.ledger else known_ledgers(resources_of(request).settings.places.ledgers)
