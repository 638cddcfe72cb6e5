"""Many reviews in one call, through both clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from itertools import count
from typing import Any, cast

import pytest
from both_clients import Connect
from requests_fit import Recorder

from hitl import HITLClient, Review
from hitl.exceptions import BatchError, ReviewNotFoundError, TemplateNotFoundError
from hitl.testing import Sandbox


def item(number: int, template_id: str = "template_123") -> dict[str, Any]:
    return {"template_id": template_id, "content": {"number": number}, "assignees": ["reviewer@company.com"]}


def test_reviews_come_back_in_the_order_of_the_items(client: HITLClient) -> None:
    reviews = client.create_reviews(map(item, range(40)), concurrency=8)
    assert [review.content["number"] for review in reviews] == list(range(40))
    assert len({review.id for review in reviews}) == 40


def test_one_bad_item_does_not_keep_the_others_from_being_made(client: HITLClient) -> None:
    with pytest.raises(BatchError, match=r"1 of 3 items failed.* item 1: .*template_not_found") as caught:
        client.create_reviews([item(0), item(1, "unknown_template"), item(2)])
    first, failure, third = caught.value.outcomes
    assert isinstance(failure, TemplateNotFoundError)
    assert failure.request_id is not None
    assert caught.value.failures == {1: failure}
    assert [first.content["number"], third.content["number"]] == [0, 2]
    assert {review.id for review in client.list_reviews()} == {first.id, third.id}


def test_reviews_are_updated_in_the_order_of_the_items(client: HITLClient) -> None:
    one, two = client.create_reviews(map(item, range(2)))
    updated = client.update_reviews([{"id": two.id, "priority": "high"}, {"id": one.id, "content": {"note": "new"}}])
    assert [review.id for review in updated] == [two.id, one.id]
    assert updated[0].priority == "high"
    assert updated[1].content == {"number": 0, "note": "new"}


def test_the_last_of_many_changes_of_a_review_stands(client: HITLClient, recorder: Recorder) -> None:
    reviews = client.create_reviews(map(item, range(3)))
    changes = [{"id": each.id, "content": {"n": n}} for n in range(12) for each in (reviews[0], *reviews)]
    updated = client.update_reviews(changes, concurrency=16)
    assert [review.content["n"] for review in updated] == [change["content"]["n"] for change in changes]
    assert [client.get_review(each.id).content["n"] for each in reviews] == [11, 11, 11]
    assert {exchange.response.status_code for exchange in recorder.exchanges} == {200, 201}


def test_one_bad_update_does_not_keep_the_others_from_being_made(client: HITLClient) -> None:
    [review] = client.create_reviews([item(0)])
    with pytest.raises(BatchError) as caught:
        client.update_reviews([{"id": "rev_999", "priority": "high"}, {"id": review.id, "priority": "high"}])
    failure, updated = caught.value.outcomes
    assert isinstance(failure, ReviewNotFoundError)
    assert isinstance(updated, Review)
    assert client.get_review(review.id).priority == "high"


def test_a_second_run_makes_only_what_is_missing(client: HITLClient) -> None:
    twice = [item(0), item(1), item(1)]  # two equal items are two reviews
    first = client.create_reviews(twice[:2], batch_key="import-1")
    second = client.create_reviews(twice, batch_key="import-1")
    assert second[:2] == first
    again = client.create_reviews([item(9), *twice], batch_key="import-1")
    assert again[1:] == second
    assert len(client.list_reviews()) == 4
    client.create_reviews(twice, batch_key="import-2")
    assert len(client.list_reviews()) == 7


def test_a_rate_limit_pauses_the_batch_and_loses_nothing(connect: Connect, recorder: Recorder) -> None:
    with Sandbox(rate_limit=(10, 3.0)) as sandbox:
        reviews = connect(sandbox).create_reviews(map(item, range(20)))
    assert [review.content["number"] for review in reviews] == list(range(20))
    refused = sum(exchange.response.status_code == 429 for exchange in recorder.exchanges)
    assert 0 < refused <= 20  # as many as were under way when the limit was reached, not one for every item and second


def test_a_generator_keeps_its_context_and_is_closed_and_its_failure_has_what_was_made(client: HITLClient) -> None:
    last: ContextVar[int] = ContextVar("last", default=-1)
    closed: list[int] = []

    def items() -> Iterator[dict[str, Any]]:
        try:
            for number in range(40):
                assert last.get() == number - 1
                last.set(number)
                yield item(number)
            raise LookupError("the cursor is gone")
        finally:
            closed.append(last.get())

    with pytest.raises(BatchError, match="after 40 items the input failed") as caught:
        client.create_reviews(items(), concurrency=8)
    assert [review.content["number"] for review in caught.value.outcomes] == list(range(40))
    assert closed == [39]


# On trio, httpx leaves the generator of a request's body to the garbage collector where the transport raised.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_transport_raises_of_its_own_has_what_was_made(
    connect: Connect, sandbox: Sandbox, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()

    def fail_once(*_: object) -> None:
        if next(numbers) == 20:
            raise LookupError("a hook of the caller's")

    client = connect(sandbox)
    monkeypatch.setattr(recorder, "add", fail_once)
    with pytest.raises(LookupError, match="a hook") as caught:
        client.create_reviews(map(item, range(200)), concurrency=8)
    made = [each for each in cast("Any", caught.value).outcomes if isinstance(each, Review)]
    assert len(made) >= 10
    monkeypatch.undo()
    assert {review.id for review in made} <= {review.id for review in client.list_reviews()}
