"""The secrets of a webhook, as the keys of HMAC-SHA256 (RFC 2104).

What depends on the key alone is computed once, as section 4 proposes. Objects of the module hmac can be copied as well,
but verifying with their wrappers takes longer. The hashes are hashlib's; tests compare the digests with those of hmac.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, cast

from hitl._interrupts import reraise_interrupt

Secret: TypeAlias = str | bytes | Iterable[str | bytes]

_TEXT: Final = (str, bytes)
_STANDARD: Final = b"whsec_"
_SHORTEST: Final = 6  # bytes of a key; Standard Webhooks makes 24 and more, and whoever guesses one can forge
_BLOCK: Final = 64  # bytes that SHA-256 takes in at once
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class Key:
    """A key. It does not hold the secret itself, only hashes that have absorbed it."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: bytes) -> None:
        block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK else secret).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER))
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def digest(self, body: bytes, prefix: bytes = b"") -> bytes:
        """Return the HMAC of prefix and body, 32 bytes."""
        inner = self._inner.copy()
        if prefix:
            inner.update(prefix)
        inner.update(body)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()


class Keys(NamedTuple):
    """One secret, as each way of signing uses it."""

    vendor: Key  # the secret as written
    standard: Key  # what the base64 after `whsec_` holds; of any other secret, the secret as written


def all_keys(secret: Secret | None) -> Sequence[Keys] | Exception:
    """Return the keys of one secret or of several, or what is wrong with them.

    The error is returned, for the caller to raise when it has deleted its own reference to the secret: a traceback that
    shows local variables would show it.
    """
    try:
        return _keys_of_each(secret)
    except (TypeError, ValueError) as error:
        reraise_interrupt(error)
        return type(error)(str(error))  # without the frames that it came through


def _keys_of_each(secret: object) -> Sequence[Keys]:
    secret = _plain(secret)
    if secret is None or isinstance(secret, _TEXT):
        return (_trusted_keys(secret),)
    kind = type(secret).__name__
    if isinstance(secret, Mapping) or not isinstance(secret, Iterable):
        raise TypeError(f"a webhook secret must be str or bytes, or a list of them, not {kind}")
    keys = [_trusted_keys(each) for each in cast("Iterable[object]", secret)]
    if not keys:
        raise ValueError("the list of webhook secrets is empty")
    return keys


def _trusted_keys(secret: object) -> Keys:
    secret = _plain(secret)
    keys = keys_of(secret)
    _require_trustworthy(cast("bytes", secret.encode() if isinstance(secret, str) else secret))
    return keys


def _plain(secret: object) -> object:
    """Return str or bytes for whatever is one of them: a member of an enumeration, a subclass, a buffer of bytes."""
    if type(secret) is str or type(secret) is bytes:  # nearly always
        return secret
    from hitl._json import plain  # loads json, which a receiver that only verifies does not need

    if isinstance(secret, bytes | bytearray | memoryview):
        return memoryview(cast("bytes", secret)).tobytes()
    return plain(secret)


@lru_cache(maxsize=16)
def _require_trustworthy(secret: bytes) -> None:
    # Not stripped silently: another program that has the same text would sign with all of it.
    text = secret.decode("utf-8", "replace")
    if text != text.strip():
        raise ValueError(
            "the webhook secret begins or ends with white space, such as the line break of a file; strip() it"
        )
    if text[0] == text[-1] and text[0] in "'\"":
        raise ValueError("the webhook secret stands in quotation marks, which are no part of it; leave them out")
    if len(_decode(secret[len(_STANDARD) :]) if secret.startswith(_STANDARD) else secret) < _SHORTEST:
        raise ValueError(
            f"the webhook secret is too short: with fewer than {_SHORTEST} bytes anybody can guess it and forge "
            "webhooks; was it copied completely?"
        )


def keys_of(secret: object) -> Keys:
    """Return the keys of one secret, for signing, however weak it is: it may have been registered long ago."""
    secret = _plain(secret)
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
