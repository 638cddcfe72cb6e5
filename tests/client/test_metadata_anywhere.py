"""Metadata and look-up by key on servers that know neither: what is sent, what is filtered, and what is said."""

from __future__ import annotations

from typing import Any

import pytest
from script import answer, refused, review
from scripted import scripted

from hitl import Review
from hitl.exceptions import InvalidRequestError, ReviewNotFoundError, UnexpectedResponseError

WIRE = {"text": "A draft", "_hitl": {"metadata": {"run": "r-1", "thread": "t"}}}


def listed(*reviews: dict[str, Any], next_offset: int | None = None, **headers: str) -> Any:
    pagination = {"next_offset": next_offset, "has_more": next_offset is not None}
    return answer(200, {"success": True, "data": list(reviews), "meta": {"pagination": pagination}}, **headers)


def kept(review_id: str, run: str | None) -> dict[str, Any]:
    """A review as a server returns it that does not know metadata."""
    content = {"text": "x"} if run is None else {"text": "x", "_hitl": {"metadata": {"run": run}}}
    return review("created", review_id, content=content)


def test_metadata_travels_in_the_content_and_comes_back_apart_from_it() -> None:
    client = scripted(answer(201, {"success": True, "data": review("created", content=WIRE)}))
    made = client.create_review("template_123", {"text": "A draft"}, metadata={"thread": "t", "run": "r-1"})
    assert client.bodies == [{"template_id": "template_123", "content": WIRE}]
    assert (made.content, made.metadata) == ({"text": "A draft"}, {"run": "r-1", "thread": "t"})
    assert Review.from_json(made.to_json()) == made


def test_one_creation_has_one_body_and_one_key_whatever_the_order_and_the_server() -> None:
    sent = []
    for known, kept_so in (
        ({}, {"thread": "t", "run": "r-1"}),
        ({"metadata": {"run": "r-1"}}, {"run": "r-1", "thread": "t"}),
    ):
        client = scripted(answer(201, {"success": True, "data": review("created", content=WIRE, **known)}))
        for _ in range(2):
            with client.idempotency_scope("order-7"):
                client.create_review("template_123", {"text": "A draft"}, metadata=kept_so)
        sent += [(each.body, each.headers["Idempotency-Key"]) for each in client.sent]
    assert len(set(sent)) == 1


def test_none_and_nothing_leave_the_content_alone() -> None:
    client = scripted(answer(201, {"success": True, "data": review()}))
    for metadata in (None, {}):
        assert client.create_review("template_123", {"text": "Is this right?"}, metadata=metadata).metadata == {}
    assert all("_hitl" not in body["content"] for body in client.bodies)


@pytest.mark.parametrize("hidden", [1, None, [], {"metadata": 1}, {"metadata": [["run", "r-1"]]}, {"v": 1}])
def test_what_else_stands_in_the_reserved_key_is_content(hidden: Any) -> None:
    content = {"text": "x", "_hitl": hidden}
    read = Review.from_json(review(content=content))
    assert (read.content, read.metadata) == (content, {})


def test_the_servers_own_metadata_comes_before_what_the_content_carries() -> None:
    read = Review.from_json(review(content=WIRE, metadata={"run": "r-2"}))
    assert (read.content, read.metadata) == ({"text": "A draft"}, {"run": "r-2"})


def test_a_list_is_filtered_here_where_the_server_ignores_the_filter() -> None:
    client = scripted(
        listed(kept("rev_1", "r-1"), kept("rev_2", None), next_offset=2),
        listed(kept("rev_3", "r-2"), kept("rev_4", "r-2"), next_offset=4),
        listed(kept("rev_5", "r-2"), kept("rev_6", "r-2"), next_offset=6),
        listed(kept("rev_7", "r-1")),
    )
    assert [each.id for each in client.list_reviews(metadata={"run": "r-1"}, page_size=2)] == ["rev_1", "rev_7"]
    assert [dict(each.query)["metadata[run]"] for each in client.sent] == ["r-1"] * 4


def test_a_server_that_repeats_its_pages_is_noticed() -> None:
    client = scripted(listed(kept("rev_1", "r-2"), next_offset=1))
    with pytest.raises(UnexpectedResponseError, match="repeats the same page"):
        list(client.list_reviews(metadata={"run": "r-1"}))


def test_a_server_that_refuses_the_filter_is_asked_without_it() -> None:
    refusing = refused(400, "validation_error", "metadata[run]: is no parameter here")
    client = scripted(refusing, listed(kept("rev_1", "r-1"), kept("rev_2", "r-2")))
    assert [each.id for each in client.list_reviews(metadata={"run": "r-1"})] == ["rev_1"]
    assert ["metadata[run]" in each.query for each in client.sent] == [True, False]


def test_a_list_that_is_wrong_for_another_reason_is_refused() -> None:
    client = scripted(refused(400, "validation_error", "limit: is wrong"))
    with pytest.raises(InvalidRequestError, match="limit"):
        client.list_reviews(metadata={"run": "r-1"})


def test_a_key_is_looked_up_in_one_request() -> None:
    found = scripted(listed(review("completed", "rev_7"), **{"idempotency-key": "order-7"}))
    assert found.get_review(key="order-7").id == "rev_7"
    assert [(each.method, each.path) for each in found.sent] == [("GET", "/v1/reviews")]
    with pytest.raises(ReviewNotFoundError, match="order-7"):
        scripted(listed(**{"idempotency-key": "order-7"})).get_review(key="order-7")


@pytest.mark.parametrize(
    "answered",
    [
        listed(review("completed", "rev_1")),
        listed(),
        listed(review("completed", "rev_1"), **{"idempotency-key": "order-8"}),
        refused(400, "validation_error", "idempotency_key: is no parameter here"),
    ],
)
def test_a_server_that_does_not_look_for_keys_never_gives_another_review(answered: Any) -> None:
    with pytest.raises(UnexpectedResponseError, match="does not find reviews by their idempotency key"):
        scripted(answered).get_review(key="order-7")
