"""The headers by which a receiver knows a genuine delivery, and one that it has seen before.

Two schemes stand side by side: the vendor's `X-HITL-Signature-256` over the body alone, and Standard Webhooks
(https://www.standardwebhooks.com), whose signature covers the id and the time as well, so that a recorded delivery
cannot be played back later.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

from hitl.webhooks import sign

_PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Return a fresh secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_usable(secret: str) -> bool:
    """Return whether both schemes can sign with a secret: it is not blank, and base64 follows if it says so."""
    try:
        return bool(secret.strip()) and bool(_key(secret))
    except (binascii.Error, ValueError):
        return False


def delivery_headers(delivery_id: str, body: bytes, secret: str | None, timestamp: int) -> dict[str, str]:
    """Return the headers of one attempt.

    Args:
        delivery_id: The same for all attempts; a receiver that remembers it acts once.
        body: The exact bytes that are sent.
        secret: The subscription's; None for a callback address, which has none, so that nothing can be signed.
        timestamp: When the attempt is made, in Unix seconds.
    """
    named = {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    if secret is None:
        return named
    content = b".".join((delivery_id.encode(), str(timestamp).encode(), body))
    digest = hmac.new(_key(secret), content, hashlib.sha256).digest()
    return {
        **named,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        "X-HITL-Signature-256": sign(body, secret),
    }


def _key(secret: str) -> bytes:
    """Return the key of the Standard Webhooks signature: the bytes after `whsec_`, or any other text as it is."""
    if secret.startswith(_PREFIX):
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    return secret.encode()
