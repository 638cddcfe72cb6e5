"""Ask people in CrewAI: for the feedback of a flow, and before the tools of a crew.

    with gated_tools(client, run="order-7", tools=["refund"]):
        crew.kickoff()

    @human_feedback(message="Publish this?", provider=Reviewers(client))

CrewAI runs a tool if the hook before it raises any error but `HookAborted`, so nothing else leaves the hook here. See
`docs/integrations/crewai.md`.
"""

# pyright: reportMissingImports=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from hitl.approval import ApprovalNotGiven
from hitl.exceptions import ConfigurationError
from hitl.integrations import needs
from hitl.integrations._crewai_tools import gated_tools
from hitl.integrations.asks import Answer, Question, ReviewOptions, answers, facts_of, key_of, put

if TYPE_CHECKING:
    from hitl import HITLClient

__all__ = ["Reviewers", "gated_tools", "run_until_done", "to_asks", "to_resume"]


_OUTCOMES = "hitl_outcomes"  # in the metadata of a flow that pauses


class Reviewers:
    """A provider for `@human_feedback`, which asks a person and waits, or pauses the flow."""

    def __init__(
        self,
        client: HITLClient,
        *,
        outcomes: Sequence[str] = (),
        pauses: bool = False,
        timeout: float | None = None,
        **options: Unpack[ReviewOptions],
    ) -> None:
        """Ask through a client.

        Args:
            client: The client.
            outcomes: The feedback is exactly one of these texts; without them, whatever the person writes.
            pauses: Return from `kickoff` at once, with a HumanFeedbackPending for `run_until_done`.
            timeout: Seconds to wait; None waits until the review itself ends. A flow that pauses waits for nothing.
            options: Whom to ask.
        """
        self._client, self._outcomes, self._pauses = client, outcomes, pauses
        self._timeout, self._options = timeout, options

    def request_feedback(self, context: Any, flow: Any) -> str:  # noqa: ARG002
        """Return the person's words; CrewAI calls it.

        Raises:
            ConfigurationError: if the flow has `emit`: a language model would choose the outcome, not the person.
            ApprovalNotGiven: if outcomes are given, and the person chose none.
            HumanFeedbackPending: if the provider pauses.
        """
        (ask,) = to_asks(context, outcomes=self._outcomes)
        if not self._pauses:
            return to_resume(answers(self._client, [ask], timeout=self._timeout, **self._options)[ask.id])
        from crewai.flow.async_feedback.types import HumanFeedbackPending

        context.metadata[_OUTCOMES] = list(self._outcomes)
        raise HumanFeedbackPending(context, {"review_id": put(self._client, ask, **self._options).id})


def to_asks(context: Any, *, outcomes: Sequence[str] = ()) -> list[Question]:
    """Return what a PendingFeedbackContext asks."""
    if context.emit:
        raise ConfigurationError(
            f"{context.method_name}: with emit, a language model chooses the outcome from the person's words; leave it "
            "out, give Reviewers(outcomes=[...]), and route on the feedback"
        )
    outcomes = outcomes or context.metadata.get(_OUTCOMES, ())
    chosen = {"type": "object", "properties": {"outcome": {"enum": list(outcomes)}}, "required": ["outcome"]}
    moment = context.requested_at.isoformat()
    return [
        Question(
            id=context.flow_id,
            key=key_of("crewai", context.flow_id, context.method_name, moment),
            question=context.message,
            schema=chosen if outcomes else None,
            context=_json_of(context.method_output),
            metadata=facts_of("crewai", flow_id=context.flow_id, method=context.method_name),
        )
    ]


def to_resume(answer: Answer) -> str:
    """Return the feedback that a flow goes on with: the outcome, the person's words, or why there are none."""
    if isinstance(answer.value, Mapping):
        return str(answer.value["outcome"])
    if answer.refusal is not None and isinstance(answer.ask, Question) and answer.ask.schema is not None:
        raise ApprovalNotGiven(answer.told, kind=answer.refusal.kind, key=answer.ask.key, review=answer.review)
    return answer.told


def run_until_done(
    client: HITLClient, flow: Any, flow_id: str, *, persistence: Any = None, timeout: float | None = None
) -> Any:
    """Resume a flow that has paused, in this process or in another, until it has ended; return its result.

    Args:
        client: The client.
        flow: The class of the flow.
        flow_id: Which one has paused: `context.flow_id` of what `kickoff` returned.
        persistence: Where the flow was saved; None for CrewAI's default.
        timeout: Seconds to wait for each answer; see `answers`, which also has the errors.
    """
    with needs("CrewAI", "crewai"):
        from crewai.flow.async_feedback.types import HumanFeedbackPending
    while True:
        paused = flow.from_pending(flow_id, persistence)
        (ask,) = to_asks(paused.pending_feedback)
        result = paused.resume(to_resume(answers(client, [ask], timeout=timeout)[ask.id]))
        if not isinstance(result, HumanFeedbackPending):
            return result


def _json_of(output: Any) -> Any:
    dump: Callable[..., Any] | None = getattr(output, "model_dump", None)
    found = output if dump is None else dump(mode="json")
    return found if isinstance(found, str | int | float | bool | list | dict | None) else str(found)
