"""The pages of requests to loops: the form of each kind of answer, and what comes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import REQUEST, selected
from starlette.testclient import TestClient

from hitl.server.inbox.questions import controls, read_answer
from hitl.server.loops.accounts import account_of
from hitl.server.review_server import ReviewServer

OWNER = account_of("owner")
COLOURS = [{"value": "r", "label": "Red"}, {"value": "g", "label": "Green"}]
ONE_OF = {"options": COLOURS}
SCALE = {"scale_min": 0, "scale_max": 2, "scale_step": 0.5, "labels": {"1.5": "Fine"}}
EUROS = {"max_value": 100, "prefix": "€", "decimal_places": 2}
SHIP = {"true_label": "Ship it", "false_label": "Hold"}
DRAFT = {"draft_text": "Old", "max_length": 100}
TEXT: dict[str, Any] = {"response_type": "text", "response_config": {"max_length": 40}, "default_response": "none"}


def ask(server: ReviewServer, **changes: Any) -> str:
    """Create a request in a fresh loop and return its id."""
    loop = server.loops.create_loop(OWNER, {"name": "Editors", "icon": "pen"}).document["loop"]
    body = {**REQUEST, "request_text": "Is this right?\n\nPlease decide.", **TEXT, **changes}
    return str(server.loops.create_request(OWNER, loop["id"], body).document["request_id"])


def send(browser: TestClient, request_id: str, **fields: Any) -> Any:
    return browser.post(f"/inbox/requests/{request_id}/answer", data={"reviewer": "kim@example.com", **fields})


KINDS: list[tuple[str, dict[str, Any], Any, dict[str, Any], Any, str]] = [
    ("text", {"max_length": 40}, "none", {"answer": "Two\r\nlines"}, "Two\nlines", "Two"),
    ("single_select", ONE_OF, "r", {"answer": "g"}, selected("g", "Green"), "Green"),
    ("single_select", {**ONE_OF, "allow_other": True}, "r", {"other": "Blue"}, selected("Blue", "Blue"), "Blue"),
    ("multi_select", ONE_OF, ["r"], {"answer": ["r", "g"]}, selected(["r", "g"], ["Red", "Green"]), "Green"),
    ("rating", SCALE, 1, {"answer": "1.5"}, {"rating": 1.5, "rating_label": "Fine"}, "Fine"),
    ("number", EUROS, 1, {"answer": "12.5"}, {"number": 12.5, "formatted_value": "€12.50"}, "€12.50"),
    ("boolean", SHIP, False, {"answer": "true"}, {"boolean": True, "boolean_label": "Ship it"}, "Ship it"),
    ("editable_text", DRAFT, "Old", {"answer": "New"}, {"revised_text": "New", "was_edited": True}, "<ins>"),
]


@pytest.mark.parametrize(("response_type", "config", "default", "sent", "kept", "shown"), KINDS)
def test_each_kind_of_answer_is_asked_for_taken_and_shown(
    browser: TestClient,
    server: ReviewServer,
    response_type: str,
    config: dict[str, Any],
    default: Any,
    sent: dict[str, Any],
    kept: Any,
    shown: str,
) -> None:
    request_id = ask(server, response_type=response_type, response_config=config, default_response=default)
    assert 'name="field.answer"' in browser.get(f"/inbox/requests/{request_id}").text
    answered = send(browser, request_id, **{f"field.{name}": value for name, value in sent.items()})
    assert answered.headers["location"] == f"/inbox/requests/{request_id}?sent"
    request = server.loops.get_request(request_id)
    assert (request["status"], request["response_data"]) == ("completed", kept)
    assert request["response_by_user"]["email"] == "kim@example.com"
    page = browser.get(answered.headers["location"]).text
    assert "Answer submitted" in page
    assert shown in page


def test_a_wrong_answer_is_told_beside_its_field_and_kept(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    page = send(browser, request_id, **{"field.answer": "x" * 41})
    assert page.status_code == 422
    assert 'id="answer-error"' in page.text
    assert "x" * 41 in page.text
    assert server.loops.get_request(request_id)["status"] == "pending"


@pytest.mark.parametrize("reviewer", ["", "x"])
def test_an_answer_needs_a_name(browser: TestClient, server: ReviewServer, reviewer: str) -> None:
    page = send(browser, ask(server), reviewer=reviewer, **{"field.answer": "kept"})
    assert page.status_code == 422
    assert 'id="reviewer-error"' in page.text
    assert "kept" in page.text


def test_whoever_is_second_is_told_and_keeps_what_was_typed(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    server.loops.respond(request_id, "first", {"email": "lee@example.com"})
    page = send(browser, request_id, **{"field.answer": "my view"})
    assert page.status_code == 409
    assert "Too late" in page.text
    assert "my view" in page.text


def test_an_answer_that_is_sent_twice_is_stored_once(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    first, again = (send(browser, request_id, **{"field.answer": "my view"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert send(browser, request_id, **{"field.answer": "another"}).status_code == 409
    assert send(browser, request_id, reviewer="lee@example.com", **{"field.answer": "my view"}).status_code == 409


def opened(browser: TestClient, request_id: str, **typed: Any) -> dict[str, Any]:
    """Return what a browser sends from the page as it is now, with what was typed."""
    page = browser.get(f"/inbox/requests/{request_id}").text
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition('class="judge"')[2])
    return {**dict(hidden), **{f"field.{name}": value for name, value in typed.items()}}


SELECT: dict[str, Any] = {
    "response_type": "single_select",
    "response_config": {"options": [{"value": "a", "label": "Keep"}, {"value": "b", "label": "Delete"}]},
    "default_response": "a",
}
SWAPPED = {"options": [{"value": "a", "label": "Delete"}, {"value": "b", "label": "Keep"}]}
CHANGES: list[dict[str, Any]] = [
    {"response_config": SWAPPED},
    {"response_config": {"options": [*SELECT["response_config"]["options"], {"value": "c", "label": "Ask"}]}},
    {"default_response": "b"},
    {"request_text": "Is this wrong?"},
    {"context": {"amount": 10_000}},
    {"priority": "low"},
    {"timeout_seconds": 61},
    {"image_url": "https://example.com/other.png"},
    {"response_type": "text", "response_config": {"max_length": 40}},
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_request_is_read_before_the_answer_counts(
    browser: TestClient, server: ReviewServer, change: dict[str, Any]
) -> None:
    request_id = ask(server, **SELECT)
    form = opened(browser, request_id, answer="b")
    server.loops.update_request(OWNER, request_id, change)
    page = send(browser, request_id, **form)
    assert (page.status_code, "changed while you were reading" in page.text) == (409, True)
    assert server.loops.get_request(request_id)["status"] == "pending"
    assert send(browser, request_id, **opened(browser, request_id, answer="b")).status_code == 303


def test_a_claim_by_the_same_person_changes_nothing_that_is_shown(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    form = opened(browser, request_id, answer="my view")
    server.loops.claim(request_id, {"email": "kim@example.com"})
    assert send(browser, request_id, **form).status_code == 303


def test_a_choice_of_a_changed_request_is_made_again(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server, **SELECT)
    form = opened(browser, request_id, answer="b")
    server.loops.update_request(OWNER, request_id, {"response_config": SWAPPED})
    page = send(browser, request_id, **form).text
    assert "Your choice was cleared" in page
    assert " checked" not in page


@pytest.mark.parametrize(("typed", "held", "is_told"), [("Old", "Corrected", False), ("Mine", "Mine", True)])
def test_a_corrected_draft_reaches_the_box_that_nobody_touched(
    browser: TestClient, server: ReviewServer, typed: str, held: str, is_told: bool
) -> None:
    config = {"draft_text": "Old", "max_length": 100}
    request_id = ask(server, response_type="editable_text", response_config=config, default_response="Old")
    form = opened(browser, request_id, answer=typed)
    server.loops.update_request(OWNER, request_id, {"response_config": {**config, "draft_text": "Corrected"}})
    page = send(browser, request_id, **form).text
    assert f'value="{held}" data-line' in page
    assert ("What you typed is kept above" in page) == is_told


def test_another_answer_of_the_same_person_is_told_truthfully(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    send(browser, request_id, **{"field.answer": "my view"})
    assert "You have already answered" in send(browser, request_id, **{"field.answer": "another"}).text


def test_a_taken_request_waits_for_the_one_who_took_it(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    taken = browser.post(f"/inbox/requests/{request_id}/claim", data={"reviewer": "lee@example.com"})
    assert taken.status_code == 303
    page = send(browser, request_id, **{"field.answer": "my view"})
    assert page.status_code == 409
    assert "Someone else is answering this" in page.text
    assert "my view" in page.text
    again = browser.post(f"/inbox/requests/{request_id}/claim", data={"reviewer": "kim@example.com"})
    assert again.status_code == 409


def test_taking_a_request_needs_a_name(browser: TestClient, server: ReviewServer) -> None:
    page = browser.post(f"/inbox/requests/{ask(server)}/claim", data={"reviewer": ""})
    assert page.status_code == 422


def test_the_list_holds_what_waits_and_what_is_finished(
    browser: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    request_id = ask(server)
    assert "Is this right?" in browser.get("/inbox/requests").text
    assert "due in 1 h" in browser.get("/inbox/requests").text
    assert '<span class="count" data-count="requests">1</span>' in browser.get("/inbox/").text
    clock.advance(hours=2)
    assert "You’re all caught up" in browser.get("/inbox/requests").text
    assert "Timed out" in browser.get("/inbox/requests?view=done").text
    assert "The default answer applies" in browser.get(f"/inbox/requests/{request_id}").text


def test_a_cancelled_request_says_so(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    server.loops.cancel_request(OWNER, request_id)
    assert "cancelled the request" in browser.get(f"/inbox/requests/{request_id}").text


def test_the_addresses_of_forms_lead_to_the_request(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    for action in ("answer", "claim"):
        target = browser.get(f"/inbox/requests/{request_id}/{action}").headers["location"]
        assert target == f"/inbox/requests/{request_id}"
    assert browser.get("/inbox/requests/nothing").status_code >= 400


def test_a_long_scale_is_typed_in() -> None:
    request = {"response_type": "rating", "response_config": {"scale_max": 100}}
    (control,) = controls(request)
    assert (control.kind, control.label) == ("line", "Answer, from 1 to 100")
    assert read_answer(request, {"answer": ["70"]}) == 70
    assert read_answer(request, {"answer": ["many"]}) == "many"


def test_hostile_requests_stay_text(browser: TestClient, server: ReviewServer) -> None:
    attack = "<script>alert(1)</script>"
    option = {"value": attack, "label": attack}
    request_id = ask(
        server,
        request_text=attack,
        context={attack: attack},
        response_type="single_select",
        response_config={"options": [option], "placeholder": attack, "guidelines": attack},
        default_response=attack,
    )
    page = browser.get(f"/inbox/requests/{request_id}").text
    assert "<script>alert" not in page
    assert send(browser, request_id, **{"field.answer": attack}).status_code == 303
    assert "<script>alert" not in browser.get(f"/inbox/requests/{request_id}").text
