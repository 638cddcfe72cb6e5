"""Conditional questions, date-times and drafts in a real browser: the page and the server are of one mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from hitl import HITLClient
from hitl.server.inbox.forms import read_result
from hitl.server.results import is_shown, normal_form
from hitl.testing import Sandbox

pytestmark = pytest.mark.usefixtures("nothing_happened_that_must_not")

COLOURS = [{"value": "red", "label": "Red"}, {"value": "green", "label": "Green"}, {"value": "3", "label": "Three"}]
MANY = [{"value": str(number), "label": f"Number {number}"} for number in range(8)]

# What conditions compare with: each kind of JSON value, in several spellings.
WANTED: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        3,
        3.0,
        4.5,
        "",
        "3",
        "3.0",
        "true",
        "null",
        "red",
        "Red",
        " red ",
        "one\ntwo",
        "one\r\ntwo",
    ),
    *([], ["red"], ["green", "red"], ["red", "green"], [3], ["3"], [None], {}, {"decision": "approve"}, "approve"),
    {"annotations": [{"text": "too dark"}], "decision": "approve"},
    {"annotations": [{"text": "too dark"}]},
    *("2026-01-20T18:00:00+02:00", "2026-01-20T16:00:00Z", "2026-01-20t16:00:00.000z", "2026-01-20T16:00:00.250Z"),
    *("2026-01-20", "2026-02-30T16:00:00Z", "2026-01-20T16:00:60Z", "0000-01-01T00:00:00Z", "ann@example.com"),
    *("https://example.com/a", ["https://example.com/a"], ["https://example.com/a", "https://example.com/b"]),
    *("é\u00a0\u2028\"'<&", "2026-01-20T23:59:59.999999999-00:01", "0001-01-01T00:00:00+02:00", "2026-13-01T00:00:00Z"),
]

Act = Callable[[Page], object]


def fill(*texts: str) -> list[Act]:
    return [lambda page, text=text: page.locator("[name='field.asked']").first.fill(text) for text in texts]


def check(*labels: str) -> list[Act]:
    return [lambda page, label=label: page.get_by_label(label, exact=True).check() for label in labels]


def select(*values: str) -> list[Act]:
    return [
        lambda page, value=value: page.locator("select[name='field.asked']").select_option(value) for value in values
    ]


def notes(page: Page) -> None:
    page.get_by_label("Notes").fill(" too dark \n\n")


TEXTS = (
    "3",
    "3.0",
    "null",
    "red",
    " red ",
    "   ",
    "one\ntwo",
    "é\u00a0\u2028\"'<&",
    *[w for w in WANTED if str(w)[:2] in ("20", "00")],
)
FIELDS: list[tuple[dict[str, Any], list[Act]]] = [
    ({"type": "boolean"}, check("Yes", "No")),
    ({"type": "select", "options": COLOURS}, check("Red", "Three")),
    ({"type": "select", "options": MANY}, select("3", "0", "")),
    ({"type": "multi_select", "options": COLOURS}, check("Red", "Green", "Three")),
    ({"type": "checkbox_group", "options": COLOURS, "default_value": ["red"]}, check("Green")),
    ({"type": "rating"}, check("3", "1")),
    ({"type": "text"}, fill(*map(str, TEXTS))),
    ({"type": "text", "default_value": "red"}, fill("", "3")),
    ({"type": "email"}, fill("ann@example.com", " ann@example.com ", "")),
    ({"type": "datetime"}, fill("2026-01-20T16:00", "2026-01-20T18:00", "2026-01-20T00:00", "")),
    ({"type": "datetime", "default_value": "2026-01-20T18:00:00+02:00"}, fill("2026-01-20T16:01", "2026-01-20T16:00")),
    ({"type": "datetime", "default_value": "2026-01-20"}, fill("2026-01-20T16:00")),
    ({"type": "datetime", "default_value": "2026-01-20T16:00:00.250Z"}, fill("2026-01-20T16:00")),
    ({"type": "file"}, fill("https://example.com/a", " ")),
    (
        {"type": "file", "multiple": True},
        fill("https://example.com/a", "https://example.com/a\n\n https://example.com/b"),
    ),
    ({"type": "image_review", "tools": ["approve", "annotate"]}, [notes, *check("Approve")]),
    ({"type": "content_display", "editable": True}, fill("red", "", "one\ntwo")),
    ({"type": "content_display"}, []),
]

# What the form would send, and which questions it shows.
SENT = """() => [...new FormData(document.querySelector("form.judge")).entries()]"""
SHOWN = """() => [...document.querySelectorAll("[data-field^='q']")].filter((it) => !it.hidden).map((it) => it.dataset.field)"""


@pytest.mark.parametrize(("asked", "acts"), FIELDS, ids=lambda it: it["type"] if isinstance(it, dict) else "")
def test_the_page_shows_what_the_server_requires(
    page: Page, sandbox: Sandbox, client: HITLClient, asked: dict[str, Any], acts: list[Act]
) -> None:
    questions = [
        {"name": f"q{number}", "type": "text", "conditional": {"field": "asked", "value": value}}
        for number, value in enumerate(WANTED)
    ]
    template = {"fields": [{"name": "asked", **asked}, *questions]}
    content = {"asked": "one\ntwo"}
    template_id = client.create_template(name="Conditions", fields=template["fields"]).id
    review = client.create_review(template_id, content)
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    if asked.get("editable"):
        page.get_by_role("radio", name="Edit").check()
    for act in [None, *acts]:
        if act:
            act(page)
        answers: dict[str, list[str]] = {}
        for name, text in page.evaluate(SENT):
            prefix, _, field = name.partition(".")
            if prefix == "field":
                answers.setdefault(field, []).append(text)
            elif prefix == "notes":
                answers[field] = [answers.get(field, [""])[0], text]
        result = read_result(template, content, answers)
        expected = [question["name"] for question in questions if is_shown(question, result)]
        assert page.evaluate(SHOWN) == expected, result


def test_page_and_server_make_the_same_normal_form_of_any_text(page: Page, sandbox: Sandbox) -> None:
    days = [
        f"{year}-{rest}" for year in ("0000", "0001", "0099", "1970", "2024", "9999") for rest in ("02-29", "12-31")
    ]
    times = ["00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:30:60"]
    fractions = ["", ".5", ".123456", ".999999999", ".0000005", ".", ",5"]
    zones = ["Z", "z", "+00:00", "-23:59", "+24:00", "+14:60", "+0200", ""]
    moments = [f"{d}{t}{h}{f}{z}" for d in days for t in "Tt " for h in times for f in fractions for z in zones]
    blanks = [chr(code) for code in (*range(33), 0x7F, 0x85, 0xA0, 0x180E, 0x200B, 0x2028, 0x3000, 0xFEFF, 0x1F600)]
    texts = [*moments, *(f"{blank}a{blank}\r\nb{blank}" for blank in blanks), "2026-01-20T18:00:00Z" * 4]
    page.goto(sandbox.inbox_url)
    script = page.request.get(page.url + "static/questions.js").text().partition("for (const form of document")[0]
    found = page.evaluate(f"(texts) => {{ {script}; return texts.map((text) => [quoted(text), strip(text)]); }}", texts)
    expected = [[normal_form(text), text.strip()] for text in texts]
    assert [pair for pair in zip(texts, found, expected, strict=True) if pair[1] != pair[2]] == []


def test_a_chain_of_conditions_is_shown_and_hidden_together(page: Page, sandbox: Sandbox, client: HITLClient) -> None:
    fields = [
        {"name": "c", "type": "text", "label": "Third", "conditional": {"field": "b", "value": None}},
        {"name": "b", "type": "text", "label": "Second", "conditional": {"field": "a", "value": ["red"]}},
        {"name": "a", "type": "multi_select", "label": "First", "options": COLOURS},
    ]
    review = client.create_review(client.create_template(name="Chain", fields=fields).id, {"text": "A"})
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_label("Second")).to_be_hidden()
    expect(page.get_by_label("Third")).to_be_visible()
    page.get_by_label("Red", exact=True).check()
    page.get_by_label("Second").fill("x")
    expect(page.get_by_label("Third")).to_be_hidden()


@pytest.mark.parametrize(
    ("default", "shown", "stored"),
    [
        ("2026-01-20T18:00:00+02:00", "2026-01-20T16:00", "2026-01-20T18:00:00+02:00"),
        ("2026-01-20T18:00:07.123456-05:30", "2026-01-20T23:30:07.123", "2026-01-20T18:00:07.123456-05:30"),
        ("2026-12-31t23:30:00-01:00", "2027-01-01T00:30", "2026-12-31t23:30:00-01:00"),
        ("2026-01-20", "2026-01-20T00:00", "2026-01-20"),
    ],
)
def test_a_date_time_stays_the_moment_that_it_is(
    page: Page, sandbox: Sandbox, client: HITLClient, default: str, shown: str, stored: str
) -> None:
    fields = [{"name": "when", "type": "datetime", "label": "When", "default_value": default}]
    review = client.create_review(
        client.create_template(name="When", fields=fields).id, {"text": "A"}, assignees=["kim"]
    )
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    expect(page.get_by_label("When")).to_have_value(shown)
    page.get_by_role("button", name="Submit answer").click()
    expect(page.get_by_role("status").filter(has_text="Answered")).to_be_visible()
    assert client.get_review(review.id).result == {"when": stored}


@pytest.fixture
def draft(page: Page, sandbox: Sandbox, client: HITLClient) -> str:
    """Open a review in the page, and return its path in the inbox."""
    fields = [
        {"name": "long", "type": "text", "label": "Long answer"},
        {"name": "other", "type": "text", "label": "Other answer"},
        {"name": "colour", "type": "select", "label": "Colour", "options": COLOURS},
        {"name": "all", "type": "multi_select", "label": "All", "options": MANY, "default_value": ["1"]},
    ]
    review = client.create_review(client.create_template(name="Draft", fields=fields).id, {"text": "A"})
    page.goto(f"{sandbox.inbox_url}/reviews/{review.id}")
    return page.url


def test_a_choice_that_was_cleared_stays_cleared(page: Page, draft: str) -> None:
    page.get_by_label("Red", exact=True).check()
    page.get_by_label("Number 1", exact=True).uncheck()
    page.get_by_role("button", name="Clear").click()
    page.goto("about:blank")
    page.goto(draft)
    expect(page.get_by_label("Red", exact=True)).not_to_be_checked()
    expect(page.get_by_label("Number 1", exact=True)).not_to_be_checked()


def test_a_second_tab_keeps_what_the_first_one_typed(page: Page, draft: str) -> None:
    page.get_by_label("Long answer").fill("All that I thought of")
    second = page.context.new_page()
    second.goto(draft)
    expect(second.get_by_label("Long answer")).to_have_value("All that I thought of")
    page.get_by_label("Long answer").fill("All that I thought of, and more")
    second.get_by_label("Other answer").fill("Short")
    page.get_by_label("Red", exact=True).check()
    third = page.context.new_page()
    third.goto(draft)
    expect(third.get_by_label("Long answer")).to_have_value("All that I thought of, and more")
    expect(third.get_by_label("Other answer")).to_have_value("Short")
    expect(third.get_by_label("Red", exact=True)).to_be_checked()


def test_a_tab_whose_answer_came_back_keeps_what_another_one_typed(page: Page, draft: str) -> None:
    page.get_by_label("Other answer").fill("Sent too early")
    page.get_by_role("button", name="Submit answer").click()  # without a name
    second = page.context.new_page()
    second.goto(draft)
    second.get_by_label("Long answer").fill("All that I thought of")
    page.get_by_label("Your name or e-mail").fill("kim")
    page.get_by_label("Other answer").fill("Sent too early!")
    second.goto("about:blank")
    second.goto(draft)
    expect(second.get_by_label("Long answer")).to_have_value("All that I thought of")
    expect(second.get_by_label("Other answer")).to_have_value("Sent too early!")


def test_a_tab_that_was_open_before_does_not_empty_the_draft(page: Page, draft: str) -> None:
    second = page.context.new_page()
    second.goto(draft)
    page.get_by_label("Long answer").fill("All that I thought of")
    second.get_by_label("Other answer").fill("x")
    second.get_by_label("Other answer").fill("")
    page.goto("about:blank")
    page.goto(draft)
    expect(page.get_by_label("Long answer")).to_have_value("All that I thought of")


def test_a_draft_of_a_changed_question_is_not_filled_in(page: Page, draft: str, client: HITLClient) -> None:
    page.get_by_label("Long answer").fill("All that I thought of")
    page.get_by_label("Red", exact=True).check()
    page.goto("about:blank")
    (template,) = [each for each in client.list_templates() if each.name == "Draft"]
    swapped = [{"value": "red", "label": "Green"}, {"value": "green", "label": "Red"}]
    client.update_template(
        template.id,
        fields=[
            {"name": "long", "type": "text", "label": "Long answer"},
            {"name": "colour", "type": "select", "label": "Colour", "options": swapped},
        ],
    )
    page.goto(draft)
    expect(page.get_by_label("Long answer")).to_have_value("All that I thought of")
    expect(page.get_by_label("Red", exact=True)).not_to_be_checked()
    expect(page.get_by_label("Green", exact=True)).not_to_be_checked()
