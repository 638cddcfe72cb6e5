"""What all answers of a live sandbox have in common: envelope, headers, authentication, limits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fake_clock import FakeClock

from hitl.server.http.requests import MAX_BODY
from hitl.testing import Sandbox

KEY = {"Authorization": "Bearer hitl_test_key"}
REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key", "hitl_test_other"]) as sandbox:
        yield sandbox


def code_of(answer: httpx.Response) -> str:
    envelope = answer.json()
    assert envelope["success"] is False
    return str(envelope["error"]["code"])


def test_every_answer_of_the_api_has_its_envelope_and_headers(http: httpx.Client) -> None:
    answers = [
        http.get("/v1/reviews"),
        http.get("/v1/reviews/rev_0"),
        http.post("/v1/reviews", json={}),
        http.get("/v1/nothing"),
        http.put("/v1/reviews"),
        http.get("/v1/reviews", headers={"Authorization": "Bearer wrong"}),
    ]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Request-Id"] == answer.json()["meta"]["request_id"]
        assert answer.headers["X-RateLimit-Limit"] == "1000"
        assert int(answer.headers["X-RateLimit-Remaining"]) < 1000
        assert 0 <= int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 61
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == len(answers)


def test_every_answer_has_a_name_of_its_own_also_outside_of_the_api(http: httpx.Client) -> None:
    answers = [http.get(path) for path in ("/", "/healthz", "/nothing", "/inbox/", "/join/nobody", "/v1/reviews")]
    answers.append(http.get("/v1/reviews", headers={"Host": "attacker.example"}))
    answers.append(http.get("/v1/api/loops"))
    names = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(names) == len(answers)
    assert all(name.startswith("req_") for name in names)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer wrong", "hitl_test_key", "Basic hitl_test_key", "Bearer hitl_test_ke"]
)
def test_nobody_is_let_in_without_one_of_the_keys(http: httpx.Client, authorization: str) -> None:
    answer = http.get("/v1/reviews", headers={"Authorization": authorization})
    assert (answer.status_code, code_of(answer)) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_each_of_the_keys_is_let_in_whatever_the_case_of_the_scheme(http: httpx.Client) -> None:
    for authorization in ("Bearer hitl_test_other", "bearer hitl_test_key"):
        assert http.get("/v1/reviews", headers={"Authorization": authorization}).status_code == 200


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/reviews/", "/v1/reviews/rev_1/answer", "/v1/a%0Ab"])
def test_an_unknown_address_below_the_api_is_not_found_in_the_envelope(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_a_method_that_is_not_possible_is_told_which_are(http: httpx.Client) -> None:
    answer = http.put("/v1/reviews/rev_1")
    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE"}


def test_a_head_request_is_answered_without_a_body(http: httpx.Client) -> None:
    answer = http.head("/v1/reviews")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_does_not_call_itself_json_is_refused(http: httpx.Client, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = http.post("/v1/reviews", content=b"{}", headers=headers)
    assert (answer.status_code, code_of(answer)) == (400, "validation_error")
    assert "Content-Type: application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"content": NaN}', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/reviews", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert (answer.status_code, code_of(answer)) == (400, "validation_error")


def padded(size: int) -> bytes:
    frame = b'{"template_id": "template_123", "content": {"text": "%s"}}'
    return frame % (b"x" * (size - len(frame) + 2))


def test_the_largest_body_is_accepted_and_one_byte_more_is_not(http: httpx.Client) -> None:
    json_type = {"Content-Type": "application/json"}
    assert http.post("/v1/reviews", content=padded(MAX_BODY), headers=json_type).status_code == 201
    answer = http.post("/v1/reviews", content=padded(MAX_BODY + 1), headers=json_type)
    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:4010", "127.0.0.1:80", "[::1]:4010"])
def test_the_sandbox_answers_to_the_names_of_this_machine(http: httpx.Client, host: str) -> None:
    assert http.get("/healthz", headers={"Host": host}).json() == {"status": "ok"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4010", "localhost.evil.example", "127.0.0.1.evil.example", "", "::1"]
)
@pytest.mark.parametrize("path", ["/v1/reviews", "/inbox/", "/"])
def test_a_page_elsewhere_cannot_reach_the_sandbox_under_a_name_of_its_own(
    http: httpx.Client, host: str, path: str
) -> None:
    assert http.get(path, headers={"Host": host}).status_code == 400


def test_the_front_door_leads_to_the_inbox(http: httpx.Client, sandbox: Sandbox) -> None:
    http.get(sandbox.inbox_url)
    answer = http.get("/", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


# The rate limit


def test_a_spent_budget_is_refused_until_its_window_ends() -> None:
    clock = FakeClock()
    with (
        Sandbox(["hitl_test_key", "hitl_test_other"], rate_limit=(2, 60.0), clock=clock) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers=KEY) as http,
    ):
        assert [http.get("/v1/reviews").headers["X-RateLimit-Remaining"] for _ in range(2)] == ["1", "0"]
        clock.now += timedelta(seconds=18)
        refused = http.get("/v1/reviews")
        assert (refused.status_code, code_of(refused)) == (429, "rate_limit_exceeded")
        assert refused.headers["Retry-After"] == "42"
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert int(refused.headers["X-RateLimit-Reset"]) == clock.now.timestamp() + 42
        # Neither another key nor the inbox draws from this budget.
        assert http.get("/v1/reviews", headers={"Authorization": "Bearer hitl_test_other"}).status_code == 200
        assert http.get(sandbox.inbox_url, follow_redirects=True).status_code == 200
        clock.now += timedelta(seconds=42)
        assert http.get("/v1/reviews").status_code == 200


def test_guessing_keys_spends_one_budget_for_all_who_guess() -> None:
    with Sandbox(rate_limit=(2, 60.0)) as sandbox, httpx.Client(base_url=sandbox.base_url) as http:
        statuses = [
            http.get("/v1/reviews", headers={"Authorization": f"Bearer guess-{number}"}).status_code
            for number in range(3)
        ]
        assert statuses == [401, 401, 429]
        assert http.get("/v1/reviews", headers={"Authorization": f"Bearer {sandbox.api_key}"}).status_code == 200


def test_the_description_of_the_api_is_served_without_a_key(http: httpx.Client) -> None:
    assert "/openapi.yaml" in http.get("/v1/nothing").text
    whole = http.get("/openapi.yaml", headers={"Authorization": ""})
    assert (whole.status_code, whole.headers["content-type"]) == (200, "application/yaml")
    assert whole.content == (Path(__file__).parents[3] / "openapi.yaml").read_bytes()
    unchanged = http.get("/openapi.yaml", headers={"If-None-Match": f'"old", W/{whole.headers["etag"]}'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert http.head("/openapi.yaml").status_code == 200
    assert http.post("/openapi.yaml").status_code == 405
