"""An agent's call that a person edits in a real browser: the edited one runs, and once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from hitl import HITLClient
from hitl.approval import ApprovalConsumed, ApprovalRejected, SQLiteLedger, require_approval, submit
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

ROOMY = 30.0  # seconds that a busy machine may take


class Shop:
    """What an agent may do here, and what was done."""

    def __init__(self, client: HITLClient, folder: Path) -> None:
        self.paid: list[tuple[str, float]] = []

        @require_approval(client, ledger=SQLiteLedger(folder / "approvals.db"), timeout=ROOMY)
        def refund(order: str, amount: float) -> str:
            """Pay money back to a customer."""
            self.paid.append((order, amount))
            return f"paid {amount}"

        self.refund: Callable[[str, float], str] = refund


@pytest.fixture
def shop(client: HITLClient, tmp_path: Path) -> Shop:
    return Shop(client, tmp_path)


def answer(page: Page, choice: str) -> None:
    name = page.get_by_label("Your name or e-mail")
    if name.is_visible():  # the browser does not know it yet
        name.fill("kim@example.com")
    page.get_by_role("button", name=choice).click()


def argument(page: Page, name: str) -> Locator:
    """Return the box of one argument."""
    return page.get_by_role("group", name="Arguments").get_by_role("textbox", name=name)


def test_a_refund_runs_with_the_amount_that_a_person_put_and_only_once(
    page: Page, sandbox: Sandbox, shop: Shop
) -> None:
    page.goto(sandbox.inbox_url)
    with ThreadPoolExecutor(1) as agent:
        same_approval = submit(shop.refund, "o-1042", 60.0)
        running = agent.submit(shop.refund, "o-1042", 60.0)
        page.reload()
        page.get_by_role("link", name="refund").click()
        expect(page.get_by_text("Pay money back to a customer.", exact=True)).to_be_visible()
        box = argument(page, "amount")
        expect(box).to_have_value("60.0")
        box.fill("25")
        expect(page.get_by_role("button", name="Approve")).to_contain_text("with 1 change")
        answer(page, "Approve")
        expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
        assert running.result(ROOMY) == "paid 25.0"
    assert shop.paid == [("o-1042", 25.0)]

    with pytest.raises(ApprovalConsumed):
        same_approval.result()
    assert shop.paid == [("o-1042", 25.0)]


def test_the_same_call_again_is_another_question(page: Page, sandbox: Sandbox, shop: Shop) -> None:
    page.goto(sandbox.inbox_url)
    with ThreadPoolExecutor(1) as agent:
        for choice in ("Approve", "Reject"):
            pending = submit(shop.refund, "o-1042", 60.0)
            running = agent.submit(pending.result)
            page.goto(f"{sandbox.inbox_url}/reviews/{pending.review_id}")
            if choice == "Reject":
                page.get_by_label("Feedback").fill("Paid already")
            answer(page, choice)
            expect(
                page.get_by_role("status").filter(has_text="Approved" if choice == "Approve" else "Rejected")
            ).to_be_visible()
            if choice == "Approve":
                assert running.result(ROOMY) == "paid 60.0"
        with pytest.raises(ApprovalRejected, match="Paid already"):
            running.result(ROOMY)
    assert shop.paid == [("o-1042", 60.0)]


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wrong_argument_is_told_beside_its_box_and_nothing_runs(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, shop: Shop, width: int, scheme: str
) -> None:
    pending = submit(shop.refund, "o-1042", 60.0)
    context = chromium.new_context(
        viewport={"width": width, "height": 760}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{pending.review_id}")
    box = argument(page, "amount")
    box.fill("twenty-five")
    answer(page, "Approve")
    expect(page.get_by_role("alert")).to_contain_text("Not submitted")
    expect(box).to_have_accessible_description("This must be a number, such as 129.5.")
    expect(box).to_have_value("twenty-five")
    expect(box).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    context.close()
    assert client.get_review(pending.review_id).is_final is False
    assert shop.paid == []
