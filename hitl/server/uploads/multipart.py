"""The one file in a multipart form (RFC 7578), read from a body whose size was bounded before.

By hand, because the libraries that Starlette and others use for forms bound the size of texts and not that of files,
and one file in a bounded body takes the few lines below.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from starlette.requests import Request

from hitl.server.primitives import ApiError, invalid

_ROOM: Final = 64 * 1024  # bytes that the form may take beside its file
_LONGEST_HEAD: Final = 8 * 1024  # bytes of the headers of one part
_LONGEST_NAME: Final = 255
_BOUNDARY: Final = re.compile(r"[ -~]{0,69}[!-~]")  # RFC 2046, 5.1.1, with more characters than it allows


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file as it was sent, under a name without folders and hidden characters."""

    name: str
    content: bytes = field(repr=False)


async def sent_file(request: Request, largest: int) -> SentFile:
    """Return the file that a form holds as `file`; ApiError 400, 413 before more is read, or 415 for no form."""
    boundary = _boundary(request.headers.get("Content-Type", ""))
    return _file_in(await _read(request, largest), boundary, largest)


def _boundary(content_type: str) -> bytes:
    head = Message()
    head["Content-Type"] = content_type
    if head.get_content_type() != "multipart/form-data":
        raise ApiError(415, "unsupported_media_type", "send the file as multipart/form-data, in the field named file")
    boundary = head.get_boundary() or ""
    if not _BOUNDARY.fullmatch(boundary):
        raise invalid("must name a boundary of 1 to 70 characters", "Content-Type")
    return boundary.encode()


async def _read(request: Request, largest: int) -> bytes:
    announced = request.headers.get("Content-Length", "")
    if announced.isdigit() and int(announced[:19]) > largest + _ROOM:
        raise _too_large(largest)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest + _ROOM:
            raise _too_large(largest)
    return bytes(body)


def _too_large(largest: int) -> ApiError:
    return ApiError(413, "payload_too_large", f"the file is larger than {largest} bytes")


def _file_in(body: bytes, boundary: bytes, largest: int) -> SentFile:
    found: list[SentFile] = []
    # The line break before a boundary belongs to it (RFC 2046, 5.1.1); the first has none where nothing precedes it.
    delimiter, position = b"\r\n--" + boundary, 0
    text = b"\r\n" + body
    position = text.find(delimiter)
    while position >= 0:
        position += len(delimiter)
        if text.startswith(b"--", position):
            return _only(found, largest)
        head_end = text.find(b"\r\n\r\n", position, position + _LONGEST_HEAD)
        end = text.find(delimiter, head_end + 2)
        if not text.startswith(b"\r\n", position) or head_end < 0 or end < 0:
            break
        found.append(_part(text[position + 2 : head_end], text[head_end + 4 : end]))
        position = end
    raise invalid("the form is cut off, or no form")


def _only(found: list[SentFile], largest: int) -> SentFile:
    if len(found) != 1:
        raise invalid(f"the form must hold one file, in the field named file; it holds {len(found)}")
    if not found[0].content:
        raise invalid("is empty", "file")
    if len(found[0].content) > largest:
        raise _too_large(largest)
    return found[0]


def _part(head: bytes, content: bytes) -> SentFile:
    try:
        headers = HeaderParser().parsestr(head.decode())
    except UnicodeDecodeError as error:
        raise invalid("the headers of the form are not UTF-8") from error
    name = headers.get_param("name", header="Content-Disposition")
    file_name = headers.get_filename()
    if headers.get_content_disposition() != "form-data" or name != "file" or not file_name:
        raise invalid("the form must hold one part, the field named file with a filename")
    return SentFile(_safe(file_name), content)


def _safe(name: str) -> str:
    """Return the last part of a path, without characters that are not seen, such as one that turns text around."""
    last = re.split(r"[/\\]", name.replace("%22", '"'))[-1]
    seen = "".join("_" if unicodedata.category(each)[0] == "C" else each for each in last).strip(" .")
    stem, dot, ending = seen.rpartition(".")
    if len(seen) > _LONGEST_NAME:
        seen = stem[: _LONGEST_NAME - len(dot + ending)] + dot + ending[:_LONGEST_NAME]
    return seen[:_LONGEST_NAME] or "file"
