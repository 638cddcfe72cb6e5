"""Wait for people in DBOS workflows, through crashes and restarts.

Asking is a step, idempotent by its key, and the wait is `DBOS.recv`. Whoever learns of a decision gives the review to
`deliver`, which wakes the workflow. That reads the review from the server, so a message that is lost, repeated, forged
or too early costs time only.
"""

# DBOS is not installed where this package is checked.
# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Required, TypeVar, Unpack, overload

from attrs import evolve

from hitl._asking import read_answer
from hitl._config import seconds
from hitl.approval.steps import Do, Flow, run, run_async
from hitl.exceptions import ConfigurationError, HITLError, WaitTimeoutError
from hitl.integrations import needs
from hitl.integrations.asks import Answer, Ask, Question, ReviewOptions, answer_of, distinct, key_of, put, put_async
from hitl.models import Review

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

T = TypeVar("T")


class WorkflowOptions(ReviewOptions, total=False):
    """Whom to ask, and how to wait.

    `timeout` is in seconds, for all together, from the first run of the workflow; None waits until the reviews end.
    Every `poll_interval` seconds, 3600, the workflow looks at a review although nothing woke it.
    """

    timeout: float | None
    poll_interval: float


class NamedAsk(WorkflowOptions, total=False):
    """The same for one question, with `name`, its own in its workflow, and `context`, see `HITLClient.ask`."""

    name: Required[str]
    context: Any


def answers(client: HITLClient, asks: Iterable[Ask], **options: Unpack[WorkflowOptions]) -> dict[str, Answer]:
    """Do what `hitl.integrations.asks.answers` does, durably; in a workflow, outside of its steps.

    The questions may come from an agent framework's adapter; their keys stay.

    Raises:
        WaitTimeoutError: a review is still open. Calling again with the same keys waits on, for the same reviews.
        AnswerError, ApprovalMismatch: an answer does not fit, or is one to something else. Nothing must be resumed.
        ConfigurationError: this is no workflow, or an argument is wrong. Nothing is sent.
    """
    return run(_answers(client, asks, is_async=False, **options))


async def answers_async(
    client: AsyncHITLClient, asks: Iterable[Ask], **options: Unpack[WorkflowOptions]
) -> dict[str, Answer]:
    """Do the same in an asynchronous workflow."""
    return await run_async(_answers(client, asks, is_async=True, **options))


@overload
def ask(client: HITLClient, question: str, returns: type[T], **options: Unpack[NamedAsk]) -> T: ...
@overload
def ask(client: HITLClient, question: str, returns: Any = ..., **options: Unpack[NamedAsk]) -> Any: ...
def ask(client: HITLClient, question: str, returns: Any = bool, **options: Unpack[NamedAsk]) -> Any:
    """Do what `HITLClient.ask` does, durably; in a workflow, outside of its steps.

    Raises:
        WaitTimeoutError: the review is still open. Asking again by the same name waits on, for the same review.
        HITLError: the other errors of `HITLClient.ask`.
    """
    return run(_ask(client, question, returns, is_async=False, **options))


@overload
async def ask_async(client: AsyncHITLClient, question: str, returns: type[T], **options: Unpack[NamedAsk]) -> T: ...
@overload
async def ask_async(client: AsyncHITLClient, question: str, returns: Any = ..., **options: Unpack[NamedAsk]) -> Any: ...
async def ask_async(client: AsyncHITLClient, question: str, returns: Any = bool, **options: Unpack[NamedAsk]) -> Any:
    """Do the same in an asynchronous workflow."""
    return await run_async(_ask(client, question, returns, is_async=True, **options))


def to_asks(asks: Iterable[Ask], workflow_id: str) -> list[Ask]:
    """Return the questions with what leads their answers back to a workflow."""
    return [evolve(it, metadata={**it.metadata, "engine": "dbos", "workflow": workflow_id}) for it in distinct(asks)]


def to_resume(review: Review) -> dict[str, Any] | None:
    """Return the arguments of `DBOS.send` that wake the workflow which asked; None if none did, or it is too early."""
    workflow_id = review.metadata.get("workflow")
    if not review.is_final or review.metadata.get("engine") != "dbos" or not isinstance(workflow_id, str):
        return None
    return {"destination_id": workflow_id, "message": review.status, "topic": review.id, "idempotency_key": review.id}


def deliver(review: Review, send: Callable[..., object] | None = None) -> bool:
    """Wake the workflow that asked, by `DBOS.send` or a client's, and return whether there is one; may be repeated."""
    if (message := to_resume(review)) is None:
        return False
    dbos = _dbos()
    try:
        (send or dbos.DBOS.send)(**message)
    except dbos.error.DBOSNonExistentWorkflowError:
        dbos.DBOS.logger.warning("review %s is of a workflow that this database does not have", review.id)
        return False
    return True


def check_database(url: str | None, sqlite: tuple[int, ...] = sqlite3.sqlite_version_info) -> None:
    """Raise ConfigurationError if DBOS cannot rely on a `system_database_url`; None is its own SQLite file."""
    if (url is None or url.startswith("sqlite")) and sqlite < (3, 42):  # which has no unixepoch('subsec')
        raise ConfigurationError(
            f"DBOS needs PostgreSQL, or SQLite 3.42 or newer; here it is {'.'.join(map(str, sqlite))}"
        )


def _ask(client: Any, question: str, returns: Any, *, name: str, context: Any = None, **options: Any) -> Flow[Any]:
    key = key_of("dbos", _workflow_id(), name)
    asked = Question(id=name, key=key, question=question, schema=returns, context=context)
    return read_answer((yield from _answers(client, [asked], **options))[name].review, returns)


def _answers(
    client: Any, asks: Iterable[Ask], *, is_async: bool, timeout: Any = None, poll_interval: Any = 3600, **options: Any
) -> Flow[dict[str, Answer]]:
    known, put_one = to_asks(asks, _workflow_id()), put_async if is_async else put
    limit = math.inf if timeout is None else seconds("timeout", timeout)
    interval = seconds("poll_interval", poll_interval)

    def put_all() -> Flow[Any]:
        reviews: list[Review] = []
        for each in known:
            reviews += [(yield Do(partial(put_one, client, each, **options)))]
        return [review.id for review in reviews], time.time() + limit

    ids, deadline = yield _step("hitl.ask", put_all, is_async=is_async)
    found: dict[str, Answer] = {}
    for each, review_id in zip(known, ids, strict=True):
        found[each.id] = answer_of(each, (yield from _ended(client, review_id, deadline, interval, is_async=is_async)))
    return found


def _ended(client: Any, review_id: str, deadline: float, interval: float, *, is_async: bool) -> Flow[Review]:
    """Return a review once it has ended. Whatever the course of the workflow depends on is recorded by a step."""

    def look() -> Flow[Any]:
        review: Review = yield Do(partial(client.get_review, review_id))
        return review.to_json(), time.time()

    receive = _dbos().DBOS.recv_async if is_async else _dbos().DBOS.recv
    while True:
        document, now = yield _step("hitl.look", look, is_async=is_async)
        if (review := Review.from_json(document)).is_final:
            return review
        if now >= deadline:
            raise WaitTimeoutError(f"review {review_id} is still {review.status}", review=review, pending=[review_id])
        yield Do(partial(receive, review_id, min(deadline - now, interval)))


def _step(name: str, flow: Callable[[], Flow[Any]], *, is_async: bool) -> Do:
    async def act() -> Any:
        return await run_async(flow())

    # It is repeated for about three days: an outage of the review server ends no workflow.
    options = {"name": name, "retries_allowed": True, "max_attempts": 100, "should_retry": _may_repeat}
    dbos = _dbos().DBOS
    if is_async:
        return Do(partial(dbos.run_step_async, options, act))
    return Do(partial(dbos.run_step, options, lambda: run(flow())))


def _may_repeat(error: BaseException) -> bool:
    return isinstance(error, HITLError) and error.retryable


def _workflow_id() -> str:
    dbos = _dbos().DBOS
    if dbos.workflow_id is None or dbos.step_id is not None:
        raise ConfigurationError("what is to outlive restarts is asked in a DBOS workflow, outside of its steps")
    return str(dbos.workflow_id)


def _dbos() -> Any:
    with needs("DBOS", "dbos"):
        import dbos
    return dbos
