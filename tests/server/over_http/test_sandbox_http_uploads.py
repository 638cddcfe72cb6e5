"""Uploads over plain HTTP, against a live sandbox: what is taken, what is refused, and how files are handed out."""

from __future__ import annotations

import io
import socket
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hitl.server.uploads import service
from hitl.testing import Sandbox

IMAGE, DOCUMENT = "/v1/upload/image", "/v1/upload/document"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3 + b"\r\n--"
OLE = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 64


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key"], rate_limit=(1_000_000, 60.0)) as sandbox:
        yield sandbox


def office(folder: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(f"{folder}/document.xml", "<x/>")
    return file.getvalue()


def told(answer: httpx.Response) -> tuple[int, str]:
    envelope = answer.json()
    assert envelope["error"] is (answer.status_code >= 400)
    return answer.status_code, f"{envelope['msg']} {envelope.get('data')}"


def sent(http: httpx.Client, path: str, name: str, content: bytes) -> httpx.Response:
    return http.post(path, files={"file": (name, content, "application/x-lie")})


def form(*parts: bytes, boundary: str = "b") -> dict[str, Any]:
    return {"content": b"".join(parts), "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}


def part(name: str = "file", file: str = 'filename="a.png"', content: bytes = PNG, end: bytes = b"\r\n--b--") -> bytes:
    return (
        b'--b\r\nContent-Disposition: form-data; name="%b"; %b\r\n\r\n' % (name.encode(), file.encode()) + content + end
    )


TAKEN = [
    (IMAGE, "a.PNG", PNG, "image/png"),
    (IMAGE, "a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    (IMAGE, "a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
    (IMAGE, "a.gif", b"GIF89a....", "image/gif"),
    (IMAGE, "a.webp", b"RIFF1234WEBPVP8 ", "image/webp"),
    (DOCUMENT, "a.pdf", b"%PDF-1.7", "application/pdf"),
    (DOCUMENT, "a.doc", OLE, "application/msword"),
    (DOCUMENT, "a.docx", office("word"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (DOCUMENT, "a.xls", OLE, "application/vnd.ms-excel"),
    (DOCUMENT, "a.xlsx", office("xl"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (DOCUMENT, "a.ppt", OLE, "application/vnd.ms-powerpoint"),
    (DOCUMENT, "a.pptx", office("ppt"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (DOCUMENT, "a.csv", "ä;1\n".encode("latin-1"), "text/csv"),
    (DOCUMENT, "a.txt", b"<script>alert(1)</script>", "text/plain"),
]


@pytest.mark.parametrize(("path", "name", "content", "media_type"), TAKEN)
def test_a_file_is_kept_as_it_is_under_the_type_that_the_server_found(
    http: httpx.Client, path: str, name: str, content: bytes, media_type: str
) -> None:
    answer = sent(http, path, name, content)
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    if path == DOCUMENT:
        assert (data["file_type"], data["file_name"], data["size_bytes"]) == (media_type, name, len(content))
    handed = httpx.get(data["url"])
    assert (handed.status_code, handed.content) == (200, content)
    assert handed.headers["Content-Type"] == media_type
    shown = "inline" if path == IMAGE else "attachment"
    assert handed.headers["Content-Disposition"] == f"{shown}; filename*=UTF-8''{name}"
    assert handed.headers["X-Content-Type-Options"] == "nosniff"
    assert handed.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


REFUSED = [
    (IMAGE, "a.svg", b"<svg onload=alert(1)>", 415, "must end in one of jpg, jpeg, png, gif, webp"),
    (IMAGE, "a.png", b"<svg onload=alert(1)>", 415, "named .png, but its content is something else"),
    (IMAGE, "a.jpg", PNG, 415, "named .jpg"),
    (IMAGE, "a.webp", b"RIFF1234WAVEfmt ", 415, "named .webp"),
    (IMAGE, "a.pdf", b"%PDF-1.7", 415, "must end in"),
    (IMAGE, "png", PNG, 415, "must end in"),
    (IMAGE, "a.png", b"", 400, "is empty"),
    (DOCUMENT, "a.html", b"<html>", 415, "must end in"),
    (DOCUMENT, "a.pdf", b"<html>%PDF-", 415, "named .pdf"),
    (DOCUMENT, "a.docx", office("xl"), 415, "named .docx"),
    (DOCUMENT, "a.docx", b"PK\x03\x04 and no zip", 415, "named .docx"),
    (DOCUMENT, "a.txt", b"a\0b", 415, "named .txt"),
    (DOCUMENT, "a.csv", b"%PDF-1.7", 415, "named .csv"),
]


@pytest.mark.parametrize(("path", "name", "content", "status", "words"), REFUSED)
def test_what_a_file_is_decides_and_not_what_it_is_called(
    http: httpx.Client, path: str, name: str, content: bytes, status: int, words: str
) -> None:
    refused = told(sent(http, path, name, content))
    assert refused[0] == status
    assert words in refused[1]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("a\u202evsc.exe.csv", "a_vsc.exe.csv"),
        ("ä ö.csv", "ä ö.csv"),
        ("x" * 400 + ".csv", "x" * 251 + ".csv"),
        ("..csv", "csv"),
    ],
)
def test_a_hostile_name_leads_nowhere(http: httpx.Client, given: str, kept: str) -> None:
    body = part(file=f'filename="{given}"'.replace("\\", "\\\\"), content=b"a,b")
    answer = http.post(DOCUMENT, **form(body))
    if kept == "csv":  # without its dots it has no ending
        assert answer.status_code == 415
        return
    data = answer.json()["data"]
    assert data["file_name"] == kept
    assert data["url"].endswith(".csv")
    assert ".." not in data["url"]
    assert "\r" not in httpx.get(data["url"]).headers["Content-Disposition"]


FORMS = [
    (b"", 400, "cut off"),
    (part()[:-2], 400, "cut off"),
    (part(end=b""), 400, "cut off"),
    (b"--b--", 400, "it holds 0"),
    (part(end=b"\r\n") + part(), 400, "it holds 2"),
    (part(name="other"), 400, "must hold one part"),
    (part(file="x=y"), 400, "must hold one part"),
    (
        b'--b\r\nContent-Disposition: attachment; name="file"; filename="a.png"\r\n\r\nx\r\n--b--',
        400,
        "must hold one part",
    ),
    (b"--b\r\nX: " + b"x" * 9000 + b"\r\n\r\nx\r\n--b--", 400, "cut off"),
    (b"--b\r\n\xff: x\r\n\r\nx\r\n--b--", 400, "not UTF-8"),
]


@pytest.mark.parametrize(("body", "status", "words"), FORMS)
def test_a_form_that_is_none_is_refused(http: httpx.Client, body: bytes, status: int, words: str) -> None:
    refused = told(http.post(IMAGE, **form(body)))
    assert refused[0] == status
    assert words in refused[1]


def test_a_form_needs_a_boundary_and_its_media_type(http: httpx.Client) -> None:
    headers = {"Content-Type": "multipart/form-data"}
    assert http.post(IMAGE, content=part(), headers=headers).status_code == 400
    assert http.post(IMAGE, **form(part(), boundary="b" * 71)).status_code == 400
    assert told(http.post(IMAGE, json={"file": "x"}))[0] == 415
    assert told(http.post(IMAGE, content=PNG))[0] == 415
    assert http.post(IMAGE, **form(b"preamble\r\n", part(end=b"\r\n--b--\r\nepilogue"))).status_code == 201


def test_a_large_file_is_refused_before_it_is_read(http: httpx.Client) -> None:
    limit = 10 * 1024 * 1024
    taken = sent(http, IMAGE, "a.png", PNG + b"x" * (limit - len(PNG)))
    assert taken.status_code == 201
    assert told(sent(http, IMAGE, "a.png", PNG + b"x" * (limit - len(PNG) + 1)))[0] == 413


@pytest.mark.parametrize("framing", ["Content-Length: 1000000000000000", "Transfer-Encoding: chunked"])
def test_what_is_too_large_is_answered_while_it_comes(sandbox: Sandbox, framing: str) -> None:
    host, port = sandbox.base_url.removeprefix("http://").split(":")
    head = f"POST {IMAGE} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer hitl_test_key\r\n{framing}\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode())
        if "chunked" in framing:
            for _ in range(11):
                connection.sendall(b"100000\r\n" + b"x" * 2**20 + b"\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_all_files_together_have_a_bound(http: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LARGEST_SUM", 1)
    assert told(sent(http, IMAGE, "a.png", PNG))[0] == 413


def test_an_address_cannot_be_guessed_nor_changed(http: httpx.Client, sandbox: Sandbox) -> None:
    url = sent(http, IMAGE, "a.png", PNG).json()["data"]["url"]
    folder, _, file = url.rpartition("/")
    assert len(file.removesuffix(".png")) == 32
    for other in (
        f"{folder}/{'A' * 32}.png",
        f"{sandbox.base_url}/uploads/docs/{file}",
        f"{folder}/..%2F..%2Fetc.png",
        f"{folder}/",
        f"{url}x",
        f"{sandbox.base_url}/uploads/",
    ):
        assert httpx.get(other).status_code == 404
    assert httpx.head(url).status_code == 200


def test_a_file_needs_an_api_key_to_come_and_none_to_be_seen(sandbox: Sandbox) -> None:
    refused = httpx.post(f"{sandbox.base_url}{IMAGE}", files={"file": ("a.png", PNG)})
    assert told(refused)[0] == 401
