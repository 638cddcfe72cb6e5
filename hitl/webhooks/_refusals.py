"""Why webhooks are refused: one word for each reason, and what it means."""

from __future__ import annotations

from typing import Final

from hitl.exceptions import SignatureError

MEANINGS: Final = {
    "unreadable_headers": "the headers raised an error when they were read",
    "missing_header": "it has no signature, or the webhook-id or webhook-timestamp that belongs to it is missing",
    "bad_signature_header": "a signature header is malformed or has two different values",
    "bad_id": "webhook-id is not 1 to 128 letters, digits, - and _, or has two different values",
    "bad_timestamp": "webhook-timestamp is not a number of Unix seconds, or has two different values",
    "signature_mismatch": "the signature belongs to another body or another secret; is the body unchanged and raw?",
    "timestamp_too_old": "it was signed longer ago than the tolerance allows; is this machine's clock right?",
    "timestamp_in_future": "it was signed further ahead than the tolerance allows; is this machine's clock right?",
    "payload_too_large": "the body has more than 1 MiB",
    "payload_encoding": "the body is not UTF-8",
    "payload_not_json": "the body is not strict JSON",
    "payload_not_an_event": 'the body is not a JSON object with a text under "event"',
    "replayed": "it was received before",
}
"""The values of `SignatureError.reason`. They are for the log: a sender who learns them learns to forge."""


def refusal(reason: str) -> SignatureError:
    """Return the error for one of the reasons."""
    return SignatureError(f"webhook refused ({reason}): {MEANINGS[reason]}", reason=reason)
