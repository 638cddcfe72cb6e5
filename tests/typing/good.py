"""Programs that must type-check, with the types that their results have; read by type checkers, never run."""

from __future__ import annotations

import enum
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, assert_type, cast

import attrs
import httpx
import pandas
import pydantic
from hitl_api import AuthenticatedClient
from hitl_api.api.loops import create_loop, list_loops
from hitl_api.api.reviews import get_review
from hitl_api.models.loop_create import LoopCreate
from hitl_api.models.loop_created_envelope import LoopCreatedEnvelope
from hitl_api.models.loop_list_envelope import LoopListEnvelope
from hitl_api.models.review_create import ReviewCreate
from hitl_api.models.review_envelope import ReviewEnvelope

from hitl import (
    FIRST,
    AsyncHITLClient,
    AsyncPagedList,
    HITLClient,
    MultiSelect,
    Outcome,
    PagedList,
    Request,
    Review,
    SingleSelect,
    Template,
    read_answer,
)
from hitl.approval import AsyncPending, Grant, Pending, Refusal, require_approval, resume, submit
from hitl.exceptions import BatchError, HITLError, ReviewNotFoundError, WaitTimeoutError
from hitl.models import RequestFields, ReviewChange, ReviewFields
from hitl.retry import retry_with_backoff
from hitl.testing import Sandbox
from hitl.webhooks import WebhookEvent, construct_event, verify_signature


def configure() -> HITLClient:
    HITLClient()
    HITLClient("your_api_key")
    HITLClient(
        api_key=os.getenv("HITL_API_KEY"),
        base_url=os.getenv("HITL_BASE_URL"),
        timeout=int(os.getenv("HITL_TIMEOUT", "30")),
    )
    HITLClient(api_key=None, timeout=timedelta(seconds=30), retry_delay=0.5)
    HITLClient(idempotency="trust", request_timeout=10, http_client=httpx.Client())
    HITLClient(verify="ca.pem")
    AsyncHITLClient(verify=ssl.create_default_context())
    HITLClient(verify=Path("ca.pem"))
    AsyncHITLClient(idempotency="never", http_client=httpx.AsyncClient())
    return HITLClient(
        api_key="your_api_key",
        base_url="https://api.hitl.sh",
        timeout=30,
        max_retries=3,
        retry_delay=1,
        user_agent="MyApp/1.0",
    )


def named(client: HITLClient) -> None:
    with client.idempotency_scope("job-42"):
        assert_type(client.create_review("template_123", {}), Review)


def review(client: HITLClient) -> None:
    review = client.create_review(
        template_id="template_123",
        content={"text": "AI-generated content to review", "metadata": {"source": "gpt-4", "confidence": 0.95}},
        assignees=["reviewer@company.com"],
        priority="high",
        due_date="2024-01-20T18:00:00Z",
    )
    assert_type(review, Review)
    assert_type(review.id, str)
    assert_type(review.state, str)
    assert_type(review.result, dict[str, Any])
    assert_type(review.due_date, datetime | None)
    client.create_review("template_123", {}, due_date=datetime.now(UTC), assignees=("ann@example.com",))
    assert_type(client.get_review(review.id), Review)
    assert_type(client.update_review(review.id, content={"additional_context": "More information..."}), Review)
    assert_type(client.reassign_review(review.id, assignees=["new_reviewer@company.com"]), Review)
    assert_type(client.cancel_review(review.id), Review)
    assert_type(client.wait_for_review(review.id), Review)
    assert_type(client.wait_for_review(review.id, 60).result.get("approved"), Any | None)
    client.wait_for_review(review.id, timeout=timedelta(hours=72), poll_interval=2)


def many(client: HITLClient) -> None:
    assert_type(
        client.create_reviews([{"template_id": "template_123", "content": {"text": "Content 1"}}]), list[Review]
    )
    assert_type(client.create_reviews([ReviewCreate("template_123", {})], batch_key="import-1"), list[Review])
    assert_type(client.create_reviews([], on_error="return"), list[Review | HITLError])
    assert_type(client.update_reviews({"id": f"rev_{n}", "priority": "high"} for n in range(2)), list[Review])
    assert_type(client.update_reviews([], on_error="return", progress=True), list[Review | HITLError])
    for outcome in client.iter_create_reviews({"template_id": "template_123", "content": n} for n in range(2)):
        assert_type(outcome, Outcome)
        assert_type(outcome.review, Review | None)
        assert_type(outcome.error, HITLError | None)
    reviews = client.list_reviews(status="completed", created_after=datetime.now(UTC))
    assert_type(reviews, PagedList[Review])
    assert_type(reviews[0], Review)
    assert_type(reviews[:2], list[Review])
    assert_type([review.id for review in reviews], list[str])


def template(client: HITLClient) -> None:
    field: dict[str, str | bool] = {"name": "content", "type": "text", "label": "Content to review", "required": True}
    template = client.create_template(name="Content Review", fields=[field])
    assert_type(template, Template)
    assert_type(template.fields, list[dict[str, Any]])
    assert_type(client.list_templates(), PagedList[Template])
    assert_type(client.get_template("template_123"), Template)
    assert_type(client.update_template("template_123", fields=[...]), Template)
    client.update_template("template_123", fields=[..., {"name": "reason", "type": "text"}])
    client.delete_template("template_123")


def batches(client: HITLClient, frame: pandas.DataFrame, moment: datetime) -> None:
    client.create_reviews(
        [
            {
                "template_id": "template_123",
                "content": {"text": "Content 1"},
                "assignees": ["reviewer@company.com"],
                "due_date": moment,
                "idempotency_key": None,
            },
            {"template_id": "template_123", "content": frame, "assignees": (), "priority": "high"},
        ]
    )
    made: list[ReviewFields] = [{"template_id": "template_123", "content": text} for text in ("Content 1", "Content 2")]
    mixed: list[ReviewFields | ReviewCreate] = [*made, ReviewCreate("template_123", {})]
    client.create_reviews(made, concurrency=2)
    client.create_reviews(mixed)
    client.create_reviews({"template_id": "template_123", "content": row} for row in frame.to_dict("records"))
    client.create_reviews(cast("list[ReviewFields]", frame.to_dict("records")))  # columns named as the arguments
    client.update_reviews([{"id": "rev_1", "priority": "high"}, {"id": "rev_2", "priority": "medium"}])
    changes: list[ReviewChange] = [{"id": "rev_1", "content": {"more": True}, "due_date": "2027-01-20T18:00:00Z"}]
    client.update_reviews(changes)


def documents(review: Review, template: Template) -> None:
    assert_type(Review.from_json(review.to_json()), Review)
    assert_type(Template.from_json(template.to_json()), Template)


async def items() -> AsyncIterator[ReviewFields]:
    yield {"template_id": "template_123", "content": "Content 1"}


async def changes() -> AsyncIterator[ReviewChange]:
    yield {"id": "rev_1", "priority": "low"}


async def asynchronous() -> None:
    async with AsyncHITLClient(api_key="your_api_key") as client:
        assert_type(client, AsyncHITLClient)
        creation = client.create_review(template_id="template_123", content={"item": "Item 1"})
        assert_type(await creation, Review)
        assert_type(await client.create_reviews([]), list[Review])
        assert_type(await client.create_reviews(items(), on_error="return"), list[Review | HITLError])
        assert_type([outcome async for outcome in client.iter_create_reviews(items())], list[Outcome])
        assert_type(await client.update_reviews(changes()), list[Review])
        assert_type(await client.wait_for_review("rev_1"), Review)
        assert_type(await client.list_templates(), list[Template])
        listed = client.list_reviews()
        assert_type(listed, AsyncPagedList[Review])
        assert_type([review.id async for review in listed], list[str])
        await client.delete_template("template_123")
        assert_type(await client.call(list_loops), LoopListEnvelope)


def generated(client: HITLClient) -> None:
    assert_type(client.api, AuthenticatedClient)
    assert_type(client.call(get_review, "rev_1", prefer="wait=5"), ReviewEnvelope)
    body = LoopCreate(name="Moderators", description="Those who moderate", icon="shield")
    assert_type(client.call(create_loop, body=body), LoopCreatedEnvelope)


@retry_with_backoff(max_retries=3)
def create(client: HITLClient, text: str) -> Review:
    return client.create_review("template_123", {"text": text})


@retry_with_backoff
def create_plainly(client: HITLClient, *, text: str = "") -> Review:
    return client.create_review("template_123", {"text": text})


@retry_with_backoff(max_retries=5, base_delay=0.5, retry_on=(ConnectionError, TimeoutError))
async def create_asynchronously(client: AsyncHITLClient, text: str) -> Review:
    return await client.create_review("template_123", {"text": text})


async def retried(client: HITLClient, async_client: AsyncHITLClient) -> None:
    assert_type(create(client, text="A draft"), Review)
    assert_type(create_plainly(client), Review)
    assert_type(await create_asynchronously(async_client, "A draft"), Review)
    plain: Callable[[HITLClient, str], Review] = create
    awaited: Callable[[AsyncHITLClient, str], Awaitable[Review]] = create_asynchronously
    started: Coroutine[Any, Any, Review] = create_asynchronously(async_client, "A draft")
    print(plain, awaited, started)


def webhook(headers: dict[str, str], body: bytes) -> None:
    assert_type(verify_signature(headers, body, "your_webhook_secret"), bool)
    verify_signature([(b"x-hitl-signature-256", b"sha256=00")], body.decode(), ["new_secret", b"old_secret"])
    assert_type(construct_event(headers, body, "your_webhook_secret"), WebhookEvent)


def failures(client: HITLClient) -> None:
    try:
        client.wait_for_review("rev_1", timeout=1)
    except ReviewNotFoundError as error:
        assert_type(error.status_code, int)
    except WaitTimeoutError as error:
        assert_type(error.review, Review | None)
    except BatchError as error:
        assert_type(error.failures[0], HITLError)
    except HITLError as error:
        assert_type(error.request_id, str | None)


def tested() -> None:
    with Sandbox(api_keys=["your_api_key"]) as sandbox:
        assert_type(sandbox, Sandbox)
        assert_type(sandbox.client(), HITLClient)
        assert_type(sandbox.async_client(), AsyncHITLClient)
        assert_type(sandbox.reviewer.pending(), list[Review])
        assert_type(sandbox.reviewer.complete("rev_1", {"approved": True}), Review)


class Fate(enum.Enum):
    KEEP = "keep"


class Place(TypedDict):
    city: str


@dataclass
class Order:
    copies: int


@attrs.define
class Parcel:
    weight: float


class Quote(pydantic.BaseModel):
    price: float


@dataclass
class AtLeast:
    ge: int


def asked(client: HITLClient, schema: dict[str, Any]) -> None:
    assert_type(client.ask("Publish this?"), bool)
    assert_type(client.ask("Publish this?", returns=bool, context={"draft": 1}, timeout=60), bool)
    assert_type(client.ask("Which?", returns=str), str)
    assert_type(client.ask("Which?", returns=Decimal), Decimal)
    assert_type(client.ask("Which?", returns=date), date)
    assert_type(client.ask("Which?", returns=Order), Order)
    assert_type(client.ask("Which?", returns=Parcel), Parcel)
    assert_type(client.ask("Which?", returns=Quote), Quote)
    assert_type(client.ask("Which?", returns=Place), Place)
    assert_type(client.ask("Which?", returns=Fate), Fate)
    assert_type(client.ask("Which?", returns=list[str]), list[str])
    assert_type(client.ask("Which?", returns=Literal["keep", "delete"]), Literal["keep", "delete"])
    assert_type(client.ask("Which?", returns=int | None), int | None)
    assert_type(client.ask("Which?", returns=Annotated[int, AtLeast(0)]), int)
    assert_type(client.ask("Which?", returns=schema), Any)
    assert_type(client.ask("Which?", returns={"type": "boolean"}), Any)


async def asked_asynchronously(client: AsyncHITLClient) -> None:
    assert_type(await client.ask("Publish this?"), bool)
    assert_type(await client.ask("Which?", returns=Literal["keep", "delete"]), Literal["keep", "delete"])


class Shop:
    @require_approval(HITLClient())
    def close(self, reason: str) -> int:
        return len(reason)

    @classmethod
    @require_approval(HITLClient())
    def open(cls, name: str) -> str:
        return name


async def asked_of_a_loop(client: HITLClient, async_client: AsyncHITLClient) -> None:
    request = client.requests.create("l", "Is it?", response=SingleSelect(["yes", "no"]), default="no", timeout=3600)
    assert_type(request, Request)
    items: list[RequestFields] = [{"text": "Is it?", "returns": int, "default": 0}]
    assert_type(client.requests.create_many("l", items), list[Request])
    assert_type(await async_client.requests.create_many("l", items, on_error="return"), list[Request | HITLError])
    assert_type(client.requests.wait(request, 60.0, on_update=lambda seen: print(seen.answer)), Request)
    assert_type(await async_client.requests.wait_many([request, "r"], return_when=FIRST), list[Request])
    assert_type(next(client.requests.as_completed([request])), Request)
    assert_type(next(client.as_completed(["rev_1"])), Review)
    assert_type(client.requests.list(status="pending")[0], Request)
    assert_type(read_answer(request, float), float)
    client.requests.update("r", text="Is it really?", response=MultiSelect({"a": "An answer"}, at_least=1))


@require_approval(HITLClient(), assignees=["ann@example.com"], when=lambda call: call.digest > "8")
def refund(order: str, amount: float = 1, *, note: str = "") -> str:
    return order


@require_approval(AsyncHITLClient())
async def refund_later(order: str) -> str:
    return order


@require_approval(HITLClient(), on_reject="return")
def told(order: str) -> int:
    return len(order)


@require_approval(HITLClient(), on_reject=lambda error: None)
def silent(order: str) -> int:
    return len(order)


async def gated(client: HITLClient, async_client: AsyncHITLClient) -> None:
    assert_type(refund("o-7", 2.5, note="late"), str)
    assert_type(await refund_later("o-7"), str)
    assert_type(Shop().close("old"), int)
    assert_type(Shop.open("new"), str)
    assert_type(told("o-7"), int | Refusal)
    assert_type(silent("o-7"), int | None)
    assert_type(submit(refund, "o-7", amount=2), Pending[str])
    assert_type(submit(Shop().close, "old").result(), int)
    assert_type(await submit(refund_later, "o-7"), AsyncPending[str])
    assert_type(resume("token", refund, "o-7").result(), str)
    with require_approval(client).block("deploy", version="1.2") as grant:
        assert_type(grant, Grant)
    async with require_approval(async_client).ablock("deploy", version="1.2") as grant:
        assert_type(grant.reviewer, str | None)
