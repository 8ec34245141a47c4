"""Telling another system that a job has ended: a signed POST, tried again for hours, sent by workers.

The signature is `sha256=` and the HMAC-SHA256, under the secret given with the job, of the time stamp, a dot and the
body. The receiver compares it, and refuses time stamps that are old.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import http.client
import ipaddress
import logging
import secrets
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa

from classifier.errors import InputError
from service.jobs import find
from service.store import tables
from service.store.database import Store, now
from service.wire import to_json

_log = logging.getLogger(__name__)

DELIVERED: Final = "delivered"
_PENDING: Final = "pending"
_PAUSES: Final = (5, 30, 120, 600, 3600, 4 * 3600)
"""Seconds before each further try."""

_TIMEOUT: Final = 10
_SENDING: Final = dt.timedelta(seconds=60)
"""While a worker sends, no other does."""


class BadWebhookError(InputError):
    """The address cannot be told."""

    code = "bad_webhook"

    def __init__(self, problem: str) -> None:
        super().__init__(f"回调地址不能用：{problem}")


def check_webhook(url: str, secret: str, allowed: Sequence[str]) -> tuple[str, str]:
    """Return the address and the secret, made where none was given; both empty where there is no address.

    Raises:
        BadWebhookError: it is no http(s) address, or its host is not one of those allowed.
    """
    if not url:
        return "", ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadWebhookError("无法解析") from None
    if parts.scheme not in ("http", "https") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise BadWebhookError("应为 http:// 或 https:// 开头的网址")
    if parts.username or parts.password:
        raise BadWebhookError("网址里不能写用户名和密码；请用签名核对来源")
    if allowed and host not in allowed:
        raise BadWebhookError(f"主机 {host} 不在 FENBAN_WEBHOOK_HOSTS 之列")
    if _is_link_local(host):
        raise BadWebhookError("不能指向链路本地地址")
    return url, secret or secrets.token_hex(32)


def deliver_due(store: Store) -> int:
    """Send what is due and return how many were tried."""
    tried = 0
    while row := _take_due(store):
        tried += 1
        problem = _send(row.webhook, row.webhook_secret, row.body)
        _settle(store, row, problem)
    return tried


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return the value of `X-Fenban-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class _Due:
    """A job whose end is to be told."""

    def __init__(self, row: Any, body: bytes) -> None:
        self.id: str = row.id
        self.webhook: str = row.webhook
        self.webhook_secret: str = row.webhook_secret
        self.tries: int = row.webhook_tries
        self.body = body


def _take_due(store: Store) -> _Due | None:
    table = tables.jobs
    is_due = (table.c.webhook_state.startswith(_PENDING), table.c.webhook_due <= now())
    query = sa.select(table).where(*is_due).order_by(table.c.webhook_due).limit(1).with_for_update(skip_locked=True)
    with store.writing() as connection:
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        later = table.update().where(table.c.id == row.id).values(webhook_due=now() + _SENDING)
        connection.execute(later)
        return _Due(row, to_json(find(connection, row.id)).encode())


def _settle(store: Store, due: _Due, problem: str) -> None:
    values: dict[str, Any] = {"webhook_state": DELIVERED, "webhook_secret": ""}
    if problem:
        _log.warning("a webhook of job %s was not accepted: %s", due.id, problem)
        values = {"webhook_state": f"{_PENDING}: {problem}", "webhook_tries": due.tries + 1}
        if due.tries < len(_PAUSES):
            values["webhook_due"] = now() + dt.timedelta(seconds=_PAUSES[due.tries])
        else:
            values |= {"webhook_state": f"failed: {problem}", "webhook_secret": ""}
    with store.writing() as connection:
        connection.execute(tables.jobs.update().where(tables.jobs.c.id == due.id).values(**values))


def _send(url: str, secret: str, body: bytes) -> str:
    """POST the body and return what was wrong, or nothing; a redirection is not followed."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Fenban-Timestamp": stamp,
        "X-Fenban-Signature": signature(secret, stamp, body),
    }
    connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return "" if 200 <= status < 300 else f"HTTP {status}"


def _is_link_local(host: str) -> bool:
    """Tell whether an address is one of those that only a machine's own cloud or cable answers."""
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False
