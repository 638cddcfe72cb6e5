"""Which files are taken: their ending and their content decide, and not the media type that the sender names."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from hitl.server.primitives import ApiError

_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_OLE: Final = bytes.fromhex("D0CF11E0A1B11AE1")  # the container of old Office files ([MS-CFB], 2.2)


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file: its media type, and what tells it from others."""

    media_type: str
    matches: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class UploadKind:
    """What one address takes: files of these types, by their endings, up to so many bytes."""

    folder: str
    largest: int
    types: Mapping[str, FileType]

    def type_of(self, name: str, content: bytes) -> FileType:
        """Return the type of a file, or refuse it with 415."""
        ending = PurePosixPath(name.lower()).suffix.removeprefix(".")
        found = self.types.get(ending)
        if found is None:
            raise _unsupported(f"the name must end in one of {', '.join(self.types)}")
        if not found.matches(content):
            raise _unsupported(f"the file is named .{ending}, but its content is something else")
        return found


def _unsupported(why: str) -> ApiError:
    return ApiError(415, "unsupported_media_type", why)


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(signatures)


def _is_webp(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _office(folder: str) -> Callable[[bytes], bool]:
    def matches(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OSError):
            return False
        return "[Content_Types].xml" in names and any(name.startswith(f"{folder}/") for name in names)

    return matches


def _is_text(content: bytes) -> bool:
    return b"\0" not in content and not content.startswith((b"%PDF-", b"PK\x03\x04", b"GIF8"))


_JPEG: Final = FileType("image/jpeg", _begins(b"\xff\xd8\xff"))

IMAGES: Final = UploadKind(
    "img",
    10 * 1024 * 1024,
    {
        "jpg": _JPEG,
        "jpeg": _JPEG,
        "png": FileType("image/png", _begins(b"\x89PNG\r\n\x1a\n")),
        "gif": FileType("image/gif", _begins(b"GIF87a", b"GIF89a")),
        "webp": FileType("image/webp", _is_webp),
    },
)

DOCUMENTS: Final = UploadKind(
    "docs",
    50 * 1024 * 1024,
    {
        "pdf": FileType("application/pdf", _begins(b"%PDF-")),
        "doc": FileType("application/msword", _begins(_OLE)),
        "docx": FileType(f"{_OFFICE}.wordprocessingml.document", _office("word")),
        "xls": FileType("application/vnd.ms-excel", _begins(_OLE)),
        "xlsx": FileType(f"{_OFFICE}.spreadsheetml.sheet", _office("xl")),
        "ppt": FileType("application/vnd.ms-powerpoint", _begins(_OLE)),
        "pptx": FileType(f"{_OFFICE}.presentationml.presentation", _office("ppt")),
        "csv": FileType("text/csv", _is_text),
        "txt": FileType("text/plain", _is_text),
    },
)
