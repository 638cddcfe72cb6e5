"""Files to be uploaded: read, and checked by their names, their first bytes and their sizes before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Final, Protocol, TypeAlias, cast

from attrs import field, frozen

from hitl._json import plain
from hitl.exceptions import ConfigurationError

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_ZIP: Final = (b"PK\x03\x04",)
_OLE: Final = (bytes.fromhex("D0CF11E0A1B11AE1"),)  # the container of old Office files ([MS-CFB], 2.2)
_TEXT: Final = ()  # nothing that a text begins with


class Readable(Protocol):
    """A binary file object."""

    def read(self, size: int, /) -> bytes: ...


Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | Readable


@frozen
class FileKind:
    """What one operation takes: endings with their media types and first bytes, and the bytes of a file."""

    what: str
    largest: int
    types: Mapping[str, tuple[str, tuple[bytes, ...]]]


@frozen
class LocalFile:
    """A file as it will be sent."""

    name: str
    type: str
    content: bytes = field(repr=False)


IMAGES: Final = FileKind(
    "image",
    10 * 1024 * 1024,
    {
        "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
        "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
        "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
        "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
        "webp": ("image/webp", (b"RIFF",)),
    },
)

DOCUMENTS: Final = FileKind(
    "document",
    50 * 1024 * 1024,
    {
        "pdf": ("application/pdf", (b"%PDF-",)),
        "doc": ("application/msword", _OLE),
        "docx": (f"{_OFFICE}.wordprocessingml.document", _ZIP),
        "xls": ("application/vnd.ms-excel", _OLE),
        "xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _ZIP),
        "ppt": ("application/vnd.ms-powerpoint", _OLE),
        "pptx": (f"{_OFFICE}.presentationml.presentation", _ZIP),
        "csv": ("text/csv", _TEXT),
        "txt": ("text/plain", _TEXT),
    },
)


def local_file(operation: str, kind: FileKind, source: object, name: object) -> LocalFile:
    """Read a file, no further than it may be long, and check it; ConfigurationError if it cannot be uploaded."""
    content = _content(operation, kind, source)
    if not content:
        raise ConfigurationError(f"{operation}: the file is empty")
    given = plain(_name_of(source) if name is None else name)
    if not isinstance(given, str) or not PurePath(given).name:
        given = _named(operation, kind, content)
    named = PurePath(given).name
    ending = PurePath(named.lower()).suffix.removeprefix(".")
    if ending not in kind.types:
        raise ConfigurationError(f"{operation}: the name must end in one of {', '.join(kind.types)}; got {named!r:.80}")
    if not _fits(content, ending, kind):
        raise ConfigurationError(f"{operation}: {named!r:.80} is named .{ending}, but its content is something else")
    return LocalFile(named, kind.types[ending][0], content)


def _content(operation: str, kind: FileKind, source: object) -> bytes:
    most = kind.largest + 1
    if isinstance(source, bytes | bytearray | memoryview):
        content = memoryview(cast("bytes", source)).cast("B")[:most].tobytes()
    elif isinstance(source, str | os.PathLike):
        try:
            with Path(cast("str", source)).open("rb") as opened:
                content = opened.read(most)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise ConfigurationError(f"{operation}: {os.fspath(cast('str', source))!r:.200}: {why}") from error
    elif hasattr(source, "read"):
        content = _read(operation, cast("Readable", source), most)
    else:
        wanted = "a path, bytes or a file object opened with mode 'rb'"
        raise ConfigurationError(f"{operation}: file must be {wanted}; got {type(source).__name__}")
    if len(content) > kind.largest:
        raise ConfigurationError(
            f"{operation}: the file has more than {kind.largest // 1024**2} MB; send a smaller one"
        )
    return content


def _read(operation: str, stream: Readable, most: int) -> bytes:
    content = bytearray()
    while chunk := stream.read(most - len(content)):  # which may be less than was asked for
        if not isinstance(chunk, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(f"{operation}: the file object gives no bytes; open it with mode 'rb'")
        content += chunk
    return bytes(content)


def _name_of(source: Any) -> object:
    is_path = isinstance(source, str | os.PathLike)
    return os.fspath(cast("str", source)) if is_path else getattr(source, "name", None)


def _named(operation: str, kind: FileKind, content: bytes) -> str:
    """Return a name for bytes that have none, by what they begin with."""
    found = next((each for each in kind.types if kind is IMAGES and _fits(content, each, kind)), None)
    if found is not None:
        return f"image.{found}"
    wanted = "it is none of " + ", ".join(kind.types) if kind is IMAGES else "give its name, as in name='report.pdf'"
    raise ConfigurationError(f"{operation}: {wanted}")


def _fits(content: bytes, ending: str, kind: FileKind) -> bool:
    signatures = kind.types[ending][1]
    if not signatures:
        return b"\0" not in content
    return content.startswith(signatures) and (ending != "webp" or content[8:12] == b"WEBP")
