"""The headers by which a receiver knows a genuine delivery, and one that it has seen before.

Two schemes stand side by side: the vendor's `X-HITL-Signature-256` over the body alone, and Standard Webhooks
(https://www.standardwebhooks.com), whose signature covers the id and the time as well, so that a recorded delivery
cannot be played back later.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

from hitl.webhooks import signature_headers

_PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Return a fresh secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_usable(secret: str) -> bool:
    """Return whether both schemes can sign with a secret: it is not blank, and base64 follows if it says so."""
    try:
        signature_headers(b"", secret, webhook_id="usable")
    except ValueError:
        return False
    return True


def delivery_headers(delivery_id: str, body: bytes, secret: str | None, timestamp: int) -> dict[str, str]:
    """Return the headers of an attempt at this Unix time, unsigned without a secret, as for callback URLs."""
    if secret is None:
        return {"webhook-id": delivery_id, "webhook-timestamp": str(timestamp)}
    return signature_headers(body, secret, webhook_id=delivery_id, timestamp=timestamp)
