"""Slips that a type checker must find: one to a line, each marked; read by type checkers, never run."""

# ruff: noqa: B007, B018 - expressions and names that nothing uses are enough of a slip

from __future__ import annotations

import httpx
from hitl_api.api.loops import create_loop, list_loops
from hitl_api.api.reviews import get_review
from hitl_api.models.review_create import ReviewCreate

from hitl import AsyncHITLClient, HITLClient, Review, SingleSelect
from hitl.approval import require_approval, resume, submit
from hitl.retry import retry_with_backoff
from hitl.webhooks import verify_signature


def configure() -> None:
    HITLClient("your_api_key", "https://api.hitl.sh")  # error: settings are given by name
    HITLClient(api_key="your_api_key", retries=3)  # error: no such setting
    HITLClient(api_key="your_api_key", timeout="30")  # error: text
    HITLClient(api_key="your_api_key", idempotency="always")  # error: no such word
    HITLClient(api_key="your_api_key", http_client=httpx.AsyncClient())  # error: of the other kind


def review(client: HITLClient) -> None:
    client.create_review("template_123")  # error: no content
    client.create_review(content={})  # error: no template
    client.create_review("template_123", {}, ["ann@example.com"])  # error: by name only
    client.create_review("template_123", {}, asignees=["ann@example.com"])  # error: misspelt
    client.create_review("template_123", {}, due_date=3)  # error: no moment
    client.create_reviews([1, 2])  # error: not dicts
    client.create_reviews([{"template_id": "template_123"}])  # error: no content
    client.create_reviews([{"template_id": "template_123", "content": {}, "prio": "high"}])  # error: misspelt
    client.create_reviews([{"template_id": "template_123", "content": {}, "due_date": 3}])  # error: no moment
    client.create_reviews({"template": "template_123", "content": n} for n in range(2))  # error: misspelt
    client.update_reviews([{"priority": "high"}])  # error: no id
    client.update_reviews([{"id": "rev_1", "template_id": "template_123"}])  # error: not to be changed
    client.create_reviews([], on_error="ignore")  # error: no such choice
    client.create_reviews([], 16)  # error: by name only
    client.reassign_review("rev_1")  # error: to nobody
    client.get_review(1)  # error: no id
    client.wait_for_review("rev_1", timeout="60")  # error: text
    client.wait_for_review("rev_1").results  # error: misspelt
    client.get_review("rev_1").status = "completed"  # error: reviews are frozen
    client.list_reviews(state="completed")  # error: no such filter
    client.list_reviews()["rev_1"]  # error: not a dict
    client.update_template("template_123", fields="approved")  # error: text


async def asynchronous(client: AsyncHITLClient) -> None:
    client.create_review("template_123", {}).id  # error: not awaited
    with client:  # error: needs async with
        pass
    for each in client.list_reviews():  # error: needs async for
        pass
    await client.create_review("template_123")  # error: no content
    await client.create_reviews([{"template_id": 1, "content": {}}])  # error: no id
    answer: str = await client.wait_for_review("rev_1")  # error: a Review
    print(answer)


def generated(client: HITLClient) -> None:
    client.call(get_review)  # error: no id
    client.call(get_review, 7)  # error: a number for an id
    client.call(get_review, "rev_1", wait=5)  # error: no such parameter
    client.call(create_loop, body=ReviewCreate("template_123", {}))  # error: another operation's body
    client.call("get_review", "rev_1")  # error: no endpoint
    client.call(list_loops).data.nothing  # error: unknown member


@retry_with_backoff(max_retries=3)
def create(client: HITLClient, text: str) -> Review:
    return client.create_review("template_123", {"text": text})


@retry_with_backoff
async def create_asynchronously(client: AsyncHITLClient, text: str) -> Review:
    return await client.create_review("template_123", {"text": text})


@retry_with_backoff(retries=3)  # error: no such setting
def create_again(client: HITLClient) -> Review:
    return client.create_review("template_123", {})


async def retried(client: HITLClient, async_client: AsyncHITLClient) -> None:
    create(client)  # error: no text
    create(client, 3)  # error: a number
    create(async_client, "A draft")  # error: the other client
    create_asynchronously(async_client, "A draft").id  # error: not awaited
    await create_asynchronously(client, "A draft")  # error: the other client
    text: str = create(client, "A draft")  # error: a Review
    print(text)


def webhook(headers: dict[str, str], body: bytes) -> None:
    verify_signature(headers, body)  # error: no secret
    verify_signature(headers, {"event": "review.completed"}, "your_webhook_secret")  # error: not the raw body
    verify_signature(headers, body, None)  # error: no secret
    verify_signature("sha256=00", body, "your_webhook_secret")  # error: not headers


@require_approval(HITLClient())
def refund(order: str, amount: float = 1) -> str:
    return order


def misspelt(client: HITLClient) -> None:
    client.create_review("content_review", {}, priority="urgent")  # error: no such word
    client.requests.create("l", "Is it?", priority="normal")  # error: no such word there
    client.requests.create_many("l", [{"txet": "Is it?"}])  # error: misspelt
    client.requests.wait("r", patience=3)  # error: no such option
    SingleSelect(7)  # error: no options
    client.list_reviews(status="complete")  # error: no such word
    client.update_review("rev_1", assignment_strategy="random")  # error: no such word


def approved(client: HITLClient) -> None:
    client.ask("Which?", returns=3)  # error: no type
    client.ask("Which?", answer=bool)  # error: no such argument
    answer: str = client.ask("Publish this?", returns=bool)  # error: a bool
    print(answer)
    refund(7)  # error: a number
    refund("o-7", sum=3)  # error: no such parameter
    submit(refund, 7)  # error: a number
    submit(refund)  # error: no order
    resume("token", refund, "o-7").results()  # error: misspelt
    require_approval(client, on_reject="ignore")  # error: no such word
    require_approval(client, asignees=["ann@example.com"])  # error: misspelt
    require_approval(client, on_reject="return").block("deploy")  # error: a block cannot be left out
