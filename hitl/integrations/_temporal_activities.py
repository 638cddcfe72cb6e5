"""What runs beside Temporal workflows: the activities that talk to the review server, and the handler of decisions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from attrs import asdict

from hitl._json import Object
from hitl.exceptions import ConflictError, UnexpectedResponseError
from hitl.integrations import needs
from hitl.integrations.asks import Ask, Question, ReviewOptions, ToolCall, put_async
from hitl.models import Review

if TYPE_CHECKING:
    from temporalio.client import Client

    from hitl import AsyncHITLClient
    from hitl.webhooks import WebhookEvent

ENDED: Final = "hitl_review_ended"
"""The signal that says which review has ended; its argument is the review's id."""

ASK: Final = "hitl_ask"
READ: Final = "hitl_read"
WITHDRAW: Final = "hitl_withdraw"
_HOPELESS: Final = ["ConfigurationError", "ContentError", "FormError", "InvalidRequestError", "ConflictError"]
_log = logging.getLogger("hitl.temporal")


class WorkflowOptions(ReviewOptions, total=False):
    """How a workflow asks and waits.

    `timeout` is for all its questions together, a timedelta or seconds; None waits until the reviews themselves end. A
    review that is still open then is cancelled. `activity_timeout` is for one attempt of an activity, 30 s by default.
    `task_queue` names the queue of a worker that has the activities; None is the workflow's own.
    """

    timeout: timedelta | float | None
    activity_timeout: timedelta
    task_queue: str | None


def activities(client: AsyncHITLClient) -> list[Callable[..., Any]]:
    """Return the activities that ask, read answers and withdraw questions, for a Worker that has the client's key."""
    with needs("Temporal", "temporal"):
        from temporalio import activity

    @activity.defn(name=ASK)
    async def ask_people(document: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        return (await put_async(client, _ask_of(document), **options)).to_json()

    @activity.defn(name=READ)
    async def read_review(review_id: str) -> dict[str, Any]:
        return (await client.get_review(review_id)).to_json()

    @activity.defn(name=WITHDRAW)
    async def withdraw_review(review_id: str) -> dict[str, Any]:
        try:
            review = await client.cancel_review(review_id)
        except ConflictError:  # it has just ended in another way, which counts
            review = await client.get_review(review_id)
        if not review.is_final:
            raise UnexpectedResponseError(f"review {review_id} was cancelled, and is {review.status}")
        return review.to_json()

    return [ask_people, read_review, withdraw_review]


def notifier(
    temporal: Client, hitl: AsyncHITLClient | None = None
) -> Callable[[Review | WebhookEvent], Awaitable[bool]]:
    """Return a handler, for `AsyncHITLClient.on_decision` and `Router.on`, that tells the workflow that waits.

    It returns False for reviews that are not of this namespace's workflows, and if the workflow has ended. It may be
    called any number of times, also before the workflow waits. Other failures of Temporal raise RPCError: a webhook is
    then delivered again, and a decision comes again.

    Args:
        temporal: The client of the workflows' namespace.
        hitl: Reads the reviews of webhooks whose server sends no metadata, as HITL.sh does.
    """
    with needs("Temporal", "temporal"):
        from temporalio.service import RPCError, RPCStatusCode

    async def notify_workflow(ended: Review | WebhookEvent) -> bool:
        review_id = ended.id if isinstance(ended, Review) else ended.review_id
        facts = ended.metadata
        if facts is None and hitl is not None and review_id:
            facts = (await hitl.get_review(review_id)).metadata
        workflow_id = _workflow_id(facts or {}, temporal.namespace)
        if workflow_id is None:
            return False
        try:
            await temporal.get_workflow_handle(workflow_id).signal(ENDED, review_id)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            _log.info("review %s has ended, but workflow %s does not run", review_id, workflow_id)
            return False
        return True

    return notify_workflow


def _workflow_id(facts: Mapping[str, Any], namespace: str) -> str | None:
    """Return which workflow of the namespace waits for the review with this metadata."""
    is_ours = facts.get("framework") == "temporal" and facts.get("namespace") == namespace
    return facts.get("workflow_id") if is_ours else None


async def end_of(ask: Ask, ended: set[str], deadline: float | None, options: WorkflowOptions) -> Review:
    """Ask, wait for the signal, and read; once the deadline has passed, or on cancellation, withdraw the question."""
    asking = asyncio.ensure_future(_do(options, ASK, _document_of(ask), _plain(options)))
    try:
        review = await asyncio.shield(asking)  # what may have been asked must be known, to be withdrawn
        while not review.is_final:
            review = await _next_of(review.id, ended, deadline, options)
    except asyncio.CancelledError:
        await _do(options, WITHDRAW, (await asking).id)
        raise
    return review


async def _next_of(review_id: str, ended: set[str], deadline: float | None, options: WorkflowOptions) -> Review:
    from temporalio import workflow

    left = None if deadline is None else max(0.0, deadline - workflow.time())
    try:
        await workflow.wait_condition(lambda: review_id in ended, timeout=left)
    except TimeoutError:
        return await _do(options, WITHDRAW, review_id)
    ended.discard(review_id)
    return await _do(options, READ, review_id)


async def _do(options: WorkflowOptions, activity: str, *arguments: object) -> Review:
    from temporalio import workflow
    from temporalio.common import RetryPolicy

    document = await workflow.execute_activity(
        activity,
        args=arguments,
        result_type=dict,
        task_queue=options.get("task_queue"),
        start_to_close_timeout=options.get("activity_timeout", timedelta(seconds=30)),
        retry_policy=RetryPolicy(non_retryable_error_types=_HOPELESS),
    )
    return Review.from_json(document)


def _document_of(ask: Ask) -> Object:
    document = asdict(ask, recurse=False, filter=lambda each, _: each.name != "check")
    return {**document, "allowed": sorted(ask.allowed)} if isinstance(ask, ToolCall) else document


def _ask_of(document: Object) -> Ask:
    if "tool" not in document:
        return Question(**document)
    allowed: Any = frozenset(document["allowed"])
    return ToolCall(**{**document, "allowed": allowed})


def _plain(options: WorkflowOptions) -> Object:
    """Return whom to ask, in JSON."""
    given: Object = {name: each for name, each in options.items() if name in ReviewOptions.__annotations__}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in given.items()}
