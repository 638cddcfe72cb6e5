"""A file or a picture as a part of content.

It becomes an object of a data URI (RFC 2397) and a name: plain JSON, which any server takes as it takes other content.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from mimetypes import guess_type
from pathlib import PurePath
from typing import Any, ClassVar, Final, Protocol, final, runtime_checkable

from hitl._content.conversion import type_name
from hitl.exceptions import ContentError

_MAX_SIZE: Final = 3_500_000
_LONGEST_NAME: Final = 255
_UNKNOWN: Final = "application/octet-stream"
_MEDIA_TYPE: Final = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_SHOWN: Final = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "GIF": ".gif",
    "WEBP": ".webp",
}  # formats of pictures that browsers draw


@runtime_checkable
class PillowImage(Protocol):
    """A picture of Pillow, as far as it is needed here."""

    format: Any
    info: Any

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002 - Pillow's own name
        """Write the picture."""


@final
@dataclass(frozen=True, init=False)
class File:
    """A file or a picture as a part of content: the reviewer sees the picture, or gets the file to download.

    The file is read when this is made. It is sent within the content, so it counts towards the size of the request:
    the review server of this package takes 5 MB for all of it.

        client.create_review("listing", {"title": "Green sofa", "photo": File("sofa.jpg")})

    Args:
        source: The path of a file, its bytes, or a picture of Pillow, which is saved in its own format if browsers draw
            that, or else as PNG; of an animation the current frame.
        name: What the file is called; by default as its path. Only the last part of a path is kept.
        media_type: Such as `application/pdf`; by default what the name suggests.

    Attributes:
        name: What the file is called.
        media_type: Its media type.
        data: Its bytes.

    Raises:
        ContentError: The file has more than `File.MAX_SIZE` bytes, or the source is nothing of the above.
        OSError: The file cannot be read.
    """

    MAX_SIZE: ClassVar[int] = _MAX_SIZE
    """The most bytes of a file: 3,500,000, which are 4.7 MB as a data URI."""

    name: str
    media_type: str
    data: bytes

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview | PillowImage,
        *,
        name: str | None = None,
        media_type: str | None = None,
    ) -> None:
        own_name, data = _read(source)
        called = _called(own_name if name is None else name)
        kind = media_type or guess_type(called)[0] or _UNKNOWN
        if not _MEDIA_TYPE.fullmatch(kind):
            raise _refused(f"media_type is {kind!r:.100}, which is none: write it as application/pdf, no more")
        _check_size(len(data))
        vars(self).update(name=called, media_type=kind, data=data)  # past the frozen __setattr__

    def __repr__(self) -> str:
        """Return what it is, without its data."""
        return f"File(name={self.name!r}, media_type={self.media_type!r}, data=<{len(self.data):,} bytes>)"


File.__module__ = "hitl"  # where users import it from, and pickles find it


def file_object(file: File) -> dict[str, str]:
    """Return the JSON form of a file."""
    return {"url": f"data:{file.media_type};base64,{b64encode(file.data).decode()}", "name": file.name}


def _read(source: str | os.PathLike[str] | bytes | bytearray | memoryview | PillowImage) -> tuple[str, bytes]:
    if isinstance(source, bytes | bytearray | memoryview):
        _check_size(memoryview(source).nbytes)
        return "file", bytes(source)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        return PurePath(path).name, _read_path(path)
    if isinstance(source, PillowImage):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        return _saved(source)
    raise _refused(f"source is of type {type_name(source)}: give a path, bytes, or a picture of Pillow")


def _read_path(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123 - a Path would refuse a name with a null differently
        _check_size(os.fstat(file.fileno()).st_size)
        return file.read(_MAX_SIZE + 1)  # a device has no size, and no end


def _saved(image: PillowImage) -> tuple[str, bytes]:
    kind = image.format if image.format in _SHOWN else "PNG"
    # The orientation of a photo is part of its EXIF data; without them it would lie on its side.
    more = {"exif": image.info["exif"]} if kind != "GIF" and image.info.get("exif") else {}
    buffer = BytesIO()
    image.save(buffer, format=kind, **more)
    return f"picture{_SHOWN[kind]}", buffer.getvalue()


def _called(name: str) -> str:
    """Return the last part of a name, as text that can be sent."""
    last = re.split(r"[/\\]", name)[-1].encode(errors="replace").decode().strip()
    return last[-_LONGEST_NAME:] or "file"


def _check_size(size: int) -> None:
    if size > _MAX_SIZE:
        raise _refused(
            f"the file has {size:,} bytes, and a content carries files of at most {_MAX_SIZE:,}: "
            "make it smaller, or put its https address into the content instead"
        )


def _refused(complaint: str) -> ContentError:
    return ContentError(f"hitl.File: {complaint}", path="File")
