"""Webhooks and teams over plain HTTP and through the client, against a live sandbox."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hitl_api.api.teams import add_team_member, create_team, list_team_members
from hitl_api.api.webhooks import (
    create_webhook,
    list_webhook_deliveries,
    list_webhooks,
    replay_webhook_delivery,
    update_webhook,
)
from hitl_api.api.webhooks import (
    test_webhook as send_test_event,
)
from hitl_api.models import (
    SubscribableEventType,
    TeamCreate,
    TeamMemberAdd,
    WebhookCreate,
    WebhookDeliveryStatus,
    WebhookEventType,
    WebhookUpdate,
)
from receiver import Receiver

from hitl.server.http.server import BackgroundServer
from hitl.server.review_server import ReviewServer
from hitl.testing import Sandbox
from hitl.webhooks import construct_event

WEBHOOK = {"url": "http://127.0.0.1:9/webhook", "events": ["review.created"]}


def data_of(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def fault_of(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], (error["details"] or {}).get("field", "")


# Subscriptions


def test_a_subscription_is_created_listed_changed_and_deleted(http: httpx.Client) -> None:
    created = data_of(http.post("/v1/webhooks", json={**WEBHOOK, "secret": "a word"}), 201)
    assert created["secret"] == "a word"
    assert (created["id"], created["enabled"], created["events"]) == ("wh_1", True, ["review.created"])
    assert data_of(http.get("/v1/webhooks")) == [{**created, "secret": None}]
    changed = data_of(http.patch("/v1/webhooks/wh_1", json={"enabled": False, "events": ["template.updated"]}))
    assert (changed["enabled"], changed["events"], changed["url"]) == (False, ["template.updated"], WEBHOOK["url"])
    assert data_of(http.delete("/v1/webhooks/wh_1")) == {"id": "wh_1", "deleted": True}
    assert data_of(http.get("/v1/webhooks")) == []


def test_a_subscription_without_a_secret_is_given_one_and_shown_it_once(http: httpx.Client) -> None:
    secret = data_of(http.post("/v1/webhooks", json=WEBHOOK), 201)["secret"]
    assert secret.startswith("whsec_")
    assert secret not in http.get("/v1/webhooks").text
    assert secret not in http.patch("/v1/webhooks/wh_1", json={"enabled": True}).text


def test_the_same_key_subscribes_once_and_shows_the_same_secret(http: httpx.Client) -> None:
    answers = [http.post("/v1/webhooks", json=WEBHOOK, headers={"Idempotency-Key": "job-42"}) for _ in range(2)]
    assert data_of(answers[0], 201) == data_of(answers[1], 201)
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(data_of(http.get("/v1/webhooks"))) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://10.0.0.7/"}, "url"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "ftp://127.0.0.1/"}, "url"),
        ({"url": ""}, "url"),
        ({"url": None}, "url"),
        ({"events": []}, "events"),
        ({"events": ["review.expired"]}, "events[0]"),
        ({"events": "review.created"}, "events"),
        ({"secret": " "}, "secret"),
        ({"secret": "whsec_?"}, "secret"),
        ({"secret": None}, "secret"),
        ({"enabled": "yes"}, "enabled"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_with_a_subscription_is_named(http: httpx.Client, change: dict[str, Any], field: str) -> None:
    expected = (400, "validation_error", field)
    assert fault_of(http.post("/v1/webhooks", json={**WEBHOOK, **change})) == expected
    http.post("/v1/webhooks", json=WEBHOOK)
    assert fault_of(http.patch("/v1/webhooks/wh_1", json=change)) == expected


def test_a_change_of_nothing_is_refused(http: httpx.Client) -> None:
    http.post("/v1/webhooks", json=WEBHOOK)
    assert http.patch("/v1/webhooks/wh_1", json={}).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("PATCH", "/v1/webhooks/wh_9", "webhook_not_found"),
        ("DELETE", "/v1/webhooks/wh_9", "webhook_not_found"),
        ("POST", "/v1/webhooks/wh_9/test", "webhook_not_found"),
        ("POST", "/v1/webhooks/deliveries/dlv_9/replay", "delivery_not_found"),
        ("GET", "/v1/teams/team_9/members", "team_not_found"),
    ],
)
def test_what_does_not_exist_is_not_found(http: httpx.Client, method: str, path: str, code: str) -> None:
    body = {"enabled": True} if method == "PATCH" else None
    assert fault_of(http.request(method, path, json=body))[:2] == (404, code)


def test_other_machines_may_be_subscribed_if_that_is_allowed_but_never_a_clouds_own_address() -> None:
    allowed = {"allow_remote_webhooks": True, "allow_webhook_nets": ["10.0.0.0/24"]}
    with ReviewServer(api_keys=["hitl_test_key"], **allowed) as site:
        background = BackgroundServer(site.server())
        background.start()
        with httpx.Client(base_url=site.url, headers={"Authorization": "Bearer hitl_test_key"}) as http:
            for url, status in (
                ("https://10.0.0.7/", 201),
                ("https://93.184.215.14/", 201),
                ("https://10.0.1.7/", 400),
                ("http://169.254.169.254/", 400),
            ):
                answer = http.post("/v1/webhooks", json={"url": url, "events": ["template.updated"]})
                assert answer.status_code == status, answer.text
        background.stop()


# Deliveries


def test_the_log_is_read_in_pages_and_by_filters(sandbox: Sandbox, http: httpx.Client, receiver: Receiver) -> None:
    for url in (receiver.url, "http://127.0.0.1:9/"):
        http.post("/v1/webhooks", json={"url": url, "events": ["review.created", "review.cancelled"]})
    http.post("/v1/reviews", json={"template_id": "template_123", "content": {"text": "A draft"}})
    http.delete("/v1/reviews/rev_1")
    sandbox.clock.advance(0)

    def found(**filters: Any) -> list[tuple[str, str, str]]:
        deliveries = data_of(http.get("/v1/webhooks/deliveries", params=filters))
        return [(each["webhook_id"], each["event"], each["status"]) for each in deliveries]

    assert found() == [
        ("wh_2", "review.cancelled", "pending"),
        ("wh_1", "review.cancelled", "delivered"),
        ("wh_2", "review.created", "pending"),
        ("wh_1", "review.created", "delivered"),
    ]
    assert found(webhook_id="wh_1", event="review.created") == [("wh_1", "review.created", "delivered")]
    assert found(status="pending", limit=1) == [("wh_2", "review.cancelled", "pending")]
    page = http.get("/v1/webhooks/deliveries", params={"limit": 3, "offset": 2}).json()
    assert (len(page["data"]), page["meta"]["pagination"]["total"]) == (2, 4)
    assert found(offset=2**62) == []


@pytest.mark.parametrize(
    ("query", "field"), [("status=sent", "status"), ("limit=0", "limit"), ("colour=red", "colour")]
)
def test_an_unknown_filter_of_the_log_is_refused(http: httpx.Client, query: str, field: str) -> None:
    assert fault_of(http.get(f"/v1/webhooks/deliveries?{query}")) == (400, "validation_error", field)


def test_a_test_needs_one_of_the_six_events(http: httpx.Client) -> None:
    http.post("/v1/webhooks", json=WEBHOOK)
    assert fault_of(http.post("/v1/webhooks/wh_1/test?event=review.expired")) == (400, "validation_error", "event")


def test_a_failed_delivery_is_seen_and_replayed_through_the_client(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.statuses = [400]
    client = sandbox.client()
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = WebhookCreate(url=receiver.url, events=[SubscribableEventType.REVIEW_COMPLETED], secret=secret)
    webhook = client.call(create_webhook, body=body).data
    review = client.create_review(template_id="template_123", content={"text": "A draft"})
    sandbox.reviewer.complete(review.id, {"approved": True})
    sandbox.clock.advance(0)
    (failed,) = client.call(list_webhook_deliveries, status=WebhookDeliveryStatus.FAILED).data
    assert [attempt.status_code for attempt in failed.attempts] == [400]
    assert client.call(replay_webhook_delivery, failed.id).data.status == WebhookDeliveryStatus.PENDING
    sandbox.clock.advance(0)
    (delivered,) = client.call(list_webhook_deliveries, webhook_id=webhook.id).data
    assert delivered.status == WebhookDeliveryStatus.DELIVERED
    arrived = receiver.received[-1]
    event = construct_event(arrived.headers, arrived.body, secret)
    assert event.review is not None
    assert event.review["result"] == {"approved": True}
    assert event.data == delivered.payload


def test_a_subscription_is_tested_and_changed_through_the_client(sandbox: Sandbox, receiver: Receiver) -> None:
    client = sandbox.client()
    body = WebhookCreate(url=receiver.url, events=[SubscribableEventType.REQUEST_COMPLETED])
    webhook = client.call(create_webhook, body=body).data
    client.call(send_test_event, webhook.id, event=WebhookEventType.REVIEW_ASSIGNED)
    sandbox.clock.advance(0)
    assert json.loads(receiver.bodies()[0])["event"] == "review.assigned"
    client.call(update_webhook, webhook.id, body=WebhookUpdate(enabled=False))
    assert [each.enabled for each in client.call(list_webhooks).data] == [False]


# Teams


def test_a_team_is_made_and_filled_through_the_client(sandbox: Sandbox) -> None:
    client = sandbox.client()
    team = client.call(create_team, body=TeamCreate(name="Editors")).data
    client.call(add_team_member, team.id, body=TeamMemberAdd(email="ann@example.com", role="lead"))
    (member,) = client.call(list_team_members, team.id).data
    assert (member.email, member.role, member.status) == ("ann@example.com", "lead", "active")


def test_the_same_key_adds_a_member_once_and_without_it_a_second_time_is_a_conflict(http: httpx.Client) -> None:
    http.post("/v1/teams", json={"name": "Editors"})
    ann = {"email": "ann@example.com"}
    answers = [http.post("/v1/teams/team_1/members", json=ann, headers={"Idempotency-Key": "job-42"}) for _ in range(2)]
    assert data_of(answers[0], 201) == data_of(answers[1], 201)
    assert fault_of(http.post("/v1/teams/team_1/members", json=ann))[:2] == (409, "conflict")
    assert len(data_of(http.get("/v1/teams/team_1/members"))) == 1


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 7}, {"name": "Editors", "colour": "red"}])
def test_what_is_wrong_with_a_team_is_told(http: httpx.Client, body: dict[str, Any]) -> None:
    assert fault_of(http.post("/v1/teams", json=body))[:2] == (400, "validation_error")
