"""From a complaint as it is asked about to the answer: suggest, then record or compare with what is recorded."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

import sqlalchemy as sa

from classifier.domain import Complaint
from classifier.suggest.suggester import Suggester
from service.idempotency import Answer, Once
from service.recording import Intake
from service.resources import Resources
from service.retention import text_expiry
from service.similar import findable
from service.store.database import now
from service.wire import suggestion_json

_log = logging.getLogger(__name__)

_NOTHING_KNOWN: Final = ',"similar":[],"matter":null,"record":null}'


async def answer_complaint(
    complaint: Complaint,
    ledger: str,
    suggester: Suggester,
    resources: Resources,
    *,
    keep: bool = True,
    once: Once | None = None,
) -> Answer:
    """Return the suggestion for one complaint as JSON, with what is recorded of it and like it.

    It is recorded when it has an id, unless `keep` is false or the service records nothing.

    Raises:
        ComplaintError, UnknownRegionError: it cannot be read.
        SQLAlchemyError: it was to be recorded, and the store failed.
    """
    understood = suggester.understand(complaint)
    suggestion = suggester.conclude(complaint, understood)
    decision = suggestion.decision
    resources.metrics.suggestions_of(ledger, decision.verdict.value, decision.code.value).inc()
    if not resources.settings.record:
        return Answer(200, suggestion_json(suggestion)[:-1] + _NOTHING_KNOWN)
    read, moment = understood.encoded.complaint, now()
    expires = text_expiry(suggester.ledger.settings.retention_days, moment)
    # PostgreSQL keeps no NUL.
    title, text = (one.replace("\0", "") for one in read.redacted()) if expires else (None, None)
    name = complaint.id if keep else ""
    found = findable(read, ledger, resources.digest_secret)
    day = complaint.date or dt.date.today()
    intake = Intake(ledger, name, day, title, text, expires, suggestion, found, once if name else None)
    if name:
        return await resources.recorder.do(intake)
    try:
        return await resources.comparer.do(intake)
    except sa.exc.SQLAlchemyError as error:
        _log.error("similar complaints cannot be looked up: %s", type(error).__name__)
        return Answer(200, suggestion_json(suggestion)[:-1] + _NOTHING_KNOWN)
