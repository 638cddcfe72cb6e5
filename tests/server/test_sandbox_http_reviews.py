"""Reviews over plain HTTP, against a live sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hitl.testing import Sandbox

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(["hitl_test_key"]) as sandbox:
        yield sandbox


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, headers={"Authorization": "Bearer hitl_test_key"}) as http:
        yield http


def create(http: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/reviews", json={**REVIEW, **body})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_review_is_created_read_changed_answered_and_read_again(sandbox: Sandbox, http: httpx.Client) -> None:
    created = create(http, assignees=["ann@example.com"])
    assert http.get("/v1/reviews/rev_1").json()["data"] == created
    changed = http.patch("/v1/reviews/rev_1", json={"content": {"tone": "dry"}}).json()["data"]
    assert changed["content"] == {"text": "A draft", "tone": "dry"}
    sandbox.reviewer.complete("rev_1", {"approved": True}, "ann@example.com")
    done = http.get("/v1/reviews/rev_1").json()["data"]
    assert (done["status"], done["result"], done["reviewer"]) == ("completed", {"approved": True}, "ann@example.com")


def test_a_cancelled_review_is_answered_as_often_as_it_is_cancelled(http: httpx.Client) -> None:
    create(http)
    answers = [http.delete("/v1/reviews/rev_1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json()["data"] == answers[1].json()["data"]
    assert answers[0].json()["data"]["status"] == "cancelled"


def test_a_change_that_comes_too_late_is_a_conflict(http: httpx.Client) -> None:
    create(http)
    http.delete("/v1/reviews/rev_1")
    answer = http.patch("/v1/reviews/rev_1", json={"priority": "low"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_review_is_not_found(http: httpx.Client, method: str) -> None:
    body = {"priority": "low"} if method == "PATCH" else None
    answer = http.request(method, "/v1/reviews/rev_9", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "review_not_found")


def test_an_unknown_template_is_not_found(http: httpx.Client) -> None:
    answer = http.post("/v1/reviews", json={**REVIEW, "template_id": "nobody_made_this"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "template_not_found")


def test_a_list_tells_where_its_page_stands(http: httpx.Client) -> None:
    for _ in range(3):
        create(http)
    first = http.get("/v1/reviews", params={"limit": 2}).json()
    assert [review["id"] for review in first["data"]] == ["rev_3", "rev_2"]
    assert first["meta"]["pagination"] == {
        "limit": 2,
        "offset": 0,
        "total": 3,
        "has_more": True,
        "next_offset": 2,
    }
    last = http.get("/v1/reviews", params={"limit": 2, "offset": 2}).json()
    assert [review["id"] for review in last["data"]] == ["rev_1"]
    assert last["meta"]["pagination"]["has_more"] is False
    assert last["meta"]["pagination"]["next_offset"] is None
    beyond = http.get("/v1/reviews", params={"offset": 99}).json()
    assert (beyond["data"], beyond["meta"]["pagination"]["has_more"]) == ([], False)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"status": "created"}, ["rev_1"]),
        ({"status": "created,assigned"}, ["rev_2", "rev_1"]),
        ({"priority": "high"}, ["rev_2"]),
        ({"assignee": "ann@example.com"}, ["rev_2"]),
        ({"template_id": "code_review"}, []),
        ({"ids": "rev_1,rev_9"}, ["rev_1"]),
        ({"created_after": "2024-01-01T00:00:00Z"}, ["rev_2", "rev_1"]),
        ({"created_after": "2024-01-01T00:00:00+02:00"}, ["rev_2", "rev_1"]),
        ({"created_before": "2024-01-01T00:00:00Z"}, []),
        ({"updated_after": "2999-01-01T00:00:00Z"}, []),
    ],
)
def test_lists_are_filtered(http: httpx.Client, parameters: dict[str, str], expected: list[str]) -> None:
    create(http)
    create(http, assignees=["ann@example.com"], priority="high")
    answer = http.get("/v1/reviews", params=parameters)
    assert [review["id"] for review in answer.json()["data"]] == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("status=created,done", "status"),
        ("priority=urgent", "priority"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2024-01-01T00:00:00+02:00", "created_after"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("offset=-1", "offset"),
        ("offset=99999999999999999999", "offset"),
        ("stauts=created", "stauts"),
    ],
)
def test_a_faulty_parameter_is_refused_and_named(http: httpx.Client, query: str, field: str) -> None:
    answer = http.get(f"/v1/reviews?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "validation_error")
    assert answer.json()["error"]["details"]["field"] == field


def test_a_plus_sign_that_was_not_escaped_is_explained(http: httpx.Client) -> None:
    answer = http.get("/v1/reviews?created_after=2024-01-01T00:00:00+02:00")
    assert "%2B" in answer.json()["error"]["message"]


# Idempotency-Key


def test_a_creation_that_is_sent_twice_happens_once(http: httpx.Client) -> None:
    first, again = (http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["data"] == again.json()["data"]
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert http.get("/v1/reviews").json()["meta"]["pagination"]["total"] == 1


def test_the_answer_echoes_the_key_so_that_the_client_learns_that_it_counts(http: httpx.Client) -> None:
    answer = http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"})
    assert answer.headers["Idempotency-Key"] == "job-42"
    assert "Idempotency-Key" not in http.post("/v1/reviews", json=REVIEW).headers


def test_a_quoted_key_is_the_same_as_a_bare_one(http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"})
    again = http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": '"job-42"'})
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_same_key_with_another_body_is_refused(http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"})
    answer = http.post("/v1/reviews", json={**REVIEW, "priority": "high"}, headers={"Idempotency-Key": "job-42"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("key", [b"", b"two words", b"x" * 256, b"caf\xe9"])
def test_a_key_that_is_no_visible_ascii_is_refused(http: httpx.Client, key: bytes) -> None:
    answer = http.post("/v1/reviews", json=REVIEW, headers={b"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "Idempotency-Key")


def test_two_api_keys_may_use_the_same_idempotency_key() -> None:
    with Sandbox(["one", "two"]) as sandbox, httpx.Client(base_url=sandbox.base_url) as http:
        made = [
            http.post(
                "/v1/reviews", json=REVIEW, headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "job-42"}
            ).json()["data"]["id"]
            for key in ("one", "two")
        ]
    assert made == ["rev_1", "rev_2"]


@pytest.mark.parametrize("key", [b'"job-42', b'job-42"', b'""', b'"', b'"job"42"', b"x" * 300])
def test_a_key_with_half_its_quotation_marks_is_refused(http: httpx.Client, key: bytes) -> None:
    answer = http.post("/v1/reviews", json=REVIEW, headers={b"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "Idempotency-Key")


def test_two_keys_at_once_are_refused(http: httpx.Client) -> None:
    keys = [("Idempotency-Key", "job-42"), ("Idempotency-Key", "job-43")]
    assert http.post("/v1/reviews", json=REVIEW, headers=keys).status_code == 400


def test_a_key_is_used_up_by_success_only(sandbox: Sandbox, http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "job-42"}
    sandbox.faults.next(status=503)
    answers = [
        http.post("/v1/reviews", json=body, headers=headers)
        for body in (REVIEW, {**REVIEW, "template_id": "nobody_made_this"}, {**REVIEW, "priority": "odd"}, REVIEW)
    ]
    assert [answer.status_code for answer in answers] == [503, 404, 400, 201]
    assert not any("Idempotent-Replayed" in answer.headers for answer in answers)


def test_a_key_stands_for_what_it_made_whatever_became_of_that(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "job-42"}
    first = http.post("/v1/reviews", json=REVIEW, headers=headers)
    http.delete("/v1/reviews/rev_1")
    again = http.post("/v1/reviews", json=REVIEW, headers=headers)
    assert (again.status_code, again.json()["data"]) == (201, first.json()["data"])


def test_the_order_of_a_bodys_names_does_not_make_it_another_request(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "job-42", "Content-Type": "application/json"}
    bodies = (
        b'{"template_id": "template_123", "content": {"a": 1, "b": 2}}',
        b'{"content":{"b":2,"a":1},"template_id":"template_123"}',
    )
    first, again = (http.post("/v1/reviews", content=body, headers=headers) for body in bodies)
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")


def test_a_key_of_a_review_cannot_make_a_template(http: httpx.Client) -> None:
    headers = {"Idempotency-Key": "job-42"}
    http.post("/v1/reviews", json=REVIEW, headers=headers)
    template = {"name": "Mine", "fields": [{"name": "approved", "type": "boolean", "label": "Fit?"}]}
    answer = http.post("/v1/templates", json=template, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_key_reused")
