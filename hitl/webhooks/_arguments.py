"""The arguments of the receiving program: raw body, secrets, tolerance. Wrong types raise, as programming errors."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from hitl.webhooks._keys import Key, Keys
from hitl.webhooks._refusals import refusal

if TYPE_CHECKING:
    from datetime import timedelta

Body: TypeAlias = bytes | bytearray | memoryview | str
Secret: TypeAlias = str | bytes | Iterable[str | bytes]
Tolerance: TypeAlias = "float | timedelta"

TOLERANCE: Final = 300
"""Seconds between the time of a signature and now, as Standard Webhooks advises."""

_TEXT: Final = (str, bytes)
_BINARY: Final = (bytes, bytearray, memoryview)
_NUMBER: Final = (int, float)
_STANDARD: Final = b"whsec_"
_DAY: Final = 86_400


def raw_body(body: object) -> bytes:
    """Return the bytes that were signed."""
    if type(body) is bytes:  # nearly always
        return body
    if isinstance(body, _BINARY):
        return bytes(cast("bytes", body))
    if not isinstance(body, str):
        raise TypeError(
            f"the body must be the raw bytes of the request, not {type(body).__name__}: request.get_data() in Flask, "
            "request.body in Django, await request.body() in Starlette and FastAPI"
        )
    try:
        return body.encode()
    except UnicodeEncodeError:
        raise refusal("payload_encoding") from None


def all_keys(secret: Secret | None) -> Sequence[Keys] | Exception:
    """Return the keys of one secret or of several, or what is wrong with them.

    The error is returned, for the caller to raise when it has deleted its own reference to the secret: a traceback that
    shows local variables would show it.
    """
    try:
        return _keys_of_each(secret)
    except TypeError as error:
        return TypeError(str(error))  # without the frames that it came through
    except ValueError as error:
        return ValueError(str(error))


def _keys_of_each(secret: object) -> Sequence[Keys]:
    if secret is None or isinstance(secret, _TEXT):
        return (keys_of(secret),)
    kind = type(secret).__name__
    if isinstance(secret, Mapping) or not isinstance(secret, Iterable):
        raise TypeError(f"a webhook secret must be str or bytes, or a list of them, not {kind}")
    keys = [keys_of(each) for each in cast("Iterable[object]", secret)]
    if not keys:
        raise ValueError("the list of webhook secrets is empty")
    return keys


def keys_of(secret: object) -> Keys:
    """Return the keys of one secret."""
    if secret is None:
        raise ValueError("the webhook secret is None: is its environment variable set?")
    if not isinstance(secret, _TEXT):
        raise TypeError(f"a webhook secret must be str or bytes, not {type(secret).__name__}")
    try:
        return _keys_of_bytes(secret.encode() if isinstance(secret, str) else secret)
    except UnicodeEncodeError:  # whose message would show the secret
        raise ValueError("the webhook secret holds half a surrogate pair, which UTF-8 cannot carry") from None


@lru_cache(maxsize=16)  # a program has one secret or two, and needs them for each webhook
def _keys_of_bytes(secret: bytes) -> Keys:
    if not secret.decode("utf-8", "replace").strip():
        raise ValueError("the webhook secret is empty")
    written = Key(secret)
    return Keys(written, Key(_decode(secret[len(_STANDARD) :])) if secret.startswith(_STANDARD) else written)


def _decode(text: bytes) -> bytes:
    # Some programs omit the padding, and the standard's own library accepts such secrets.
    try:
        key = binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("what follows whsec_ in the webhook secret is not base64; was it copied completely?")
    return key


def seconds_of(tolerance: Tolerance) -> float:
    """Return a tolerance in seconds, within a range that accepts neither everything nor nothing."""
    if type(tolerance) is int and 1 <= tolerance <= _DAY:  # nearly always
        return tolerance
    to_seconds: Callable[[], float] | None = getattr(tolerance, "total_seconds", None)
    seconds = to_seconds() if to_seconds else tolerance
    if isinstance(seconds, bool) or not isinstance(seconds, _NUMBER):
        raise TypeError(f"tolerance must be a number of seconds, not {type(tolerance).__name__}")
    if not 1 <= seconds <= _DAY:
        raise ValueError(f"tolerance must be between 1 second and 1 day ({_DAY} seconds), not {seconds}")
    return seconds
