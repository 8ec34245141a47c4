"""Errors as HTTP answers: one form for all, stable codes, never what the request held."""

from __future__ import annotations

import logging
from typing import Final

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from classifier.errors import FenbanError
from service.errors import KeyMissingError, StoreUnavailableError, TooManyRequestsError, status_of

_log = logging.getLogger(__name__)

_HTTP: Final = {
    400: ("malformed_body", "请求体无法解析：请检查 JSON 或表单的格式和编码"),
    404: ("not_found", "没有这个地址"),
    405: ("method_not_allowed", "这个地址不支持该方法"),
}


def answer(status: int, code: str, detail: str) -> JSONResponse:
    """Return an error in the one form all errors have."""
    return JSONResponse({"error": code, "detail": detail}, status)


def answer_error(error: FenbanError) -> JSONResponse:
    """Return the answer to an error raised on purpose."""
    response = answer(status_of(error), error.code, str(error))
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(max(1, round(error.wait)))
    if response.status_code == 401:
        scheme = "Basic" if isinstance(error, KeyMissingError) else "Bearer"
        response.headers["WWW-Authenticate"] = f'{scheme} realm="fenban", charset="UTF-8"'
    return response


def answer_store_error(error: Exception) -> JSONResponse:
    """Return the answer to the database's failure, and log what failed."""
    _log.error("the database failed: %s", type(error).__name__, exc_info=error)
    return answer_error(StoreUnavailableError())


def translate_errors(app: FastAPI) -> None:
    """Make the application answer every error in the one form."""
    app.add_exception_handler(FenbanError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(sa.exc.SQLAlchemyError, _on_store)
    app.add_exception_handler(Exception, _on_crash)


async def _on_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, FenbanError)  # noqa: S101 - registered for this class only
    return answer_error(error)


async def _on_invalid(_request: Request, error: Exception) -> Response:
    """Name the fields that are wrong; what they held stays out, it may be a complaint's text."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    places = [".".join(str(part) for part in one["loc"]) + f"：{one['type']}" for one in error.errors()]
    return answer(422, "invalid_request", f"请求格式有误（{'；'.join(places[:10])}）；字段说明见 /docs")


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, FenbanError):
        return answer_error(error.__cause__)
    code, detail = _HTTP.get(error.status_code, ("http_error", "请求无法处理"))
    response = answer(error.status_code, code, detail)
    response.headers.update(error.headers or {})
    return response


async def _on_store(_request: Request, error: Exception) -> Response:
    return answer_store_error(error)


async def _on_crash(_request: Request, _error: Exception) -> Response:
    return answer(500, "internal_error", "服务内部错误，已记入日志；请把响应头 X-Request-ID 的值告诉管理员")
