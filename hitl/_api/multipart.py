"""Forms with files (RFC 7578), as the generated client describes them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any

# As browsers write a name in a quoted string (HTML, "multipart/form-data").
_ESCAPES = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}


def form_of(files: Iterable[tuple[str, tuple[Any, ...]]]) -> tuple[str, bytes]:
    """Return the Content-Type and the body of a form; each file is `(field, (name, content, media type))`.

    A content that is a file object is read to its end, now and once, so that every attempt sends the same.
    """
    boundary = secrets.token_hex(16)
    parts: list[bytes] = []
    for field, (name, content, media_type, *_) in files:
        head = f'Content-Disposition: form-data; name="{_quoted(field)}"; filename="{_quoted(name or "file")}"'
        kind = (media_type or "application/octet-stream").translate({ord("\r"): " ", ord("\n"): " "})
        parts += [f"--{boundary}\r\n{head}\r\nContent-Type: {kind}\r\n\r\n".encode(), _bytes(content), b"\r\n"]
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def _quoted(name: str) -> str:
    return name.encode("utf-8", "replace").decode().translate(_ESCAPES)


def _bytes(content: Any) -> bytes:
    found = content.read() if hasattr(content, "read") else content
    return found.encode() if isinstance(found, str) else bytes(found)
