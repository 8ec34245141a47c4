"""What every page of the workbench stands on: errors told on a page of their own, the ledger."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from classifier.catalogue.ledger import Ledger
from classifier.errors import FenbanError
from service.access import resources_of
from service.errors import status_of
from service.workbench.rendering import show


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


def page_router() -> APIRouter:
    """Return a router for pages, which are no part of the documented interface."""
    return APIRouter(include_in_schema=False, route_class=Page)


async def opened_ledger(request: Request, name: str) -> Ledger:
    """Return the ledger as it is in force."""
    return (await resources_of(request).desks.ready(name)).ledger
