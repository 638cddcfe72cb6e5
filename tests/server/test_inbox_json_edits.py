"""Content that is an object or a list, edited as JSON; numbers; and what reviewers never see: over the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hitl import HITLClient, Review
from hitl.testing import Sandbox

GATE = [
    {"name": "action", "type": "content_display", "label": "Action"},
    {"name": "arguments", "type": "content_display", "label": "Arguments", "editable": True},
    {"name": "rows", "type": "content_display", "editable": True},
    {"name": "amount", "type": "number", "minimum": 0, "maximum": 100, "multiple_of": 0.1},
    {"name": "copies", "type": "integer", "exclusive_minimum": 0, "exclusive_maximum": 10},
    {"name": "approved", "type": "boolean", "label": "Run it?", "required": True},
]
CONTENT = {"action": "shop:refund", "arguments": {"order": "o-1", "amount": 50.0}, "rows": [1, 2]}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(templates=[{"id": "gate", "name": "Gate", "fields": GATE}]) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url) as http:
        http.get(sandbox.inbox_url)
        yield http


@pytest.fixture(scope="module")
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def review(client: HITLClient) -> Review:
    return client.create_review("gate", CONTENT, assignees=["ann@example.com"])


def token(http: httpx.Client, review: Review) -> str:
    form = http.get(f"/inbox/reviews/{review.id}/answer", headers={"Accept": "application/json"})
    return str(form.json()["form_token"])


def post(http: httpx.Client, review: Review, **fields: str) -> httpx.Response:
    """Answer as a browser does."""
    sent = {"version": "1", "reviewer": "ann@example.com", "decision": "complete", "field.approved": "true"}
    sent |= {"form_token": token(http, review)} | {f"field.{name}": text for name, text in fields.items()}
    return http.post(f"/inbox/reviews/{review.id}/answer", data=sent)


def post_json(http: httpx.Client, review: Review, **answers: Any) -> httpx.Response:
    """Answer as the command does."""
    sent = {"version": "1", "reviewer": "ann@example.com", "decision": "complete", "form_token": token(http, review)}
    url = f"/inbox/reviews/{review.id}/answer"
    body = {**sent, "answers": {"approved": True, **answers}}
    return http.post(url, json=body, headers={"Accept": "application/json"})


def issues(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 400, response.text
    return {each["field"]: each["issue"] for each in response.json()["error"]["details"]["errors"]}


def test_a_person_changes_an_argument_and_approves(http: httpx.Client, client: HITLClient, review: Review) -> None:
    page = http.get(f"/inbox/reviews/{review.id}").text
    assert "&#34;amount&#34;: 50.0" in page or "&quot;amount&quot;: 50.0" in page
    response = post(http, review, arguments='{"order": "o-1",\r\n "amount": 40}', rows="[1, 2]")
    assert response.status_code == 303
    answered = client.get_review(review.id)
    assert answered.result == {"arguments": {"order": "o-1", "amount": 40}, "rows": [1, 2], "approved": True}
    assert [(each.path, each.before, each.after) for each in answered.edits] == [("arguments.amount", 50.0, 40)]
    assert "edited by the reviewer" in http.get(f"/inbox/reviews/{review.id}").text


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ('{"amount": 40,}', "This is not valid JSON: there is a comma too many (line 1, column 14)."),
        ('{"amount": 40,, "order": 1}', "there is a comma too many (line 1, column "),
        ('{\n "amount": [1, 2,]}', "there is a comma too many (line 2, column 17)."),
        ("{amount: 40}", "a name in double quotes is expected, such as &#34;amount&#34; (line 1, column 2)."),
        ("{'amount': 40}", "a name in double quotes is expected"),
        ("{“amount”: 40}", "quotes must be straight, as in &#34;amount&#34;, and not curly (line 1, column 2)."),
        ('{"order": “o-2”}', "quotes must be straight"),
        ('{"amount" 40}', "a colon is missing after a name (line 1, column 11)."),
        ('{"amount": 40', "a comma or a closing bracket is missing"),
        ('{"amount": }', "a value is expected: a number, a text in double quotes, true, false, null"),
        ('{"amount": True}', "a value is expected"),
        ('{"amount": 40} EUR', "there is more text after the end (line 1, column 16)."),
        ('{"order": "o-2}', "a closing double quote is missing (line 1, column 11)."),
        ('{"order": "o\n2"}', "a text goes over the end of its line"),
        ('{"order": "C:\\x"}', "a backslash must be written twice"),
        ('{"amount": NaN}', "This is not valid JSON: NaN is not JSON"),
        (" \n", "This is not valid JSON: it is empty."),
        ('{"amount": 1, "amount": 2}', "This is not valid JSON: an object has the same name twice"),
        ("[40]", "This must be an object, as it is in the content, not an array."),
        ("40", "This must be an object, as it is in the content, not a number."),
        ('"amount"', "This must be an object, as it is in the content, not a string."),
        ("", "This is not valid JSON: it is empty."),
    ],
)
def test_what_does_not_fit_is_refused_beside_the_field_and_kept(
    http: httpx.Client, client: HITLClient, review: Review, typed: str, reason: str
) -> None:
    response = post(http, review, arguments=typed, rows="[1, 2, 3]")
    assert response.status_code == 422
    assert reason in response.text
    assert typed.replace('"', "&#34;").replace("'", "&#39;") in response.text
    assert "[1, 2, 3]" in response.text
    assert client.get_review(review.id).is_final is False


def test_the_command_gives_json_as_such_or_as_a_text(http: httpx.Client, client: HITLClient, review: Review) -> None:
    assert issues(post_json(http, review, arguments="{")).keys() == {"arguments"}
    assert issues(post_json(http, review, arguments="{"))["arguments"].startswith("is not valid JSON: ")
    assert issues(post_json(http, review, arguments=[1])) == {
        "arguments": "must be an object, as it is in the content, not an array"
    }
    assert issues(post_json(http, review, amount={"a": 1})).keys() == {"amount"}
    assert post_json(http, review, arguments={"amount": 7}, rows=[]).status_code == 200
    assert client.get_review(review.id).result == {"arguments": {"amount": 7}, "rows": [], "approved": True}


@pytest.mark.parametrize(
    ("name", "given", "issue"),
    [
        ("amount", "abc", "must be a number, not a string"),
        ("amount", -0.1, "must be at least 0"),
        ("amount", "100.1", "must be at most 100"),
        ("amount", 0.35, "must be a multiple of 0.1"),
        ("amount", "1e400", "must be a number, not a string"),
        ("amount", "1,5", "must be a number, not a string"),
        ("amount", "NaN", "must be a number, not a string"),
        ("amount", True, "must be a number, not a string"),
        ("copies", 3.0, "must be a whole number, such as 42"),
        ("copies", "3.0", "must be a whole number, such as 42"),
        ("copies", "1e0", "must be a whole number, such as 42"),
        ("copies", "٣", "must be a whole number, such as 42"),
        ("copies", 0, "must be greater than 0"),
        ("copies", "10", "must be less than 10"),
    ],
)
def test_a_number_is_held_against_its_type_and_its_bounds(
    http: httpx.Client, review: Review, name: str, given: Any, issue: str
) -> None:
    assert issues(post_json(http, review, **{name: given})) == {name: issue}
    typed = "true" if given is True else str(given)
    page = post(http, review, **{name: typed})
    assert page.status_code == 422
    assert f"This {issue}." in page.text


@pytest.mark.parametrize(("typed", "read"), [("0.3", 0.3), (" +7 ", 7), ("1e1", 10.0), ("100", 100), ("0", 0)])
def test_a_number_is_read_as_it_was_typed(
    http: httpx.Client, client: HITLClient, review: Review, typed: str, read: float
) -> None:
    assert post(http, review, amount=typed, copies="9").status_code == 303
    result = client.get_review(review.id).result
    assert (result["amount"], type(result["amount"]), result["copies"]) == (read, type(read), 9)


def test_bulk_approval_asks_no_number_that_is_not_required(
    http: httpx.Client, client: HITLClient, review: Review
) -> None:
    form = {"pick": f"{review.id}:1", "action": "approve", "reviewer": "ann@example.com", "confirmed": "yes"}
    assert http.post("/inbox/bulk", data={**form, "form_token": token(http, review)}).status_code == 200
    expected = {"arguments": CONTENT["arguments"], "rows": [1, 2], "approved": True}
    assert client.get_review(review.id).result == expected


SECRET = "zebra-4711"


def test_the_reserved_key_is_shown_to_no_reviewer_and_kept_for_the_program(
    http: httpx.Client, client: HITLClient
) -> None:
    hidden = {"_hitl": {"v": 1, "call": SECRET}}
    review = client.create_review("gate", {**hidden, "text": "A question", **CONTENT})
    assert client.get_review(review.id).content["_hitl"] == hidden["_hitl"]
    for page in (f"/inbox/reviews/{review.id}", "/inbox/?view=open", f"/inbox/reviews/{review.id}/answer"):
        shown = http.get(page, headers={"Accept": "application/json" if page.endswith("answer") else "text/html"})
        assert SECRET not in shown.text
        assert "_hitl" not in shown.text
    assert f"/reviews/{review.id}" not in http.get(f"/inbox/?q={SECRET}").text
    client.update_review(review.id, content={"_hitl": {"call": f"{SECRET}-2"}, "text": "Another question"})
    changed = http.get(f"/inbox/reviews/{review.id}").text
    assert "Another question" in changed
    assert SECRET not in changed
    assert "_hitl" not in changed
    client.cancel_review(review.id)
    assert SECRET not in http.get(f"/inbox/reviews/{review.id}").text


def test_a_template_that_names_the_reserved_key_shows_it_to_nobody(http: httpx.Client, client: HITLClient) -> None:
    fields = [{"name": "_hitl", "type": "content_display", "editable": True}, *GATE]
    template = client.create_template("Curious", fields)
    review = client.create_review(template.id, {"_hitl": {"call": SECRET}, **CONTENT})
    assert SECRET not in http.get(f"/inbox/reviews/{review.id}").text
