"""Webhook subscriptions and deliveries, through both clients."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, NotFoundError
from hitl.models import WebhookDelivery, WebhookSubscription

URL = "http://127.0.0.1:9/webhook"


def test_a_subscription_lives_from_its_creation_to_its_deletion(client: HITLClient) -> None:
    made = client.webhooks.create(URL, ["review.completed"])
    assert (type(made), made.url, made.events, made.enabled) == (WebhookSubscription, URL, ["review.completed"], True)
    changed = client.webhooks.update(made.id, events=("review.created", "loop.created"), enabled=False)
    assert (changed.url, changed.events, changed.enabled) == (URL, ["review.created", "loop.created"], False)
    assert client.webhooks.list() == [changed]
    client.webhooks.delete(made.id)
    assert client.webhooks.list() == []
    for act in (lambda: client.webhooks.update(made.id, enabled=True), lambda: client.webhooks.delete(made.id)):
        with pytest.raises(NotFoundError):
            act()


def test_only_its_creation_shows_the_secret_and_no_repr_does(client: HITLClient) -> None:
    made = client.webhooks.create(URL, ["review.completed"], secret="whsec_c2VjcmV0LW9mLXRoZS1oYW5kbGVy")
    assert made.secret == "whsec_c2VjcmV0LW9mLXRoZS1oYW5kbGVy"
    assert "c2Vj" not in f"{made!r} {made} {[made]}"
    assert pickle.loads(pickle.dumps(made)) == made
    assert [each.secret for each in client.webhooks.list()] == [None]
    own = client.webhooks.create(URL, ["review.completed"]).secret
    assert own is not None
    assert own.startswith("whsec_")


def test_a_creation_that_is_repeated_with_its_key_makes_one_subscription(client: HITLClient) -> None:
    first, second = (client.webhooks.create(URL, ["review.created"], idempotency_key="hook-1") for _ in range(2))
    assert first.id == second.id
    assert len(client.webhooks.list()) == 1


def test_what_was_sent_is_listed_and_sent_again(client: HITLClient) -> None:
    subscription = client.webhooks.create(URL, ["review.created"])
    tested = client.webhooks.test(subscription.id, event="review.completed")
    assert (type(tested), tested.event, tested.webhook_id) == (WebhookDelivery, "review.completed", subscription.id)
    review = client.create_review("content_review", {"text": "A draft"})
    sent = client.webhooks.deliveries(webhook_id=subscription.id)
    assert [each.event for each in sent] == ["review.created", "review.completed"]
    assert (sent[0].subject_id, sent[0].payload["review"]["id"]) == (review.id, review.id)
    assert client.webhooks.deliveries(event="review.created", limit=1)[0].id == sent[0].id
    assert client.webhooks.deliveries(status="delivered") == []
    assert client.webhooks.replay(sent[0].id).id == sent[0].id
    with pytest.raises(NotFoundError):
        client.webhooks.replay("dlv_none")


def test_arguments_are_checked_before_anything_is_sent() -> None:
    hooks = HITLClient("key", base_url="http://127.0.0.1:1").webhooks
    wrong: Any = "yes"
    for act, words in (
        (lambda: hooks.create("example.com/hook", ["review.created"]), "url must be a URL that begins with https://"),
        (lambda: hooks.create(URL, "review.created"), "events must be a list of texts"),
        (lambda: hooks.create(URL, []), "events must be a list of texts, at least one"),
        (lambda: hooks.create(URL, ["review.created"], enabled=wrong), "enabled must be True or False"),
        (lambda: hooks.update("wh_1"), "nothing to change; give at least one of url, events"),
        (lambda: hooks.update("a/b", enabled=True), "must be an id"),
        (lambda: hooks.deliveries(limit=101), "limit must be a whole number from 1 to 100"),
        (lambda: hooks.deliveries(webhook_id="a/b"), "webhook_id must be an id"),
        (lambda: hooks.test("wh_1", event=""), "event must be a text"),
        (lambda: hooks.create(URL, ["review.created"], secret="whsec_\udcff"), "^secret must be a text in UTF-8"),
    ):
        with pytest.raises(ConfigurationError, match=words) as caught:
            act()
        assert "whsec_" not in str(caught.value)
