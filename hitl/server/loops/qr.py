"""A small QR code encoder (ISO/IEC 18004): bytes, error correction level L, up to 106 of them, as a PNG.

Versions 1 to 5 have one block at level L, which leaves out everything that makes a whole encoder long. The mask is
always the first: the best of the eight is easier on a bad camera, and any of them can be read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

Matrix: TypeAlias = list[list[bool]]

# For versions 1 to 5 at level L: data and error correction codewords (table 9), and the middle of the one
# alignment pattern that they have beside the finders (table E.1).
_DATA: Final = (19, 34, 55, 80, 108)
_CORRECTION: Final = (7, 10, 15, 20, 26)
_ALIGNMENT: Final = (None, 18, 22, 26, 30)

# Level L and mask 0 with their check bits, already masked (table C.1).
_FORMAT: Final = 0b111011111000100

MOST_BYTES: Final = _DATA[-1] - 2
"""The longest text, in UTF-8."""

_QUIET_ZONE: Final = 4
_PIXELS: Final = 6  # for each module


def png(text: str) -> bytes:
    """Return a black and white image of the code for a text.

    Raises:
        ValueError: The text has more than 106 bytes.
    """
    modules = matrix(text)
    size = (len(modules) + 2 * _QUIET_ZONE) * _PIXELS
    blank = [False] * len(modules)
    rows = [blank] * _QUIET_ZONE + modules + [blank] * _QUIET_ZONE
    lines = b"".join(_line(row) * _PIXELS for row in rows)
    head = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)  # 8 bits of grey (PNG, 11.2.2)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def matrix(text: str) -> Matrix:
    """Return the modules of the code, row by row, dark ones true, without the quiet zone."""
    content = text.encode()
    version = next((index for index, size in enumerate(_DATA, 1) if len(content) + 2 <= size), None)
    if version is None:
        raise ValueError(f"{len(content)} bytes are too many for this encoder, which takes up to {MOST_BYTES}")
    data = _codewords(content, _DATA[version - 1])
    bits = _bits([*data, *_correction(data, _CORRECTION[version - 1])])
    return _drawn(version, bits)


def _codewords(content: bytes, size: int) -> list[int]:
    """Return mode, length and content as bytes, filled up with the two bytes that stand for nothing (7.4.10)."""
    number = (0b0100 << 8 | len(content)) << 8 * len(content) | int.from_bytes(content)
    data = list((number << 4).to_bytes(len(content) + 2))
    return data + [(0xEC, 0x11)[index % 2] for index in range(size - len(data))]


def _correction(data: Sequence[int], count: int) -> list[int]:
    """Return the Reed-Solomon remainder of the data (annex A)."""
    generator = [1]
    for power in range(count):
        root = _EXP[power]
        generator = [
            first ^ _times(second, root) for first, second in zip([*generator, 0], [0, *generator], strict=True)
        ]
    remainder = [*data, *[0] * count]
    for index in range(len(data)):
        factor = remainder[index]
        for offset, coefficient in enumerate(generator):
            remainder[index + offset] ^= _times(coefficient, factor)
    return remainder[len(data) :]


def _powers() -> list[int]:
    """Return the powers of 2 in the field with 256 elements, modulo x⁸ + x⁴ + x³ + x² + 1 (7.5.2)."""
    powers = [1]
    while len(powers) < 255:
        doubled = powers[-1] << 1
        powers.append(doubled ^ 0x11D if doubled > 255 else doubled)
    return powers


_EXP: Final = _powers()
_LOG: Final = {value: power for power, value in enumerate(_EXP)}


def _times(one: int, other: int) -> int:
    return _EXP[(_LOG[one] + _LOG[other]) % 255] if one and other else 0


def _bits(codewords: Sequence[int]) -> Iterator[bool]:
    for codeword in codewords:
        for place in range(7, -1, -1):
            yield bool(codeword >> place & 1)


def _drawn(version: int, bits: Iterator[bool]) -> Matrix:
    size = 17 + 4 * version
    fixed = _fixed(size, _ALIGNMENT[version - 1])
    modules = [[fixed.get((row, column), False) for column in range(size)] for row in range(size)]
    for row, column in _path(size):
        if (row, column) not in fixed:
            modules[row][column] = next(bits, False) ^ ((row + column) % 2 == 0)  # mask 0 (table 10)
    return modules


def _fixed(size: int, alignment: int | None) -> dict[tuple[int, int], bool]:
    """Return the modules that do not depend on the content (6.3)."""
    fixed = {(6, place): place % 2 == 0 for place in range(size)}  # the timing patterns
    fixed |= {(place, 6): place % 2 == 0 for place in range(size)}
    if alignment is not None:
        fixed |= _rings(size, alignment, alignment, 2)
    for row, column in ((3, 3), (3, size - 4), (size - 4, 3)):
        fixed |= _rings(size, row, column, 4)
    return fixed | _format(size)


def _rings(size: int, row: int, column: int, radius: int) -> dict[tuple[int, int], bool]:
    """Return a finder pattern with its separator (radius 4) or an alignment pattern (radius 2), ring by ring."""
    light = {2, 4} if radius == 4 else {1}
    return {
        (row + down, column + across): max(abs(down), abs(across)) not in light
        for down in range(-radius, radius + 1)
        for across in range(-radius, radius + 1)
        if 0 <= row + down < size and 0 <= column + across < size
    }


def _format(size: int) -> dict[tuple[int, int], bool]:
    """Return the two copies of level and mask, and the module that is always dark (7.9.1)."""
    around = [(8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)] + [(row, 8) for row in (7, 5, 4, 3, 2, 1, 0)]
    apart = [(row, 8) for row in range(size - 1, size - 8, -1)] + [(8, column) for column in range(size - 8, size)]
    bits = [bool(_FORMAT >> place & 1) for place in range(14, -1, -1)]
    return {**dict(zip(around, bits, strict=True)), **dict(zip(apart, bits, strict=True)), (size - 8, 8): True}


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Yield the places in the order of the content: pairs of columns from the right, up and down in turn (7.7.3)."""
    rights = [right if right > 6 else right - 1 for right in range(size - 1, 0, -2)]  # past the timing pattern
    for turn, right in enumerate(rights):
        rows = range(size - 1, -1, -1) if turn % 2 == 0 else range(size)
        for row in rows:
            yield row, right
            yield row, right - 1


def _line(row: Sequence[bool]) -> bytes:
    """Return one line of pixels, after the byte that says that it is not filtered (PNG, 9.2)."""
    blank = b"\xff" * (_QUIET_ZONE * _PIXELS)
    return b"\0" + blank + b"".join((b"\0" if dark else b"\xff") * _PIXELS for dark in row) + blank


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
