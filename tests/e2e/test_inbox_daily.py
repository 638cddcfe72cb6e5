"""The inbox as a daily tool, in a real browser: marks, keys, live updates, drafts, and what is drawn from hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hitl import HITLClient
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

TEMPLATE = "template_123"


def ask(client: HITLClient, text: str, **more: Any) -> str:
    return client.create_review(template_id=TEMPLATE, content={"text": text}, **more).id


def mark(page: Page, text: str) -> None:
    page.get_by_role("checkbox", name=f"Select {text}").check()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def ready(page: Page) -> None:
    """Wait until the keys work."""
    expect(page.locator("html[data-keys]")).to_be_attached()


def alive(page: Page) -> None:
    """Wait until the keys of a verdict work, which are dead for a moment after a review has appeared."""
    expect(page.locator("html[data-keys=all]")).to_be_attached()


@pytest.fixture
def known(context: BrowserContext, sandbox: Sandbox) -> None:
    """Have the browser know who its reviewer is."""
    context.add_cookies([{"name": "hitl_reviewer", "value": "kim%40example.com", "url": f"{sandbox.base_url}/inbox"}])


@pytest.mark.parametrize(
    ("action", "status"), [("Approve", "completed"), ("Reject", "rejected"), ("Cancel", "cancelled")]
)
@pytest.mark.usefixtures("known")
def test_marked_reviews_are_decided_at_once(
    page: Page, sandbox: Sandbox, client: HITLClient, action: str, status: str
) -> None:
    ids = [ask(client, text) for text in ("First", "Second", "Third")]
    page.goto(f"{sandbox.inbox_url}/?view=open")
    expect(page.get_by_role("button", name=action)).to_be_hidden()
    mark(page, "First")
    mark(page, "Third")
    expect(page.get_by_text("2 selected")).to_be_visible()
    press(page, f"{action}…" if action == "Cancel" else f"{action} 2…")
    expect(page.get_by_role("heading", name=f"{action} 2 reviews?")).to_be_visible()
    press(page, f"{action} 2")
    expect(page.get_by_role("heading", name=re.compile("2 reviews$"))).to_be_visible()
    assert [client.get_review(review_id).status for review_id in ids] == [status, "created", status]


@pytest.mark.usefixtures("known")
def test_all_reviews_of_a_page_are_marked_together(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    for text in ("First", "Second"):
        ask(client, text)
    page.goto(f"{sandbox.inbox_url}/?view=open")
    mark(page, "First")
    page.get_by_label("Select all 2 that match").check()
    expect(page.get_by_role("checkbox", name="Select Second")).to_be_checked()
    expect(page.get_by_text("All 2 selected")).to_be_visible()


@pytest.mark.usefixtures("known")
def test_reviews_are_answered_by_keys(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    first, second, third = (ask(client, text) for text in ("First", "Second", "Third"))
    page.goto(f"{sandbox.inbox_url}/?view=open&sort=oldest")
    ready(page)
    page.keyboard.press("j")
    expect(page.locator(".row .about").first).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    alive(page)
    page.keyboard.press("y")
    expect(page.get_by_role("heading", name="Second")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text("Approved · First")
    expect(page.locator(".place")).to_have_text("2 of 3")
    alive(page)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Third")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(".row.here")).to_contain_text("Third")
    ready(page)
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox", name="Select Third")).to_be_checked()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Reject 1 review?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rejected 1 review")).to_be_visible()
    statuses = [client.get_review(review_id).status for review_id in (first, second, third)]
    assert statuses == ["completed", "rejected", "rejected"]


def test_the_keys_stand_on_a_card_and_can_be_switched_off(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "First")
    page.goto(sandbox.inbox_url)
    page.keyboard.press("?")
    card = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(card).to_be_visible()
    card.get_by_label("Use single-key shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First")).not_to_be_focused()


@pytest.mark.usefixtures("known")
def test_the_plain_text_of_markdown_is_one_key_away(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    client.create_review(template_id=TEMPLATE, content={"text": "First", "report": "A **bold** word"})
    page.goto(f"{sandbox.inbox_url}/?view=open")
    page.locator(".row .about").click()
    expect(page.get_by_role("heading", name="First")).to_be_visible()
    ready(page)
    page.keyboard.press("p")
    expect(page.locator("details[data-plain] code").first).to_have_text("A **bold** word")
    expect(page.locator("details[data-plain]").first).to_have_attribute("open", "")
    page.keyboard.press("p")
    expect(page.locator("details[data-plain]").first).not_to_have_attribute("open", "")


def test_a_key_that_is_typed_into_a_field_is_a_letter(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    ask(client, "First")
    page.goto(sandbox.inbox_url)
    page.keyboard.press("/")
    page.keyboard.type("ajar?")
    expect(page.get_by_role("searchbox")).to_have_value("ajar?")


def test_new_and_finished_reviews_show_without_a_reload(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    review_id = ask(client, "First")
    page.goto(sandbox.inbox_url)
    mark(page, "First")
    page.get_by_role("searchbox").fill("half a w")
    ask(client, "Second")
    expect(page.get_by_role("link", name="1 new review")).to_be_visible()
    sandbox.reviewer.complete(review_id, {"approved": True}, reviewer="lee@example.com")
    expect(page.locator(".row").filter(has_text="First")).to_contain_text("Answered")
    expect(page.get_by_role("checkbox", name="Select First")).to_be_disabled()
    expect(page.get_by_role("searchbox")).to_have_value("half a w")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("link", name="1 new review").click()
    expect(page.get_by_role("link", name="Second")).to_be_visible()


ENDS: dict[str, Callable[[Sandbox, str], object]] = {
    "lee@example.com has just answered this": lambda sandbox, review_id: sandbox.reviewer.complete(
        review_id, {"approved": True}, reviewer="lee@example.com"
    ),
    "This review was cancelled": lambda sandbox, review_id: sandbox.client().cancel_review(review_id),
    "This review has expired": lambda sandbox, _: sandbox.clock.advance("3h"),
    "This review has just changed": lambda sandbox, review_id: sandbox.client().update_review(
        review_id, content={"text": "Changed"}
    ),
}


@pytest.mark.parametrize("message", ENDS)
def test_what_happens_to_the_open_review_is_told_at_once(
    page: Page, sandbox: Sandbox, client: HITLClient, message: str
) -> None:
    review_id = ask(client, "First", due_date=sandbox.clock() + timedelta(hours=2))
    page.goto(f"{sandbox.inbox_url}/reviews/{review_id}")
    page.get_by_label("Feedback").fill("My view")
    ENDS[message](sandbox, review_id)
    expect(page.get_by_text(message)).to_be_visible()
    expect(page.get_by_label("Feedback")).to_have_value("My view")
    expect(page.get_by_label("Feedback")).to_be_focused()
    page.get_by_role("link", name=re.compile("See the outcome|Reload")).click()
    if "changed" in message:
        expect(page.get_by_label("Feedback")).to_have_value("My view")
        expect(page.get_by_text("The request has changed since then")).to_be_visible()
    else:
        expect(page.get_by_text("My view")).to_be_visible()


def test_what_was_typed_survives_leaving_the_page(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    review_id = ask(client, "First")
    address = f"{sandbox.base_url}/inbox/reviews/{review_id}"
    page.goto(sandbox.inbox_url)
    page.goto(address)
    page.get_by_label("Feedback").fill("Half an ans")
    page.goto(address)
    expect(page.get_by_text("Draft restored")).to_be_visible()
    expect(page.get_by_label("Feedback")).to_have_value("Half an ans")
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('hitl.draft'))") == []


def test_what_was_typed_survives_a_restart_of_the_server(page: Page, tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with Sandbox(data=data) as sandbox:
        review_id = ask(sandbox.client(), "First")
        page.goto(f"{sandbox.inbox_url}/reviews/{review_id}")
        page.get_by_label("Feedback").fill("Half an ans")
        address, port = page.url, urlsplit(sandbox.base_url).port
    with Sandbox(data=data, port=port or 0):
        page.goto(address)
        expect(page.get_by_label("Feedback")).to_have_value("Half an ans")


def test_one_approval_of_several_is_noted_and_its_draft_is_gone(
    page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "approved", "type": "boolean", "label": "Approve?", "required": True},
        {"name": "note", "type": "text", "label": "Note"},
    ]
    template = client.create_template(name="Two", fields=fields, settings={"approval_threshold": 2})
    review = client.create_review(template_id=template.id, content={"text": "First"})
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    page.get_by_label("Note").fill("Fine")
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".banner.info")).to_contain_text("kim@example.com")
    expect(page.get_by_label("Note")).to_have_value("")
    assert client.get_review(review.id).status == "in_progress"


def test_a_draft_can_be_discarded(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    page.goto(f"{sandbox.inbox_url}/reviews/{ask(client, 'First')}")
    page.get_by_label("Feedback").fill("Half an ans")
    page.reload()
    press(page, "Discard")
    expect(page.get_by_label("Feedback")).to_have_value("")
    expect(page.get_by_text("Draft restored")).to_be_hidden()


def test_a_changed_content_is_shown_as_its_difference(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    review_id = ask(client, "It costs 10 euros.")
    client.update_review(review_id, content={"text": "It costs 99 euros."})
    page.goto(f"{sandbox.inbox_url}/reviews/{review_id}")
    changed = page.get_by_role("group").filter(has_text="Changes since the last version")
    expect(changed.locator("del")).to_contain_text("10")
    expect(changed.locator("ins")).to_contain_text("99")
    page.get_by_text("History").click()
    expect(page.get_by_text("Updated by the program that asked")).to_be_visible()


def test_edits_of_the_reviewer_are_shown_as_what_changed(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    page.goto(f"{sandbox.inbox_url}/reviews/{ask(client, 'It costs 10 euros.')}")
    page.get_by_role("textbox", name="Text").fill("It costs 99 euros.")
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".answers del")).to_contain_text("10")
    expect(page.locator(".answers ins")).to_contain_text("99")


MARKDOWN = """# Release <script>alert('heading')</script>

Some **bold <img src=x onerror=alert('bold')>** and `code <b>`.

- [click](javascript:alert('link'))
- [click](https://example.com/"onmouseover=alert('attribute'))
- ![x](x" onerror=alert('image'))

> quote <svg onload=alert('quote')>

```python
print("</code></pre><script>alert('code')</script>")  # a comment
```
"""


def test_markdown_is_drawn_and_stays_inert(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "body", "type": "content_display", "label": "Body"},
        {"name": "code", "type": "code_display", "label": "Code", "language": "python"},
        {"name": "text", "type": "content_display", "label": "Text", "editable": True},
    ]
    template = client.create_template(name="Markdown", fields=fields)
    content = {"body": MARKDOWN, "code": f'x = """{MARKDOWN}', "text": MARKDOWN, "picture": "https://example.com/a.png"}
    review = client.create_review(template_id=template.id, content=content)
    client.update_review(review.id, content={"text": MARKDOWN.replace("bold", "<i>")})
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_role("heading", name="Release <script>alert('heading')</script>").last).to_be_visible()
    assert page.locator("main :is(script, img, iframe, object, i), main svg[onload]").count() == 0
    assert page.locator("main a[href^='javascript']").count() == 0
    picture = page.get_by_role("link", name="https://example.com/a.png")
    expect(picture).to_have_attribute("rel", "noopener noreferrer")
    expect(picture).to_have_attribute("target", "_blank")
    page.get_by_text("Plain text").first.click()
    expect(page.locator("pre:visible").filter(has_text="# Release").first).to_be_visible()
    page.locator("main summary").evaluate_all("all => all.forEach((each) => { each.parentElement.open = true; })")
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_role("status").filter(has_text="Answered")).to_be_visible()


def test_every_control_has_a_name_and_every_page_its_landmarks(
    page: Page, sandbox: Sandbox, client: HITLClient
) -> None:
    review_id = ask(client, "First")
    for path in ("/", "/?view=done", f"/reviews/{review_id}", "/requests", "/deliveries"):
        page.goto(f"{sandbox.inbox_url}{path}")
        expect(page.get_by_role("main")).to_have_count(1)
        expect(page.get_by_role("banner")).to_have_count(1)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        nameless = page.locator("button, a, input:not([type=hidden]), select, textarea").evaluate_all(
            "all => all.filter((each) => !(each.textContent.trim() || each.labels?.length || each.ariaLabel))"
            ".map((each) => each.outerHTML)"
        )
        assert nameless == []
        assert page.evaluate(
            "[...document.querySelectorAll('[id]')].length === "
            "new Set([...document.querySelectorAll('[id]')].map((each) => each.id)).size"
        )


TEXT: dict[str, Any] = {"response_type": "text", "response_config": {"max_length": 40}, "default_response": "none"}


def ask_loop(program: httpx.Client, **body: Any) -> str:
    """Create a loop and a request to it over HTTP, as a program does, and return the id of the request."""
    loop = program.post("/v1/api/loops", json={"name": "Editors", "icon": "pen"}).json()["data"]["loop"]
    request = {
        "processing_type": "time-sensitive",
        "type": "markdown",
        "priority": "high",
        "request_text": "Is it right?",
        "timeout_seconds": 3600,
        "platform": "api",
        **body,
    }
    answer = program.post(f"/v1/api/loops/{loop['id']}/requests", json=request).json()
    return str(answer["data"]["request_id"])


@pytest.fixture
def program(sandbox: Sandbox) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers) as program:
        yield program


# The other kinds have the controls of a review's form, which test_inbox_browser.py fills in.
@pytest.mark.parametrize(
    ("kind", "config", "default", "given", "expected"),
    [
        ("text", {"max_length": 40}, "none", "Two words", "Two words"),
        (
            "editable_text",
            {"draft_text": "An old text", "max_length": 100},
            "An old text",
            "Two words",
            {"revised_text": "Two words", "was_edited": True},
        ),
        ("number", {"max_value": 99, "suffix": " kg"}, 1, "12.5", {"number": 12.5, "formatted_value": "12.5 kg"}),
    ],
)
def test_a_request_is_answered(
    page: Page, sandbox: Sandbox, program: httpx.Client, kind: str, config: Any, default: Any, given: str, expected: Any
) -> None:
    request_id = ask_loop(program, response_type=kind, response_config=config, default_response=default)
    page.goto(sandbox.inbox_url)
    page.get_by_role("link", name="Requests").click()
    page.get_by_role("link", name="Is it right?").click()
    page.locator("[name='field.answer']").fill(given)
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_role("status").get_by_text("Answered")).to_be_visible()
    request = program.get(f"/v1/api/requests/{request_id}").json()["data"]["request"]
    assert request["response_data"] == expected


def test_a_request_that_changes_while_it_is_open_says_so_and_is_chosen_again(
    page: Page, sandbox: Sandbox, program: httpx.Client
) -> None:
    def options(*labels: str) -> Any:
        return {"options": [{"value": value, "label": label} for value, label in zip("ab", labels, strict=True)]}

    request_id = ask_loop(
        program, response_type="single_select", response_config=options("Keep", "Delete"), default_response="a"
    )
    page.goto(f"{sandbox.inbox_url}/requests/{request_id}")
    page.get_by_label("Delete").check()
    page.get_by_label("Your name or e-mail").fill("kim@example.com")
    program.patch(f"/v1/api/requests/{request_id}", json={"response_config": options("Delete", "Keep")})
    expect(page.get_by_text("This request has just changed")).to_be_visible()
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_text("Your choice was cleared")).to_be_visible()
    expect(page.get_by_label("Delete")).not_to_be_checked()
    page.get_by_label("Keep").check()
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_text("Answer submitted")).to_be_visible()
    answer = program.get(f"/v1/api/requests/{request_id}").json()["data"]["request"]["response_data"]
    assert answer == {"selected_value": "b", "selected_label": "Keep"}


def test_a_request_whose_time_runs_out_while_it_is_open_says_so(
    page: Page, sandbox: Sandbox, program: httpx.Client
) -> None:
    page.goto(f"{sandbox.inbox_url}/requests/{ask_loop(program, **TEXT)}")
    page.get_by_role("textbox", name=re.compile("^Answer")).fill("My view")
    sandbox.clock.advance("2h")
    expect(page.get_by_text("This request has timed out")).to_be_visible()
    expect(page.get_by_role("textbox", name=re.compile("^Answer"))).to_have_value("My view")
