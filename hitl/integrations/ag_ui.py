"""Answer the interrupts of an agent that speaks AG-UI: the program in place of the front end asks reviewers.

A run that needs people ends with interrupts, and the next run on the thread answers all of them. `run_until_done` makes
runs until one ends without; `to_asks` and `to_resume` are its two halves, for programs that make the runs themselves.
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownParameterType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Unpack

from hitl._moments import moment
from hitl.integrations._ag_ui_interrupts import expiry_of, to_asks, to_resume
from hitl.integrations._ag_ui_messages import messages_after
from hitl.integrations.asks import Answer, ReviewOptions, answers, answers_async

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

__all__ = ["messages_after", "run_until_done", "run_until_done_async", "to_asks", "to_resume"]


def run_until_done(
    run: Callable[[Any], Iterable[Any]],
    run_input: Any,
    client: HITLClient,
    *,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> list[Any]:
    """Run an agent, ask people whenever it is interrupted, and return the events of the run that was not.

    That run may have failed: its last event is then `RUN_ERROR`.

    Args:
        run: Makes one run: takes a `RunAgentInput`, and returns the events of `ag_ui.core` as they come.
        run_input: The first one. Called again with the same, by an agent that repeats itself, people are not asked
            again.
        client: The client.
        timeout: Seconds to wait for the answers to the interrupts of one run; None waits until the reviews end.
        options: Whom to ask. No review outlives the `expires_at` of its run's interrupts.

    Raises:
        WaitTimeoutError: some are still open; the next call goes on.
        AnswerError: an answer does not fit. Nothing is resumed.
        ReviewExpiredError: nobody answered before the agent stopped waiting. Nothing can be resumed.
        ConfigurationError: an interrupt is about a tool call that is in neither the events nor the messages.
    """
    current, number = run_input, 1
    while True:
        events = list(run(current))
        asks = to_asks(events, current.messages)
        if not asks:
            return events
        found = answers(client, asks, timeout=timeout, **_in_time(events, options))
        number += 1
        current = _next_input(current, events, found, f"{run_input.run_id}-{number}")


async def run_until_done_async(
    run: Callable[[Any], AsyncIterable[Any]],
    run_input: Any,
    client: AsyncHITLClient,
    *,
    timeout: float | None = None,
    **options: Unpack[ReviewOptions],
) -> list[Any]:
    """Do the same with an asynchronous client; `run` returns an asynchronous iterable of events."""
    current, number = run_input, 1
    while True:
        events = [event async for event in run(current)]
        asks = to_asks(events, current.messages)
        if not asks:
            return events
        found = await answers_async(client, asks, timeout=timeout, **_in_time(events, options))
        number += 1
        current = _next_input(current, events, found, f"{run_input.run_id}-{number}")


def _in_time(events: Iterable[Any], options: ReviewOptions) -> ReviewOptions:
    expiry = expiry_of(events)
    due = options.get("due_date")
    with suppress(ValueError):  # the client says so of a due date that is none
        if expiry is not None and (due is None or moment(str(due)) > expiry):
            return {**options, "due_date": expiry}
    return options


def _next_input(run_input: Any, events: Sequence[Any], found: Mapping[str, Answer], run_id: str) -> Any:
    states = [event.snapshot for event in events if event.type == "STATE_SNAPSHOT"]
    changes = {
        "run_id": run_id,
        "messages": messages_after(run_input.messages, events),
        "state": states[-1] if states else run_input.state,
        "resume": to_resume(events, found),
    }
    return run_input.model_copy(update=changes)
