"""The application: composition root, error translation, limits, routes."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classifier import __version__
from classifier.errors import FenbanError
from service import health, pages, suggestions
from service.desks import Desks
from service.errors import BodyTooLargeError, status_of
from service.schemas import ErrorOut
from service.settings import Settings

_log = logging.getLogger(__name__)

WEB: Final = Path(__file__).parent / "web"
_REQUEST_ID_LENGTH: Final = 100


def create_app(settings: Settings, desks: Desks | None = None) -> FastAPI:
    """Build the application; the ledger is opened when it starts, not when it is built."""
    desks = desks or Desks(settings.places)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            desks.open(settings.ledger)
        except FenbanError as error:
            _log.error("ledger %s cannot be opened: %s", settings.ledger, error.code)
        yield

    app = FastAPIOffline(
        title="分办 Fenban",
        version=__version__,
        description="读群众诉求，提出类别和承办部门建议。所有错误都答复 `{error, detail}`，`error` 为稳定代码。",
        lifespan=lifespan,
        static_url="/web/docs",
        responses={422: {"model": ErrorOut, "description": "内容有误"}},
    )
    app.state.settings = settings
    app.state.desks = desks
    app.include_router(suggestions.router)
    app.include_router(health.router)
    app.include_router(pages.router)
    app.mount("/web", StaticFiles(directory=WEB), name="web")
    app.add_exception_handler(FenbanError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.middleware("http")(_with_request_id)
    app.add_middleware(LimitBody, limit=settings.max_body)
    return app


def answer(status: int, code: str, detail: str) -> JSONResponse:
    """Return an error in the one form all errors have."""
    return JSONResponse({"error": code, "detail": detail}, status)


async def _on_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, FenbanError)  # noqa: S101 - registered for this class only
    return answer(status_of(error), error.code, str(error))


async def _on_invalid(_request: Request, error: Exception) -> Response:
    """Name the fields that are wrong; what they held stays out, it may be a complaint's text."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places = [".".join(str(part) for part in one["loc"]) + f"：{one['type']}" for one in error.errors()]
    return answer(422, "invalid_request", f"请求格式有误（{'；'.join(places[:10])}）；字段说明见 /docs")


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    codes = {404: ("not_found", "没有这个地址"), 405: ("method_not_allowed", "这个地址不支持该方法")}
    code, detail = codes.get(error.status_code, ("http_error", "请求无法处理"))
    response = answer(error.status_code, code, detail)
    response.headers.update(error.headers or {})
    return response


async def _with_request_id(request: Request, call: Callable[[Request], Awaitable[Response]]) -> Response:
    given = request.headers.get("x-request-id", "")
    usable = given.isascii() and given.isprintable() and 0 < len(given) <= _REQUEST_ID_LENGTH
    response = await call(request)
    response.headers["X-Request-ID"] = given if usable else uuid.uuid4().hex
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


class LimitBody:
    """Refuses a request body above `limit` bytes as soon as it is seen, whatever its header says."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read a request's body, then pass it on whole; one that grows too large is read no further."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        too_large = declared.isdigit() and int(declared) > self._limit
        body, more = bytearray(), True
        while more and not too_large:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            too_large = len(body) > self._limit
        if too_large:
            await answer(413, BodyTooLargeError.code, str(BodyTooLargeError(self._limit)))(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replayed() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replayed, send)
