"""What a request is given: what the service holds, what the caller may do, what a look into the store finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import sqlalchemy as sa
from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from service.domain import Caller, Role
from service.errors import LedgerForbiddenError, RoleForbiddenError
from service.resources import Resources

Found = TypeVar("Found")

LedgerName = Annotated[
    str,
    Query(
        alias="ledger",
        description="台账名称；可空则用密钥所属的台账，密钥不限台账时用默认台账",
        max_length=100,
        pattern=r"^[\w-]*$",
        examples=["hotline"],
    ),
]


def resources_of(request: Request) -> Resources:
    """Return what the running service holds."""
    resources: Resources = request.app.state.resources
    return resources


async def looked_up(request: Request, query: Callable[[sa.Connection], Found]) -> Found:
    """Return what a query finds in the store, asked beside the event loop."""

    def read() -> Found:
        with resources_of(request).store.reading() as connection:
            return query(connection)

    return await run_in_threadpool(read)


def caller_of(request: Request, needed: Role) -> Caller:
    """Return who sends the request, if the role reaches that far.

    Raises:
        RoleForbiddenError: it does not.
    """
    caller: Caller = request.state.caller
    if caller.role.rank < needed.rank:
        raise RoleForbiddenError(caller.role.value, needed.value)
    return caller


def ledger_of(request: Request, asked: str, needed: Role = Role.INTAKE) -> str:
    """Return the ledger a request is about: the one asked for, else the key's own, else the default.

    Raises:
        RoleForbiddenError: the caller's role does not reach that far.
        LedgerForbiddenError: its key is for another ledger.
        LedgerNotFoundError: there is no such ledger.
    """
    caller, resources = caller_of(request, needed), resources_of(request)
    ledger = asked or caller.ledger or resources.settings.ledger
    allow_ledger(request, ledger)
    resources.desks.require(ledger)
    return ledger


def allow_ledger(request: Request, ledger: str) -> None:
    """Make sure that the caller may use a ledger.

    Raises:
        LedgerForbiddenError: its key is for another one.
    """
    caller = caller_of(request, Role.INTAKE)
    if caller.ledger and ledger != caller.ledger:
        raise LedgerForbiddenError(caller.ledger, ledger)
