"""`GET /v1/reviews?changes_after=`: what has changed since an earlier list, held open until there is something."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from hitl.testing import Sandbox

KEY = {"Authorization": "Bearer hitl_test_key"}
ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}


def create(http: httpx.Client) -> str:
    return str(http.post("/v1/reviews", json=ASKED).json()["data"]["id"])


def changes(http: httpx.Client, after: str, hold: int | None = None, **query: Any) -> tuple[list[str], str]:
    headers = {} if hold is None else {"Prefer": f"wait={hold}"}
    answer = http.get("/v1/reviews", params={"changes_after": after, **query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["data"]], answer.headers["X-Changes-Cursor"]


def test_every_list_says_where_it_stands(http: httpx.Client) -> None:
    before = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    assert changes(http, before) == ([], before)
    first, second = create(http), create(http)
    found, after = changes(http, before)
    assert found == [first, second]
    assert changes(http, after) == ([], after)


def test_each_review_is_told_once_in_the_order_of_its_last_change(http: httpx.Client, sandbox: Sandbox) -> None:
    start = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    first, second = create(http), create(http)
    sandbox.reviewer.complete(first, {"approved": True})
    assert changes(http, start)[0] == [second, first]


def test_a_part_of_the_changes_is_gone_on_with_from_its_own_cursor(http: httpx.Client) -> None:
    start = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    created = [create(http) for _ in range(3)]
    found, cursor = changes(http, start, limit=2)
    assert found == created[:2]
    assert changes(http, cursor, limit=2)[0] == created[2:]


def test_filters_narrow_the_changes(http: httpx.Client) -> None:
    start = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    first, _second = create(http), create(http)
    assert changes(http, start, ids=first)[0] == [first]


def test_the_list_is_held_until_there_is_a_change(http: httpx.Client, sandbox: Sandbox) -> None:
    review_id = create(http)
    cursor = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    answered = threading.Timer(0.2, sandbox.reviewer.complete, [review_id, {"approved": True}])
    answered.start()
    began = time.monotonic()
    assert changes(http, cursor, hold=60)[0] == [review_id]
    assert time.monotonic() - began < 30  # a generous bound; it is milliseconds
    answered.join()


def test_without_a_change_it_comes_back_empty_in_time(http: httpx.Client) -> None:
    cursor = http.get("/v1/reviews").headers["X-Changes-Cursor"]
    answer = http.get("/v1/reviews", params={"changes_after": cursor}, headers={"Prefer": "wait=1"})
    assert (answer.json()["data"], answer.headers["Preference-Applied"]) == ([], "wait=1")


def test_only_changes_are_waited_for(http: httpx.Client) -> None:
    answer = http.get("/v1/reviews", headers={"Prefer": "wait=60"})
    assert "Preference-Applied" not in answer.headers


@pytest.mark.parametrize("cursor", ["", "-1", "x", "1.5", "9" * 20])
def test_a_cursor_that_is_none_is_refused(http: httpx.Client, cursor: str) -> None:
    assert http.get("/v1/reviews", params={"changes_after": cursor}).status_code == 400
