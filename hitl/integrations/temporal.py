"""Ask people in a Temporal workflow, and wait for days without holding a process.

    with workflow.unsafe.imports_passed_through():
        from hitl.integrations.temporal import decide

    @workflow.defn
    class Refund:
        @workflow.run
        async def run(self, order: str, amount: float) -> str:
            answer = await decide("refund", {"order": order, "amount": amount}, timeout=timedelta(days=7))
            ...

    Worker(temporal, task_queue="refunds", workflows=[Refund], activities=activities(hitl))
    hitl.on_decision(metadata={"framework": "temporal"})(notifier(temporal))  # or a webhook's handler

An activity asks, a signal says which review has ended, and another activity reads its answer. The signal carries no
verdict, so whoever can send one approves nothing. See `docs/integrations/temporal.md`.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, Unpack, overload

from attrs import define, evolve, field

from hitl import read_answer, schema_from
from hitl._forms import form_of
from hitl._json import is_object
from hitl.approval import ApprovalError
from hitl.exceptions import AnswerError, ConfigurationError, WaitError
from hitl.integrations._temporal_activities import ENDED, WorkflowOptions, activities, end_of, notifier
from hitl.integrations.asks import (
    Answer,
    Ask,
    Question,
    ToolCall,
    answer_of,
    distinct,
    facts_of,
    key_of,
    no_check,
)
from hitl.models import Review

if TYPE_CHECKING:
    from typing_extensions import TypeForm

__all__ = ["ENDED", "WorkflowOptions", "activities", "answers", "ask", "decide", "notifier"]

T = TypeVar("T")

_LONGEST_ID: Final = 500  # characters of a value of metadata


async def decide(
    tool: str,
    arguments: Mapping[str, Any],
    *,
    description: str = "",
    check: Callable[[Mapping[str, Any]], object] = no_check,
    **options: Unpack[WorkflowOptions],
) -> Answer:
    """Let a person decide about a call: approve, edit its arguments, reject, or answer in its place.

    Args:
        tool: What is to be run.
        arguments: With which arguments, an object of JSON.
        description: What the reviewer reads about it.
        check: Raises ValueError or TypeError if edited arguments do not fit.
        options: Whom to ask, and how long to wait.

    Raises:
        ApplicationError: of the type AnswerError or ApprovalMismatch: the answer does not fit. The workflow fails.
    """
    name, key = _next()
    call = ToolCall(id=name, key=key, tool=tool, arguments=arguments, description=description, check=check)
    return (await answers([call], **options))[call.id]


@overload
async def ask(
    question: str, *, returns: Mapping[str, Any], context: Any = ..., **options: Unpack[WorkflowOptions]
) -> Any: ...
@overload
async def ask(question: str, *, returns: type[T], context: Any = ..., **options: Unpack[WorkflowOptions]) -> T: ...
@overload
async def ask(question: str, *, returns: TypeForm[T], context: Any = ..., **options: Unpack[WorkflowOptions]) -> T: ...
@overload
async def ask(question: str, *, context: Any = ..., **options: Unpack[WorkflowOptions]) -> bool: ...
async def ask(question: str, *, returns: Any = bool, context: Any = None, **options: Unpack[WorkflowOptions]) -> Any:
    """Ask people a question, and return the answer as a value of a type; see `HITLClient.ask`.

    Raises:
        ApplicationError: of the type ReviewRejectedError, ReviewExpiredError, ReviewCancelledError (also after the
            timeout) or AnswerError, as `HITLClient.ask` raises them. The workflow fails unless it catches that.
    """
    schema = returns if is_object(returns) else schema_from(form_of(returns).fields())
    name, key = _next()
    put = Question(id=name, key=key, question=question, schema=schema, context=context)
    (review,) = await _ended([put], options)
    with _as_failure():
        return read_answer(review, returns)


async def answers(asks: Iterable[Ask], **options: Unpack[WorkflowOptions]) -> dict[str, Answer]:
    """Put all questions to people, and return the answers by the questions' ids once all have ended.

    The questions may be those of another adapter, such as an agent's that runs in the workflow. Expired, cancelled and
    unclear are rejections, and so is what nobody answered within the timeout.

    Raises:
        ApplicationError: As in `decide`; nothing must be resumed.
    """
    found = distinct(asks)
    reviews = await _ended(found, options)
    with _as_failure():
        return {each.id: answer_of(each, review) for each, review in zip(found, reviews, strict=True)}


@define(eq=False)
class _Asked:
    """What this run of the workflow has asked, and which reviews are said to have ended."""

    count: int = 0
    ended: set[str] = field(factory=set[str])

    def receive(self, review_id: str) -> None:
        self.ended.add(review_id)


def _asked() -> _Asked:
    from temporalio import workflow

    receive: Callable[..., Any] | None = workflow.get_signal_handler(ENDED)
    if receive is None:
        receive = _Asked().receive
        workflow.set_signal_handler(ENDED, receive)  # which gets the signals that came earlier
    found = getattr(receive, "__self__", None)
    if not isinstance(found, _Asked):
        raise ConfigurationError(f"the workflow has a handler of its own for the signal {ENDED!r}; rename its signal")
    return found


def _next() -> tuple[str, str]:
    """Return the id and the key of the next question of this run: the same in every replay."""
    from temporalio import workflow

    asked, info = _asked(), workflow.info()
    asked.count += 1
    return str(asked.count), key_of("temporal", info.workflow_id, info.run_id, asked.count)


async def _ended(asks: Iterable[Ask], options: WorkflowOptions) -> list[Review]:
    from temporalio import workflow

    info = workflow.info()
    if len(info.workflow_id) > _LONGEST_ID:
        raise ConfigurationError(f"the id of a workflow that asks people must have at most {_LONGEST_ID} characters")
    facts = facts_of("temporal", namespace=info.namespace, workflow_id=info.workflow_id, run_id=info.run_id)
    timeout = options.get("timeout")
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    deadline = None if seconds is None else workflow.time() + seconds
    named = [evolve(each, metadata={**each.metadata, **facts}) for each in asks]
    return list(await asyncio.gather(*(end_of(each, _asked().ended, deadline, options) for each in named)))


@contextmanager
def _as_failure() -> Generator[None, None, None]:
    """Fail the workflow with what cannot be mended: other errors of ours would be tried again for ever."""
    from temporalio.exceptions import ApplicationError

    try:
        yield
    except (AnswerError, ApprovalError, WaitError) as error:
        kind = type(error).__name__
        raise ApplicationError(str(error), error.review and error.review.id, type=kind, non_retryable=True) from error
