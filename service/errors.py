"""The one table from errors to HTTP: each error of the classifier becomes a status and its stable code."""

from __future__ import annotations

from classifier.errors import (
    BundleError,
    ComplaintTooLongError,
    FenbanError,
    InputError,
    LedgerNotFoundError,
    NothingToWorkWithError,
)


class BodyTooLargeError(FenbanError):
    """The request body is larger than the service accepts."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"请求体过大，最多 {limit} 字节；大量诉求请分批提交")


class BatchTooLargeError(InputError):
    """One call holds more complaints than the service accepts."""

    code = "batch_too_large"

    def __init__(self, count: int, limit: int) -> None:
        super().__init__(f"一次最多 {limit} 件，收到 {count} 件；请分批提交")


_STATUSES: tuple[tuple[type[FenbanError], int], ...] = (
    (BodyTooLargeError, 413),
    (ComplaintTooLongError, 413),
    (LedgerNotFoundError, 404),
    (NothingToWorkWithError, 503),
    (BundleError, 503),
    (InputError, 422),
)


def status_of(error: FenbanError) -> int:
    """Return the HTTP status of an error."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
