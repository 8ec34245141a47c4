"""Domain values as the JSON that goes over the wire and into the store."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any, Final

from pydantic import TypeAdapter
from starlette.responses import Response

from classifier.domain import Category, Department, Region, Suggestion
from classifier.presentation import SHOWN, plain

_SUGGESTION: Final = TypeAdapter(Suggestion)


def _hidden(kind: type[Category | Department | Region]) -> set[str]:
    return {one.name for one in dataclasses.fields(kind)} - set(SHOWN[kind])


_HIDDEN: Final[dict[str, Any]] = {
    "categories": {"__all__": {"category": _hidden(Category)}},
    "departments": {"__all__": {"department": _hidden(Department)}},
    "assisting": {"__all__": _hidden(Department)},
    "region": _hidden(Region),
}
"""Fields of what a ledger holds that nobody asks a suggestion for."""


def to_json(value: Any) -> str:
    """Return JSON for domain values; moments and days in ISO 8601."""
    return json.dumps(plain(value), ensure_ascii=False, default=_iso)


def suggestion_json(suggestion: Suggestion) -> str:
    """Return a suggestion as JSON, several times quicker than `to_json`."""
    return str(_SUGGESTION.dump_json(suggestion, exclude=_HIDDEN), "utf-8")


def respond(value: Any, status: int = 200) -> Response:
    """Answer with domain values as JSON."""
    return Response(to_json(value), status, media_type="application/json")


def _iso(value: dt.date) -> str:
    return value.isoformat()
