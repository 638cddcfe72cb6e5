"""Contains some shared types for properties"""

import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import IO, BinaryIO, Generic, Literal, TypeGuard, TypeVar
from urllib.parse import quote

from attrs import define

_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.~:@-]{1,128}")


def is_id(value: object) -> TypeGuard[str]:
    """Whether a value is an id that is one segment of a path

    An empty one would reach the list, and `.`, `..` or a slash another resource (RFC 3986, 5.2.4).
    """
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def path_segment(name: str, value: object) -> str:
    """Return an id as it stands in a path; raise ValueError if it is none"""
    if not is_id(value):
        raise ValueError(f"{name} must be an id as the server gave it; got {value!r:.80}")
    return quote(str.__str__(value), safe="")  # str() of an Enum member is its name


_LEAP = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:)60(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?")


def read_datetime(text: str) -> datetime:
    """Return the date-time of RFC 3339 that a server's text says; one without a time zone is in UTC

    Accepted are also small letters, and the second 60 of a leap second, which is the first of the next minute. Raises
    ValueError, or TypeError if it is no text.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _unusual_datetime(text.strip().upper())
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _unusual_datetime(text: str) -> datetime:
    if leap := _LEAP.fullmatch(text):
        try:
            return datetime.fromisoformat(f"{leap[1]}59{leap[2] or ''}") + timedelta(seconds=1)
        except OverflowError:
            raise ValueError(f"{text!r} is beyond the year 9999") from None
    return datetime.fromisoformat(text)


class Unset:
    """The type of UNSET, which stands for "not given"; UNSET is its only instance, also after copy and pickle"""

    __slots__ = ()

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        # A string names a global of this module, so copy, deepcopy and pickle find the one UNSET again.
        return "UNSET"


UNSET: Unset = Unset()

# The types that `httpx.Client(files=)` can accept, copied from that library.
FileContent = IO[bytes] | bytes | str
FileTypes = (
    # (filename, file (or bytes), content_type)
    tuple[str | None, FileContent, str | None]
    # (filename, file (or bytes), content_type, headers)
    | tuple[str | None, FileContent, str | None, Mapping[str, str]]
)
RequestFiles = list[tuple[str, FileTypes]]


@define
class File:
    """Contains information for file uploads"""

    payload: BinaryIO
    file_name: str | None = None
    mime_type: str | None = None

    def to_tuple(self) -> FileTypes:
        """Return a tuple representation that httpx will accept for multipart/form-data"""
        return self.file_name, self.payload, self.mime_type


T = TypeVar("T")


@define
class Response(Generic[T]):
    """A response from an endpoint"""

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


__all__ = ["UNSET", "File", "FileTypes", "RequestFiles", "Response", "Unset", "is_id", "path_segment", "read_datetime"]
