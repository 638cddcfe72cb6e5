"""Pictures in a real browser: shown, loaded from elsewhere only on request, and marked by mouse and by keyboard."""

from __future__ import annotations

import struct
import zlib

import pytest
from incidents import Incidents
from playwright.sync_api import Page, Route, expect

from hitl import File, HITLClient
from hitl.exceptions import APIStatusError
from hitl.testing import Sandbox

PICTURE = "https://pictures.example/sofa.png"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int) -> bytes:
    rows = zlib.compress(b"".join(b"\0" + b"\x40\x80\xc0" * width for _ in range(height)))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def opened(page: Page, sandbox: Sandbox, client: HITLClient, photo: str | File) -> str:
    template = client.create_template(name="Look", fields=[{"name": "photo", "type": "image_review", "label": "Good?"}])
    review = client.create_review(template.id, {"photo": photo})
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    return review.id


@pytest.fixture
def held() -> File:
    return File(png(400, 200), name="sofa.png")


def test_a_held_picture_is_shown_at_three_sizes(page: Page, sandbox: Sandbox, client: HITLClient, held: File) -> None:
    opened(page, sandbox, client, held)
    image = page.locator(".picture img")
    assert image.evaluate("(it) => it.naturalWidth") == 400
    expect(page.locator(".picture figcaption")).to_contain_text("sofa.png 400 × 200")
    page.get_by_role("radio", name="100 %").check()
    assert image.bounding_box()["width"] == 400  # type: ignore[index]
    page.get_by_role("radio", name="200 %").check()
    assert image.bounding_box()["width"] == 800  # type: ignore[index]


def test_a_picture_elsewhere_is_loaded_on_request_without_a_referrer(
    page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    referrers: list[str | None] = []

    def answer(route: Route) -> None:
        referrers.append(route.request.headers.get("referer"))
        route.fulfill(body=png(40, 20), content_type="image/png")

    page.route("https://pictures.example/**", answer)
    opened(page, sandbox, client, PICTURE)
    expect(page.get_by_text("This picture is at pictures.example.")).to_be_visible()
    assert referrers == []
    page.get_by_role("button", name="Load picture from pictures.example").click()
    expect(page.locator(".picture img")).to_be_visible()
    assert page.locator(".picture img").evaluate("(it) => it.decode().then(() => it.naturalWidth)") == 40
    assert referrers == [None]
    page.get_by_role("button", name="Stop loading from pictures.example").click()
    expect(page.locator(".picture img")).to_have_count(0)


def test_a_picture_that_does_not_come_can_be_asked_for_again(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    page.route("https://pictures.example/**", lambda route: route.abort())
    opened(page, sandbox, client, PICTURE)
    page.get_by_role("button", name="Load picture").click()
    expect(page.get_by_text("pictures.example did not answer with a picture.")).to_be_visible()
    page.unroute("https://pictures.example/**")
    page.route("https://pictures.example/**", lambda route: route.fulfill(body=png(40, 20), content_type="image/png"))
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".picture img")).to_be_visible()


def test_places_are_marked_by_keyboard_alone(page: Page, sandbox: Sandbox, client: HITLClient, held: File) -> None:
    review_id = opened(page, sandbox, client, held)
    page.get_by_role("button", name="Add a mark").press("Enter")
    spot = page.get_by_role("button", name="Mark 1: no words yet")
    expect(spot).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    expect(page.get_by_label("Notes")).to_have_value("[42 39 19 21] ")
    page.keyboard.press("Enter")
    page.keyboard.type("Blurred")
    expect(page.get_by_role("button", name="Mark 1: Blurred")).to_be_visible()
    page.get_by_role("button", name="Add a mark").press("Enter")
    page.keyboard.press("Delete")
    expect(page.get_by_role("button", name="Mark 2")).to_have_count(0)
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_role("status").filter(has_text="Answered")).to_be_visible()
    marked = {"text": "Blurred", "x": 0.42, "y": 0.39, "width": 0.19, "height": 0.21}
    assert client.get_review(review_id).result["photo"] == {"decision": "reject", "annotations": [marked]}


def test_places_are_marked_with_the_mouse(
    page: Page, sandbox: Sandbox, client: HITLClient, held: File, incidents: Incidents
) -> None:
    opened(page, sandbox, client, held)
    page.get_by_role("radio", name="100 %").check()
    page.get_by_role("button", name="Draw a mark").click()
    box = page.locator(".frame").bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.up()
    expect(page.get_by_label("Notes")).to_be_focused()
    page.keyboard.type("A name")
    expect(page.get_by_label("Notes")).to_have_value("[10 10 20 20] A name")
    expect(page.get_by_role("button", name="Mark 1: A name")).to_be_visible()
    page.get_by_label("Notes").fill("[10 10 20 20] A name\n[95 0 20 1] beyond the edge\n[1 1 5 5] Two")
    expect(page.locator(".spot")).to_have_count(2)
    assert (incidents.scripts, incidents.faults) == ([], [])


def test_files_that_are_too_large_together_are_refused_by_the_server(sandbox: Sandbox, client: HITLClient) -> None:
    files = {name: File(b"x" * File.MAX_SIZE) for name in ("one", "two")}
    with pytest.raises(APIStatusError, match="the body is larger than 5242880 bytes; send less content") as raised:
        client.create_review("template_123", files)
    assert raised.value.status_code == 413
    assert client.create_review("template_123", {"one": files["one"]}).content["one"]["name"] == "file"
