"""Requests to loops over plain HTTP, against a live sandbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import httpx
import pytest
from pytest_httpserver import HTTPServer
from server_calls import REQUEST
from werkzeug import Request, Response

from hitl.server.review_server import ReviewServer
from hitl.testing import Sandbox

KEY = {"Authorization": "Bearer hitl_test_key"}
OTHER = {"Authorization": "Bearer hitl_test_other"}
NOBODY = "0" * 24


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


@pytest.fixture
def server(sandbox: Sandbox) -> ReviewServer:
    return sandbox._site


@pytest.fixture
def loop_id(http: httpx.Client) -> str:
    return str(http.post("/v1/api/loops", json={"name": "A", "icon": "star"}).json()["data"]["loop"]["id"])


def told(answer: httpx.Response) -> tuple[int, str, Any]:
    envelope = answer.json()
    assert envelope["error"] is (answer.status_code >= 400)
    return answer.status_code, envelope["msg"], envelope.get("data")


def ask(http: httpx.Client, loop_id: str, **body: Any) -> dict[str, Any]:
    status, msg, data = told(http.post(f"/v1/api/loops/{loop_id}/requests", json={**REQUEST, **body}))
    assert (status, msg) == (201, "Request created and broadcasted successfully"), data
    receipt: dict[str, Any] = data
    return receipt


def read(http: httpx.Client, request_id: str) -> dict[str, Any]:
    status, msg, data = told(http.get(f"/v1/api/requests/{request_id}"))
    assert (status, msg) == (200, "Request retrieved successfully")
    request: dict[str, Any] = data["request"]
    return request


def answer(server: ReviewServer, request_id: str, response_data: Any) -> None:
    server.loops.respond(request_id, response_data, {"email": "ann@example.com"})


def test_a_request_is_created_polled_and_answered(http: httpx.Client, server: ReviewServer, loop_id: str) -> None:
    receipt = ask(http, loop_id, context={"post_id": "post456"})
    assert (receipt["status"], receipt["broadcasted_to"]) == ("pending", 1)
    request = http.get(receipt["polling_url"]).json()["data"]["request"]
    assert request["context"] == {"post_id": "post456"}
    assert request["response_config"]["options"][0] == {"value": "approve", "label": "Approve"}
    answer(server, receipt["request_id"], "approve")
    after = read(http, receipt["request_id"])
    assert after["status"] == "completed"
    assert after["response_data"] == {"selected_value": "approve", "selected_label": "Approve"}
    assert after["response_by_user"]["email"] == "ann@example.com"


@pytest.mark.parametrize(
    ("change", "msg", "data"),
    [
        ({"request_text": None}, "Request text is required", None),
        ({"request_text": "x" * 2001}, "Validation failed", "request_text must be between 1 and 2000 characters"),
        ({"priority": "normal"}, "Validation failed", "priority must be one of: low, medium, high, critical"),
        ({"timeout_seconds": None}, "Validation failed", "timeout_seconds is required for time-sensitive requests"),
        ({"timeout_seconds": 59}, "Validation failed", "timeout_seconds must be a whole number from 60 to 86400"),
        ({"type": "image"}, "Image URL is required when type is image", None),
        ({"type": "video"}, "Video URL is required when type is video", None),
        ({"type": "image", "image_url": "no address"}, "Validation failed", None),
        ({"platform": None}, "Validation failed", "platform is required"),
        ({"default_response": None}, "Validation failed", "default_response is required"),
        ({"response_config": []}, "Validation failed", "response_config must be an object, not an array"),
        (
            {"response_config": {}},
            "Invalid response configuration",
            "options array required for select response type",
        ),
        (
            {"default_response": "Perhaps"},
            "Invalid default response",
            "default_response must match one of the configured options",
        ),
        ({"colour": "red"}, "Validation failed", None),
    ],
)
def test_a_request_that_cannot_be_is_refused_in_the_documented_words(
    http: httpx.Client, loop_id: str, change: dict[str, Any], msg: str, data: str | None
) -> None:
    body = {name: value for name, value in {**REQUEST, **change}.items() if value is not None}
    status, given_msg, given_data = told(http.post(f"/v1/api/loops/{loop_id}/requests", json=body))
    assert (status, given_msg) == (400, msg)
    assert data is None or given_data == data


@pytest.mark.parametrize("kind", ["image", "file", "video", "audio"])
def test_a_request_shows_more_than_text(http: httpx.Client, loop_id: str, kind: str) -> None:
    url = f"https://example.com/{kind}"
    request = read(http, ask(http, loop_id, type=kind, **{f"{kind}_url": url})["request_id"])
    assert (request["type"], request[f"{kind}_url"]) == (kind, url)


def test_a_request_that_is_sent_twice_is_asked_once(http: httpx.Client, loop_id: str) -> None:
    path, headers = f"/v1/api/loops/{loop_id}/requests", {"Idempotency-Key": f"job of {loop_id}".replace(" ", "-")}
    first, again = (http.post(path, json=REQUEST, headers=headers) for _ in "ab")
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert http.get(path).json()["data"]["count"] == 1


def test_a_held_read_is_answered_as_soon_as_a_person_has(
    http: httpx.Client, server: ReviewServer, loop_id: str
) -> None:
    request_id = ask(http, loop_id)["request_id"]
    reviewers = [threading.Thread(target=answer, args=(server, request_id, "approve"))]
    server.changes.on_watch(lambda: reviewers.pop().start() if reviewers else None)
    held = http.get(f"/v1/api/requests/{request_id.upper()}", headers={"Prefer": "wait=30"}, timeout=30)
    assert held.json()["data"]["request"]["status"] == "completed"
    assert held.headers["Preference-Applied"] == "wait=30"


def test_the_end_of_a_request_is_told_to_its_callback(
    http: httpx.Client, server: ReviewServer, loop_id: str, httpserver: HTTPServer
) -> None:
    arrived: SimpleQueue[Request] = SimpleQueue()

    def thank(request: Request) -> Response:
        arrived.put(request)
        return Response()

    httpserver.expect_request("/hook/secret", method="POST").respond_with_handler(thank)
    receipt = ask(http, loop_id, callback_url=httpserver.url_for("/hook/secret"))
    answer(server, receipt["request_id"], "approve")
    body = arrived.get(timeout=30).get_json()
    assert (body["event"], body["request_id"], body["loop_id"]) == ("request.completed", receipt["request_id"], loop_id)
    assert body["response_data"] == {"selected_value": "approve", "selected_label": "Approve"}
    assert body["response_by"]["email"] == "ann@example.com"
    assert body["response_by_user"]["email"] == "ann@example.com"


def test_a_callback_that_could_never_be_made_is_refused_at_once(http: httpx.Client, loop_id: str) -> None:
    body = {**REQUEST, "callback_url": "https://203.0.113.7/hook"}
    status, msg, data = told(http.post(f"/v1/api/loops/{loop_id}/requests", json=body))
    assert (status, msg, data["field"]) == (400, "Validation failed", "callback_url")
    assert "--allow-webhook-net" in data["issue"]


def test_a_request_is_cancelled_once(http: httpx.Client, loop_id: str) -> None:
    path = f"/v1/api/requests/{ask(http, loop_id)['request_id']}"
    status, msg, data = told(http.delete(path))
    assert (status, msg, data["status"]) == (200, "Request cancelled successfully", "cancelled")
    assert told(http.delete(path))[:2] == (400, "Request cannot be cancelled in current state")


def test_a_request_of_another_key_is_not_shown(http: httpx.Client, loop_id: str) -> None:
    path = f"/v1/api/requests/{ask(http, loop_id)['request_id']}"
    for reply in (
        http.get(path, headers=OTHER),
        http.delete(path, headers=OTHER),
        http.post(f"{path}/feedback", json={"feedback": {}}, headers=OTHER),
        http.get(path, headers={**OTHER, "Prefer": "wait=1"}),
    ):
        assert told(reply) == (403, "Access denied to this request", None)
    assert told(http.get(f"/v1/api/requests/{NOBODY}")) == (404, "Request not found", None)


def test_feedback_is_stored_once(http: httpx.Client, server: ReviewServer, loop_id: str) -> None:
    request_id = ask(http, loop_id)["request_id"]
    path, feedback = f"/v1/api/requests/{request_id}/feedback", {"rating": 5, "category": "positive"}
    early = told(http.post(path, json={"feedback": feedback}))
    assert early[:2] == (400, "Feedback can only be added to completed requests")
    answer(server, request_id, "approve")
    stored = told(http.post(path, json={"feedback": feedback}))
    assert stored == (200, "Feedback added successfully", {"request_id": request_id, "feedback": feedback})
    assert told(http.post(path, json={"feedback": feedback}))[:2] == (
        400,
        "Feedback has already been added to this request",
    )


@pytest.mark.parametrize(
    ("body", "msg"),
    [
        ({"feedback": {"rating": 6}}, "Rating values must be between 1 and 5"),
        ({"feedback": {"accuracy": "good"}}, "Rating values must be between 1 and 5"),
        ({"feedback": {"comment": "x" * 1001}}, "Comment exceeds maximum length of 1000 characters"),
        ({"feedback": {"comment": 7}}, "Validation failed"),
        ({"feedback": {"category": "praise"}}, "Validation failed"),
        ({"feedback": []}, "Validation failed"),
        ({"rating": 5}, "Validation failed"),
    ],
)
def test_feedback_that_cannot_be_is_refused(http: httpx.Client, loop_id: str, body: dict[str, Any], msg: str) -> None:
    path = f"/v1/api/requests/{ask(http, loop_id)['request_id']}/feedback"
    assert told(http.post(path, json=body))[:2] == (400, msg)


# Lists


def test_requests_are_listed_in_pages_with_filters_and_an_order(http: httpx.Client, loop_id: str) -> None:
    low, critical, high = (
        ask(http, loop_id, priority=priority)["request_id"] for priority in ("low", "critical", "high")
    )
    http.delete(f"/v1/api/requests/{low}")

    def ids(**params: Any) -> list[str]:
        status, msg, data = told(http.get("/v1/api/requests", params={"loop_id": loop_id, **params}))
        assert (status, msg) == (200, "Requests retrieved successfully")
        return [request["id"] for request in data["requests"]]

    assert ids() == [high, critical, low]
    assert ids(sort="priority_desc") == [critical, high, low]
    assert ids(status="pending", sort="created_at_asc") == [critical, high]
    assert ids(priority="low") == [low]
    assert ids(created_before="2020-01-01T00:00:00Z") == []
    page = http.get("/v1/api/requests", params={"loop_id": loop_id, "limit": 2}).json()["data"]
    assert (page["count"], page["total"], page["has_more"]) == (2, 3, True)
    cursor = page["pagination"].pop("next_cursor")
    assert page["pagination"] == {"limit": 2, "offset": 0, "next_offset": 2}
    assert ids(limit=2, after=cursor) == [low]
    last = http.get("/v1/api/requests", params={"loop_id": loop_id, "limit": 2, "offset": 2}).json()["data"]
    assert (last["count"], last["has_more"], last["pagination"]["next_offset"]) == (1, False, None)
    status, msg, data = told(http.get(f"/v1/api/loops/{loop_id}/requests"))
    assert (status, msg, data["count"]) == (200, "Loop requests retrieved successfully", 3)


def test_a_key_lists_its_own_requests_only(http: httpx.Client, loop_id: str) -> None:
    ask(http, loop_id)
    assert http.get("/v1/api/requests", headers=OTHER).json()["data"]["requests"] == []


@pytest.mark.parametrize(
    ("query", "msg", "data"),
    [
        (
            "status=open",
            "Invalid status filter value",
            "status must be one of: pending, claimed, completed, timeout, cancelled",
        ),
        ("limit=0", "Invalid pagination parameters", "limit must be between 1 and 100"),
        ("limit=101", "Invalid pagination parameters", "limit must be between 1 and 100"),
        ("offset=-1", "Invalid pagination parameters", None),
        ("priority=normal", "Validation failed", "priority must be one of: low, medium, high, critical"),
        ("sort=up", "Validation failed", None),
        ("created_before=yesterday", "Validation failed", None),
        ("limit=1&limit=2", "Validation failed", "limit is given more than once"),
        ("state=pending", "Validation failed", None),
    ],
)
def test_a_list_that_cannot_be_is_refused(http: httpx.Client, query: str, msg: str, data: str | None) -> None:
    status, given_msg, given_data = told(http.get(f"/v1/api/requests?{query}"))
    assert (status, given_msg) == (400, msg)
    assert data is None or given_data == data
