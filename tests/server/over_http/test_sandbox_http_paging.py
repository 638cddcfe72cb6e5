"""Lists by cursor: every entry that stays is met once, whatever happens meanwhile, and no page is too large to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hitl import HITLClient
from hitl.server.primitives import ApiError
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery
from hitl.testing import Sandbox

REVIEW: dict[str, Any] = {"template_id": "template_123", "content": {"text": "A draft"}}


def create(http: httpx.Client, **body: Any) -> str:
    answer = http.post("/v1/reviews", json={**REVIEW, **body})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def walk(http: httpx.Client, path: str, change: Callable[[str], object], **query: Any) -> list[str]:
    met: list[str] = []
    after: str | None = None
    while True:
        place = {} if after is None else {"after": after}
        page = http.get(path, params={"limit": 3, **query, **place}).json()
        for each in page["data"]:
            met.append(each["id"])
            change(each["id"])
        after = page["meta"]["pagination"]["next_cursor"]
        if after is None:
            return met


def test_reviews_that_are_finished_on_the_way_hide_no_others(http: httpx.Client) -> None:
    made = [create(http) for _ in range(10)]

    def change(review_id: str) -> None:
        http.delete(f"/v1/reviews/{review_id}")
        create(http)

    assert walk(http, "/v1/reviews", change, status="created") == made[::-1]


def test_templates_that_are_deleted_on_the_way_hide_no_others(http: httpx.Client) -> None:
    form = {"name": "Mine", "fields": [{"name": "approved", "type": "boolean"}]}
    made = [http.post("/v1/templates", json=form).json()["data"]["id"] for _ in range(7)]
    met = walk(http, "/v1/templates", lambda template_id: http.delete(f"/v1/templates/{template_id}"))
    assert [each for each in met if each in made] == made


def test_deliveries_are_walked_by_cursor(http: httpx.Client) -> None:
    hook = {"url": "http://127.0.0.1:9/hook", "events": ["review.created"]}
    http.post("/v1/webhooks", json=hook)
    for _ in range(7):
        create(http)
    met = walk(http, "/v1/webhooks/deliveries", lambda _: create(http))
    assert len(met) == len(set(met)) == 7


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/templates", "/v1/webhooks/deliveries", "/v1/api/requests"])
@pytest.mark.parametrize(
    "after", ["", "x", "W10=", "WzFd", "bnVsbA==", "W251bGwsIngiXQ==", "W251bGwsMWU5OTld", "é", "[" * 9]
)
def test_what_is_no_cursor_is_refused(http: httpx.Client, path: str, after: str) -> None:
    assert http.get(path, params={"after": after}).status_code == 400


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/templates", "/v1/webhooks/deliveries", "/v1/api/requests"])
def test_a_cursor_and_an_offset_exclude_each_other(http: httpx.Client, path: str) -> None:
    cursor = "W251bGwsMV0="
    assert http.get(path, params={"after": cursor}).status_code == 200
    assert http.get(path, params={"after": cursor, "offset": 0}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"oldest_first": True},
        {"sort": "due", "oldest_first": True},
        {"sort": "priority", "oldest_first": True},
        {"sort": "due"},
    ],
)
def test_every_order_of_reviews_can_be_continued(server: ReviewServer, query: dict[str, Any]) -> None:
    for number in range(11):
        due = {"due_date": f"2027-01-{20 - number // 2:02}T18:00:00Z"} if number % 3 else {}
        server.reviews.create_review({**REVIEW, **due, "priority": ("low", "medium", "high")[number % 3]})
    whole = [review["id"] for review in server.reviews.list_reviews(ReviewQuery(limit=None, **query)).items]
    met: list[str] = []
    after: str | None = None
    while True:
        page = server.reviews.list_reviews(ReviewQuery(limit=2, after=after, **query))
        assert page.total == 11
        met += [review["id"] for review in page.items]
        if (after := page.cursor) is None:
            break
    assert met == whole


def test_a_page_ends_before_it_is_too_large_to_be_read(sandbox: Sandbox) -> None:
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        for _ in range(8):
            client.create_review("template_123", {"text": "x" * 3_000_000})
        assert len(list(client.list_reviews())) == 8
        assert len(list(client.list_reviews(page_size=3))) == 8


def test_a_review_that_is_too_large_to_be_read_breaks_no_list(sandbox: Sandbox) -> None:
    """As in a database of an earlier version."""
    with HITLClient(sandbox.api_key, base_url=sandbox.base_url) as client:
        made = [client.create_review("template_123", {"text": "A draft"}).id for _ in range(9)]
        _enlarge(sandbox._site, made[4], {"numbers": [1] * 600_000})
        _enlarge(sandbox._site, made[6], {"text": "x" * 17_000_000})
        met: list[str] = []
        errors: list[str] = []
        reviews = iter(client.list_reviews())
        while True:
            try:
                met.append(next(reviews).id)
            except StopIteration:
                break
            except Exception as error:
                errors.append(str(error))
        assert sorted(met) == sorted(each for each in made if each not in (made[4], made[6]))
        assert len(errors) == 2
        assert f"entry {made[4]} of the list cannot be read" in errors[1]


def _enlarge(server: ReviewServer, review_id: str, content: dict[str, Any]) -> None:
    server.database.execute("UPDATE reviews SET content = ? WHERE id = ?", (json.dumps(content), review_id))


def test_a_review_cannot_grow_beyond_what_can_be_read(server: ReviewServer) -> None:
    review_id = server.reviews.create_review(REVIEW).document["id"]
    for number in range(2):
        server.reviews.update_review(review_id, {"content": {f"part {number}": [0] * 240_000}})
    with pytest.raises(ApiError, match="would be too large to be read: it holds more than 490000 values"):
        server.reviews.update_review(review_id, {"content": {"part 3": [0] * 240_000}})
    with pytest.raises(ApiError, match="would be too large to be read"):
        server.reviews.reject(review_id, {"reason": [0] * 240_000}, "ann@example.com")
    assert server.reviews.complete(review_id, {"approved": True}, "ann@example.com")["status"] == "completed"
