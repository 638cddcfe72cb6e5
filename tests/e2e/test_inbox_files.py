"""Files chosen from the reviewer's computer, and notes on pictures, in a real browser."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from hitl import HITLClient
from hitl.models import Review
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

FIELDS: list[dict[str, Any]] = [
    {"name": "proof", "type": "file", "label": "Proof", "accept": [".pdf", "image/*"], "max_size": "1KB"},
    {"name": "papers", "type": "file", "label": "Papers", "multiple": True},
    {"name": "picture", "type": "image_review", "label": "Picture", "tools": ["approve", "reject", "annotate"]},
    {"name": "sure", "type": "boolean", "label": "Are you sure?", "required": True},
]
PDF = b"%PDF-1.7 not really"


def payload(name: str, data: bytes = PDF, mime_type: str = "application/pdf") -> FilePayload:
    return {"name": name, "mimeType": mime_type, "buffer": data}


def uri(data: bytes, kind: str = "application/pdf") -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


@pytest.fixture
def review(client: HITLClient) -> Review:
    template = client.create_template(name="Files", fields=FIELDS)
    return client.create_review(template_id=template.id, content={"text": "Look."}, assignees=["kim@example.com"])


@pytest.fixture
def opened(page: Page, sandbox: Sandbox, review: Review) -> Page:
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    return page


def choose(page: Page, field: str, *files: FilePayload) -> None:
    page.locator(f"[data-field={field}] input[type=file]").set_input_files(list(files))


def submit(page: Page, *, sure: bool = True) -> None:
    if sure:
        page.get_by_role("radio", name="Yes").check()
    page.get_by_role("button", name="Submit answer").click()


def sent(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text="Answered")).to_be_visible()


def test_chosen_files_are_sent_and_offered_as_downloads(
    opened: Page, client: HITLClient, review: Review, tmp_path: Path
) -> None:
    choose(opened, "proof", payload("Résumé, final; 2.pdf"))
    expect(opened.get_by_text("Résumé, final; 2.pdf")).to_be_visible()
    expect(opened.get_by_text("19 B")).to_be_visible()
    opened.get_by_label("Papers").fill("https://example.com/c.txt")
    choose(opened, "papers", payload("a.html", b"<script>alert(1)</script>", "text/html"), payload("b.bin", b"", ""))
    submit(opened)
    sent(opened)
    assert client.get_review(review.id).result == {
        "proof": {"url": uri(PDF), "name": "Résumé, final; 2.pdf"},
        "papers": [
            "https://example.com/c.txt",
            {"url": uri(b"<script>alert(1)</script>", "text/html"), "name": "a.html"},
            {"url": uri(b"", "application/octet-stream"), "name": "b.bin"},
        ],
        "sure": True,
    }
    with opened.expect_download() as download:
        opened.get_by_role("link", name="a.html").click()
    assert download.value.suggested_filename == "a.html"
    download.value.save_as(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == b"<script>alert(1)</script>"


def test_a_file_of_some_megabytes_arrives(opened: Page, client: HITLClient, review: Review) -> None:
    data = b"\xfb\xff\xfe" * (2 * 1024**2)
    choose(opened, "papers", payload("large.bin", data, "application/octet-stream"))
    submit(opened)  # at once: the answer waits for the file
    sent(opened)
    expect(opened.get_by_text("6.0 MB")).to_be_visible()
    answered = client.get_review(review.id).result
    assert answered["papers"][0]["url"] == uri(data, "application/octet-stream")


@pytest.mark.parametrize(
    ("file", "fault"),
    [
        (payload("large.pdf", b"x" * 3000), "large.pdf is 3 KB; the limit is 1 KB."),
        (payload("notes.txt", b"x", "text/plain"), "notes.txt: file type not accepted. Accepted: .pdf, image/*."),
    ],
)
def test_a_file_that_would_be_refused_is_told_beside_its_field(opened: Page, file: FilePayload, fault: str) -> None:
    choose(opened, "proof", file)
    field = opened.locator("[data-field=proof]")
    expect(field.get_by_role("alert")).to_have_text(fault)
    expect(field.get_by_role("listitem")).to_have_count(0)
    choose(opened, "proof", payload("photo.png", b"x", "image/png"))
    expect(field.get_by_role("alert")).to_have_count(0)
    expect(field.get_by_text("photo.png")).to_be_visible()


def test_a_chosen_file_can_be_replaced_and_removed(opened: Page, client: HITLClient, review: Review) -> None:
    field = opened.locator("[data-field=proof]")
    choose(opened, "proof", payload("first.pdf"))
    choose(opened, "proof", payload("second.pdf"))
    expect(field.get_by_text("second.pdf")).to_be_visible()
    expect(field.get_by_text("first.pdf")).to_have_count(0)
    expect(opened.get_by_label("Proof")).to_be_hidden()
    field.get_by_role("button", name="Remove second.pdf").click()
    expect(field.locator("input[type=file]")).to_be_focused()
    opened.get_by_label("Proof").fill("https://example.com/proof.pdf")
    submit(opened)
    sent(opened)
    assert client.get_review(review.id).result["proof"] == "https://example.com/proof.pdf"


def test_what_was_attached_and_noted_survives_a_faulty_submission(
    opened: Page, client: HITLClient, review: Review
) -> None:
    choose(opened, "proof", payload("proof.pdf"))
    expect(opened.get_by_text("proof.pdf")).to_be_visible()
    opened.get_by_role("radio", name="Reject", exact=True).check()
    opened.get_by_label("Notes").fill("Blurred\nToo dark")
    submit(opened, sure=False)
    expect(opened.get_by_role("alert").first).to_contain_text("Not submitted")
    expect(opened.get_by_text("proof.pdf")).to_be_visible()
    expect(opened.get_by_label("Notes")).to_have_value("Blurred\nToo dark")
    submit(opened)
    sent(opened)
    expect(opened.get_by_role("definition").filter(has_text="Too dark").first).to_be_visible()
    result = client.get_review(review.id).result
    assert result["proof"] == {"url": uri(PDF), "name": "proof.pdf"}
    assert result["picture"] == {"decision": "reject", "annotations": [{"text": "Blurred"}, {"text": "Too dark"}]}


def test_notes_that_were_typed_are_back_after_a_reload(opened: Page) -> None:
    opened.get_by_label("Notes").fill("Blurred")
    opened.reload()
    expect(opened.get_by_label("Notes")).to_have_value("Blurred")


def test_without_scripts_addresses_and_notes_can_be_sent(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, review: Review
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.locator("input[type=file]")).to_have_count(0)
    page.get_by_label("Proof").fill("https://example.com/proof.pdf")
    page.get_by_role("radio", name="Approve", exact=True).check()
    page.get_by_label("Notes").fill("Fine")
    submit(page)
    sent(page)
    context.close()
    result = client.get_review(review.id).result
    assert result["proof"] == "https://example.com/proof.pdf"
    assert result["picture"] == {"decision": "approve", "annotations": [{"text": "Fine"}]}


DROP = """(area) => {
  const data = new DataTransfer();
  data.items.add(new File(["one"], "one.txt", { type: "text/plain" }));
  area.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def test_files_are_dropped_onto_their_area(opened: Page) -> None:
    area = opened.locator("[data-field=papers] .drop")
    expect(area).to_have_text("Choose files or drop them hereup to 10.0 MB")
    area.evaluate(DROP)
    expect(opened.get_by_role("button", name="Remove one.txt")).to_be_visible()
    opened.locator("[data-field=proof] .drop").evaluate(DROP)
    expect(opened.get_by_text("one.txt: file type not accepted. Accepted: .pdf, image/*.")).to_be_visible()
