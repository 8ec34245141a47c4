"""Domain values as the JSON that goes over the wire and into the store."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from starlette.responses import Response

from classifier.presentation import plain


def to_json(value: Any) -> str:
    """Return JSON for domain values; moments and days in ISO 8601."""
    return json.dumps(plain(value), ensure_ascii=False, default=_iso)


def respond(value: Any, status: int = 200) -> Response:
    """Answer with domain values as JSON."""
    return Response(to_json(value), status, media_type="application/json")


def _iso(value: dt.date) -> str:
    return value.isoformat()
