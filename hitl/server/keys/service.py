"""The rules of keys: who gets one, what it may do, and when it ends."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Protocol

from hitl.server.http.api_guard import Caller, token_of
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.keys.scopes import DEFAULT_SCOPE, SCOPES
from hitl.server.keys.store import Key, KeyStore
from hitl.server.primitives import (
    MACHINE,
    Actor,
    Clock,
    clean_name,
    conflict,
    from_wire,
    invalid,
    name_key,
    not_found,
    to_wire,
)
from hitl.server.storage import Audit, Database, StorageError

_PREFIX: Final = "hitl_live_"
_SHOWN: Final = len(_PREFIX) + 4
_LONGEST_NAME: Final = 100
_LONGEST_LIFE: Final = timedelta(days=3650)
_NOTED_EVERY: Final = timedelta(minutes=5)
"""How old the note of a key's last use may be: reading must not cost a commit."""


class Owners(Protocol):
    """Knows the people who may own keys."""

    def by_email(self, email: str) -> Any:
        """Return a person with `id` and `state` by the address, or None."""
        ...


class Keys:
    """The keys of one database; any thread may call any method."""

    refusal = (
        "the API key is missing, or it is no valid key of this server; send Authorization: Bearer and a key that "
        "`hitl keys create` printed"
    )

    def __init__(
        self, database: Database, audit: Audit, clock: Clock, owners: Owners, exchanges: OpenExchanges
    ) -> None:
        """Keep keys in a database; `exchanges` are ended with their keys."""
        self._database = database
        self._audit = audit
        self._clock = clock
        self._owners = owners
        self._exchanges = exchanges
        self._store = KeyStore(database)
        self._noted: dict[str, str] = {}

    def create(
        self,
        name: str,
        *,
        owner: str | None,
        scopes: Sequence[str] = (DEFAULT_SCOPE,),
        expires: timedelta | None = None,
        by: Actor = MACHINE,
    ) -> tuple[Key, str]:
        """Make a key and return it with its text, which is shown this once and stored nowhere.

        Args:
            name: What it is for, as it stands on the reviews that it makes; no other active key may have it.
            owner: The address of the person who answers for it; None for nobody, whom `self_approval` cannot protect.
            scopes: What it may do, of `SCOPES`.
            expires: How long it is valid; None for ever.
            by: Who makes it.

        Raises:
            ApiError: 422 for a bad name, scope or length of time, 404 for an unknown owner, 409 for a name in use.
        """
        name = clean_name(name)
        if not 0 < len(name) <= _LONGEST_NAME:
            raise invalid(f"a key needs a name of 1 to {_LONGEST_NAME} characters that says what it is for", "name")
        wanted = tuple(each for each in SCOPES if each in scopes)
        if unknown := [each for each in scopes if each not in SCOPES]:
            raise invalid(f"{unknown[0]!r} is no scope; choose of {', '.join(SCOPES)}", "scopes")
        if expires is not None and not timedelta(0) < expires <= _LONGEST_LIFE:
            raise invalid("a key is valid for more than 0 and at most 3650 days", "expires")
        now = self._clock()
        text = f"{_PREFIX}{secrets.token_hex(24)}"
        with self._database.transaction():
            if self._active_named(name):
                raise conflict(f"there is a key {name!r} already; give this one another name, or revoke that one")
            key = Key(
                id=f"key_{secrets.token_hex(12)}",
                shown=text[:_SHOWN],
                name=name,
                scopes=wanted or (DEFAULT_SCOPE,),
                person_id=None if owner is None else self._owner(owner),
                created_at=to_wire(now),
                created_by=by.id,
                expires_at=None if expires is None else to_wire(now + expires),
            )
            self._store.add(key, _digest(text))
            detail = {"name": name, "scopes": list(key.scopes), "owner": key.person_id, "expires_at": key.expires_at}
            self._audit.record("key.created", key.id, at=key.created_at, actor=by, detail=detail)
        return key, text

    def all(self) -> list[Key]:
        """Return all keys, the former ones, too, in the order of their creation."""
        with self._database.lock:
            return self._store.all()

    def find(self, named: str) -> Key:
        """Return the key with an id, or the active one with a name; 404 if there is none."""
        with self._database.lock:
            key = self._store.get(named) or self._active_named(named)
        if key is None:
            raise not_found("key", named)
        return key

    def revoke(self, named: str, *, by: Actor = MACHINE) -> Key:
        """End a key for good, with what is held open for it; one that was revoked already stays as it is."""
        with self._database.transaction():
            key, now = self.find(named), to_wire(self._clock())
            if key.revoked_at is None:
                self._store.revoke(key.id, now)
                self._audit.record("key.revoked", key.id, at=now, actor=by, detail={"name": key.name})
        self._exchanges.end(key.id)
        return self.find(key.id)

    def caller(self, authorization: str | None, address: str = "") -> Caller | None:
        """Return who sends an Authorization header; None for an unknown, revoked or expired key."""
        token = token_of(authorization)
        if not token:
            return None
        digest = _digest(token)
        with self._database.lock:
            # By its index: the time of the look-up tells of a digest, which nobody can choose.
            key = self._store.by_digest(digest)
        now = self._clock()
        if key is None or key.state(to_wire(now)) != "active":
            return None
        self._note_use(key, address)
        left = None if key.expires_at is None else (from_wire(key.expires_at) - now).total_seconds()
        return Caller(digest, Actor("key", key.id, key.name, key.person_id), frozenset(key.scopes), left)

    def _note_use(self, key: Key, address: str) -> None:
        now = self._clock()
        noted = self._noted.get(key.id) or key.last_used_at
        if noted is not None and to_wire(now - _NOTED_EVERY) < noted <= to_wire(now):
            return
        self._noted[key.id] = to_wire(now)
        # Best effort: a read must be answered even on a full disk.
        with suppress(StorageError), self._database.transaction():
            self._store.note_use(key.id, to_wire(now), address)

    def _active_named(self, name: str) -> Key | None:
        now, wanted = to_wire(self._clock()), name_key(name)
        named = (each for each in self.all() if name_key(each.name) == wanted)
        return next((each for each in named if each.state(now) == "active"), None)

    def _owner(self, email: str) -> str:
        person = self._owners.by_email(email)
        if person is None or person.state not in ("invited", "active"):
            raise not_found("reviewer", email, "owner")
        return str(person.id)


def _digest(token: str) -> str:
    # Fast on purpose: slow hashes protect secrets that can be guessed, and 192 random bits cannot.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
