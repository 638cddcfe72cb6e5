"""The audit: what people and keys did, each entry bound to the one before it by a hash.

It has the form of the records of approvals, so that `hitl audit verify` checks an export of either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hitl.server.primitives import Actor
from hitl.server.storage.database import Database


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Something that was done: `event` to `subject`, such as `person.invited` to `usr_…`; `at` is in wire form."""

    number: int
    at: str
    actor_kind: str
    actor_id: str
    event: str
    subject: str
    detail: dict[str, Any]
    previous: str | None
    """The hash of the entry before; None for the first one."""
    hash: str

    @property
    def line(self) -> str:
        """The entry as an export has it: canonical JSON (RFC 8785), and the hash of that at its end."""
        return f'{self._body[:-1]},"hash":"{self.hash}"}}'

    @property
    def is_whole(self) -> bool:
        """Whether its hash is its own."""
        return self.hash == _hash(self._body)

    @property
    def _body(self) -> str:
        return _body(
            self.number, self.at, self.actor_kind, self.actor_id, self.event, self.subject, self.detail, self.previous
        )


class Audit:
    """The entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, event: str, subject: str, *, at: str, actor: Actor, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add an entry, in the transaction of what it tells.

        `detail` holds ids, choices and whole numbers by names in ASCII; no content, no secret, no floats. How a person
        came in is added as `via`: the link of a message may have been forwarded, and used by somebody else.
        """
        last = self._database.row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        number, previous = (last[0] + 1, last[1]) if last else (1, None)
        found = {**(detail or {}), **({"via": actor.via} if actor.via else {})}
        body = _body(number, at, actor.kind, actor.id, event, subject, found, previous)
        self._database.execute(
            "INSERT INTO audit (number, at, actor_kind, actor_id, event, subject, detail, previous, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, at, actor.kind, actor.id, event, subject, _canonical(found), previous or "", _hash(body)),
        )

    def entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in their order, after a number."""
        rows = self._database.rows(
            "SELECT number, at, actor_kind, actor_id, event, subject, detail, previous, hash FROM audit "
            "WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        return [
            AuditEntry(number, each, kind, actor, event, subject, json.loads(detail), previous or None, hashed)
            for number, each, kind, actor, event, subject, detail, previous, hashed in rows
        ]


def first_broken(entries: Iterable[AuditEntry]) -> int | None:
    """Return the number of the first of all entries that does not follow from the one before; None if each does."""
    previous = None
    for number, each in enumerate(entries, 1):
        if each.number != number or each.previous != previous or not each.is_whole:
            return number
        previous = each.hash
    return None


def _body(
    number: int,
    at: str,
    actor_kind: str,
    actor_id: str,
    event: str,
    subject: str,
    detail: Mapping[str, Any],
    previous: str | None,
) -> str:
    actor = {"kind": actor_kind, "id": actor_id}
    facts = {"number": number, "at": at, "actor": actor, "event": event, "subject": subject, "detail": detail}
    return _canonical({**facts, "previous": previous})


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _hash(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
