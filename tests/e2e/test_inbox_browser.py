"""A reviewer's work in a real browser against a live sandbox."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from incidents import Incidents
from playwright.sync_api import Browser, Page, expect

from hitl import HITLClient
from hitl.models import Review
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

COLOURS = [{"value": "red", "label": "Red"}, {"value": "green", "label": "Green"}]
MONTHS = [{"value": str(number), "label": f"Month {number}"} for number in range(1, 13)]

EVERY_FIELD: list[dict[str, Any]] = [
    {"name": "text", "type": "content_display", "label": "Article", "editable": True},
    {"name": "code", "type": "code_display", "label": "Code", "language": "python", "editable": True},
    {"name": "rows", "type": "table_display", "label": "Rows"},
    {"name": "approved", "type": "boolean", "label": "Approve?", "required": True},
    {
        "name": "why",
        "type": "text",
        "label": "Why not?",
        "required": True,
        "conditional": {"field": "approved", "value": False},
    },
    {"name": "note", "type": "text", "label": "Note", "max_length": 50, "placeholder": "A word to the author"},
    {"name": "rich", "type": "rich_text", "label": "Summary"},
    {"name": "colour", "type": "select", "label": "Colour", "options": COLOURS},
    {"name": "month", "type": "select", "label": "Month", "options": MONTHS},
    {"name": "colours", "type": "multi_select", "label": "All colours", "options": COLOURS},
    {"name": "checks", "type": "checkbox_group", "label": "Checks", "options": MONTHS[:3]},
    {"name": "quality", "type": "rating", "label": "Quality", "labels": ["Poor", "Weak", "Fair", "Good", "Great"]},
    {"name": "mail", "type": "email", "label": "Whom to tell"},
    {"name": "when", "type": "datetime", "label": "Publish at"},
    {"name": "proof", "type": "file", "label": "Proof"},
]
CONTENT = {"text": "A draft.\n\nOf two paragraphs.", "code": "if x:\n\treturn 1\n", "rows": [{"n": 1, "name": "one"}]}


@pytest.fixture
def template_id(client: HITLClient) -> str:
    return client.create_template(name="Every field", fields=EVERY_FIELD).id


@pytest.fixture
def review(client: HITLClient, template_id: str) -> Review:
    return client.create_review(template_id=template_id, content=CONTENT, assignees=["kim@example.com"])


@pytest.fixture
def opened(page: Page, sandbox: Sandbox, review: Review) -> Page:
    """The page of the review, reached the way a reviewer reaches it."""
    page.goto(sandbox.inbox_url)
    page.get_by_role("link", name="A draft.").click()
    expect(page.get_by_role("heading", name="A draft.")).to_be_visible()
    return page


def submit(page: Page, button: str = "Approve") -> None:
    page.get_by_role("button", name=button).click()


def sent(page: Page, word: str = "Approved") -> None:
    """Expect the page to say what became of the answer."""
    expect(page.get_by_role("status").filter(has_text=word).first).to_be_visible()


def pick(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check()


def test_every_type_of_field_can_be_filled_and_comes_back(opened: Page, client: HITLClient, review: Review) -> None:
    page = opened
    page.get_by_role("group", name="Show Article as").get_by_role("radio", name="Edit").check()
    page.get_by_label("Article").fill("A better draft.\nOf two lines.")
    page.get_by_label("Note", exact=True).fill("Come again")
    page.get_by_label("Summary").fill("In *short*")
    pick(page, "Green")
    page.get_by_label("Month", exact=True).select_option(label="Month 7")
    page.get_by_role("group", name="All colours").get_by_role("checkbox", name="Red").check()
    page.get_by_role("group", name="Checks").get_by_role("checkbox", name="Month 1").check()
    page.get_by_role("group", name="Checks").get_by_role("checkbox", name="Month 3").check()
    pick(page, "4 Good")
    page.get_by_label("Whom to tell").fill("author@example.com")
    page.get_by_label("Publish at").fill("2026-12-01T09:30")
    page.get_by_label("Proof").fill("https://example.com/proof.pdf")
    submit(page)

    sent(page)
    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="A draft.").click()
    expect(page.get_by_text("4 of 5 – Good")).to_be_visible()
    answered = client.get_review(review.id)
    assert (answered.status, answered.reviewer) == ("completed", "kim@example.com")
    assert answered.result == {
        "text": "A better draft.\nOf two lines.",
        "code": CONTENT["code"],
        "approved": True,
        "note": "Come again",
        "rich": "In *short*",
        "colour": "green",
        "month": "7",
        "colours": ["red"],
        "checks": ["1", "3"],
        "quality": 4,
        "mail": "author@example.com",
        "when": "2026-12-01T09:30:00Z",
        "proof": "https://example.com/proof.pdf",
    }


def test_content_that_nobody_edits_comes_back_unchanged(opened: Page, client: HITLClient, review: Review) -> None:
    submit(opened)
    sent(opened)
    result = client.get_review(review.id).result
    assert (result["text"], result["code"]) == (CONTENT["text"], CONTENT["code"])


def test_a_wrong_answer_is_marked_beside_its_field_and_the_rest_is_kept(opened: Page, client: HITLClient) -> None:
    opened.get_by_label("Note", exact=True).fill("Kept")
    pick(opened, "4 Good")
    opened.get_by_label("Whom to tell").fill("nobody")
    submit(opened)
    expect(opened.get_by_role("alert")).to_contain_text("Not submitted")
    expect(opened.get_by_label("Whom to tell")).to_have_accessible_description(re.compile("must be"))
    expect(opened.get_by_label("Note", exact=True)).to_have_value("Kept")
    expect(opened.get_by_role("radio", name="4 Good")).to_be_checked()
    opened.get_by_label("Whom to tell").fill("author@example.com")
    submit(opened)
    sent(opened)


def test_what_is_asked_of_a_rejection_opens_with_it_and_is_sent_with_it_only(
    opened: Page, client: HITLClient, review: Review
) -> None:
    question = opened.get_by_label("Why not?")
    expect(question).to_be_hidden()
    opened.get_by_text("Reject", exact=True).first.click()
    expect(question).to_be_visible()
    submit(opened, "Reject")
    expect(question).to_have_accessible_description("This is required.")
    question.fill("Too short.")
    opened.get_by_text("Back", exact=True).click()
    expect(question).to_be_hidden()
    submit(opened)
    sent(opened)
    assert "why" not in client.get_review(review.id).result


def test_a_rejection_takes_its_reason_along(opened: Page, client: HITLClient, review: Review) -> None:
    opened.get_by_text("Reject", exact=True).first.click()
    opened.get_by_label("Why not?").fill("Too short.")
    submit(opened, "Reject")
    sent(opened, "Rejected")
    rejected = client.get_review(review.id)
    assert (rejected.status, rejected.result) == ("rejected", {"approved": False, "why": "Too short."})


def test_an_optional_choice_can_be_taken_back(opened: Page, client: HITLClient, review: Review) -> None:
    pick(opened, "4 Good")
    opened.get_by_role("button", name="Clear").click()
    expect(opened.get_by_role("radio", name="4 Good")).not_to_be_checked()


def test_the_count_of_characters_follows_the_typing(opened: Page) -> None:
    opened.get_by_label("Note", exact=True).fill("four")
    expect(opened.get_by_text("4 / 50", exact=True)).to_be_visible()
    opened.get_by_label("Note", exact=True).fill("👍🏽" * 25)
    expect(opened.get_by_text("50 / 50 · emoji and accents can count as several")).to_be_visible()
    opened.get_by_label("Note", exact=True).fill("👍🏽" * 26)
    expect(opened.get_by_text("52 / 50 · 2 too many")).to_be_visible()
    submit(opened)
    expect(opened.get_by_text("This may have at most 50 characters, this has 52.")).to_be_visible()


def test_the_inbox_works_without_scripts(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, review: Review
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    page.get_by_text("Reject", exact=True).first.click()
    page.get_by_label("Why not?").fill("It is shown, too.")
    submit(page, "Reject")
    sent(page, "Rejected")
    context.close()
    assert client.get_review(review.id).result["why"] == "It is shown, too."


def test_the_inbox_works_by_keyboard_alone(opened: Page, client: HITLClient, review: Review) -> None:
    opened.get_by_label("Note", exact=True).press("Enter")  # decides nothing
    opened.get_by_text("History").focus()
    opened.keyboard.press("Tab")  # Approve
    opened.keyboard.press("Enter")
    sent(opened)
    assert client.get_review(review.id).result["approved"] is True


def test_leaving_with_an_unsent_answer_is_asked_about(
    opened: Page, sandbox: Sandbox, incidents: Incidents, review: Review
) -> None:
    opened.get_by_label("Note", exact=True).press_sequentially("Not yet sent")
    opened.goto(sandbox.inbox_url)
    assert incidents.questions == 1
    opened.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    opened.goto(sandbox.inbox_url)
    assert incidents.questions == 1


def test_times_run_by_the_clock_of_the_server(page: Page) -> None:
    long_ago = datetime(2020, 2, 29, 12, 0, tzinfo=UTC)
    with Sandbox(clock=lambda: long_ago) as sandbox:
        due = {"Later.": 30, "Soon.": 2, "Late.": -50}
        for text, hours in due.items():
            sandbox.client().create_review(
                template_id="template_123",
                content={"text": text},
                due_date=long_ago + timedelta(hours=hours, minutes=1),
            )
        page.goto(sandbox.inbox_url)
        for text, said in {"Later.": "due in 30 h", "Soon.": "due in 2 h", "Late.": "2 d overdue"}.items():
            row = page.get_by_role("listitem").filter(has_text=text)
            expect(row).to_contain_text(said)
            expect(row).to_contain_text("just now")


ATTACKS = [
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('image')>",
    "</textarea></pre></title><svg onload=alert('svg')>",
    "\"' autofocus onfocus=alert('attribute') x='",
    "javascript:alert('url')",
    "{{ 7 * 7 }}{% raw %}",
    "<a href=\"javascript:alert('link')\">click</a><style>*{display:none}</style>",
    "<meta http-equiv=refresh content='0;url=http://www.attacker.example/'>{% include 'base.html' %}",
    "<base href=http://www.attacker.example/><form action=http://www.attacker.example/><button>Submit answer",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_content_and_labels_stay_text(
    page: Page, sandbox: Sandbox, client: HITLClient, incidents: Incidents, attack: str
) -> None:
    option = {"value": attack, "label": attack}
    fields: list[dict[str, Any]] = [
        {"name": "text", "type": "content_display", "label": attack, "editable": True},
        {"name": "code", "type": "code_display", "label": attack, "language": attack},
        {"name": attack, "type": "text", "label": attack, "placeholder": attack, "default_value": attack},
        {"name": "pick", "type": "select", "label": attack, "options": [option]},
        {"name": "many", "type": "checkbox_group", "label": attack, "options": [option]},
        {"name": "stars", "type": "rating", "label": attack, "labels": [attack]},
        {"name": "if", "type": "text", "label": attack, "conditional": {"field": attack, "value": attack}},
    ]
    template = client.create_template(name=attack, fields=fields)
    content = {"text": attack, "code": attack, attack: {attack: [attack, {attack: attack}]}, "rows": [{attack: attack}]}
    review = client.create_review(template_id=template.id, content=content, assignees=[attack])

    page.goto(sandbox.inbox_url)
    expect(page.get_by_role("link", name=attack)).to_be_visible()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_label(attack, exact=True).first).to_have_value(attack)
    page.get_by_role("checkbox").check()
    submit(page, "Submit answer")
    sent(page, "Answered")
    assert client.get_review(review.id).result["many"] == [attack]
    assert (
        page.locator(
            "main :is(script, img, style, base, meta, iframe, object), form[action*=attacker], main a[href^='javascript']"
        ).count()
        == 0
    )


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
def test_no_page_scrolls_sideways(
    opened: Page, client: HITLClient, sandbox: Sandbox, review: Review, width: int
) -> None:
    client.update_review(
        review.id,
        content={
            "word": "x" * 300,
            "code": "y" * 300,
            "wide": [{f"column {number}": "value " * 5 for number in range(20)}],
            "deep": {"a" * 60: {"b" * 60: {"c" * 60: ["d" * 200]}}},
        },
    )
    client.create_review("template_123", {"text": "word " * 40 + "x" * 200}, assignees=["a" * 120 + "@example.com"])
    opened.set_viewport_size({"width": width, "height": 800})
    lists = ("", "/?q=word&priority=medium&status=assigned", "/?view=mine", "/requests", "/deliveries")
    for path in (*lists, f"/reviews/{review.id}", "/nothing"):
        opened.goto(f"{sandbox.inbox_url}{path}")
        assert opened.evaluate("document.documentElement.scrollWidth") == width
    sandbox.reviewer.complete(review, {"approved": True, "note": "z" * 50})
    opened.goto(f"{sandbox.inbox_url}/reviews/{review.id}/done")
    assert opened.evaluate("document.documentElement.scrollWidth") == width


def test_an_edit_is_drawn_and_its_changes_are_counted(opened: Page, incidents: Incidents, client: HITLClient) -> None:
    text = opened.locator("[data-field=text]")
    expect(text.get_by_role("radio", name="Changes")).to_be_disabled()
    text.get_by_role("radio", name="Edit").check()
    opened.get_by_label("Article").fill("A draft.\n\nOf **three** paragraphs.")
    expect(text.get_by_role("radio", name="Changes 1")).to_be_enabled()
    text.get_by_role("radio", name="Preview").check()
    expect(text.locator("strong")).to_have_text("**three**")
    text.get_by_role("radio", name="Changes").check()
    expect(text.locator("del")).to_have_text("[removed: two]")
    text.get_by_role("radio", name="Edit").check()
    opened.get_by_label("Article").fill(CONTENT["text"])
    expect(text.get_by_role("radio", name="Changes 0")).to_be_disabled()


def test_looking_at_the_panes_is_no_answer(opened: Page, sandbox: Sandbox, incidents: Incidents) -> None:
    opened.locator("[data-field=text]").get_by_role("radio", name="Edit").check()
    opened.goto(sandbox.inbox_url)
    assert incidents.questions == 0


def test_the_panes_of_a_text_work_without_scripts(chromium: Browser, sandbox: Sandbox, review: Review) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_label("Article")).to_be_hidden()
    page.locator("[data-field=text]").get_by_role("radio", name="Edit").check()
    expect(page.get_by_label("Article")).to_be_visible()
    context.close()


ORDERS = [{"id": number, "price": price, "note": note} for number, price, note in [(1, 9.5, "b"), (2, 120, None), (3, 0.25, "A")]]  # fmt: skip


def numbers(page: Page) -> list[str]:
    return page.locator("[data-records] .nr").all_text_contents()[1:]


@pytest.mark.parametrize("has_scripts", [True, False])
def test_records_are_sorted_by_a_click(
    chromium: Browser, sandbox: Sandbox, client: HITLClient, has_scripts: bool
) -> None:
    template = client.create_template(name="Orders", fields=[{"name": "orders", "type": "table_display"}])
    review = client.create_review(template.id, {"orders": ORDERS})
    context = chromium.new_context(java_script_enabled=has_scripts)
    page = context.new_page()
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    for column, orders in {
        "price": (["3", "1", "2"], ["2", "1", "3"]),
        "note": (["3", "1", "2"], ["1", "3", "2"]),
    }.items():
        for order, direction in zip(orders, ("ascending", "descending"), strict=True):
            page.get_by_role("link", name=column).click()
            expect(page.get_by_role("columnheader", name=column)).to_have_attribute("aria-sort", direction)
            assert numbers(page) == order
    assert ("table=" in page.url) is not has_scripts
    context.close()
