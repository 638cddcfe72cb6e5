"""The API keys of a sandbox; it keeps only their digests."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

from hitl.server.primitives import SetupError


def new_api_key() -> str:
    """Return a fresh key in the vendor's form for tests: `hitl_test_` and 48 hexadecimal digits."""
    return f"hitl_test_{secrets.token_hex(24)}"


class ApiKeys:
    """The accepted keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Accept these keys; SetupError if one could not be sent in a header."""
        self._digests = [_digest(_checked(key)) for key in keys]

    def owner(self, authorization: str | None) -> str | None:
        """Return the digest of the key in an Authorization header, or None; every key is compared, in constant time."""
        scheme, _, token = (authorization or "").partition(" ")
        digest = _digest(token.strip())
        known = [hmac.compare_digest(digest, each) for each in self._digests]
        return digest if scheme.lower() == "bearer" and any(known) else None


def _checked(key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise SetupError("an API key is one or more visible ASCII characters without spaces; choose another one")
    return key


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
