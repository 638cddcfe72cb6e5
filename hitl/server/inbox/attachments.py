"""Files that a reviewer attaches: how they travel in a form, how large they may be, and how they are handed out again.

A form holds strings only, so `static/files.js` sends a file as `data:text/plain;name=note.txt;base64url,aGVsbG8=`,
a data URI (RFC 2397) with the file's name. Its base64 has the alphabet that a form need not escape (RFC 4648, section
5): escaped data can be three times as large, and are slow to read. The answer is an object of the plain URI and the
name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from hitl._json import is_list, is_object
from hitl.server.inbox.documents import Document, fields_of
from hitl.server.inbox.hidden_characters import has_hidden
from hitl.server.results.fields import words
from hitl.server.results.files import bytes_in, read_data_uri

DEFAULT_SIZE: Final = 10 * 1024 * 1024
"""The largest file that the form takes where the field names no `max_size`."""

LARGEST_SUM: Final = 32 * 1024 * 1024
"""What the files of one field may have together: a form is held in memory while it is read."""

_MOST_FILES = 10  # of the largest size; more of smaller ones
_GROWTH = 1.4  # base64 makes a file 4/3 as large

_NAMED = re.compile(r"(data:[^,]{0,500}?);name=([^;,]{0,3000});base64url,([A-Za-z0-9_=-]*)")
_PLAIN = str.maketrans("-_", "+/")
_UNSAFE = re.compile(r'[<>:"/\\|?*%]')  # what some system gives a meaning in the name of a file
_LONGEST_NAME = 100
_LONGEST_ENDING = 20
_SHORT = 200  # characters of a data URI that a listing can still show


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What the form takes for a field: `accept` as HTML writes it, the bytes of one file and of all together."""

    accept: str
    largest: int
    together: int
    multiple: bool


@dataclass(frozen=True, slots=True)
class Attached:
    """A file in a form that could not be sent: `text` is the form's own, to be sent again."""

    text: str
    name: str
    bytes: int

    @property
    def size(self) -> str:
        """The number of bytes in words."""
        return size_in_words(self.bytes)


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file that an answer holds whole, under the name that it was given."""

    name: str
    data: bytes


def limits(field: Document) -> FileLimits:
    """Return what the form takes for a field of type `file`."""
    multiple = bool(field.get("multiple"))
    largest = min(bytes_in(field["max_size"]) if field.get("max_size") else DEFAULT_SIZE, LARGEST_SUM)
    kinds = (kind.strip() for kind in words(field, "accept"))
    accept = ",".join(kind if "/" in kind else f".{kind.removeprefix('.')}" for kind in kinds)
    together = min(largest * _MOST_FILES, LARGEST_SUM) if multiple else largest
    return FileLimits(accept, largest, together, multiple)


def form_room(template: Document | None) -> int:
    """Return how many bytes a form may have for its files, beyond what any form may have."""
    files = (field for field in fields_of(template) if field["type"] == "file")
    return sum(int(limits(field).together * _GROWTH) for field in files)


def attached(text: str) -> Attached | None:
    """Read a string of a form as an attached file; None if it was typed."""
    found = _NAMED.fullmatch(text)
    return Attached(text, unquote(found[2]), len(found[3].rstrip("=")) * 3 // 4) if found else None


def file_answer(text: str) -> Any:
    """Return the answer of a string in a form: an object for an attached file, or the string."""
    found = _NAMED.fullmatch(text)
    if not found:
        return text
    return {"url": f"{found[1]};base64,{found[3].translate(_PLAIN)}", "name": unquote(found[2])}


def embedded(value: object) -> Embedded | None:
    """Read the file that an answer holds; None if it only names an address, or holds nothing that can be read."""
    given: Document = value if is_object(value) else {"url": value}
    url = given.get("url")
    if not isinstance(url, str) or url[:5].lower() != "data:":
        return None
    try:
        _, named, data = read_data_uri(url)
    except ValueError:  # no comma, no base64, or half a character
        return None
    name = given.get("name")
    return Embedded(name if isinstance(name, str) and name else named, data)


def download_name(name: str) -> str:
    """Return a name under which any system can keep a file, and that looks like what it is."""
    seen = "".join("_" if has_hidden(character) else character for character in name)
    safe = re.sub(r"\s+", " ", _UNSAFE.sub("_", re.split(r"[/\\]", seen)[-1])).strip(" .")
    if len(safe) > _LONGEST_NAME:
        ending = PurePosixPath(safe).suffix[:_LONGEST_ENDING]
        safe = safe[: _LONGEST_NAME - len(ending)] + ending
    return safe or "file"


def size_in_words(size: int) -> str:
    """Write a number of bytes as people read it; `static/files.js` says it alike."""
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.0f} KB" if size < 1024**2 else f"{size / 1024**2:.1f} MB"


def without_files(value: Any) -> Any:
    """Return a JSON value with the data of its files left out, each told from others by its digest."""
    if is_object(value):
        return {key: without_files(item) for key, item in value.items()}
    if is_list(value):
        return [without_files(item) for item in value]
    if isinstance(value, str) and len(value) > _SHORT and (file := embedded(value)):
        digest = hashlib.sha256(file.data).hexdigest()[:12]
        return f"{value.partition(',')[0][:_SHORT]},… ({size_in_words(len(file.data))}, SHA-256 {digest}…)"
    return value
