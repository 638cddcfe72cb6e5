"""The form of a review as JSON, for the `hitl` command: what it describes, accepts and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hitl import HITLClient
from hitl.testing import Sandbox

JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """A client with a session in the inbox."""
    with httpx.Client(base_url=sandbox.base_url, headers=JSON) as http:
        http.get(sandbox.inbox_url)
        yield http


@pytest.fixture
def client(sandbox: Sandbox) -> HITLClient:
    return sandbox.client()


@pytest.fixture
def url(client: HITLClient) -> str:
    review = client.create_review("content_review", {"text": "Our refund policy"}, assignees=["ann@example.com"])
    return f"/inbox/reviews/{review.id}/answer"


def answer(http: httpx.Client, url: str, changes: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    """Answer like the command, with changes to what it would send."""
    form = http.get(url).json()
    body = {"version": form["version"], "form_token": form["form_token"], "reviewer": form["reviewer"]}
    body |= {"decision": "complete", "answers": {"approved": True}, **(changes or {})}
    return http.post(url, json=body, headers=headers)


def faults(response: httpx.Response) -> dict[str, str]:
    errors = response.json()["error"]["details"]["errors"]
    return {error["field"]: error["issue"] for error in errors}


def test_the_form_is_described_with_what_an_answer_needs(http: httpx.Client, url: str) -> None:
    response = http.get(url)
    form = response.json()
    assert (form["status"], form["version"], form["reviewer"]) == ("assigned", 1, "ann@example.com")
    fields = {field["name"]: field for field in form["fields"]}
    assert set(fields) == {"approved", "feedback", "quality", "text"}
    assert fields["approved"] == {
        "name": "approved",
        "label": "Approve?",
        "required": True,
        "choices": [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}],
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_a_browser_is_led_to_the_page(http: httpx.Client, url: str) -> None:
    response = http.get(url, headers={"Accept": "text/html,application/json;q=0.9"})
    assert (response.status_code, response.headers["Location"]) == (303, url.removesuffix("/answer"))


def test_values_may_be_json_or_what_one_would_type(http: httpx.Client, url: str) -> None:
    response = answer(http, url, {"answers": {"approved": "true", "quality": 4, "text": "Final", "feedback": None}})
    assert response.status_code == 200
    assert response.json()["result"] == {"approved": True, "quality": 4, "text": "Final"}
    assert (response.json()["status"], response.json()["reviewer"]) == ("completed", "ann@example.com")


def test_a_form_may_be_answered_in_json(http: httpx.Client, url: str) -> None:
    form = http.get(url).json()
    body = {"form_token": form["form_token"], "version": "1", "reviewer": "kim", "decision": "reject"}
    assert http.post(url, data=body).json()["status"] == "rejected"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answers": {}}, {"approved": "is required"}),
        ({"answers": {"approved": True, "quality": 9}}, {"quality": "from 1 to 5"}),
        ({"answers": {"aproved": True}}, {"aproved": "is not a field of this form; it has: approved, feedback, quality, text"}),
        ({"answers": {"approved": {"yes": True}}}, {"approved": "must be a string"}),
        ({"answers": [True]}, {"answers": "must be an object"}),
        ({"reviewer": " "}, {"reviewer": "must"}),
        ({"decision": "approve"}, {"": "press “Submit answer” or “Reject”"}),
    ],
)  # fmt: skip
def test_faults_come_by_field(
    http: httpx.Client, client: HITLClient, url: str, changes: dict[str, Any], expected: dict[str, str]
) -> None:
    response = answer(http, url, changes)
    found = faults(response)
    assert (response.status_code, found.keys()) == (400, expected.keys())
    assert all(issue in found[field] for field, issue in expected.items())
    assert not client.get_review(url.split("/")[3]).is_final


@pytest.mark.parametrize("version", [2, "1.0", None])
def test_another_version_is_a_conflict(http: httpx.Client, url: str, version: object) -> None:
    response = answer(http, url, {"version": version})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "version_conflict")


def test_a_second_answer_is_a_conflict(http: httpx.Client, url: str) -> None:
    assert answer(http, url).status_code == 200
    assert answer(http, url).status_code == 200  # the same answer of the same person
    second = answer(http, url, {"answers": {"approved": False}})
    assert (second.status_code, second.json()["error"]["code"]) == (409, "conflict")
    assert answer(http, url, {"reviewer": "somebody@example.com"}).status_code == 409


def test_a_review_that_does_not_exist_is_not_found(http: httpx.Client) -> None:
    response = http.get("/inbox/reviews/rev_0/answer")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "review_not_found")


# Attacks


def test_an_api_key_without_a_session_answers_nothing(sandbox: Sandbox, client: HITLClient, url: str) -> None:
    headers = {**JSON, "Authorization": f"Bearer {sandbox.api_key}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers) as stranger:
        for response in (stranger.get(url), stranger.post(url, json={"decision": "complete"})):
            assert (response.status_code, response.json()["error"]["code"]) == (401, "no_session")
            assert response.headers["cache-control"] == "no-store"
    assert not client.get_review(url.split("/")[3]).is_final


@pytest.mark.parametrize("token", ["", "guessed", None, 7])
def test_an_answer_without_the_sessions_token_is_refused(http: httpx.Client, url: str, token: object) -> None:
    response = answer(http, url, {"form_token": token})
    assert (response.status_code, response.json()["error"]["code"]) == (403, "insufficient_permissions")


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://www.attacker.example"}],
)
def test_an_answer_from_another_site_is_refused_even_with_the_token(
    http: httpx.Client, url: str, headers: dict[str, str]
) -> None:
    assert answer(http, url, **headers).status_code == 403


def test_no_other_site_is_permitted_to_send_json(http: httpx.Client, url: str) -> None:
    asked = {"Origin": "http://www.attacker.example", "Access-Control-Request-Method": "POST"}
    response = http.options(url, headers={**asked, "Access-Control-Request-Headers": "content-type"})
    assert response.status_code >= 400
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_json_under_another_content_type_is_no_answer(http: httpx.Client, url: str) -> None:
    form = http.get(url).json()
    body = f'{{"form_token": "{form["form_token"]}", "version": 1, "decision": "reject", "reviewer": "eve"}}'
    assert http.post(url, content=body, headers={"Content-Type": "text/plain"}).status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_not_a_json_object_is_refused(http: httpx.Client, url: str, body: bytes) -> None:
    response = http.post(url, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
