"""The lists in a real browser: their keys, what is done to many reviews, filters, and what tells of new reviews."""

from __future__ import annotations

import re
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
TEMPLATE = "template_123"
NOTIFICATIONS = """
window.told = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, { body }) { window.told.push(body); }
};
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(undo_seconds=10) as sandbox:
        yield sandbox


def introduced(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    """Have a browser that has entered the inbox and knows who its reviewer is."""
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}])
    page.goto(sandbox.inbox_url)
    return page


@pytest.fixture
def known(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    return introduced(context, page, sandbox)


def ask(client: HITLClient, text: str, **more: Any) -> str:
    return client.create_review(TEMPLATE, {"text": text}, assignees=[KIM], **more).id


def ready(page: Page) -> None:
    """Wait until the keys work."""
    expect(page.locator("html[data-keys]")).to_be_attached()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def ticked(page: Page) -> list[bool]:
    return page.locator("input[name=pick]").evaluate_all("all => all.map((each) => each.checked)")


def test_rows_are_selected_by_keys(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    for text in ("One", "Two", "Three", "Four"):
        ask(client, text)
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ready(known)
    press(known, "j", "x", "j", "j", "Shift+X")
    assert ticked(known) == [True, True, True, False]
    expect(known.get_by_role("button", name="Approve 3…")).to_be_visible()
    press(known, "k", "x")
    assert ticked(known) == [True, False, True, False]
    press(known, "Escape")
    expect(known.get_by_role("group", name="Selected reviews")).to_be_hidden()
    assert ticked(known) == [False] * 4
    press(known, "*")
    expect(known.get_by_text("All 4 selected")).to_be_visible()
    press(known, "y")
    expect(known.get_by_role("heading", name="Approve 4 reviews?")).to_be_visible()
    ready(known)
    press(known, "Enter")
    expect(known.get_by_role("heading", name="Approved 4 reviews")).to_be_visible()
    ready(known)
    press(known, "z")
    expect(known.locator(".row")).to_have_count(4)
    expect(known.get_by_role("heading", name="Mine")).to_be_visible()
    sandbox.clock.advance("1m")
    assert {client.get_review(f"rev_{number}").status for number in range(1, 5)} == {"assigned"}


def test_without_a_selection_no_row_is_decided(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "One")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ready(known)
    press(known, "j", "y", "n")
    expect(known.locator(".row.here")).to_be_visible()
    assert known.url.endswith("/inbox/?view=mine")


def test_the_row_that_one_came_back_to_opens_by_a_key(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "One")
    second = ask(client, "Two")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine&here={second}")
    ready(known)
    press(known, "Enter")
    expect(known.get_by_role("heading", level=1, name="Two")).to_be_visible()


def test_keys_that_are_composed_held_or_typed_do_nothing_in_a_list(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    ask(client, "One")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ready(known)
    for options in ("isComposing: true", "keyCode: 229", "repeat: true", "altKey: true", "metaKey: true"):
        for key in ("j", "x", "*", "/", "?"):
            event = f"new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, {options}}})"
            known.evaluate(f"document.body.dispatchEvent({event})")
    assert ticked(known) == [False]
    expect(known.locator(".row.here")).to_have_count(0)
    expect(known.get_by_role("dialog")).to_be_hidden()
    press(known, "/")
    known.keyboard.type("xj*?gd")
    expect(known.get_by_role("searchbox")).to_have_value("xj*?gd")
    press(known, "Escape")
    expect(known.get_by_role("searchbox")).not_to_be_focused()


def test_keys_are_switched_off_on_the_help_page(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "One")
    known.goto(f"{sandbox.base_url}/inbox/keys")
    known.get_by_role("main").get_by_label("Use single-key shortcuts").uncheck()
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ready(known)
    press(known, "j", "x")
    assert ticked(known) == [False]
    expect(known.locator(".row.here")).to_have_count(0)
    press(known, "?")
    known.get_by_role("dialog").get_by_label("Use single-key shortcuts").check()
    press(known, "Escape", "j", "x")
    assert ticked(known) == [True]


def test_what_is_unticked_is_not_counted_and_many_are_confirmed_by_their_number(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    for number in range(52):
        ask(client, f"Draft {number}")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ready(known)
    press(known, "*")
    known.get_by_role("button", name="Approve 52…").click()
    expect(known.get_by_role("heading", name="Approve 52 reviews?")).to_be_visible()
    go_ahead = known.get_by_role("button", name="Approve")
    expect(go_ahead).to_be_disabled()
    known.get_by_role("checkbox", name="Include Draft 3", exact=True).uncheck()
    expect(known.get_by_role("heading", name="Approve 51 reviews?")).to_be_visible()
    known.get_by_label("Type 51 to approve 51 reviews").fill("52")
    expect(go_ahead).to_be_disabled()
    known.get_by_label("Type 51 to approve 51 reviews").fill("51")
    expect(go_ahead).to_have_text("Approve 51")
    go_ahead.click()
    expect(known.get_by_role("heading", name="Approved 51 reviews")).to_be_visible()
    known.get_by_role("button", name="Undo").click()
    expect(known.get_by_role("heading", name="Mine")).to_be_visible()
    sandbox.clock.advance("1m")
    assert {review.status for review in client.list_reviews()} == {"assigned"}


def test_what_somebody_looks_at_is_left_out_unless_it_is_ticked(
    chromium: Browser, known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    free, busy = ask(client, "Free"), ask(client, "Busy")
    other = chromium.new_context()
    other.add_cookies([{"name": "hitl_reviewer", "value": "bo", "url": f"{sandbox.base_url}/inbox"}])
    looking = other.new_page()
    looking.goto(sandbox.inbox_url)
    with looking.expect_response("**/start"):
        looking.goto(f"{sandbox.base_url}/inbox/reviews/{busy}")
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    expect(known.locator(".presence")).to_contain_text("bo is reviewing")
    ready(known)
    press(known, "*", "y")
    expect(known.get_by_role("heading", name="Approve 1 review?")).to_be_visible()
    expect(known.get_by_role("region", name="Left out: 1 review")).to_contain_text("bo is reviewing it")
    known.get_by_role("button", name="Approve 1").click()
    expect(known.get_by_role("heading", name="Approved 1 review")).to_be_visible()
    sandbox.clock.advance("10s")
    assert [client.get_review(each).status for each in (free, busy)] == ["completed", "assigned"]
    other.close()


def test_a_filter_is_two_clicks_away_and_closes_by_a_key(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "Late", due_date=sandbox.clock() + timedelta(hours=30))
    ask(client, "Soon", due_date=sandbox.clock() + timedelta(hours=3))
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    expect(known.locator("h2.group")).to_have_text([re.compile("Due within 24 hours · 1"), re.compile("Later · 1")])
    due = known.locator("summary", has_text=re.compile("^Due$"))
    due.click()
    press(known, "Escape")
    expect(known.get_by_role("link", name="Within 24 hours")).to_be_hidden()
    expect(due).to_be_focused()
    due.click()
    known.get_by_role("link", name="Within 24 hours").click()
    expect(known.locator(".row")).to_have_count(1)
    expect(known.locator(".row")).to_contain_text("Soon")


def test_everything_works_without_scripts(chromium: Browser, sandbox: Sandbox, client: HITLClient) -> None:
    first, second = ask(client, "First", priority="high"), ask(client, "Second")
    context = chromium.new_context(java_script_enabled=False)
    page = introduced(context, context.new_page(), sandbox)
    page.goto(f"{sandbox.base_url}/inbox/?view=mine")
    page.locator("summary", has_text="+ Filter").click()
    page.locator("select[name=priority]").select_option("high")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".row")).to_have_count(1)
    page.locator(".chip.on").click()
    expect(page.locator(".row")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export CSV").click()
    assert "Second" in download.value.path().read_text("utf-8")
    page.get_by_label("Select all 2 that match").check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("checkbox", name="Include First").uncheck()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approved 1 review")).to_be_visible()
    page.goto(f"{sandbox.base_url}/inbox/keys")
    expect(page.get_by_role("main").get_by_label("Use single-key shortcuts")).to_be_hidden()
    sandbox.clock.advance("10s")
    assert [client.get_review(each).status for each in (first, second)] == ["assigned", "completed"]
    context.close()


def icon_of(page: Page) -> str:
    return str(page.locator("link[rel=icon]").get_attribute("href"))


def test_the_icon_has_a_number_only_while_somebody_wants_to_be_told(
    known: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    ask(client, "First")
    known.add_init_script(NOTIFICATIONS)
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    expect(known).to_have_title("(1) Mine · HITL")
    bell = known.get_by_role("button", name="Notify me of new reviews")
    expect(bell).to_have_attribute("aria-pressed", "false")
    assert "icon.svg" in icon_of(known)
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")
    expect(known.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"%3E1%3C%2Ftext"))
    ask(client, "Second")
    expect(known.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"%3E2%3C%2Ftext"))
    assert known.evaluate("window.told") == []  # the page is in sight
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "false")
    assert "icon.svg" in icon_of(known)


def test_somebody_who_never_asked_is_never_asked(known: Page, sandbox: Sandbox, client: HITLClient) -> None:
    known.add_init_script(NOTIFICATIONS.replace("{ return (this", "{ window.asked = true; return (this"))
    known.goto(f"{sandbox.base_url}/inbox/?view=mine")
    ask(client, "First")
    expect(known).to_have_title("(1) Mine · HITL")
    assert known.evaluate("[window.asked, window.told]") == [None, []]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 820, 390])
def test_lists_put_up_no_barrier_and_do_not_scroll_sideways(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, scheme: Any, width: int
) -> None:
    now, long = sandbox.clock(), "word " * 60
    picks = [
        ask(client, text, due_date=now + timedelta(hours=hours), metadata={"agent": "a-rather-long-name-of-an-agent"})
        for text, hours in {
            f"{long}?": -1.0, "تقرير الطقس الأسبوعي " * 9: 1.0, "製品説明：折りたたみ自転車" * 9: 30.0, "x" * 300: 31.0,
        }.items()
    ]  # fmt: skip
    client.create_review(TEMPLATE, {"rows": [{"n": 1}, {"n": 2}]}, priority="high")
    sandbox.reviewer.complete(ask(client, "Fine"), {"approved": True, "text": "Better"}, reviewer=KIM)
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )
    page = introduced(context, context.new_page(), sandbox)

    def look(name: str) -> None:
        found = Axe().run(page).response["violations"]
        assert [(name, each["id"], each["nodes"][0]["html"]) for each in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width, name

    for path in (
        "?view=mine", "?view=open", "?view=open&q=word&sort=due", "?view=done", "?view=mine&q=nothing&due=overdue",
        "requests", "requests?view=mine", "requests?view=done", "keys", "deliveries?status=failed",
    ):  # fmt: skip
        page.goto(f"{sandbox.base_url}/inbox/{path}")
        look(path)
    page.goto(f"{sandbox.base_url}/inbox/?view=mine")
    page.locator("summary", has_text="+ Filter").click()
    look("filter")
    press(page, "Escape")
    page.locator("input[name=pick]").first.check()
    look("selection")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="Reject 1 review?")).to_be_visible()
    look("confirmation")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", name="Rejected 1 review")).to_be_visible()
    look("outcome")
    assert len(picks) == 4
    context.close()
