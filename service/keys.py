"""Keys (密钥): made, listed, revoked; and who a request comes from.

A key is `fb_<id>_<secret>`. Only a SHA-256 of the secret is kept, which is enough for 256 random bits, and it is
compared in constant time.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
import secrets
import time
from typing import Final

import sqlalchemy as sa

from service import audit
from service.domain import LOCAL, Caller, Key, Role
from service.errors import KeyExpiredError, KeyNotFoundError, KeyUnknownError, OwnKeyError
from service.store import tables
from service.store.database import Store, now

_PREFIX: Final = "fb"
_AGAIN: Final = 0.2
"""Seconds within which an unknown key makes the service look for new ones once only."""


def create_key(
    store: Store,
    name: str,
    role: Role,
    ledger: str = "",
    expires: dt.datetime | None = None,
    rate: float = 0.0,
    caller: Caller = LOCAL,
) -> tuple[Key, str]:
    """Make a key and return it with the only copy of what its owner sends.

    Args:
        store: where it is kept.
        name: whose it is, for people.
        role: what it may do.
        ledger: the only ledger it may use, or empty for all.
        expires: from when on it is refused.
        rate: requests a second, 0 for the service's own limit.
        caller: who makes it, for the audit log.
    """
    key = new_key(name, role, ledger, expires, rate)
    with store.writing() as connection:
        return key, add_key(connection, key, caller)


def add_key(connection: sa.Connection, key: Key, caller: Caller) -> str:
    """Keep a new key, and return the only copy of what its owner sends."""
    secret = secrets.token_hex(32)
    connection.execute(
        tables.keys.insert().values(
            id=key.id,
            name=key.name,
            role=key.role.value,
            ledger=key.ledger,
            hash=_hash(secret),
            created=key.created,
            expires=key.expires,
            rate=key.rate,
        )
    )
    audit.note(connection, caller, "key_created", key.id, key.ledger, {"name": key.name, "role": key.role.value})
    return f"{_PREFIX}_{key.id}_{secret}"


def new_key(name: str, role: Role, ledger: str = "", expires: dt.datetime | None = None, rate: float = 0.0) -> Key:
    """Return a key that is not kept yet."""
    return Key(secrets.token_hex(4), name, role, ledger, now(), expires, rate=rate)


def expiry_after(days: int) -> dt.datetime | None:
    """Return when a key expires that is to last so many days from now; never where that is 0."""
    return now() + dt.timedelta(days=days) if days else None


def list_keys(store: Store, ledger: str = "") -> list[Key]:
    """Return the keys of one ledger or of all, oldest first, the revoked ones too."""
    with store.reading() as connection:
        return [key for key, _ in _read(connection) if not ledger or key.ledger == ledger]


def revoke_key(store: Store, given: str, caller: Caller = LOCAL) -> Key:
    """Refuse a key from now on; one that is revoked already stays so.

    Raises:
        OwnKeyError: it is the caller's own.
        KeyNotFoundError: no key has that id, or it is not of the only ledger that the caller may use.
    """
    if given == caller.id:
        raise OwnKeyError
    with store.writing() as connection:
        known = {key.id: key for key, _ in _read(connection) if not caller.ledger or key.ledger == caller.ledger}
        if given not in known:
            raise KeyNotFoundError(given)
        if (key := known[given]).revoked is not None:
            return key
        revoked = dataclasses.replace(key, revoked=now())
        table = tables.keys
        connection.execute(table.update().where(table.c.id == given).values(revoked=revoked.revoked))
        audit.note(connection, caller, "key_revoked", given, key.ledger)
        return revoked


class Keyring:
    """The keys in memory, so that a request costs no query; `refresh` reads them anew."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[Key, str]] = {}
        self._refreshed = 0.0

    @property
    def is_empty(self) -> bool:
        """Tell whether no key has ever been made; a revoked one counts, it does not open the door to all."""
        return not self._known

    def refresh(self) -> None:
        """Read the keys from the store."""
        with self._store.reading() as connection:
            self._known = {key.id: (key, kept) for key, kept in _read(connection)}
        self._refreshed = time.monotonic()

    def is_worth_refreshing(self, token: str) -> bool:
        """Tell whether the token may be of a key made since the last look."""
        return bool(token) and _split(token)[0] not in self._known and time.monotonic() - self._refreshed > _AGAIN

    def identify(self, token: str) -> Caller:
        """Return who sends this token.

        Raises:
            KeyUnknownError: no such key, or it was revoked.
            KeyExpiredError: its time is over.
        """
        name, secret = _split(token)
        key, kept = self._known.get(name, (None, ""))
        if not hmac.compare_digest(_hash(secret), kept or _hash("")) or key is None or key.revoked is not None:
            raise KeyUnknownError
        if key.expires is not None and key.expires <= now():
            raise KeyExpiredError(key.expires.date().isoformat())
        return Caller(key.id, key.name, key.role, key.ledger, key.rate)


def _split(token: str) -> tuple[str, str]:
    parts = token.split("_")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == _PREFIX else ("", "")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _read(connection: sa.Connection) -> list[tuple[Key, str]]:
    rows = connection.execute(sa.select(tables.keys).order_by(tables.keys.c.created))
    return [
        (
            Key(row.id, row.name, Role(row.role), row.ledger, row.created, row.expires, row.revoked, row.rate),
            row.hash,
        )
        for row in rows
    ]
