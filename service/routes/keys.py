"""`/v1/keys`: who may use the service; for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from classifier.presentation import plain
from service import idempotency, keys
from service.access import allow_ledger, caller_of, resources_of
from service.domain import Key, Role
from service.errors import FirstKeyError
from service.idempotency import Answer
from service.routes.suggestions import IdempotencyKey
from service.schemas.keys import KeyIn, KeyOut, KeysOut, NewKeyOut
from service.wire import respond, to_json

router = APIRouter(prefix="/v1/keys", tags=["密钥"])

KeyId = Annotated[str, Path(description="密钥编号", pattern=r"^[0-9a-f]{8}$", examples=["3f9c21ab"])]


@router.post("", response_model=NewKeyOut, status_code=201, summary="生成一个密钥")
async def create(wanted: KeyIn, request: Request, idempotency_key: IdempotencyKey = None) -> Response:
    """答复里的 `key` 只显示这一次。须 admin 角色；限于一个台账的管理员只能生成该台账的密钥。

    还没有任何密钥时，第一个须为 admin 角色；生成之后，所有请求都需要密钥。
    """
    caller, resources = caller_of(request, Role.ADMIN), resources_of(request)
    ledger = wanted.ledger or caller.ledger
    allow_ledger(request, ledger)
    if ledger:
        resources.desks.require(ledger)
    asked = idempotency.once(caller.id, idempotency_key, "keys", await request.body())

    def write() -> Answer:
        if wanted.role is not Role.ADMIN and not keys.list_keys(resources.store):
            raise FirstKeyError
        with resources.store.writing() as connection:
            if asked and (before := idempotency.recall(connection, [asked]).get(asked)):
                if isinstance(before, Exception):
                    raise before
                return before
            key = keys.new_key(wanted.name, wanted.role, ledger, keys.expiry_after(wanted.days), wanted.rate)
            token = keys.add_key(connection, key, caller)
            if asked:
                # The key itself is kept nowhere, not even for an answer given twice.
                idempotency.keep(connection, [(asked, _answer(key, None))])
        resources.keyring.refresh()
        return _answer(key, token)

    answer = await run_in_threadpool(write)
    return Response(answer.body, answer.status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _answer(key: Key, token: str | None) -> Answer:
    return Answer(201, to_json({**plain(key), "key": token}))


@router.get("", response_model=KeysOut, summary="列出密钥")
async def find(request: Request) -> Response:
    """谁有密钥、角色、台账、到期和吊销；密钥本身不再显示。须 admin 角色；限于一个台账的管理员只看到该台账的。"""
    caller, resources = caller_of(request, Role.ADMIN), resources_of(request)
    return respond({"keys": await run_in_threadpool(keys.list_keys, resources.store, caller.ledger)})


@router.delete("/{id}", response_model=KeyOut, summary="吊销一个密钥")
async def revoke(id: KeyId, request: Request) -> Response:  # noqa: A002 - the path's name
    """从现在起不再接受这个密钥（其他进程在两秒内）；已吊销的不变，密钥不能吊销自己。须 admin 角色。"""
    caller, resources = caller_of(request, Role.ADMIN), resources_of(request)

    def write() -> Key:
        revoked = keys.revoke_key(resources.store, id, caller)
        resources.keyring.refresh()
        return revoked

    return respond(await run_in_threadpool(write))
