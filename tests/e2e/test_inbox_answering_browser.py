"""Answering in a real browser: arguments in place, what a button will do, reasons by a digit, pictures, and questions."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from hitl import HITLClient, SingleSelect
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

KIM = "kim@example.com"
CALL: dict[str, Any] = {
    "order_id": "10472",
    "amount": 129.5,
    "currency": "EUR",
    "note": "Sorry.\nSoon.",
    "notify": True,
}
FIELDS: list[dict[str, Any]] = [
    {"name": "call", "type": "content_display", "label": "Tool call", "editable": True},
    {"name": "title", "type": "content_display", "label": "Title", "editable": True},
    {"name": "photo", "type": "image_review", "label": "Photo", "tools": ["approve", "reject", "annotate"]},
    {"name": "proof", "type": "file", "label": "Proof"},
    {"name": "approved", "type": "boolean", "label": "Refund?", "required": True},
    {"name": "feedback", "type": "text", "label": "Feedback"},
]
SETTINGS = {
    "approve_effect": "pays {call.amount} {call.currency} for {title}",
    "reject_reasons": ["Amount is wrong", "Needs a photo"],
    "undo_seconds": 10,
}
PICTURE = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01"
    b"\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
)


@pytest.fixture
def known(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}])
    page.goto(sandbox.inbox_url)
    return page


@pytest.fixture
def template_id(client: HITLClient) -> str:
    return client.create_template("Refund", FIELDS, settings=SETTINGS).id


def ask(client: HITLClient, template_id: str, **content: Any) -> str:
    content = {"call": CALL, "title": "an order", **content}
    return client.create_review(template_id, content, assignees=[KIM]).id


def ready(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("html[data-keys=all]")).to_be_attached()


def box(page: Page, argument: str) -> Any:
    return page.locator(f'[data-argument="call.{argument}"] :is(input, textarea, select)')


def test_an_argument_is_changed_in_place_and_the_button_follows(
    known: Page, sandbox: Sandbox, client: HITLClient, template_id: str
) -> None:
    review_id = ask(client, template_id)
    ready(known, f"{sandbox.inbox_url}/reviews/{review_id}?view=mine")
    approve, effect = known.locator("button.approve"), known.locator(".consequence li").first
    expect(effect).to_have_text("Approve pays 129.5 EUR for an order")
    box(known, "amount").fill("109")
    expect(approve).to_contain_text("with 1 change")
    expect(effect).to_have_text("Approve pays 109 EUR for an order")
    box(known, "note").fill("Sorry.\nNow.")
    box(known, "notify").select_option("false")
    known.get_by_role("textbox", name="Title").fill("two orders")
    expect(approve).to_contain_text("with 4 changes")
    expect(effect).to_have_text("Approve pays 109 EUR for two orders")
    known.get_by_role("button", name="Reset note").click()
    expect(approve).to_contain_text("with 3 changes")
    known.keyboard.press("Enter")  # in an area: no answer, a line
    box(known, "note").fill(CALL["note"])
    box(known, "amount").press("Enter")  # in a line: nothing
    assert not client.get_review(review_id).result
    known.keyboard.press("Escape")
    known.keyboard.press("y")
    expect(known.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    known.keyboard.press("z")
    expect(box(known, "amount")).to_have_value("109")
    expect(known.locator("button.approve")).to_contain_text("with 3 changes")
    known.get_by_role("button", name="Reset amount").click()
    expect(known.locator(".consequence li").first).to_have_text("Approve pays 129.5 EUR for two orders")


def test_a_draft_of_an_argument_is_kept_in_the_browser(
    known: Page, sandbox: Sandbox, client: HITLClient, template_id: str
) -> None:
    address = f"{sandbox.inbox_url}/reviews/{ask(client, template_id)}"
    ready(known, address)
    box(known, "amount").fill("109")
    known.once("dialog", lambda dialog: dialog.accept())
    ready(known, address)
    expect(box(known, "amount")).to_have_value("109")
    expect(known.locator(".arg.edited .was")).to_contain_text("was 129.5")
    expect(known.locator("button.approve")).to_contain_text("with 1 change")


def test_a_rejection_with_a_common_reason_costs_three_keys(
    known: Page, sandbox: Sandbox, client: HITLClient, template_id: str
) -> None:
    review_id = ask(client, template_id)
    ready(known, f"{sandbox.inbox_url}/reviews/{review_id}?view=mine")
    for key in ("n", "2", "Control+Enter"):
        known.keyboard.press(key)
    expect(known.get_by_role("status").filter(has_text="Rejected")).to_be_visible()
    known.keyboard.press("z")
    expect(known.get_by_role("checkbox", name="Needs a photo")).to_be_checked()
    expect(known.locator("html[data-keys=all]")).to_be_attached()
    known.keyboard.press("1")
    known.keyboard.press("2")
    known.get_by_role("textbox", name="Reason").fill("Ask Ann.")
    known.keyboard.press("Control+Enter")
    expect(known.get_by_role("status").filter(has_text="Rejected")).to_be_visible()
    known.goto(f"{sandbox.inbox_url}/reviews/{review_id}")
    expect(known.locator(".answers")).to_contain_text("Amount is wrong\n\nAsk Ann.")


def test_digits_are_text_while_a_character_is_composed_or_a_key_is_held(
    known: Page, sandbox: Sandbox, client: HITLClient, template_id: str
) -> None:
    ready(known, f"{sandbox.inbox_url}/reviews/{ask(client, template_id)}")
    known.keyboard.press("n")
    for more in ("isComposing: true", "repeat: true", "keyCode: 229"):
        known.evaluate(f"document.dispatchEvent(new KeyboardEvent('keydown', {{key: '1', bubbles: true, {more}}}))")
    expect(known.locator(".picks :checked")).to_have_count(0)
    known.get_by_role("textbox", name="Reason").press_sequentially("1")
    expect(known.locator(".picks :checked")).to_have_count(0)


def test_loading_a_picture_loses_neither_files_nor_texts(
    context: BrowserContext, known: Page, sandbox: Sandbox, client: HITLClient, template_id: str, incidents: Any
) -> None:
    def serve(route: Route) -> None:
        route.fulfill(body=PICTURE, content_type="image/png")

    context.route("https://images.example.com/**", serve)
    review_id = ask(client, template_id, photo="https://images.example.com/a.png")
    ready(known, f"{sandbox.inbox_url}/reviews/{review_id}?view=mine")
    proof = {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    known.locator("[data-field=proof] input[type=file]").set_input_files([proof])  # type: ignore[list-item]
    expect(known.locator("[data-field=proof] .name")).to_have_text("a.pdf")
    box(known, "amount").fill("109")
    known.get_by_label("Feedback").fill("Typed")
    known.get_by_role("button", name="Load picture from images.example.com").click()
    expect(known.locator(".picture img")).to_be_visible()
    expect(known.locator("[data-field=proof] .name")).to_have_text("a.pdf")
    expect(box(known, "amount")).to_have_value("109")
    expect(known.get_by_label("Feedback")).to_have_value("Typed")
    assert "view=mine" in known.locator("form.judge").get_attribute("action")  # type: ignore[operator]
    expect(known.locator("html[data-keys=all]")).to_be_attached()
    known.locator("button.approve").click()
    expect(known.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    incidents.requests[:] = [url for url in incidents.requests if "images.example.com/a.png" not in url]


def test_questions_lead_one_to_the_next_and_can_be_taken_back(context: BrowserContext, chromium: Browser) -> None:
    del chromium
    with Sandbox(undo_seconds=10) as sandbox, sandbox.client() as client:
        context.add_cookies(
            [{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}]
        )
        loop = client.loops.create("Editors", icon="pen")
        asked = [
            client.requests.create(loop.id, f"Question {number}?", response=SingleSelect(["Yes", "No"]), default="No")
            for number in range(3)
        ]
        page = context.new_page()
        page.goto(f"{sandbox.inbox_url}/requests")
        page.locator(".about").first.click()
        for number in range(3):
            expect(page.get_by_role("heading", level=1)).to_have_text(f"Question {number}?")
            expect(page.locator(".place")).to_have_text(f"{number + 1} of 3")
            expect(page.locator("html[data-keys=all]")).to_be_attached()
            page.keyboard.press("1")
            page.keyboard.press("Control+Enter")
        expect(page.get_by_text("You’re all caught up")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Question 2?")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_role("heading", level=1)).to_have_text("Question 2?")
        expect(page.get_by_role("radio", name="Yes")).to_be_checked()
        page.go_back()
        page.go_forward()
        assert client.requests.get(asked[2].id).status == "pending"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (820, "light"), (390, "light"), (390, "dark")])
def test_no_barriers_and_no_sideways_scrolling(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, template_id: str, width: int, scheme: Any
) -> None:
    words = {"unbroken": "x" * 300, "rtl": "مرحبا " * 30, "cjk": "日本語" * 60, "\u202ekey": "1", "long " * 15: 1}
    rows = [{"a": number, "b": "text", "_flags": {"a": "Odd " * 20} if number == 3 else None} for number in range(12)]
    review_id = ask(client, template_id, call={**CALL, **words}, policy={"a": 1, "_flags": {"a": "over"}}, rows=rows)
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, has_touch=width < 800)
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}])
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review_id}?view=mine")
    page.locator("details.reject summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(page).response["violations"] == []
    context.close()
