"""Two hundred reviews a day, in a real browser: a key each, undo, one place for the verdict, any screen, no barriers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hitl import HITLClient
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

KIM = "kim@example.com"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox in which an answer can be taken back for ten seconds."""
    with Sandbox(undo_seconds=10) as sandbox:
        yield sandbox


@pytest.fixture
def known(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    """A page of a browser that knows who its reviewer is."""
    return introduced(context, page, sandbox)


def introduced(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}])
    page.goto(sandbox.inbox_url)
    return page


def ask(client: HITLClient, text: str, **more: Any) -> str:
    return client.create_review("template_123", {"text": text}, assignees=[KIM], **more).id


def appeared(page: Page, heading: str) -> None:
    """Wait until a review is there and its verdict keys work, which are dead for a moment."""
    expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    expect(page.locator("html[data-keys=all]")).to_be_attached()


def test_a_simple_review_costs_one_key_and_its_buttons_stay_where_they_are(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    ids = [ask(client, f"Draft {number}.\n{'A line more.' * number}") for number in range(50)]
    pressed = 0
    known.goto(f"{sandbox.base_url}/inbox/?view=mine&sort=oldest")
    for key in ("j", "Enter"):
        known.keyboard.press(key)
        pressed += 1
    places: set[tuple[float, ...]] = set()
    for number in range(50):
        appeared(known, f"Draft {number}.")
        expect(known.locator(".place")).to_have_text(f"{number + 1} of 50")
        boxes = [known.get_by_role("button", name=name).bounding_box() for name in ("Approve", "Reject")]
        places.add(tuple(value for box in boxes if box for value in box.values()))
        known.keyboard.press("n" if number % 10 == 9 else "y")
        pressed += 1
    expect(known.get_by_role("heading", name="You’re all caught up")).to_be_visible()
    assert pressed <= 1.1 * len(ids)
    assert len(places) == 1
    sandbox.clock.advance("10s")
    statuses = [client.get_review(review_id).status for review_id in ids]
    assert statuses == [("rejected" if number % 10 == 9 else "completed") for number in range(50)]


def test_the_last_answer_is_taken_back_by_a_key(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    first, _ = ask(client, "First"), ask(client, "Second")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine&sort=oldest")
    known.locator(".row .about").first.click()
    known.get_by_label("Feedback").fill("Nearly")
    known.keyboard.press("Escape")
    appeared(known, "First")
    known.keyboard.press("y")
    appeared(known, "Second")
    expect(known.locator(".toast")).to_contain_text("Approved · First")
    known.keyboard.press("z")
    appeared(known, "First")
    expect(known.get_by_label("Feedback")).to_have_value("Nearly")
    expect(known.locator(".place")).to_have_text("1 of 2")
    sandbox.clock.advance("1m")
    assert client.get_review(first).status == "assigned"


# From the moment on that a test says so, the keys of a review that appears stay dead.
DEAD = """
const later = window.setTimeout;
window.setTimeout = (act, ms, ...more) => (ms === 400 && sessionStorage.dead ? 0 : later(act, ms, ...more));
"""


def test_a_key_that_is_held_or_pressed_twice_decides_one_review(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    ids = [ask(client, f"Draft {number}") for number in range(3)]
    known.add_init_script(DEAD)
    known.goto(f"{sandbox.base_url}/inbox/reviews/{ids[0]}?view=mine&sort=oldest")
    appeared(known, "Draft 0")
    known.evaluate("sessionStorage.dead = 'yes'")
    known.keyboard.down("y")
    known.keyboard.down("y")  # as a key that is held: a repeat
    known.keyboard.up("y")
    known.keyboard.press("y")
    expect(known.get_by_role("heading", level=1, name="Draft 1")).to_be_visible()
    expect(known.locator("html[data-keys=ready]")).to_be_attached()
    known.keyboard.press("y")
    known.keyboard.press("n")
    known.evaluate("delete sessionStorage.dead")
    known.reload()
    appeared(known, "Draft 1")
    sandbox.clock.advance("1m")
    assert [client.get_review(each).status for each in ids] == ["completed", "assigned", "assigned"]


def test_no_key_decides_while_somebody_types_or_composes(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    review_id = ask(client, "First")
    known.goto(f"{sandbox.base_url}/inbox/reviews/{review_id}?view=mine")
    appeared(known, "First")
    for options in (
        "isComposing: true",
        "altKey: true",
        "metaKey: true",
        "ctrlKey: true",
        "repeat: true",
        "keyCode: 229",
    ):
        known.evaluate(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: 'y', bubbles: true, {options}}}))"
        )
    known.get_by_label("Feedback").press_sequentially("yny")
    known.get_by_label("Feedback").press("Escape")
    expect(known.get_by_label("Feedback")).not_to_be_focused()
    appeared(known, "First")
    known.keyboard.press("?")
    known.keyboard.press("y")
    expect(known.get_by_role("dialog")).to_be_visible()
    assert client.get_review(review_id).status == "assigned"
    known.keyboard.press("Escape")
    known.get_by_label("Feedback").press("Control+Enter")
    expect(known.locator(".toast")).to_contain_text("Approved · First")


def test_two_keys_lead_to_a_list(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    known.goto(f"{sandbox.base_url}/inbox/reviews/{ask(client, 'First')}?view=mine")
    for keys, heading in (("go", "Open"), ("gd", "Done"), ("gm", "Mine")):
        expect(known.locator("html[data-keys]")).to_be_attached()
        for key in keys:
            known.keyboard.press(key)
        expect(known.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_what_another_tab_has_answered_is_told_and_nothing_is_sent_twice(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    review_id = ask(client, "First")
    ask(client, "Second")
    address = f"{sandbox.base_url}/inbox/reviews/{review_id}?view=mine&sort=oldest"
    known.goto(address)
    other = known.context.new_page()
    other.goto(address)
    known.get_by_role("button", name="Approve").click()
    expect(known.get_by_role("heading", level=1, name="Second")).to_be_visible()
    other.get_by_role("button", name="Reject").click()
    expect(other.get_by_text("undo that answer first")).to_be_visible()
    sandbox.clock.advance("10s")
    assert client.get_review(review_id).status == "completed"
    known.go_back()
    expect(known.locator(".outcome")).to_contain_text("Approved")


def test_a_cancelled_review_takes_the_answer_with_it(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    review_id = ask(client, "First")
    ask(client, "Second")
    known.goto(f"{sandbox.base_url}/inbox/reviews/{review_id}?view=mine&sort=oldest")
    known.get_by_role("button", name="Approve").click()
    expect(known.locator(".toast")).to_contain_text("Approved · First")
    client.cancel_review(review_id)
    expect(known.locator(".toast")).to_contain_text("Not sent · First")


def test_a_review_of_one_paragraph_is_answered_on_a_phone_without_scrolling(
    chromium: Browser, sandbox: Sandbox, client: HITLClient
) -> None:
    review_id = ask(client, "The refund of order 1042 was charged twice. " * 4)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = introduced(context, context.new_page(), sandbox)
    page.goto(f"{sandbox.base_url}/inbox/reviews/{review_id}?view=mine")
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_in_viewport(ratio=1)
    text, button = page.locator(".matter .field").first.bounding_box(), approve.bounding_box()
    assert text is not None
    assert button is not None
    assert text["y"] + text["height"] < button["y"]
    assert button["height"] >= 44
    approve.tap()
    expect(page.locator(".toast")).to_contain_text("Approved")
    context.close()


def test_rows_are_low_and_one_line(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    for text in ("Short", "word " * 200, "تقرير الطقس الأسبوعي " * 20, "製品説明：折りたたみ自転車" * 20):
        ask(client, text)
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    heights = known.locator(".row").evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
    assert len(heights) == 4
    assert max(heights) <= 44


def test_a_saved_view_has_a_key(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "First", priority="high")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine&priority=high")
    known.get_by_text("Save as view").click()
    known.get_by_label("Name of the view").fill("Urgent")
    known.get_by_role("button", name="Save", exact=True).click()
    expect(known.get_by_role("navigation", name="Saved views")).to_contain_text("Urgent")
    known.keyboard.press("g")
    known.keyboard.press("d")
    expect(known.get_by_role("heading", level=1, name="Done")).to_be_visible()
    expect(known.locator("html[data-keys]")).to_be_attached()
    known.keyboard.press("g")
    known.keyboard.press("1")
    expect(known.locator(".chip.on")).to_contain_text("Priority: high")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_puts_up_a_barrier(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, scheme: Any, width: int
) -> None:
    """What axe-core finds, of any weight; and no page scrolls sideways."""
    review_id = ask(client, "# A title\n\nA **text** of Markdown.", due_date=sandbox.clock() - timedelta(hours=1))
    ask(client, "Second", priority="high")
    finished = [ask(client, "Third"), ask(client, "Fourth")]
    sandbox.reviewer.complete(finished[0], {"approved": True}, reviewer=KIM)
    sandbox.reviewer.reject(finished[1], {}, reviewer=KIM)
    form = client.create_template(name="Form", fields=[{"name": "sure", "type": "rating", "label": "How sure?"}])
    other = client.create_review(form.id, {"rows": [{"n": 1}, {"n": 2}]})
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )
    page = introduced(context, context.new_page(), sandbox)
    paths = (
        *(
            "/?view=mine&sort=due",
            "/?view=open&q=draft",
            "/?view=done",
            "/requests",
            "/deliveries",
            "/keys",
            "/nothing",
        ),
        *(f"/reviews/{review_id}?view=mine&last={finished[0]}", f"/reviews/{other.id}", f"/reviews/{finished[1]}"),
    )
    for path in paths:
        page.goto(f"{sandbox.base_url}/inbox{path}")
        found = Axe().run(page).response["violations"]
        assert [(path, each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
    context.close()


NOTIFICATIONS = """
window.told = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, { body }) { window.told.push(body); }
};
"""


def test_new_reviews_are_notified_on_request_only(
    context: BrowserContext, page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    ask(client, "First")
    page.add_init_script(NOTIFICATIONS)
    introduced(context, page, sandbox)
    expect(page).to_have_title("(1) Mine · HITL")
    page.get_by_role("button", name="Notify me of new reviews").click()
    expect(page.get_by_role("button", name="Notify me of new reviews")).to_have_attribute("aria-pressed", "true")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    ask(client, "Second")
    expect(page).to_have_title("(2) Mine · HITL")
    expect(page.get_by_role("link", name="1 new review")).to_be_attached()
    assert page.evaluate("window.told") == ["2 reviews to answer"]
