"""Finds the signatures in any framework's headers. All of it may be hostile, and none of it may raise."""

# The headers are of unknown types on purpose.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, Protocol, TypeAlias

from hitl._interrupts import reraise_interrupt
from hitl.webhooks._refusals import refusal


class _Items(Protocol):
    def items(self) -> Iterable[tuple[Any, Any]]: ...


Headers: TypeAlias = _Items | Iterable[tuple[Any, Any]]
Found: TypeAlias = dict[str, str]
"""By name, in lower case: the value, without blanks around it; empty if there are two different ones."""

VENDOR: Final = ("x-hitl-signature-256", "x-hitl-signature")
STANDARD: Final = (
    ("webhook-id", "webhook-timestamp", "webhook-signature"),
    ("svix-id", "svix-timestamp", "svix-signature"),
)

_SPELLINGS: Final = {
    spelling: name
    for names in (VENDOR, *STANDARD)
    for name in names
    for spelling in (name, "http_" + name.replace("-", "_"))  # the second in WSGI environments (PEP 3333)
} | {"headers": "", "multivalueheaders": ""}  # headers within: an ASGI scope has the first, an AWS Lambda event both
_SEQUENCES: Final = (tuple, list)
_lower: Final = str.lower  # not a method of whatever the name is


def find_signatures(headers: Headers) -> Found:
    """Return the headers that take part in signing.

    Raises:
        SignatureError: The container raised an error of its own; its reason is "unreadable_headers".
    """
    found: Found = {}
    try:
        _search(headers, found, is_outermost=True)
    except Exception as error:  # the container is not ours, and callers expect SignatureError only
        reraise_interrupt(error)
        raise refusal("unreadable_headers") from None
    return found


def _search(headers: Any, found: Found, *, is_outermost: bool) -> None:
    entries = headers.items() if type(headers) is dict else _entries(headers)
    try:
        # The fast path: nearly always every name is a str.
        notable = [(_lower(name), value) for name, value in entries if _lower(name) in _SPELLINGS]
    except (TypeError, ValueError) as error:
        reraise_interrupt(error)
        notable = _tolerantly(entries)
    for spelling, value in notable:
        name = _SPELLINGS[spelling]
        if name and type(value) is str and name not in found:
            found[name] = value.strip(" \t")
        elif name:
            _note(found, name, value)
        elif is_outermost and not isinstance(value, str):
            _search(value, found, is_outermost=False)


def _entries(headers: Any) -> Collection[Any]:
    items = getattr(headers, "items", None)
    try:
        return list(headers if items is None else items())
    except TypeError:  # None, a number
        return ()


def _tolerantly(entries: Collection[Any]) -> list[tuple[str, Any]]:
    """Return the relevant headers among entries that need not be pairs, with names that need not be str."""
    pairs = [entry for entry in entries if isinstance(entry, _SEQUENCES) and len(entry) == 2]
    named = [(_lower(_as_text(name)), value) for name, value in pairs]
    return [(name, value) for name, value in named if name in _SPELLINGS]


def _note(found: Found, name: str, value: Any) -> None:
    # A list of values: AWS Lambda's multiValueHeaders.
    for each in (value or ("",)) if isinstance(value, _SEQUENCES) else (value,):
        text = _as_text(each).strip(" \t")
        found[name] = text if found.get(name, text) == text else ""


def _as_text(part: object) -> str:
    if isinstance(part, str):
        return str.__str__(part)  # a class derived from str may have methods of its own
    return bytes(part).decode("latin-1") if isinstance(part, bytes) else ""  # what RFC 9110 (5.5) once allowed
