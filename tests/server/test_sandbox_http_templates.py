"""Templates over plain HTTP, against a live sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from hitl.testing import Sandbox

TEMPLATE = {"name": "A form", "fields": [{"name": "approved", "type": "boolean", "required": True, "help": "Be kind."}]}


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with (
        Sandbox(["hitl_test_key"]) as sandbox,
        httpx.Client(base_url=sandbox.base_url, headers={"Authorization": "Bearer hitl_test_key"}) as http,
    ):
        yield http


def test_a_template_is_created_read_changed_and_deleted(http: httpx.Client) -> None:
    created = http.post("/v1/templates", json=TEMPLATE)
    assert created.status_code == 201
    assert created.json()["data"]["fields"] == TEMPLATE["fields"]
    assert http.get("/v1/templates/tpl_1").json()["data"] == created.json()["data"]
    changed = http.patch("/v1/templates/tpl_1", json={"description": "For articles"}).json()["data"]
    assert (changed["name"], changed["description"]) == ("A form", "For articles")
    deleted = http.delete("/v1/templates/tpl_1")
    assert (deleted.status_code, deleted.json()["data"]) == (200, {"id": "tpl_1", "deleted": True})
    assert http.delete("/v1/templates/tpl_1").json()["error"]["code"] == "template_not_found"


def test_a_creation_that_is_sent_twice_happens_once(http: httpx.Client) -> None:
    first, again = (http.post("/v1/templates", json=TEMPLATE, headers={"Idempotency-Key": "job-42"}) for _ in "ab")
    assert first.json()["data"] == again.json()["data"]
    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_template_that_an_open_review_needs_is_not_deleted(http: httpx.Client) -> None:
    http.post("/v1/reviews", json={"template_id": "template_123", "content": {}})
    answer = http.delete("/v1/templates/template_123")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_templates_are_listed_in_pages(http: httpx.Client) -> None:
    page = http.get("/v1/templates", params={"limit": 2, "offset": 6}).json()
    assert [template["id"] for template in page["data"]] == ["technical_review"]
    assert page["meta"]["pagination"] == {
        "limit": 2,
        "offset": 6,
        "total": 7,
        "has_more": False,
        "next_offset": None,
    }


def test_a_parameter_that_templates_do_not_know_is_refused(http: httpx.Client) -> None:
    answer = http.get("/v1/templates", params={"status": "created"})
    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, "status")


def test_a_fault_in_a_field_is_named_by_its_path(http: httpx.Client) -> None:
    answer = http.post("/v1/templates", json={"name": "A form", "fields": [{"name": "a", "type": "colour"}]})
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["field"] == "fields[0].type"
