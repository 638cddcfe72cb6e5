"""From one question to the next: the place in the list, undo, and a title that is not said twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fake_clock import NOON, FakeClock
from sent_form import SentForm
from server_calls import REQUEST
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.loops.accounts import account_of
from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer

OWNER = account_of("owner")
KIM, LEE = "kim@example.com", "lee@example.com"
TEXT: dict[str, Any] = {"response_type": "text", "response_config": {"max_length": 40}, "default_response": "none"}


@pytest.fixture
def slow(server: ReviewServer) -> Iterator[TestClient]:
    """A browser of an inbox in which an answer can be taken back for ten seconds, of somebody who is known."""
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views, 10
    )
    app = Starlette(routes=[Mount("/inbox", routes=routes)])
    with TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False) as client:
        client.cookies.set("hitl_reviewer", KIM)
        yield client


def ask(server: ReviewServer, text: str = "Is it?", **changes: Any) -> str:
    loop = server.loops.create_loop(OWNER, {"name": "Editors", "icon": "pen"}).document["loop"]
    body = {**REQUEST, "request_text": text, **TEXT, **changes}
    return str(server.loops.create_request(OWNER, loop["id"], body).document["request_id"])


def answer(browser: TestClient, address: str, text: str, reviewer: str = KIM) -> Any:
    form = SentForm(browser.get(address).text).typed(**{"field.answer": text})
    return browser.post(unescape(form.action), data=form.sent("complete", reviewer=reviewer))


def opened(browser: TestClient) -> list[str]:
    """Return the addresses of the open requests, in order."""
    page = browser.get("/inbox/requests").text
    return [unescape(href) for href in re.findall(r'class="about" href="([^"]+)"', page)]


def place(page: str) -> str:
    found = re.search(r'<span class="place"><b>(\d+)</b> of (\d+)', page)
    return f"{found[1]} of {found[2]}" if found else ""


def undo(browser: TestClient, page: str) -> Any:
    (action,) = re.findall(r'action="([^"]+/requests/undo/[^"]+)"', page)
    back = re.search(r'name="back" value="([^"]*)"', page)
    return browser.post(action, data={"back": unescape(back[1]) if back else ""})


def test_an_answer_leads_to_the_next_request_and_keeps_the_count(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [ask(server, f"Question {number}?") for number in range(3)]
    first = opened(slow)[0]
    assert (ids[0] in first, place(slow.get(first).text)) == (True, "1 of 3")
    clock.now += timedelta(seconds=1)
    ask(server, "One that came later")  # is not mixed in
    to_second = answer(slow, first, "Yes").headers["location"]
    page = slow.get(to_second).text
    assert (ids[1] in to_second, place(page)) == (True, "2 of 3")
    assert '<b>Answered</b> · <span dir="auto">Question 0?</span>' in page
    assert f'href="/inbox/requests/{ids[2]}?view=open&amp;at=' in page  # the next
    to_third = answer(slow, to_second, "Yes").headers["location"]
    assert answer(slow, to_third, "Yes").headers["location"] == f"/inbox/requests?view=open&last={ids[2]}"
    assert "Question 2?" in slow.get(f"/inbox/requests?last={ids[2]}").text


def test_what_was_passed_over_comes_again_at_the_end(slow: TestClient, server: ReviewServer) -> None:
    ids = [ask(server, f"Question {number}?") for number in range(3)]
    assert ids[0] in answer(slow, opened(slow)[2], "Yes").headers["location"]


def test_previous_and_next_lead_through_the_list(slow: TestClient, server: ReviewServer) -> None:
    for number in range(3):
        ask(server, f"Question {number}?")
    first, second, third = (address.partition("?")[0] for address in opened(slow))
    page = slow.get(opened(slow)[1]).text
    assert re.findall(r'rel="(prev|next)" href="([^"?]+)', page) == [("prev", first), ("next", third)]
    assert place(slow.get(second).text) == ""  # opened by its address alone


def test_an_answer_is_held_and_can_be_taken_back_with_what_was_typed(slow: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    after = answer(slow, opened(slow)[0], "Yes")
    assert server.loops.get_request(request_id)["status"] == "pending"
    shown = slow.get(f"/inbox/requests/{request_id}").text
    assert "Sent in" in shown
    back = undo(slow, slow.get(after.headers["location"]).text)
    assert (back.status_code, request_id in back.headers["location"]) == (303, True)
    assert ("field.answer", "Yes") in SentForm(slow.get(back.headers["location"]).text).pairs


def test_the_rail_counts_what_is_left_to_answer(slow: TestClient, server: ReviewServer) -> None:
    def counted(reviewer: str) -> list[str]:
        slow.cookies.set("hitl_reviewer", reviewer)
        page = slow.get("/inbox/requests").text
        return re.findall(r'data-(?:count="requests">|requests=")(\d+)', page)

    ids = [ask(server, f"Question {number}?") for number in range(3)]
    after = answer(slow, f"/inbox/requests/{ids[0]}", "Yes")
    assert (counted(KIM), counted(LEE)) == (["2", "2"], ["3", "3"])
    slow.cookies.set("hitl_reviewer", KIM)
    undo(slow, slow.get(after.headers["location"]).text)
    assert counted(KIM) == ["3", "3"]
    answer(slow, f"/inbox/requests/{ids[1]}", "Yes")
    server.loops.cancel_request(OWNER, ids[1])
    assert (counted(KIM), counted(LEE)) == (["2", "2"], ["2", "2"])


def test_a_held_answer_is_given_when_its_time_has_come(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    request_id = ask(server)
    page = slow.get(answer(slow, f"/inbox/requests/{request_id}", "Yes").headers["location"]).text
    assert server.loops.next_due() == NOON + timedelta(seconds=10)
    clock.now += timedelta(seconds=10)
    request = server.loops.get_request(request_id)
    assert (request["status"], request["response_data"]) == ("completed", "Yes")
    too_late = undo(slow, page)
    assert (too_late.status_code, "Too late to undo" in too_late.text) == (409, True)


def test_a_timeout_does_not_overtake_an_answer_that_was_in_time(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    request_id = ask(server, processing_type="time-sensitive", timeout_seconds=60)
    clock.now += timedelta(seconds=55)
    answer(slow, f"/inbox/requests/{request_id}", "Yes")
    clock.now += timedelta(seconds=100)
    assert server.loops.get_request(request_id)["status"] == "completed"


def test_while_one_answer_is_held_nobody_else_can_give_another(slow: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    answer(slow, f"/inbox/requests/{request_id}", "Yes")
    slow.cookies.set("hitl_reviewer", LEE)
    assert "kim has just answered this request" in slow.get(f"/inbox/requests/{request_id}").text
    refused = answer(slow, f"/inbox/requests/{request_id}", "No", LEE)
    assert (refused.status_code, "kim has just answered" in refused.text) == (409, True)
    with pytest.raises(ApiError, match="kim has answered"):
        server.loops.claim(request_id, {"email": LEE})


def test_the_same_form_twice_is_one_answer(slow: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    ids = [ask(server), ask(server, "And this?")]
    form = SentForm(slow.get(opened(slow)[0]).text).typed(**{"field.answer": "Yes"})
    both = [slow.post(unescape(form.action), data=form.sent("complete")).headers["location"] for _ in range(2)]
    assert both[0] == both[1]
    clock.now += timedelta(seconds=10)
    assert [server.loops.get_request(each)["status"] for each in ids] == ["completed", "pending"]


def test_an_answer_to_what_changed_meanwhile_is_dropped_and_comes_back(
    slow: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    request_id = ask(server)
    answer(slow, f"/inbox/requests/{request_id}", "Yes")
    server.loops.update_request(OWNER, request_id, {"request_text": "Is it not?"})
    clock.now += timedelta(seconds=10)
    assert server.loops.get_request(request_id)["status"] == "pending"
    page = slow.get(f"/inbox/requests/{request_id}").text
    assert "Your answer was not sent" in page
    assert ("field.answer", "Yes") in SentForm(page).pairs


def test_a_cancellation_wins(slow: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    request_id = ask(server)
    page = slow.get(answer(slow, f"/inbox/requests/{request_id}", "Yes").headers["location"]).text
    server.loops.cancel_request(OWNER, request_id)
    clock.now += timedelta(seconds=10)
    assert server.loops.get_request(request_id)["status"] == "cancelled"
    assert undo(slow, page).status_code == 409


def test_an_answer_that_does_not_fit_is_refused_at_once(slow: TestClient, server: ReviewServer) -> None:
    refused = answer(slow, f"/inbox/requests/{ask(server)}", "x" * 41)
    assert refused.status_code == 422
    assert ("field.answer", "x" * 41) in SentForm(refused.text).pairs


def test_without_seconds_an_answer_is_given_at_once(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server)
    answer(browser, f"/inbox/requests/{request_id}", "Yes")
    assert server.loops.get_request(request_id)["status"] == "completed"


def test_the_list_of_somebody_leaves_out_what_they_have_answered(slow: TestClient, server: ReviewServer) -> None:
    ids = [ask(server, "One?"), ask(server, "Two?")]
    addresses = opened(slow)
    answer(slow, addresses[0], "Yes")
    assert place(slow.get(addresses[1]).text) == "1 of 1"
    slow.cookies.set("hitl_reviewer", LEE)
    assert place(slow.get(addresses[1]).text) == "2 of 2"
    assert ids[0] in addresses[0]


def words(page: str) -> str:
    body = page.partition("<main")[2]
    return unescape(re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("Is it right?", 1),
        ("Is it right?\n\nSay why.", 1),
        ("# Is it right?\nSay why.", 1),
        ("Is it right?\n===\nSay why.", 2),  # its line makes it a heading: not to be torn apart
        ("| Is it right? | b |\n|-|-|\n| 1 | 2 |", 2),
        ("- Is it right?\n- Or not?", 2),
        ("```\nIs it right?\n```", 1),
    ],
)
def test_a_question_is_said_once(browser: TestClient, server: ReviewServer, text: str, times: int) -> None:
    page = browser.get(f"/inbox/requests/{ask(server, text)}").text
    plain = re.sub(r'<details class="raw".*?</details>', "", page, flags=re.DOTALL)
    assert words(plain).count("Is it right?") == times
    for rest in ("Say why.", "Or not?"):
        assert (rest in words(plain)) is (rest in text)


def test_a_long_question_is_shown_whole(browser: TestClient, server: ReviewServer) -> None:
    text = "Is " + "very " * 60 + "long?"
    assert text in words(browser.get(f"/inbox/requests/{ask(server, text)}").text)


def test_tables_of_a_request_are_exported(browser: TestClient, server: ReviewServer) -> None:
    request_id = ask(server, context={"rows": [{"a": "=1"}, {"a": "2"}]})
    page = browser.get(f"/inbox/requests/{request_id}").text
    (link,) = re.findall(r'class="export" href="([^"]+)"', page)
    assert browser.get(unescape(link)).text == "\ufeffa\r\n'=1\r\n2\r\n"
    assert browser.get(f"/inbox/requests/{request_id}/table?of=gone").status_code == 404
