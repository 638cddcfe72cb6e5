"""Answers of file fields: where a file is, or the file itself.

A file is given as an address, `https://example.com/report.pdf`, or as a data URI (RFC 2397), which holds it whole; or
as an object `{"url": ..., "name": "report.pdf"}` with either of them. A field that takes several files takes an array,
too. The vendor shows no answer of such a field; this form is the sandbox's.

What lies behind an address is never fetched, so only the size of a data URI can be checked.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, cast
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from hitl.server.primitives import Checker, Fault
from hitl.server.primitives.validation import anything, array, every, optional, record, required, text, uri
from hitl.server.results.fields import Field, words

_SIZE = re.compile(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*(|[KMGT]i?)B?\s*", re.IGNORECASE | re.ASCII)
_UNITS: Final = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}

_OBJECT = record({"url": required(anything), "name": optional(text(shortest=1, longest=255))}, closed=False)


@dataclass(frozen=True, slots=True)
class _File:
    """What is known of a file without fetching it; the media type and the size of data URIs only."""

    name: str
    media_type: str | None = None
    size: int | None = None


def bytes_in(size: str) -> int:
    """Return the number of bytes in "10MB", where 1 KB is 1,024 bytes; ValueError for anything else."""
    found = _SIZE.fullmatch(size)
    if not found:
        raise ValueError(f"no size: {size[:40]!r}")
    return int(float(found[1]) * 1024 ** _UNITS[found[2][:1].upper()])


def file_check(field: Field) -> Checker:
    """Accept one file, or several if the field takes them, of the kinds and up to the size that the field names."""
    one = _one_file(field)
    several = array(one)

    def check(place: str, value: object) -> Iterator[Fault]:
        return (one, several)[isinstance(value, list)](place, value)

    return check if field.get("multiple") else one


def _one_file(field: Field) -> Checker:
    def check(place: str, value: object) -> Iterator[Fault]:
        given = cast("Mapping[str, Any]", value if isinstance(value, dict) else {"url": value})
        try:
            file = _file(given["url"], given.get("name"))
        except ValueError as error:
            yield Fault(place, str(error))
            return
        yield from _kind_faults(place, file, words(field, "accept"))
        yield from _size_faults(place, file, field.get("max_size"))

    return every(_shape, check)


def _shape(place: str, value: object) -> Iterator[Fault]:
    if isinstance(value, dict):
        yield from _OBJECT(place, cast("object", value))


def _file(url: object, name: str | None) -> _File:
    if not isinstance(url, str):
        raise ValueError("must be the address of a file, a data URI, or an object with one of them as url")  # noqa: TRY004 - becomes a fault of the answer
    if url[:5].lower() == "data:":
        return _embedded(url, name)
    if url.partition(":")[0].lower() not in ("http", "https") or any(uri("", url)) or not urlsplit(url).hostname:
        raise ValueError("must be an http or https address, or a data URI")
    return _File(name or unquote(urlsplit(url).path).rpartition("/")[2])


def _embedded(url: str, name: str | None) -> _File:
    """Read `data:application/pdf;name=report.pdf;base64,...`; browsers' form libraries put the name there."""
    if "," not in url:
        raise ValueError("is a data URI without a comma, which must stand before the data")
    try:
        media_type, named, data = read_data_uri(url)
    except ValueError:
        raise ValueError("is a data URI whose data are no base64") from None
    return _File(name or named, media_type.lower() or "text/plain", len(data))


def read_data_uri(uri: str) -> tuple[str, str, bytes]:
    """Return media type, the parameter `name` and data of a data URI (RFC 2397); ValueError if it is broken."""
    head, comma, body = uri.partition(":")[2].partition(",")
    if not comma:
        raise ValueError("no comma")
    media_type, *parameters = head.split(";")
    named = {key: value for key, _, value in (parameter.partition("=") for parameter in parameters)}
    data = b64decode(unquote(body), validate=True) if "base64" in named else unquote_to_bytes(body)
    return media_type, unquote(named.get("name", "")), data


def _kind_faults(place: str, file: _File, accepted: Sequence[str]) -> Iterator[Fault]:
    if accepted and not any(_is_accepted(file, kind.strip().lower()) for kind in accepted):
        hint = "" if file.name else '; give it a name, as in {"url": ..., "name": ...}'
        yield Fault(place, f"must be a file of one of these kinds: {', '.join(accepted)}{hint}")


def _is_accepted(file: _File, kind: str) -> bool:
    """Compare the name's ending or, as the attribute `accept` of HTML allows, the media type.

    The media type of an address is unknown, so any may be it.
    """
    if "/" not in kind:
        return file.name.lower().endswith(f".{kind.removeprefix('.')}")
    return file.media_type is None or fnmatchcase(file.media_type, kind)


def _size_faults(place: str, file: _File, longest: str | None) -> Iterator[Fault]:
    if longest and file.size is not None and file.size > bytes_in(longest):
        yield Fault(place, f"may have at most {longest}, this has {file.size:,} bytes")
