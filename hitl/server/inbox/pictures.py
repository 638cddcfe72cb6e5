"""What the head of a picture says, read before a browser decodes it: its type, its size, and how many frames it has.

The type is what the data are, not what they are called, and only types that browsers draw without running anything: SVG
is none of them. A picture that would take a browser's memory, or that cannot be read, is offered as a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hitl.server.inbox.hidden_characters import is_web_address

MAX_SIDE: Final = 16_384
MAX_PIXELS: Final = 40_000_000
"""A browser takes four bytes for each."""

MAX_FRAMES: Final = 200

_MAX_PARTS: Final = 20_000  # of a file that are looked at: chunks, segments, blocks
_MAX_SCANS: Final = 200  # of a JPEG; each is decoded over the whole picture
_NO_SIZE: Final = frozenset({0xC4, 0xC8, 0xCC})  # markers among those of JPEG's frames that begin none

_ENDING = re.compile(r"\.(?:png|jpe?g|gif|webp|avif)$", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class PictureHead:
    """What a picture is: its media type, and its size in pixels."""

    media_type: str
    width: int
    height: int
    frames: int = 1

    @property
    def obstacle(self) -> str:
        """Why it is not shown; empty if it is."""
        if not (self.width and self.height):
            return "It has no size."
        if max(self.width, self.height) > MAX_SIDE or self.width * self.height > MAX_PIXELS:
            return f"{self.width:,} × {self.height:,} pixels are too many to show."
        return f"More than {MAX_FRAMES} frames are too many to show." if self.frames > MAX_FRAMES else ""


def picture_head(data: bytes) -> PictureHead | None:
    """Read the head of a picture; None if the data are none, or broken before the size is known."""
    reader = next((reader for signature, reader in _READERS if signature.match(data)), None)
    try:
        return reader(data) if reader else None
    except (IndexError, ValueError):
        return None


def picture_host(url: str, *, is_picture: bool = False) -> str:
    """Return the host of the address of a picture; empty if it is none that may be loaded, on request, from there.

    An address looks like that of a picture by its ending, unless it `is_picture` for another reason.
    """
    if not is_web_address(url) or url[:8].lower() != "https://":
        return ""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    return host if is_host(host) and (is_picture or _ENDING.search(parts.path)) else ""


def is_host(text: str) -> bool:
    """Return whether a text is the name of a host, with or without a port, and nothing else."""
    return bool(_HOST.fullmatch(text))


def _number(data: bytes, at: int, size: int, order: str = "big") -> int:
    if at + size > len(data):
        raise IndexError(at)
    return int.from_bytes(data[at : at + size], "big" if order == "big" else "little")


def _png(data: bytes) -> PictureHead:
    if data[12:16] != b"IHDR":
        raise ValueError("the first chunk is no head")
    frames = 1
    for at, kind in _chunks(data, 8, order="big"):
        if kind == b"acTL":  # an animation, which stands before the data
            frames = _number(data, at, 4)
        if kind == b"IDAT":
            break
    return PictureHead("image/png", _number(data, 16, 4), _number(data, 20, 4), frames)


def _gif(data: bytes) -> PictureHead:
    width, height, frames = _number(data, 6, 2, "little"), _number(data, 8, 2, "little"), 0
    at = 13 + _colours(data[10])
    for _ in range(_MAX_PARTS):
        kind = data[at] if at < len(data) else 0x3B  # what is cut off ends here
        if kind == 0x21:  # an extension
            at = _after_blocks(data, at + 2)
        elif kind == 0x2C:  # a frame, which may reach beyond the screen
            frames += 1
            left, top, wide, high = (_number(data, at + offset, 2, "little") for offset in (1, 3, 5, 7))
            width, height = max(width, left + wide), max(height, top + high)
            at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
        else:
            return PictureHead("image/gif", width, height, frames)
        if frames > MAX_FRAMES:
            break
    return PictureHead("image/gif", width, height, MAX_FRAMES + 1)


def _colours(flags: int) -> int:
    """Return the bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    for _ in range(_MAX_PARTS * 10):
        if at >= len(data) or not data[at]:
            return at + 1
        at += 1 + data[at]
    raise ValueError("too many blocks")


def _jpeg(data: bytes) -> PictureHead:
    at = 2
    for _ in range(_MAX_PARTS):
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZE:
            scans = data.count(b"\xff\xda", at)
            frames = 1 if scans <= _MAX_SCANS else MAX_FRAMES + 1
            return PictureHead("image/jpeg", _number(data, at + 7, 2), _number(data, at + 5, 2), frames)
        at += 1 if marker == 0xFF else 2 + _number(data, at + 2, 2)
    raise ValueError("too many segments")


def _webp(data: bytes) -> PictureHead:
    width = height = frames = 0
    for at, kind in _chunks(data, 12, order="little"):
        size = (0, 0)
        if kind == b"VP8X":
            size = _number(data, at + 4, 3, "little") + 1, _number(data, at + 7, 3, "little") + 1
        elif kind == b"VP8L":
            bits = _number(data, at + 1, 4, "little")
            size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        elif kind == b"VP8 ":
            size = _number(data, at + 6, 2, "little") & 0x3FFF, _number(data, at + 8, 2, "little") & 0x3FFF
        elif kind == b"ANMF":
            frames += 1
            size = _number(data, at + 6, 3, "little") + 1, _number(data, at + 9, 3, "little") + 1
        width, height = max(width, size[0]), max(height, size[1])
    return PictureHead("image/webp", width, height, frames or 1)


def _chunks(data: bytes, at: int, *, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield where the contents of each chunk begin, and its kind; PNG has its length first, RIFF its kind."""
    for _ in range(_MAX_PARTS):
        if at + 8 > len(data):
            return
        is_png = order == "big"
        length = _number(data, at if is_png else at + 4, 4, order)
        yield at + 8, data[at + 4 : at + 8] if is_png else data[at : at + 4]
        at += length + 12 if is_png else length + length % 2 + 8
    raise ValueError("too many chunks")


_READERS: Final[tuple[tuple[re.Pattern[bytes], Callable[[bytes], PictureHead]], ...]] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"GIF8[79]a"), _gif),
    (re.compile(rb"\xff\xd8\xff"), _jpeg),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), _webp),
)
