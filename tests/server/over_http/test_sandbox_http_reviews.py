"""Reviews and templates over plain HTTP: what the clients do not show of them (see tests/contract)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hitl.testing import Sandbox

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


def create(http: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = http.post("/v1/reviews", json={**REVIEW, **body})
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_a_list_tells_where_its_page_stands(http: httpx.Client) -> None:
    for _ in range(3):
        create(http)
    first = http.get("/v1/reviews", params={"limit": 2}).json()
    assert [review["id"] for review in first["data"]] == ["rev_3", "rev_2"]
    cursor = first["meta"]["pagination"].pop("next_cursor")
    place = {"limit": 2, "offset": 0, "total": 3, "has_more": True, "next_offset": 2}
    assert first["meta"]["pagination"] == place
    after = http.get("/v1/reviews", params={"limit": 2, "after": cursor}).json()
    assert [review["id"] for review in after["data"]] == ["rev_1"]
    assert after["meta"]["pagination"] == {"limit": 2, "total": 3, "has_more": False, "next_cursor": None}
    last = http.get("/v1/reviews", params={"limit": 2, "offset": 2}).json()
    assert [review["id"] for review in last["data"]] == ["rev_1"]
    assert last["meta"]["pagination"]["has_more"] is False
    assert last["meta"]["pagination"]["next_offset"] is None
    beyond = http.get("/v1/reviews", params={"offset": 99}).json()
    assert (beyond["data"], beyond["meta"]["pagination"]["has_more"]) == ([], False)


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
    assert "+" not in query or "%2B" in answer.json()["error"]["message"]  # it was a plus sign before it arrived


# Idempotency-Key


def test_the_answer_echoes_the_key_so_that_the_client_learns_that_it_counts(http: httpx.Client) -> None:
    answer = http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"})
    assert answer.headers["Idempotency-Key"] == "job-42"
    assert "Idempotency-Key" not in http.post("/v1/reviews", json=REVIEW).headers


def test_a_quoted_key_is_the_same_as_a_bare_one(http: httpx.Client) -> None:
    http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": "job-42"})
    again = http.post("/v1/reviews", json=REVIEW, headers={"Idempotency-Key": '"job-42"'})
    assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "key",
    [
        *(b"", b"two words", b"x" * 256, b"x" * 300, b"caf\xe9"),
        *(b'"job-42', b'job-42"', b'""', b'"', b'"job"42"'),  # half of its quotation marks, or nothing between them
    ],
)
def test_a_key_that_cannot_be_one_is_refused(http: httpx.Client, key: bytes) -> None:
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


# Templates


def test_templates_are_listed_in_pages_in_the_order_of_their_creation(http: httpx.Client) -> None:
    http.post("/v1/templates", json={"name": "Mine", "fields": [{"name": "approved", "type": "boolean"}]})
    page = http.get("/v1/templates", params={"limit": 2, "offset": 6}).json()
    assert [template["id"] for template in page["data"]] == ["technical_review", "tpl_1"]
    place = {"limit": 2, "offset": 6, "total": 8, "has_more": False, "next_offset": None, "next_cursor": None}
    assert page["meta"]["pagination"] == place


def test_a_parameter_that_templates_do_not_know_is_refused(http: httpx.Client) -> None:
    answer = http.get("/v1/templates", params={"status": "created"})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "status")


def test_a_template_keeps_what_it_was_given_beyond_the_description(http: httpx.Client) -> None:
    fields = [{"name": "approved", "type": "boolean", "required": True, "help": "Be kind."}]
    assert http.post("/v1/templates", json={"name": "A form", "fields": fields}).json()["data"]["fields"] == fields
    assert http.delete("/v1/templates/tpl_1").json()["data"] == {"id": "tpl_1", "deleted": True}
