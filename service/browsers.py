"""What a browser's requests carry: the cookie of a sign-in, and which site's page sends them.

A request that changes something and whose key comes by cookie must come from a page of this very site, by its
`Sec-Fetch-Site`, or by its `Origin` where a browser does not send that (on an intranet without HTTPS, or an old one).
The cookie is `SameSite=Strict` besides.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

COOKIE: Final = "fenban_key"
_READING: Final = ("GET", "HEAD", "OPTIONS")


def header(scope: Scope, name: bytes) -> str:
    """Return a header of a request, empty where it has none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def cookie_key(scope: Scope) -> str:
    """Return the key that a signed-in browser sends, empty where there is none."""
    sent = header(scope, b"cookie")
    if COOKIE not in sent:
        return ""
    try:
        held = SimpleCookie(sent).get(COOKIE)
    except CookieError:
        return ""
    return held.value if held else ""


def is_reading(scope: Scope) -> bool:
    """Tell whether a request changes nothing."""
    return scope["method"] in _READING


def is_from_elsewhere(scope: Scope) -> bool:
    """Tell whether a page of another site makes a browser send this."""
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    if site:
        return site not in ("same-origin", "same-site", "none")
    return bool(origin) and not _is_own(scope, origin)


def is_from_own_page(scope: Scope) -> bool:
    """Tell whether a page of this very site sends this, or a person who typed the address."""
    site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
    return site in ("same-origin", "none") if site else _is_own(scope, origin)


def wants_page(scope: Scope) -> bool:
    """Tell whether a person's browser asks for a page, rather than a program for an answer."""
    is_interface = scope["path"].startswith(("/v1/", "/metrics"))
    return scope["method"] == "GET" and not is_interface and "text/html" in header(scope, b"accept")


def _is_own(scope: Scope, origin: str) -> bool:
    return urlsplit(origin).netloc == header(scope, b"host") != ""
