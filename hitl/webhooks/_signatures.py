"""The two signature schemes of webhooks, and what makes a signature genuine.

The vendor's: HMAC-SHA256 over the exact bytes of the body, in hexadecimal, as `X-HITL-Signature-256: sha256=<hex>` or
`X-HITL-Signature: <hex>`. Which of the two, and with or without the prefix, differs between the pages of the vendor's
documentation, so each spelling is understood in either header.

Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks, spec 1.0): HMAC-SHA256 over
`{webhook-id}.{webhook-timestamp}.{body}`, in base64. It signs an id and the time, too.
"""

from __future__ import annotations

import binascii
import hmac
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from hitl._interrupts import reraise_interrupt
from hitl.exceptions import SignatureError
from hitl.webhooks._headers import STANDARD, VENDOR, Found, Headers, find_signatures
from hitl.webhooks._refusals import refusal
from hitl.webhooks._secrets import Keys, Secret, all_keys, keys_of

if TYPE_CHECKING:
    from datetime import timedelta

Body: TypeAlias = bytes | bytearray | memoryview | str
Tolerance: TypeAlias = "float | timedelta"

Proof: TypeAlias = str | bytes
"""What one genuine signature vouches for: a webhook-id, or the digest of the body."""

TOLERANCE: Final = 300
"""Seconds between the time of a signature and now, as Standard Webhooks advises."""

_DAY: Final = 86_400
_PREFIX: Final = "sha256="
_HEX_DIGITS: Final = frozenset("0123456789abcdef")  # lower case, as the server writes them: one spelling per digest
# Without a dot in the id, and with one spelling of each number, no two messages have the same signed content.
_IS_SIGNABLE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}\.(?:0|[1-9][0-9]{0,10})\.").fullmatch
# The start of what Standard Webhooks signs, and of no JSON document. A secret without `whsec_` is the key of both
# schemes, so that the digest of one delivery would else be the vendor's signature of a body that was never sent.
_IS_STANDARD_CONTENT: Final = re.compile(rb"[^\s{\[\"]*\.[0-9]+\.").match
_LAST_CHARACTERS: Final = frozenset("AEIMQUYcgkosw048")
_LONGEST_LIST: Final = 4096  # characters of webhook-signature
_MOST_SIGNATURES: Final = 16  # in it; two are there while a secret is replaced


def verify_signature(
    headers: Headers, body: Body, secret: Secret, *, tolerance: Tolerance = TOLERANCE, now: float | None = None
) -> bool:
    """Return whether the server that knows `secret` sent exactly this `body`.

    Whatever a sender puts into headers and body, the result is True or False. If a request carries several signatures,
    all of them must be genuine; two different values of one header never are.

    Args:
        headers: The request's headers as your framework hands them out: any mapping, Django's `request.META`,
            a list of pairs of str or bytes, an ASGI scope, an AWS Lambda event.
            Upper and lower case make no difference.
        body: The raw body, before any parsing. The vendor's signature is no proof of a body that begins as the content
            which Standard Webhooks signs, `id.timestamp.`; no JSON does.
        secret: The webhook's secret. Several of them while you replace one: any may have signed.
        tolerance: Seconds that the time in `webhook-timestamp` may be away from now, before or after: 1 to 86,400, or a
            timedelta. The vendor's own signature has no time.
        now: The time, in Unix seconds; this machine's clock by default.

    Raises:
        TypeError: `body` is a parsed body, or another argument is of a wrong type.
        ValueError: `secret` is empty, None, or has fewer than 6 bytes, so that anybody could forge; it has white space
            or quotation marks around it, or no base64 follows its `whsec_`. Or `tolerance` is out of range.

    Example:
        >>> from hitl.webhooks import signature_headers, verify_signature
        >>> verify_signature(signature_headers(b"{}", "secret"), b"{}", "secret")
        True
    """
    keys = all_keys(secret)
    del secret  # a traceback that shows local variables would show it
    if isinstance(keys, Exception):
        raise keys
    seconds = seconds_of(tolerance)
    try:
        check(headers, raw_body(body), keys, seconds, now)
    except SignatureError:
        return False
    return True


def sign(body: Body, secret: str | bytes) -> str:
    """Return the vendor's signature of a body as the server writes it, "sha256=" and 64 hexadecimal digits."""
    return _PREFIX + keys_of(secret).vendor.digest(raw_body(body)).hex()


def signature_headers(
    body: Body, secret: str | bytes, *, webhook_id: str | None = None, timestamp: int | None = None
) -> dict[str, str]:
    """Return the headers that make `body` genuine, for tests of your own webhook handler.

    Args:
        body: What is signed.
        secret: The webhook's secret.
        webhook_id: If given, the three headers of Standard Webhooks are there, too, as the sandbox sends them.
        timestamp: When it is signed, in Unix seconds; now by default. The vendor's signature has no time.
    """
    keys, raw = keys_of(secret), raw_body(body)
    headers = {"X-HITL-Signature-256": _PREFIX + keys.vendor.digest(raw).hex()}
    if webhook_id is None:
        return headers
    moment = str(int(time.time()) if timestamp is None else timestamp)
    digest = keys.standard.digest(raw, f"{webhook_id}.{moment}.".encode())
    signature = f"v1,{binascii.b2a_base64(digest, newline=False).decode()}"
    return {**headers, "webhook-id": webhook_id, "webhook-timestamp": moment, "webhook-signature": signature}


def check(headers: Headers, raw: bytes, keys: Sequence[Keys], tolerance: float, now: float | None) -> list[Proof]:
    """Return what the genuine signatures vouch for, at least one.

    Raises:
        SignatureError: One of the signatures is not genuine, or there is none.
    """
    moment = time.time() if now is None else _number(now)
    if moment is None:
        raise TypeError(f"now must be a number of Unix seconds, not {type(now).__name__}")
    found = find_signatures(headers)
    proofs: list[Proof] = []
    for names in STANDARD:
        if names[0] in found or names[1] in found or names[2] in found:
            proofs += (_check_standard(found, names, raw, keys, tolerance, moment),)
    if VENDOR[0] in found or VENDOR[1] in found:
        proofs += _check_vendor(found, raw, keys)
    if not proofs:
        raise refusal("missing_header")
    return proofs


# --- the vendor's signature ------------------------------------------------------------------------------------------


def _check_vendor(found: Found, raw: bytes, keys: Sequence[Keys]) -> list[bytes]:
    received = [_parse_hex(found[name]) for name in VENDOR if name in found]
    expected = [key.vendor.digest(raw) for key in keys]
    matches = [_count(digest, expected) for digest in received]
    if not all(matches) or _IS_STANDARD_CONTENT(raw):
        raise refusal("signature_mismatch")
    return received


def _parse_hex(value: str) -> bytes:
    digits = value.removeprefix(_PREFIX)
    if len(digits) != 64 or not _HEX_DIGITS.issuperset(digits):
        raise refusal("bad_signature_header")
    return bytes.fromhex(digits)


# --- the signature of Standard Webhooks ------------------------------------------------------------------------------


def _check_standard(
    found: Found, names: tuple[str, str, str], raw: bytes, keys: Sequence[Keys], tolerance: float, now: float
) -> str:
    try:
        webhook_id, timestamp, signatures = found[names[0]], found[names[1]], found[names[2]]
    except KeyError:
        raise refusal("missing_header") from None
    signed = f"{webhook_id}.{timestamp}."
    if not _IS_SIGNABLE(signed):
        raise refusal("bad_timestamp" if _IS_SIGNABLE(f"{webhook_id}.0.") else "bad_id")
    received = _parse_list(signatures)
    prefix = signed.encode()
    if not sum([_count(key.standard.digest(raw, prefix), received) for key in keys]):
        raise refusal("signature_mismatch")
    if abs(now - int(timestamp)) <= tolerance:  # not if `now` is no number
        return webhook_id
    raise refusal("timestamp_in_future" if now < int(timestamp) else "timestamp_too_old")


def _parse_list(text: str) -> list[bytes]:
    if digest := _parse_base64(text):  # nearly always there is one
        return [digest]
    # Other versions than v1 may stand beside it, such as v1a, an asymmetric signature.
    entries = text.split(" ", _MOST_SIGNATURES) if len(text) <= _LONGEST_LIST else ()
    digests = [digest for entry in entries if (digest := _parse_base64(entry))]
    if not digests or len(entries) > _MOST_SIGNATURES:
        raise refusal("bad_signature_header")
    return digests


def _parse_base64(entry: str) -> bytes | None:
    # 32 bytes are 43 characters and a filling one. The 43rd has two bits to spare; unless they are 0, it is another
    # spelling of the same digest, and only one is genuine.
    if len(entry) != 47 or not entry.startswith("v1,") or entry[45] not in _LAST_CHARACTERS or entry[46] != "=":
        return None
    try:
        return binascii.a2b_base64(entry[3:], strict_mode=True)
    except ValueError as error:  # binascii.Error among them
        reraise_interrupt(error)
        return None


# --- both ------------------------------------------------------------------------------------------------------------


def _count(digest: bytes, others: Sequence[bytes]) -> int:
    # Every comparison is made, here and by the callers, so that the time taken does not reveal which one came close.
    return sum([hmac.compare_digest(digest, other) for other in others])


# --- the arguments of the receiving program: wrong types raise, as programming errors ---------------------------------


def raw_body(body: object) -> bytes:
    """Return the bytes that were signed."""
    if type(body) is bytes:  # nearly always
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        return memoryview(cast("bytes", body)).tobytes()
    if not isinstance(body, str):
        raise TypeError(
            f"the body must be the raw bytes of the request, not {type(body).__name__}: request.get_data() in Flask, "
            "request.body in Django, await request.body() in Starlette and FastAPI"
        )
    try:
        return str.encode(body)  # whatever the methods of a subclass return
    except UnicodeEncodeError:
        raise refusal("payload_encoding") from None


def seconds_of(tolerance: Tolerance) -> float:
    """Return a tolerance in seconds, within a range that accepts neither everything nor nothing."""
    if type(tolerance) is int and 1 <= tolerance <= _DAY:  # nearly always
        return tolerance
    seconds = _number(tolerance)
    if seconds is None:
        raise TypeError(f"tolerance must be a number of seconds, not {type(tolerance).__name__}")
    if not 1 <= seconds <= _DAY:
        raise ValueError(f"tolerance must be between 1 second and 1 day ({_DAY} seconds), not {seconds:g}")
    return seconds


def _number(value: object) -> float | None:
    if type(value) is int or type(value) is float:
        return value
    from hitl._json import number  # loads json, which a receiver that only verifies does not need

    return None if isinstance(value, str | bytes) else number(value)
