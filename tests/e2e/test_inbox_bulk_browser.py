"""The confirmation of what is done to many reviews, in a real browser: what it says follows what is ticked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hitl import HITLClient
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

YES: dict[str, Any] = {"name": "approved", "type": "boolean", "required": True}
TEMPLATES = [
    {
        "id": "refund",
        "name": "Refund",
        "fields": [YES],
        "settings": {"approve_effect": "pays {amount} {currency} to {to}", "undo_seconds": 30},
    },
    {"id": "account", "name": "Account", "fields": [YES], "settings": {"approval_threshold": 2}},
    {"id": "graded", "name": "Graded", "fields": [YES, {"name": "grade", "type": "rating", "required": True}]},
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(templates=TEMPLATES, undo_seconds=10) as sandbox, sandbox.client() as client:
        for amount, name in (("18.40", "Ann"), ("200.00", "Maximilian von und zu Hohenfels-Liechtenberg " * 2)):
            content = {"title": f"Refund {amount}", "amount": amount, "currency": "EUR", "to": name}
            client.create_review("refund", content)
        client.create_review("account", {"title": "Delete the account of a person with a long and telling title"})
        client.create_review("graded", {"title": "Essay"})
        yield sandbox


def confirmation(context: BrowserContext, page: Page, sandbox: Sandbox) -> Page:
    """Open the confirmation of an approval of everything."""
    page.goto(sandbox.inbox_url)
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim", "url": f"{sandbox.base_url}/inbox"}])
    page.goto(f"{sandbox.base_url}/inbox/?view=open")
    expect(page.locator("html[data-keys]")).to_be_attached()
    for key in ("*", "y"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", name="Approve 3 reviews?")).to_be_visible()
    return page


def test_what_it_will_do_follows_what_is_ticked(
    context: BrowserContext, page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    confirmation(context, page, sandbox)
    lines = page.locator(".kinds li")
    refunds = lines.filter(has_text="pays")
    expect(refunds).to_have_text("2 × pays [amount] EUR to [to] · Refund · 218.40 EUR in all · undo for 30 seconds")
    page.get_by_role("checkbox", name="Include Refund 18.40").uncheck()
    expect(refunds).to_contain_text("1 × pays")
    expect(refunds.locator("[data-sum]")).to_be_hidden()
    page.get_by_role("checkbox", name="Include Delete the account").uncheck()
    expect(lines.filter(visible=True)).to_have_count(1)
    page.get_by_role("checkbox", name="Include Refund 18.40").check()
    expect(refunds.locator("[data-sum]")).to_be_visible()
    page.get_by_role("button", name="Approve 2").click()
    expect(page.get_by_role("heading", name="Approved 2 reviews")).to_be_visible()
    sandbox.clock.advance("30s")
    assert sorted(review.status for review in client.list_reviews()) == ["completed", "completed", "created", "created"]


def test_a_double_click_can_still_be_undone(
    context: BrowserContext, page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    confirmation(context, page, sandbox)
    page.get_by_role("button", name="Approve 3").dblclick()
    expect(page.get_by_role("heading", name="Approved 3 reviews")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Open")).to_be_visible()
    sandbox.clock.advance("1m")
    assert {review.status for review in client.list_reviews()} == {"created"}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_contents_are_in_sight_and_nothing_keeps_anybody_out(
    chromium: Browser, sandbox: Sandbox, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 600}, color_scheme=scheme, bypass_csp=True)
    page = confirmation(context, context.new_page(), sandbox)
    expect(page.get_by_role("button", name="Approve 3")).to_be_focused()
    expect(page.get_by_role("heading", name="Approve 3 reviews?")).to_be_in_viewport()
    assert page.evaluate("[scrollY, document.documentElement.scrollWidth]") == [0, width]
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    context.close()
