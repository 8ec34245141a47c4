"""Fields that several messages share."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field

_PLAIN = r"^[^\u0000-\u001f\u007f]*$"
"""Names and numbers have no control characters; PostgreSQL could not keep a NUL."""

Plain = Annotated[str, Field(pattern=_PLAIN, max_length=200)]
Moment = Annotated[dt.datetime, Field(examples=["2026-11-23T08:30:00+00:00"])]
