"""Tell genuine webhooks from forged ones.

The server signs the exact bytes of a body with HMAC-SHA256 and a secret that both sides know, and sends the digest in
hexadecimal as `X-HITL-Signature-256: sha256=<hex>` or `X-HITL-Signature: <hex>`. Which of the two, and with or without
the prefix, differs between the pages of the vendor's documentation, so each spelling is understood in either header.

Receivers start often and wait for little else, so this module loads little more than hmac and json.
"""

from __future__ import annotations

import hmac
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn, Protocol, TypeAlias, cast

from hitl.exceptions import SignatureError

__all__ = ["WebhookEvent", "construct_event", "sign", "signature_headers", "verify_signature"]

_PREFIX: Final = "sha256="
_HEX_DIGITS: Final = frozenset("0123456789abcdef")  # lower case, as the server writes them: one spelling per digest


class _Items(Protocol):
    def items(self) -> Iterable[tuple[Any, Any]]: ...


Body: TypeAlias = bytes | bytearray | memoryview | str
Headers: TypeAlias = _Items | Iterable[tuple[Any, Any]]
Secret: TypeAlias = str | bytes | Iterable[str | bytes]


class WebhookEvent:
    """A genuine webhook. Its parts cannot be reassigned."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = dict(data)

    @property
    def data(self) -> dict[str, Any]:
        """The whole payload as it came."""
        return self._data

    @property
    def event(self) -> str:
        """What happened, such as "review.completed"; new words may appear at any time."""
        return str(self._data["event"])

    @property
    def review(self) -> dict[str, Any] | None:
        """The review that it is about; None in events about something else."""
        review = self._data.get("review")
        return cast("dict[str, Any]", review) if isinstance(review, dict) else None

    @property
    def review_id(self) -> str | None:
        """The id of that review; None if there is none."""
        review_id = (self.review or {}).get("id")
        return review_id if isinstance(review_id, str) else None

    @property
    def timestamp(self) -> str | None:
        """When it happened, as the server wrote it (ISO 8601); not every event has it."""
        timestamp = self._data.get("timestamp")
        return timestamp if isinstance(timestamp, str) else None

    def __eq__(self, other: object) -> bool:
        return self._data == other._data if isinstance(other, WebhookEvent) else NotImplemented

    def __repr__(self) -> str:
        # Not the payload: what people wrote does not belong into a log by accident.
        return f"WebhookEvent(event={self.event!r}, review_id={self.review_id!r}, timestamp={self.timestamp!r})"


def verify_signature(headers: Headers, body: Body, secret: Secret) -> bool:
    """Return whether the server that knows `secret` sent exactly this `body`.

    Whatever a sender puts into headers and body, the answer is True or False. If a request carries several signatures,
    all of them must be genuine; two different values of one header never are.

    Args:
        headers: The request's headers as your framework hands them out: any mapping, Django's `request.META`,
            a list of pairs of str or bytes. Upper and lower case make no difference.
        body: The raw body, before any parsing.
        secret: The webhook's secret. Several of them while you replace one: any may have signed.

    Raises:
        TypeError: `body` is a parsed body, or `secret` is of a wrong type.
        ValueError: `secret` is empty, blank or None; an empty secret would make every forgery genuine.

    Example:
        >>> from hitl.webhooks import signature_headers, verify_signature
        >>> verify_signature(signature_headers(b"{}", "secret"), b"{}", "secret")
        True
    """
    try:
        _check(headers, _raw(body), _keys(secret))
    except SignatureError:
        return False
    return True


def construct_event(headers: Headers, body: Body, secret: Secret) -> WebhookEvent:
    """Return the event that a genuine webhook carries. The arguments are those of `verify_signature`.

    Raises:
        SignatureError: It is not genuine, or no event. Its `reason` is for your log, not for the sender:
            "missing_header", "bad_signature_header", "signature_mismatch", "payload_encoding", "payload_not_json" or
            "payload_not_an_event".
        TypeError, ValueError: As in `verify_signature`.
    """
    raw = _raw(body)
    _check(headers, raw, _keys(secret))
    return WebhookEvent(_parse_payload(raw))


def sign(body: Body, secret: str | bytes) -> str:
    """Return the signature of a body as the server writes it, "sha256=" and 64 hexadecimal digits."""
    return _PREFIX + _digest(_key(secret), _raw(body)).hex()


def signature_headers(body: Body, secret: str | bytes) -> dict[str, str]:
    """Return the headers that make `body` genuine, for tests of your own webhook handler."""
    return {"X-HITL-Signature-256": sign(body, secret)}


# --- what the caller gives: wrong types are programming errors and loud ----------------------------------------------


def _raw(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))
    if not isinstance(body, str):
        raise TypeError(
            f"the body must be the raw bytes of the request, not {type(body).__name__}: request.get_data() in Flask, "
            "request.body in Django, await request.body() in Starlette and FastAPI"
        )
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise _fault("payload_encoding") from None


def _keys(secret: Secret | None) -> list[bytes]:
    if secret is None or isinstance(secret, str | bytes):
        return [_key(secret)]
    keys = [_key(each) for each in secret]
    if not keys:
        raise ValueError("the list of webhook secrets is empty")
    return keys


def _key(secret: object) -> bytes:
    if secret is None:
        raise ValueError("the webhook secret is None: is its environment variable set?")
    if not isinstance(secret, str | bytes):
        raise TypeError(f"a webhook secret must be str or bytes, not {type(secret).__name__}")
    if not secret.strip():
        raise ValueError("the webhook secret is empty")
    try:
        return secret.encode() if isinstance(secret, str) else secret
    except UnicodeEncodeError:  # whose message would show the secret
        raise ValueError("the webhook secret holds half a surrogate pair, which UTF-8 cannot carry") from None


# --- what the sender gives: all of it may be hostile -----------------------------------------------------------------


def _check(headers: Headers, raw: bytes, keys: Sequence[bytes]) -> None:
    """Raise SignatureError unless every signature among the headers is genuine and there is at least one."""
    found = _signature_values(headers)
    used = [scheme for scheme in _SCHEMES if not found.keys().isdisjoint(scheme.headers)]
    if not used:
        raise _fault("missing_header")
    for scheme in used:
        scheme.check({name: _only(found[name]) for name in scheme.headers if name in found}, raw, keys)


def _signature_values(headers: Headers) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, value in _pairs(headers):
        if known := _HEADER_NAMES.get(_as_text(name).lower()):
            # A list of values: AWS Lambda's multiValueHeaders.
            values = cast("Iterable[object]", value if isinstance(value, list | tuple) else [value])
            found.setdefault(known, set()).update(_as_text(each).strip(" \t") for each in values)
    return found


def _pairs(headers: object) -> Iterator[tuple[object, object]]:
    items = getattr(headers, "items", None)
    entries: object = items() if callable(items) else headers
    if not isinstance(entries, Iterable):
        return
    for entry in cast("Iterable[object]", entries):
        if isinstance(entry, tuple | list):
            pair = cast("Sequence[object]", entry)
            if len(pair) == 2:
                yield pair[0], pair[1]


def _as_text(part: object) -> str:
    if isinstance(part, bytes):
        return part.decode("latin-1")  # of all bytes; what RFC 9110 (5.5) once allowed in headers
    return part if isinstance(part, str) else ""


def _only(values: set[str]) -> str:
    if len(values) != 1:
        raise _fault("bad_signature_header")
    return next(iter(values))


def _check_hex(found: Mapping[str, str], raw: bytes, keys: Sequence[bytes]) -> None:
    received = [_parse_hex(value) for value in found.values()]
    expected = [_digest(key, raw) for key in keys]
    genuine = True
    for digest in received:
        # Every comparison is made, so that the time taken does not tell which secret came close.
        matches = [hmac.compare_digest(digest, each) for each in expected]
        genuine &= any(matches)
    if not genuine:
        raise _fault("signature_mismatch")


def _parse_hex(value: str) -> bytes:
    digits = value.removeprefix(_PREFIX)
    if len(digits) != 64 or not _HEX_DIGITS.issuperset(digits):
        raise _fault("bad_signature_header")
    return bytes.fromhex(digits)


def _digest(key: bytes, raw: bytes) -> bytes:
    return hmac.digest(key, raw, "sha256")


class _Scheme(NamedTuple):
    """A way of signing: the headers that it reads (lower case), and what raises SignatureError unless they fit."""

    headers: tuple[str, ...]
    check: Callable[[Mapping[str, str], bytes, Sequence[bytes]], None]


_SCHEMES: Final = (_Scheme(("x-hitl-signature-256", "x-hitl-signature"), _check_hex),)
"""The ways of signing that are understood; a new one is a new row."""

_HEADER_NAMES: Final = {
    spelling: name
    for scheme in _SCHEMES
    for name in scheme.headers
    for spelling in (name, "http_" + name.replace("-", "_"))  # the second in WSGI environments (PEP 3333)
}


def _parse_payload(raw: bytes) -> dict[str, Any]:
    try:
        payload: object = json.loads(
            raw.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except UnicodeDecodeError:
        raise _fault("payload_encoding") from None
    except (ValueError, RecursionError):
        raise _fault("payload_not_json") from None
    match payload:
        case {"event": str()}:
            return cast("dict[str, Any]", payload)
        case _:
            raise _fault("payload_not_an_event")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")  # though Python's parser takes it (RFC 8259, 6)


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # 1e999
        raise ValueError(f"{text} is out of range")
    return number


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Parsers differ in which of two equal names counts (RFC 8259, 4): a reviewer must not have approved the other one.
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return result


_MEANINGS: Final = {
    "missing_header": "it has no X-HITL-Signature-256 or X-HITL-Signature header",
    "bad_signature_header": "a signature header is malformed or has two different values",
    "signature_mismatch": "the signature belongs to another body or another secret; is the body unchanged and raw?",
    "payload_encoding": "the body is not UTF-8",
    "payload_not_json": "the body is not strict JSON",
    "payload_not_an_event": 'the body is not a JSON object with a text under "event"',
}


def _fault(reason: str) -> SignatureError:
    return SignatureError(f"webhook refused ({reason}): {_MEANINGS[reason]}", reason=reason)
