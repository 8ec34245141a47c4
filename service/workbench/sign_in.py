"""Signing in (登录): a key, held in a cookie that scripts cannot read and other sites cannot send."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from service.access import resources_of
from service.browsers import COOKIE, is_from_own_page
from service.errors import AccessError, CrossSiteError
from service.workbench.rendering import show

router = APIRouter(include_in_schema=False)

_SHIFT: Final = 12 * 3600
"""Seconds a sign-in lasts: a long day at work."""


@router.get("/sign-in")
async def ask(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's word
    """Ask for a key; where none has been made, there is nothing to ask."""
    if resources_of(request).keyring.is_empty:
        return RedirectResponse("/", 303)
    return show(request, "sign_in.html", next=_own(next), problem="")


@router.post("/sign-in")
async def enter(request: Request, key: Annotated[str, Form()] = "", next: Annotated[str, Form()] = "/") -> Response:  # noqa: A002
    """Take a key and go on to the page that was wanted."""
    if not is_from_own_page(request.scope):
        raise CrossSiteError
    keyring, given = resources_of(request).keyring, key.strip()
    if keyring.is_worth_refreshing(given):
        await run_in_threadpool(keyring.refresh)
    try:
        keyring.identify(given)
    except AccessError as error:
        return show(request, "sign_in.html", 401, next=_own(next), problem=str(error))
    answer = RedirectResponse(_own(next), 303)
    answer.set_cookie(
        COOKIE, given, max_age=_SHIFT, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


@router.post("/sign-out")
async def leave() -> Response:
    """Forget the key."""
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _own(path: str) -> str:
    """Return the path if it is one of this site's, never an address elsewhere."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
