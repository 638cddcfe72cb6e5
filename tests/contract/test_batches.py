"""Many reviews in one call, through both clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from both_clients import Connect
from hitl_api.models import ReviewCreate
from requests_fit import Recorder

from hitl import HITLClient, Review
from hitl.exceptions import BatchError, ConfigurationError, ContentError, ReviewNotFoundError, TemplateNotFoundError
from hitl.testing import Sandbox


def item(number: int, template_id: str = "template_123") -> dict[str, Any]:
    return {"template_id": template_id, "content": {"number": number}, "assignees": ["reviewer@company.com"]}


def test_reviews_come_back_in_the_order_of_the_items(client: HITLClient) -> None:
    reviews = client.create_reviews(map(item, range(40)), concurrency=8)
    assert [review.content["number"] for review in reviews] == list(range(40))
    assert len({review.id for review in reviews}) == 40


def test_nothing_is_made_of_nothing(client: HITLClient, recorder: Recorder) -> None:
    assert client.create_reviews([]) == []
    assert recorder.exchanges == []


def test_one_bad_item_does_not_keep_the_others_from_being_made(client: HITLClient) -> None:
    with pytest.raises(BatchError, match=r"1 of 3 items failed.* item 1: .*template_not_found") as caught:
        client.create_reviews([item(0), item(1, "unknown_template"), item(2)])
    first, failure, third = caught.value.outcomes
    assert isinstance(failure, TemplateNotFoundError)
    assert failure.request_id is not None
    assert caught.value.failures == {1: failure}
    assert [first.content["number"], third.content["number"]] == [0, 2]
    assert {review.id for review in client.list_reviews()} == {first.id, third.id}


@pytest.mark.parametrize(
    ("bad", "error", "told"),
    [
        ({"content": {}}, ConfigurationError, "template_id"),
        ({**item(1), "asignees": []}, ConfigurationError, "asignees"),
        ({**item(1), "content": {"blob": b"PNG"}}, ContentError, r"content\['blob'\]"),
        ("rev_1", ConfigurationError, "dict"),
    ],
)
def test_an_item_that_cannot_be_sent_is_found_before_the_first_is_sent(
    client: HITLClient, recorder: Recorder, bad: Any, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=f"item 1.*{told}"):
        client.create_reviews([item(0), bad])
    assert recorder.exchanges == []


def test_each_item_may_bring_its_own_idempotency_key(client: HITLClient) -> None:
    items = [{**item(number), "idempotency_key": f"article-{number}"} for number in range(3)]
    assert client.create_reviews(items) == client.create_reviews(items)
    assert len(client.list_reviews()) == 3


def test_reviews_are_updated_in_the_order_of_the_items(client: HITLClient) -> None:
    one, two = client.create_reviews(map(item, range(2)))
    updated = client.update_reviews([{"id": two.id, "priority": "high"}, {"id": one.id, "content": {"note": "new"}}])
    assert [review.id for review in updated] == [two.id, one.id]
    assert updated[0].priority == "high"
    assert updated[1].content == {"number": 0, "note": "new"}


def test_one_bad_update_does_not_keep_the_others_from_being_made(client: HITLClient) -> None:
    [review] = client.create_reviews([item(0)])
    with pytest.raises(BatchError) as caught:
        client.update_reviews([{"id": "rev_999", "priority": "high"}, {"id": review.id, "priority": "high"}])
    failure, updated = caught.value.outcomes
    assert isinstance(failure, ReviewNotFoundError)
    assert isinstance(updated, Review)
    assert client.get_review(review.id).priority == "high"


def test_errors_can_be_returned_in_their_places(client: HITLClient) -> None:
    first, second = client.create_reviews([item(0), item(1, "unknown_template")], on_error="return")
    assert isinstance(first, Review)
    assert isinstance(second, TemplateNotFoundError)


def test_objects_of_the_generated_client_are_taken(client: HITLClient) -> None:
    [review] = client.create_reviews([ReviewCreate(template_id="template_123", content={"number": 3})])
    assert review.content == {"number": 3}


def test_a_stream_has_an_outcome_for_each_item(client: HITLClient) -> None:
    given = [item(0), item(1, "unknown_template"), item(2)]
    outcomes = sorted(client.iter_create_reviews(iter(given)), key=lambda outcome: outcome.index)
    assert [outcome.item for outcome in outcomes] == given
    assert isinstance(outcomes[1].error, TemplateNotFoundError)
    made = {outcome.review.id for outcome in outcomes if outcome.review is not None}
    assert made == {review.id for review in client.list_reviews()}


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


def test_an_input_that_fails_keeps_what_was_made(client: HITLClient) -> None:
    def items() -> Any:
        yield item(0)
        yield item(1)
        raise LookupError("the cursor is gone")

    with pytest.raises(BatchError, match="after 2 items the input failed") as caught:
        client.create_reviews(items())
    assert {review.id for review in caught.value.outcomes} == {review.id for review in client.list_reviews()}


def test_a_rate_limit_pauses_the_batch_and_loses_nothing(
    connect: Connect, close_later: Callable[[Sandbox], None], recorder: Recorder
) -> None:
    sandbox = Sandbox(rate_limit=(10, 3.0))
    sandbox.start()
    reviews = connect(sandbox).create_reviews(map(item, range(20)))
    assert [review.content["number"] for review in reviews] == list(range(20))
    refused = sum(exchange.response.status_code == 429 for exchange in recorder.exchanges)
    assert 0 < refused <= 20  # as many as were under way when the limit was reached, not one for every item and second
    close_later(sandbox)
