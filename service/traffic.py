"""What every request passes through, outermost first: its id, log line and metrics; who sends it; how large it is.

All three are plain ASGI: they cost microseconds, and streams pass through them unbuffered.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
import uuid
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from classifier.errors import FenbanError
from service.answers import answer_error
from service.browsers import cookie_key, header, is_from_elsewhere, is_from_own_page, is_reading, wants_page
from service.domain import LOCAL, Caller
from service.errors import (
    BodyTooLargeError,
    CrossSiteError,
    KeyExpiredError,
    KeyMissingError,
    KeyUnknownError,
    RemoteWithoutKeysError,
)
from service.keys import Keyring
from service.logs import REQUEST_ID, with_facts
from service.metrics import Metrics
from service.rates import RateLimits

_log = logging.getLogger("fenban.requests")

_LONGEST_ID: Final = 100
OPEN: Final = frozenset(
    {"/livez", "/readyz", "/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect", "/sign-in", "/sign-out"}
)
_LOOPBACK: Final = ("127.", "::1", "::ffff:127.")


class Account:
    """Gives each request an id, echoes the caller's own, and accounts for it in a log line and in metrics."""

    def __init__(self, app: ASGIApp, metrics: Callable[[], Metrics]) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; account for it when its answer has begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = header(scope, b"x-request-id")
        usable = given.isascii() and given.isprintable() and 0 < len(given) <= _LONGEST_ID
        request_id = given if usable else uuid.uuid4().hex
        token = REQUEST_ID.set(request_id)
        began = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._account(scope, status, time.perf_counter() - began)
            REQUEST_ID.reset(token)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        metrics = self._metrics()
        method = scope["method"] if route != "other" else "other"
        metrics.requests_of(method, route, str(status)).inc()
        metrics.seconds_of(method, route).observe(seconds)
        if _log.isEnabledFor(logging.INFO):
            caller: Caller | None = scope.get("state", {}).get("caller")
            facts = with_facts(
                method=scope["method"],
                route=route,
                status=status,
                ms=round(seconds * 1000, 2),
                caller=caller.id if caller else "",
            )
            _log.info("request", extra=facts)


class Gate:
    """Finds out who sends a request, and refuses those who may not.

    A key comes as `Authorization: Bearer KEY`; a browser holds it in a cookie, or sends it as the password of `Basic`.
    While no key has been made, only the machine itself is served.
    """

    def __init__(self, app: ASGIApp, keyring: Callable[[], Keyring], rate: float) -> None:
        self._app = app
        self._keyring = keyring
        self._limits = RateLimits(rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller in `state.caller`, or answer why not."""
        if scope["type"] != "http" or scope["path"] in OPEN or scope["path"].startswith("/web/"):
            await self._app(scope, receive, send)
            return
        try:
            if is_from_elsewhere(scope) and not is_reading(scope):
                raise CrossSiteError
            caller = await self._identify(scope)
            self._limits.check(caller)
        except (KeyMissingError, KeyUnknownError, KeyExpiredError) as error:
            if wants_page(scope):
                asked = scope["path"] + (f"?{query}" if (query := scope["query_string"].decode("latin-1")) else "")
                await RedirectResponse(f"/sign-in?next={quote(asked, safe='')}", 303)(scope, receive, send)
            else:
                await answer_error(error)(scope, receive, send)
            return
        except FenbanError as error:
            await answer_error(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    async def _identify(self, scope: Scope) -> Caller:
        keyring = self._keyring()
        token = _token(scope)
        if not token and (token := cookie_key(scope)) and not (is_reading(scope) or is_from_own_page(scope)):
            raise CrossSiteError
        if keyring.is_worth_refreshing(token):
            await run_in_threadpool(keyring.refresh)
        if keyring.is_empty:
            host = (scope.get("client") or ("", 0))[0]
            if not host.startswith(_LOOPBACK):
                raise RemoteWithoutKeysError
            return LOCAL
        if not token:
            raise KeyMissingError
        return keyring.identify(token)


class LimitBody:
    """Refuses a request body above `limit` bytes as soon as it is seen, whatever its header says.

    Bodies of `uploads` (paths) may have `upload_limit` bytes and are passed on as they come.
    """

    def __init__(self, app: ASGIApp, limit: int, uploads: frozenset[str], upload_limit: int) -> None:
        self._app = app
        self._limit = limit
        self._uploads = uploads
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless its body is too large."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        is_upload = scope["path"] in self._uploads
        limit = self._upload_limit if is_upload else self._limit
        declared = header(scope, b"content-length")
        if declared.isdigit() and int(declared) > limit:
            await answer_error(BodyTooLargeError(limit))(scope, receive, send)
        elif is_upload:
            await self._app(scope, _counted(receive, limit), send)
        else:
            await self._whole(scope, receive, send)

    async def _whole(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, then pass it on in one piece; one that grows too large is read no further."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._limit:
                await answer_error(BodyTooLargeError(self._limit))(scope, receive, send)
                return
        whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replayed() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replayed, send)


def _counted(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise BodyTooLargeError(limit)
        return message

    return counted


def _token(scope: Scope) -> str:
    """Return the key that a request carries, or an empty text."""
    scheme, _, value = header(scope, b"authorization").partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode("utf-8", "replace").partition(":")[2]
        except binascii.Error:
            return value
    return value
