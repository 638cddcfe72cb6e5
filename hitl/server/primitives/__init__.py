"""What every room of the server is built from: documents, errors, moments and the clock.

Checkers of JSON values have a module of their own, `validation`; `strict_json` parses bodies.
"""

from __future__ import annotations

from hitl.server.primitives.actor import ACTOR, MACHINE, Actor, Role, actor_of
from hitl.server.primitives.clock import Clock, Now
from hitl.server.primitives.documents import Document, Page, digest
from hitl.server.primitives.errors import ApiError, Fault, SetupError, about, conflict, invalid, not_found, raise_faults
from hitl.server.primitives.names import clean_name, name_key, unique_names
from hitl.server.primitives.review_ids import review_id, review_number
from hitl.server.primitives.timestamps import (
    Duration,
    duration,
    from_microseconds,
    from_wire,
    microseconds,
    to_wire,
    utc_now,
)
from hitl.server.primitives.validation import Checker

__all__ = [
    "ACTOR",
    "MACHINE",
    "Actor",
    "ApiError",
    "Checker",
    "Clock",
    "Document",
    "Duration",
    "Fault",
    "Now",
    "Page",
    "Role",
    "SetupError",
    "about",
    "actor_of",
    "clean_name",
    "conflict",
    "digest",
    "duration",
    "from_microseconds",
    "from_wire",
    "invalid",
    "microseconds",
    "name_key",
    "not_found",
    "raise_faults",
    "review_id",
    "review_number",
    "to_wire",
    "unique_names",
    "utc_now",
]
