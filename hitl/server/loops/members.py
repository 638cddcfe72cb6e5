"""Loops and their members, as plain documents."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hitl.server.loops.accounts import Account
from hitl.server.primitives import Document, to_wire

# Without I, O, 0 and 1: people read codes aloud.
_CODE_CHARACTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH: Final = 9  # as in the vendor's example, ABC123DEF


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
    return {
        "user_id": user_id,
        "email": email,
        "name": name,
        "status": "active",
        "joined_at": to_wire(now),
        "role": role,
    }


def with_members(loop: Mapping[str, Any], members: Sequence[Document]) -> Document:
    """Return a loop as the API shows it.

    `pending_count` is 0: following an invitation makes somebody a member at once.
    """
    return {**loop, "members": list(members), "member_count": len(members), "pending_count": 0}
