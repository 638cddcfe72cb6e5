"""The QR code of an invitation leads to the page that lets people in."""

from __future__ import annotations

import struct
import zlib

import segno
from starlette.requests import Request

from hitl.server.inbox.join import invitation_image


def test_the_image_shows_the_address_of_the_invitation_in_a_quiet_zone() -> None:
    scope = {"type": "http", "scheme": "http", "path": "/", "headers": [(b"host", b"localhost:8400")]}
    image = invitation_image(Request(scope), "ABC123DEF")
    width, height, depth = struct.unpack(">IIB", image[16:25])
    start = image.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", image[start - 8 : start - 4])
    pixels = zlib.decompress(image[start : start + length])
    stride = 1 + (width + 7) // 8
    rows = [pixels[at : at + stride] for at in range(0, len(pixels), 6 * stride)]  # the first of six equal lines
    assert all(row[0] == 0 for row in rows)  # not filtered (PNG, 9.2)
    bits = [f"{int.from_bytes(row[1:]):0{8 * (stride - 1)}b}"[3:width:6] for row in rows]
    modules = [[bit == "0" for bit in row] for row in bits]
    code = segno.make_qr("http://localhost:8400/join/ABC123DEF")
    assert (width, height, depth) == (*code.symbol_size(scale=6), 1)
    assert [row[4:-4] for row in modules[4:-4]] == [[module == 1 for module in row] for row in code.matrix]
    assert not any(any(row) for row in (*modules[:4], *modules[-4:]))
