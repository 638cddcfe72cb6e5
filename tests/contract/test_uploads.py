"""Uploads, through both clients."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from hitl_api.api.uploads import upload_document, upload_image
from hitl_api.models.file_upload import FileUpload
from hitl_api.types import File

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, HITLError
from hitl.models import UploadedFile

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


class Slow(io.RawIOBase):
    """A stream that gives a byte at a time, as a pipe may."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def read(self, size: int = -1) -> bytes:
        taken, self._rest = self._rest[:1], self._rest[1:]
        return taken


def test_an_image_is_kept_wherever_it_comes_from(client: HITLClient, tmp_path: Path) -> None:
    path = tmp_path / "Café 1.PNG"
    path.write_bytes(PNG)
    with path.open("rb") as opened:
        for source, name in (
            (path, "Café 1.PNG"),
            (str(path), "Café 1.PNG"),
            (opened, "Café 1.PNG"),
            (PNG, "image.png"),
            (bytearray(PNG), "image.png"),
            (memoryview(PNG), "image.png"),
            (io.BytesIO(PNG), "image.png"),
            (Slow(PNG), "image.png"),
        ):
            uploaded = client.uploads.image(source)
            assert type(uploaded) is UploadedFile
            assert (uploaded.name, uploaded.type, uploaded.size) == (name, "image/png", len(PNG))
            assert httpx.get(uploaded.url).content == PNG


def test_a_request_shows_an_image(client: HITLClient) -> None:
    loop = client.loops.create("Moderators")
    image = client.uploads.image(PNG)
    request = client.requests.create(loop.id, "May it be shown?", file=image)
    assert client.requests.get(request.id).image_url == image.url


def test_a_request_shows_a_document(client: HITLClient) -> None:
    loop = client.loops.create("Moderators")
    contract = client.uploads.document(b"We sell.", name="contract.txt")
    request = client.requests.create(loop.id, "May it be signed?", file=contract)
    found = client.requests.get(request.id)
    told = (contract.url, "text/plain", "contract.txt")
    assert (found.type, *(found.extra[name] for name in ("file_url", "file_type", "file_name"))) == ("file", *told)


def test_a_document_is_kept_under_its_name(client: HITLClient) -> None:
    uploaded = client.uploads.document(b"a,b\n", name='x"\r\n; filename="y.csv')
    assert uploaded.type == "text/csv"
    assert "\n" not in uploaded.name
    assert uploaded.name.endswith("y.csv")
    answer = httpx.get(uploaded.url)
    assert (answer.content, answer.headers["Content-Disposition"].partition(";")[0]) == (b"a,b\n", "attachment")


def test_the_generated_operations_run_through_call(client: HITLClient) -> None:
    form = FileUpload(File(io.BytesIO(PNG), "a.png", "image/png"))
    assert httpx.get(client.call(upload_image, body=form).data.url).content == PNG
    form = FileUpload(File(io.BytesIO(b"hello"), "a.txt", "text/plain"))
    assert client.call(upload_document, body=form).data.size_bytes == 5


def test_a_server_that_looks_closer_is_believed(client: HITLClient) -> None:
    with pytest.raises(HITLError, match="content is something else") as caught:
        client.uploads.document(b"PK\x03\x04 but no document", name="a.docx")
    assert getattr(caught.value, "status_code", None) == 415


LARGE = b"\x89PNG\r\n\x1a\n" + b"x" * 10 * 1024 * 1024


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        (b"", None, "uploads.image: the file is empty"),
        (LARGE, None, "uploads.image: the file has more than 10 MB"),
        (io.BytesIO(LARGE), None, "more than 10 MB"),
        (b"<svg/>", None, "it is none of jpg, jpeg, png, gif, webp"),
        (PNG, "a.svg", "the name must end in one of jpg"),
        (PNG, "a", "the name must end in one of"),
        (PNG, "a.jpg", "is named .jpg, but its content is something else"),
        (b"RIFF1234WAVEfmt ", "a.webp", "is named .webp"),
        ("/nowhere/a.png", None, "'/nowhere/a.png': No such file or directory"),
        ("a\0.png", None, "null"),
        (io.StringIO("text"), "a.png", "open it with mode 'rb'"),
        (7, None, "file must be a path, bytes or a file object"),
    ],
)
def test_a_file_that_is_no_image_is_refused_before_anything_is_sent(source: Any, name: Any, words: str) -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=words):
        client.uploads.image(source, name=name)


@pytest.mark.parametrize(
    ("source", "name", "words"),
    [
        (b"text", None, "uploads.document: give its name, as in name='report.pdf'"),
        (b"text", "a.html", "the name must end in one of pdf, doc, docx, xls, xlsx, ppt, pptx, csv, txt"),
        (b"text", "a.pdf", "is named .pdf"),
        (b"a\0b", "a.txt", "is named .txt"),
        (b"text", "a.xlsx", "is named .xlsx"),
    ],
)
def test_a_file_that_is_no_document_is_refused_before_anything_is_sent(source: Any, name: Any, words: str) -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    with pytest.raises(ConfigurationError, match=words):
        client.uploads.document(source, name=name)


def test_no_more_is_read_than_can_be_sent() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    endless = Endless()
    with pytest.raises(ConfigurationError, match="more than 10 MB"):
        HITLClient("key", base_url="http://127.0.0.1:1").uploads.image(endless)
    assert endless.given == 10 * 1024 * 1024 + 1
