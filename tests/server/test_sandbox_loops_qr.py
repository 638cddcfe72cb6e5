"""The QR code of an invitation, checked against a code that another encoder made."""

from __future__ import annotations

import struct
import zlib

import pytest

from hitl.server.loops.qr import MOST_BYTES, matrix, png

# Made with segno 1.6 (version 1, level L, mask 0). The text fills the version, so nothing depends on the filling.
TEXT = "http://localhost:"
MODULES = """\
#######..###..#######
#.....#..#....#.....#
#.###.#.#.##..#.###.#
#.###.#...##..#.###.#
#.###.#....#..#.###.#
#.....#..##...#.....#
#######.#.#.#.#######
........##..#........
###.#####.##.##...#..
#.##...##.###.###...#
.#.##.##...##.###.###
.#..##.....#....#..#.
.##.####..#....#.#...
........##.##.###..##
#######.##.###..#.###
#.....#.##.#....#....
#.###.#.####...#.#..#
#.###.#....###.###...
#.###.#.######..#.#.#
#.....#.#......###.#.
#######.###.#....#.##
"""


def drawn(text: str) -> str:
    return "".join("".join("#" if dark else "." for dark in row) + "\n" for row in matrix(text))


def test_a_code_is_the_one_that_another_encoder_makes() -> None:
    assert drawn(TEXT) == MODULES


@pytest.mark.parametrize(
    ("length", "size"), [(0, 21), (17, 21), (18, 25), (32, 25), (33, 29), (53, 29), (54, 33), (78, 33), (79, 37)]
)
def test_a_code_is_as_small_as_its_text_allows(length: int, size: int) -> None:
    modules = matrix("x" * length)
    assert {len(row) for row in modules} == {len(modules)} == {size}


def test_a_code_for_too_long_a_text_is_refused_in_bytes_not_characters() -> None:
    assert len(matrix("é" * (MOST_BYTES // 2))) == 37
    with pytest.raises(ValueError, match="108 bytes are too many"):
        matrix("é" * (MOST_BYTES // 2 + 1))


def test_the_image_is_a_png_that_shows_the_code_in_a_quiet_zone() -> None:
    image = png(TEXT)
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", image[16:24])
    assert width == height == (21 + 8) * 6
    start = image.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", image[start - 8 : start - 4])
    pixels = zlib.decompress(image[start : start + length])
    lines = [pixels[at + 1 : at + 1 + width] for at in range(0, len(pixels), width + 1)]
    middles = [[line[column * 6 + 3] for column in range(29)] for line in lines[3::6]]
    assert [[pixel == 0 for pixel in row[4:-4]] for row in middles[4:-4]] == matrix(TEXT)
    assert {pixel for row in (*middles[:4], *middles[-4:]) for pixel in row} == {255}
