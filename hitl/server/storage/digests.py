"""Digests by which a repeated creation is known; 16 bytes of SHA-256 each, which no two of them share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

_BYTES: Final = 16


def key_digest(owner: str, key: str) -> bytes:
    """Return what stands for an owner's idempotency key."""
    return hashlib.sha256(f"{owner}\n{key}".encode()).digest()[:_BYTES]


def fingerprint_of(kind: str, body: Mapping[str, Any]) -> bytes:
    """Return what stands for what a request asks for."""
    canonical = json.dumps([kind, body], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()[:_BYTES]
