"""The files and pictures that a content or an answer holds or leads to, as blocks that a page can draw."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from hitl._json import is_object
from hitl.server.inbox.attachments import Embedded, download_name, embedded, size_in_words
from hitl.server.inbox.pictures import picture_head, picture_host

_LONGEST_TYPE: Final = 500  # characters before the data of a data URI


@dataclass(frozen=True, slots=True)
class File:
    """A file to download, never to show: `base64` is its content, `safe_name` the name to save it under."""

    kind: ClassVar[str] = "file"
    name: str
    safe_name: str
    size: str
    base64: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: one that the content holds, or the address of one, which is loaded when the reviewer asks for it."""

    kind: ClassVar[str] = "picture"
    url: str
    place: str
    name: str = ""
    facts: str = ""
    host: str = ""
    width: int | None = None
    height: int | None = None


def file_block(value: object) -> File | None:
    """Draw a file that a value holds, to be downloaded; None if it holds none."""
    file = embedded(value)
    return _file(file) if file else None


def picture_block(value: object, place: str, *, is_picture: bool = False) -> File | Picture | None:
    """Draw the picture that a value holds or leads to, or a file that is held; None if it is neither.

    A file is an object of its address and its name, as answers are, or a string.
    """
    if is_object(value) and not ("url" in value and value.keys() <= {"url", "name"}):
        return None
    url, name = (value["url"], value.get("name")) if is_object(value) else (value, None)
    if not isinstance(url, str):
        return None
    if host := picture_host(url, is_picture=is_picture):
        return Picture(url, place, name if isinstance(name, str) else "", host=host)
    file = embedded(value) if ";base64," in url[:_LONGEST_TYPE] else None
    if file is None:
        return None
    head = picture_head(file.data)
    if head is None or head.obstacle:
        return _file(file, head.obstacle if head else "")
    data = f"data:{head.media_type};base64,{b64encode(file.data).decode()}"
    facts = f"{head.width:,} × {head.height:,} · {size_in_words(len(file.data))}"
    return Picture(data, place, file.name, facts, width=head.width, height=head.height)


def picture_of(content: Mapping[str, Any], name: str) -> tuple[str, Picture] | None:
    """Return the picture that an image review of this name is about: that of its name, or the only one there is."""
    shown = {
        key: found
        for key, value in content.items()
        if isinstance(found := picture_block(value, key, is_picture=key == name), Picture)
    }
    key = name if name in shown else next(iter(shown), "") if len(shown) == 1 else ""
    return (key, shown[key]) if key in shown else None


def _file(file: Embedded, note: str = "") -> File:
    name = download_name(file.name)
    return File(file.name, name, size_in_words(len(file.data)), b64encode(file.data).decode(), note)
