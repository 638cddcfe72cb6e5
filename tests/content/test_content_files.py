"""Files and pictures become plain JSON, or an error before anything is sent."""

from __future__ import annotations

import os
import pickle
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from hitl import File
from hitl._content import to_json
from hitl.exceptions import ContentError


class Picture:
    """A picture as Pillow has it."""

    def __init__(self, kind: str | None, exif: bytes = b"") -> None:
        self.format = kind
        self.info = {"exif": exif} if exif else {}

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:  # noqa: A002 - Pillow's own name
        fp.write(repr((format, params)).encode())


def test_a_file_becomes_its_address_and_its_name(tmp_path: Path) -> None:
    path = tmp_path / "sofa.jpg"
    path.write_bytes(b"\xff\xd8")
    for source in (path, str(path)):
        assert to_json({"photo": File(source)}) == {"photo": {"url": "data:image/jpeg;base64,/9g=", "name": "sofa.jpg"}}


@pytest.mark.parametrize("source", [b"%PDF", bytearray(b"%PDF"), memoryview(b"%PDF")])
def test_bytes_are_taken_as_they_are(source: Any) -> None:
    assert to_json([File(source, name="a.pdf")]) == [{"url": "data:application/pdf;base64,JVBERg==", "name": "a.pdf"}]
    assert to_json(File(source))["url"] == "data:application/octet-stream;base64,JVBERg=="
    assert File(source, media_type="text/x-a+b").media_type == "text/x-a+b"


@pytest.mark.parametrize(
    ("kind", "exif", "name", "written"),
    [
        ("JPEG", b"Exif", "picture.jpg", "('JPEG', {'exif': b'Exif'})"),
        ("GIF", b"Exif", "picture.gif", "('GIF', {})"),
        ("TIFF", b"", "picture.png", "('PNG', {})"),
        (None, b"", "picture.png", "('PNG', {})"),
    ],
)
def test_a_picture_is_saved_in_a_format_that_browsers_draw(
    kind: str | None, exif: bytes, name: str, written: str
) -> None:
    sent = to_json(File(Picture(kind, exif)))
    assert (sent["name"], b64decode(sent["url"].partition(",")[2]).decode()) == (name, written)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\kim\\a.png", "a.png"),
        ("", "file"),
        ("a/", "file"),
        ("half a \ud800 pair.txt", "half a ? pair.txt"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("\u202egnp.exe", "\u202egnp.exe"),  # shown as a code point by those who show it
    ],
)
def test_a_name_is_a_name_and_no_path(name: str, kept: str) -> None:
    assert to_json(File(b"", name=name))["name"] == kept


@pytest.mark.parametrize(
    ("source", "more", "complaint"),
    [
        (b"x" * (File.MAX_SIZE + 1), {}, "has 3,500,001 bytes, and a content carries files of at most 3,500,000"),
        (memoryview(bytes(File.MAX_SIZE * 2)).cast("H"), {}, "has 7,000,000 bytes"),
        (3, {}, "source is of type int: give a path, bytes, or a picture of Pillow"),
        (None, {}, "source is of type NoneType"),
        (b"", {"media_type": "text/html;charset=x"}, "media_type is 'text/html;charset=x', which is none"),
        (b"", {"media_type": "png"}, "write it as application/pdf"),
    ],
)
def test_what_is_no_file_or_too_large_is_refused_at_once(source: Any, more: Any, complaint: str) -> None:
    with pytest.raises(ContentError, match=complaint):
        File(source, **more)


def test_a_file_on_disk_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.touch()
    os.truncate(path, 10**12)
    with pytest.raises(ContentError, match="has 1,000,000,000,000 bytes"):
        File(path)


def test_a_device_without_an_end_is_refused() -> None:
    with pytest.raises(ContentError, match="has 3,500,001 bytes"):
        File("/dev/zero")


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        File(tmp_path / "gone.png")


def test_a_file_is_a_value_that_shows_no_data() -> None:
    file = File(b"secret", name="a.txt")
    assert repr(file) == "File(name='a.txt', media_type='text/plain', data=<6 bytes>)"
    assert pickle.loads(pickle.dumps(file)) == file == File(b"secret", name="a.txt")
    with pytest.raises(AttributeError):
        file.name = "b.txt"  # type: ignore[misc]


def test_bytes_and_pictures_say_how_to_send_them() -> None:
    with pytest.raises(ContentError, match=r"hitl\.File\(value\)"):
        to_json({"photo": b"PNG"})
