"""Loops, their members, and who somebody is: the owner of an API key, a member, a person at the inbox.

A sandbox has no accounts. A person is an e-mail address here, and the id of a person follows from it, so that somebody
who joins two loops, or answers twice, is the same person. Each API key has an owner of its own.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hitl.server.primitives import Actor, Document, clean_name, name_key, to_wire
from hitl.server.primitives.names import person
from hitl.server.primitives.validation import every, optional, record, required, text

OBJECT_ID: Final = re.compile(r"[0-9a-fA-F]{24}", re.ASCII)

# Without I, O, 0 and 1: people read codes aloud.
_CODE_CHARACTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH: Final = 9  # as in the vendor's example, ABC123DEF

PERSON: Final = record(
    {
        "email": required(every(text(shortest=3, longest=254), person)),
        "name": optional(every(text(shortest=1, longest=100), person)),
        "id": optional(text(shortest=1, longest=64)),
    }
)
"""The check of a person as `{email, name?, id?}`."""


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of an API key; `owner` is the digest of the key, the address is made up."""

    owner: str
    user_id: str
    email: str
    api_key_id: str
    actor: Actor | None = None


def account_of(owner: str, actor: Actor | None = None) -> Account:
    """Return the account of a key, given its digest, and its `actor` where keys have names."""
    api_key_id = _derived("api key", owner)
    email = f"owner-{api_key_id[:6]}@example.com"
    return Account(owner, person_id(email), email, api_key_id, actor)


def person_id(email: str) -> str:
    """Return the id of the person with this address; every spelling of it is the same person."""
    return _derived("person", name_key(email))


def responder(given: Mapping[str, Any]) -> dict[str, str]:
    """Return a checked person as `{id, name, email}`, with the id that goes with the address unless one is given."""
    email = clean_name(given["email"])
    name = clean_name(given.get("name") or "") or email.partition("@")[0]
    return {"id": given.get("id") or person_id(email), "name": name, "email": email}


def new_object_id(now: datetime) -> str:
    """Return a fresh id in the vendor's form, a MongoDB ObjectId: four bytes of Unix time, and eight at random."""
    return f"{int(now.timestamp()) % 2**32:08x}{secrets.token_hex(8)}"


def new_loop(loop_id: str, body: Mapping[str, Any], account: Account, now: datetime) -> Document:
    """Return the loop that a checked body asks for, still without members."""
    return {
        "id": loop_id,
        "name": body["name"],
        "description": body.get("description"),
        "icon": body["icon"],
        "creator_id": account.user_id,
        "invite_code": "".join(secrets.choice(_CODE_CHARACTERS) for _ in range(_CODE_LENGTH)),
        "org_id": body.get("org_id"),
        "created_at": to_wire(now),
        "updated_at": to_wire(now),
    }


def new_member(user_id: str, email: str, name: str, role: str, now: datetime) -> Document:
    """Return a member who has just joined; roles are "admin", for the loop's creator, and "member"."""
    who = {"user_id": user_id, "email": email, "name": name}
    return {**who, "status": "active", "joined_at": to_wire(now), "role": role}


def with_members(loop: Mapping[str, Any], members: Sequence[Document]) -> Document:
    """Return a loop as the API shows it; nobody is pending, since following an invitation makes somebody a member."""
    return {**loop, "members": list(members), "member_count": len(members), "pending_count": 0}


def _derived(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}\n{name}".encode()).hexdigest()[:24]
