"""The audit: what people and keys did, each entry bound to the one before it by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hitl.server.primitives import Actor
from hitl.server.storage.database import Database

_FIRST: Final = "0" * 64


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
    previous: str
    hash: str


class Audit:
    """The entries of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, event: str, subject: str, *, at: str, actor: Actor, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add an entry, in the transaction of what it tells; `detail` holds ids and choices, no content or secret."""
        last = self._database.row("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
        number, previous = (last[0] + 1, last[1]) if last else (1, _FIRST)
        text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        fields = (number, at, actor.kind, actor.id, event, subject, text, previous)
        self._database.execute(
            "INSERT INTO audit (number, at, actor_kind, actor_id, event, subject, detail, previous, hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*fields, _hash(fields)),
        )

    def entries(self, after: int = 0, limit: int = 1000) -> list[AuditEntry]:
        """Return entries in their order, after a number."""
        rows = self._database.rows(
            "SELECT number, at, actor_kind, actor_id, event, subject, detail, previous, hash FROM audit "
            "WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        return [
            AuditEntry(number, each, kind, actor, event, subject, json.loads(detail), previous, hashed)
            for number, each, kind, actor, event, subject, detail, previous, hashed in rows
        ]


def first_broken(entries: Iterable[AuditEntry]) -> int | None:
    """Return the number of the first of all entries that does not follow from the one before; None if each does."""
    previous = _FIRST
    for number, each in enumerate(entries, 1):
        text = json.dumps(each.detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        fields = (each.number, each.at, each.actor_kind, each.actor_id, each.event, each.subject, text, each.previous)
        if each.number != number or each.previous != previous or each.hash != _hash(fields):
            return number
        previous = each.hash
    return None


def _hash(fields: tuple[Any, ...]) -> str:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
