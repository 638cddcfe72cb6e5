"""Pictures are shown if their head says that a browser can bear them; others are files, and addresses wait to be asked."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.content_files import File, Picture
from hitl.server.inbox.diffing import content_diff
from hitl.server.inbox.forms import build_form
from hitl.server.inbox.pictures import MAX_FRAMES, MAX_SIDE, PictureHead, picture_head, picture_host
from hitl.server.inbox.rendering import Text, block
from hitl.server.review_server import ReviewServer


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int = 1, *, wide: int = 1) -> bytes:
    frame = b"\x21\xf9\x04\0\0\0\0\0" + b"," + struct.pack("<HHHH", 0, 0, wide, 1) + b"\0\x02\x02\x4c\x01\0"
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0" * 6 + frame * frames + b";"


def jpeg(width: int, height: int, scans: int = 1) -> bytes:
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8\xff\xe0\0\x04ab\xff" + frame + b"\xff\xda\0\x02" * scans + b"\xff\xd9"


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def three(number: int) -> bytes:
    return struct.pack("<I", number - 1)[:3]


def vp8x(width: int, height: int) -> tuple[bytes, bytes]:
    return b"VP8X", b"\2\0\0\0" + three(width) + three(height)


FRAME = (b"ANMF", b"\0" * 6 + three(5) + three(6) + b"\0" * 4)
LOSSLESS = (b"VP8L", b"\x2f" + struct.pack("<I", 30_000 - 1 & 0x3FFF | (7 - 1) << 14))
LOSSY = (b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640, 480))


def uri(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("data", "head"),
    [
        (png(640, 480), PictureHead("image/png", 640, 480)),
        (png(1, 1, chunk(b"acTL", struct.pack(">II", 10_000, 0))), PictureHead("image/png", 1, 1, 10_000)),
        (gif(3, 4, 2), PictureHead("image/gif", 3, 4, 2)),
        (gif(3, 4, 1, wide=60_000), PictureHead("image/gif", 60_000, 4, 1)),
        (gif(3, 4, 10_000), PictureHead("image/gif", 3, 4, MAX_FRAMES + 1)),
        (jpeg(640, 480), PictureHead("image/jpeg", 640, 480)),
        (jpeg(640, 480, 5_000), PictureHead("image/jpeg", 640, 480, MAX_FRAMES + 1)),
        (riff(vp8x(640, 480)), PictureHead("image/webp", 640, 480)),
        (riff(vp8x(5, 6), *[FRAME] * 300), PictureHead("image/webp", 5, 6, 300)),
        (riff(vp8x(5, 6), (b"VP8L", LOSSLESS[1])), PictureHead("image/webp", 13_616, 7)),
        (riff(LOSSY), PictureHead("image/webp", 640, 480)),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b""), None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"\xff\xd8\xff\xe0\0\x04ab", None),
        (b"\xff\xd8\xff" + b"\xff" * 50_000, None),
        (b"%PDF-1.4 " + png(1, 1), None),
        (b"", None),
    ],
)
def test_a_head_is_read_without_decoding(data: bytes, head: PictureHead | None) -> None:
    assert picture_head(data) == head


@pytest.mark.parametrize("whole", [png(640, 480), gif(3, 4, 2), jpeg(640, 480), riff(vp8x(5, 6), FRAME, LOSSY)])
@given(cut=st.integers(0, 80), junk=st.binary(max_size=40))
def test_a_broken_picture_has_a_head_or_none(whole: bytes, cut: int, junk: bytes) -> None:
    head = picture_head(whole[:cut] + junk)
    assert head is None or head.width >= 0


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (png(50_000, 50_000), "50,000 × 50,000 pixels are too many to show."),
        (png(MAX_SIDE + 1, 1), "16,385 × 1 pixels are too many to show."),
        (png(0, 5), "It has no size."),
        (gif(3, 4, 10_000), "More than 200 frames are too many to show."),
        (b"<svg onload='alert(1)'/>", ""),
        (b"not a picture", ""),
    ],
)
def test_what_a_browser_should_not_decode_is_a_file(data: bytes, note: str) -> None:
    drawn = block(uri(data))
    assert isinstance(drawn, File)
    assert (drawn.note, drawn.base64) == (note, b64encode(data).decode())


def test_a_picture_says_what_it_is_and_not_what_it_is_called() -> None:
    held = {"url": uri(gif(3, 4) + b"<script>alert(1)</script>", "text/html"), "name": "a/b.png"}
    drawn = block(held)
    assert isinstance(drawn, Picture)
    assert drawn.url.startswith("data:image/gif;base64,R0lGOD")
    assert (drawn.name, drawn.width, drawn.height) == ("a/b.png", 3, 4)
    assert isinstance(block({**held, "more": 1}), type(block({"a": 1})))  # an object of more is shown whole


@pytest.mark.parametrize("text", ["data:image/png;base64,@", "data:image/png,abc", "data:,", "data:image/png;base64"])
def test_what_is_no_data_uri_stays_a_text(text: str) -> None:
    assert block(text) == Text(text)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://images.example.com/a/b.JPG?w=3", "images.example.com"),
        ("https://Images.Example.com:8443/b.webp", "images.example.com:8443"),
        ("https://images.example.com/b.svg", ""),
        ("https://images.example.com/page", ""),
        ("http://images.example.com/b.png", ""),
        ("https://kim:secret@images.example.com/b.png", ""),
        ("https://images.example.com;script-src/b.png", ""),
        ("https://*/b.png", ""),
        ("https://ex%20ample/b.png", ""),
        ("https:///b.png", ""),
        ("//images.example.com/b.png", ""),
        ("https://bücher.example/b.png", ""),
    ],
)
def test_only_plain_https_addresses_of_pictures_can_be_loaded(url: str, host: str) -> None:
    assert picture_host(url) == host


def test_the_data_of_a_file_are_left_out_of_json_and_differences() -> None:
    before, after = {"a": uri(png(64, 48) * 3)}, {"a": uri(png(64, 49) * 3)}
    assert "base64,…" in without_files(before)["a"]
    (change,) = content_diff(before, after)
    assert len(str(change.diff.before)) < 200
    assert change.diff.before != change.diff.after


TEMPLATE = {"id": "look", "name": "Look", "fields": [{"name": "photo", "type": "image_review", "label": "Good?"}]}
ADDRESS = "https://images.example.com/sofa"


@pytest.fixture
def templates() -> Any:
    return [TEMPLATE]


def ask(server: ReviewServer, **content: Any) -> str:
    return str(server.reviews.create_review({"template_id": "look", "content": content}).document["id"])


def test_a_picture_of_another_host_is_loaded_when_the_reviewer_says_so(
    browser: TestClient, server: ReviewServer
) -> None:
    path = f"/inbox/reviews/{ask(server, photo=ADDRESS)}"
    page = browser.get(path)
    assert "Load picture from images.example.com" in page.text
    assert "<img" not in page.text
    assert "img-src 'self' data:;" in page.headers["content-security-policy"]
    headers = {"referer": f"http://127.0.0.1:4010{path}?in=mine"}
    loaded = browser.post("/inbox/pictures", data={"load": "images.example.com"}, headers=headers)
    assert (loaded.status_code, loaded.headers["location"]) == (303, f"{path}?in=mine")
    page = browser.get(path)
    assert (
        f'<img src="{ADDRESS}" alt="The picture to judge" decoding="async" referrerpolicy="no-referrer">' in page.text
    )
    assert "img-src 'self' data: https://images.example.com;" in page.headers["content-security-policy"]
    browser.post("/inbox/pictures", data={"unload": "images.example.com"})
    assert "<img" not in browser.get(path).text


@pytest.mark.parametrize("host", ["*", "a b", "a;script-src *", "https://a", "a\r\nset-cookie: x", "'self'", "a/b", ""])
def test_only_a_host_enters_the_policy(browser: TestClient, host: str) -> None:
    browser.post("/inbox/pictures", data={"load": host})
    policy = browser.get("/inbox/").headers["content-security-policy"]
    assert "img-src 'self' data:; " in policy
    browser.cookies.clear()
    given = {"cookie": "hitl_pictures=good.example|*|https://x|'self'|a/b"}
    policy = browser.get("/inbox/", headers=given).headers["content-security-policy"]
    assert "img-src 'self' data: https://good.example; " in policy


def test_hosts_beyond_what_a_cookie_holds_are_forgotten_oldest_first(browser: TestClient) -> None:
    for number in range(45):
        browser.post("/inbox/pictures", data={"load": f"{'x' * 60}.{number}.example"})
    policy = browser.get("/inbox/").headers["content-security-policy"]
    assert ".44.example" in policy
    assert ".4.example" not in policy
    assert len(policy) < 4_500


@pytest.mark.parametrize("referer", ["https://evil.example/inbox/reviews/rev_1", "http://127.0.0.1:4010/v1", "", "//x"])
def test_nobody_is_led_elsewhere(browser: TestClient, referer: str) -> None:
    sent = browser.post("/inbox/pictures", data={"load": "a.example"}, headers={"referer": referer})
    assert sent.headers["location"] == "/inbox/"


def test_another_site_cannot_have_pictures_loaded(browser: TestClient) -> None:
    sent = browser.post("/inbox/pictures", data={"load": "a.example"}, headers={"sec-fetch-site": "cross-site"})
    assert sent.status_code == 403


def test_the_picture_to_judge_stands_among_what_is_shown() -> None:
    form = build_form(TEMPLATE, {"photo": uri(png(1, 1)), "title": "Sofa"})
    (shown,) = form.displays
    assert isinstance(shown.shown, Picture)
    assert (shown.marks, form.rest) == ("f0-notes", {"title": "Sofa"})
    (only,) = build_form(TEMPLATE, {"url": f"{ADDRESS}.png", "title": "Sofa"}).displays
    assert (only.name, only.marks) == ("url", "f0-notes")
    assert build_form(TEMPLATE, {"a": f"{ADDRESS}.png", "b": f"{ADDRESS}.png"}).displays == []
    assert build_form(TEMPLATE, {"photo": "no picture"}).displays == []


def test_marks_are_stored_as_parts_of_the_picture(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, photo=uri(png(1, 1)))
    notes = "Too dark\r\n[12.5 30 20.25 15] A phone number\r\n[0 0 100 100]\r\n[90 0 20 1] [x] no mark"
    sent = {"version": "1", "reviewer": "kim", "decision": "complete", "field.photo": "reject", "notes.photo": notes}
    assert browser.post(f"/inbox/reviews/{review_id}/answer", data=sent).status_code == 303
    assert server.reviews.get_review(review_id)["result"]["photo"]["annotations"] == [
        {"text": "Too dark"},
        {"text": "A phone number", "x": 0.125, "y": 0.3, "width": 0.2025, "height": 0.15},
        {"text": "Marked", "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0},
        {"text": "[90 0 20 1] [x] no mark"},
    ]
    page = unescape(browser.get(f"/inbox/reviews/{review_id}").text)
    assert '<rect x="12.5%" y="30%" width="20.25%" height="15%"/>' in page
    assert '<span class="no-of">1</span><span dir="auto">A phone number</span>' in page
    assert "[90 0 20 1] [x] no mark" in page


def test_a_hostile_name_of_a_file_is_a_name(browser: TestClient, server: ReviewServer) -> None:
    name = '../../\u202egnp."<img src=x>'
    picture = {"url": uri(png(1, 1)), "name": name}
    review_id = ask(server, photo=picture, file={"url": uri(b"MZ", "application/x"), "name": name})
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert "<img src=x" not in page
    assert "\u202e" not in page
    assert 'download="_gnp.__img src=x_"' in page
