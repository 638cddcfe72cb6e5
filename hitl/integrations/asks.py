"""What agent frameworks ask people, in one form for all of them: questions out, answers back.

An adapter turns the pauses of its framework into `ToolCall`s and `Question`s, `answers` puts them to people and waits
for all, and the adapter turns the `Answer`s into what its framework resumes with. Whatever is not clearly an approval
is a rejection here, whatever the framework would make of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict, Unpack

from attrs import field, frozen

from hitl._asking import read_answer
from hitl._json import Object, is_object
from hitl._verdict import is_same
from hitl.approval.errors import ApprovalError, ApprovalMismatch, ApprovalNotGiven, ApprovalRejected
from hitl.approval.refusals import Refusal, refusal_of
from hitl.approval.steps import Do, Flow, run, run_async
from hitl.exceptions import (
    AnswerError,
    ConfigurationError,
    InvalidRequestError,
    ReviewCancelledError,
    ReviewExpiredError,
    ReviewRejectedError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from hitl import AsyncHITLClient, HITLClient
    from hitl.models import Priority, Review

__all__ = [
    "Answer",
    "Ask",
    "Decision",
    "Question",
    "ReviewOptions",
    "ToolCall",
    "answer_of",
    "answers",
    "answers_async",
    "distinct",
    "facts_of",
    "key_of",
    "put",
    "put_async",
]

Decision: TypeAlias = Literal["approve", "edit", "reject", "respond"]
FORM_NAME: Final = "Tool call"
_LONGEST_KEY: Final = 200  # of the 255 characters that a key may have
_LONGEST_FACT: Final = 500
_NOT_GIVEN: Final = ("rejected", "expired", "cancelled")
_FORM: Final[Sequence[Object]] = (
    {"name": "action", "type": "content_display", "label": "Tool"},
    {"name": "description", "type": "content_display", "label": "What it is for"},
)
_APPROVED: Final[Object] = {"name": "approved", "type": "boolean", "label": "Run it?", "required": True}
_RESPONSE: Final[Object] = {
    "name": "response",
    "type": "text",
    "label": "Answer in place of the tool",
    "placeholder": "The agent gets this text, and the tool does not run",
}
_FEEDBACK: Final[Object] = {"name": "feedback", "type": "text", "label": "Feedback, which the agent reads"}


class ReviewOptions(TypedDict, total=False):
    """Whom to ask; see `HITLClient.create_review`."""

    assignees: Sequence[str] | None
    priority: Priority | None
    due_date: datetime | str | None


def no_check(_: Mapping[str, Any]) -> None:
    """Accept all arguments: the framework checks them itself."""


@frozen(kw_only=True)
class ToolCall:
    """A call of a tool that waits for a person's leave.

    Attributes:
        id: What the framework calls the pause; the answer goes back to it.
        key: The idempotency key: the same for the same pause, also in another process; see `key_of`.
        tool: The tool's name. No answer changes it.
        arguments: Its arguments, an object of JSON.
        description: What the reviewer reads about it.
        allowed: What the framework can be given back. A rejection is always possible.
        check: Raises ValueError or TypeError if edited arguments do not fit the tool.
        metadata: What the program keeps with the review; no reviewer sees it.
    """

    id: str
    key: str
    tool: str
    arguments: Mapping[str, Any]
    description: str = ""
    allowed: frozenset[Decision] = frozenset({"approve", "edit", "reject", "respond"})
    check: Callable[[Mapping[str, Any]], object] = field(default=no_check, eq=False, repr=False)
    metadata: Mapping[str, str] = field(factory=dict[str, str])

    @property
    def form(self) -> list[Object]:
        """The fields of the review."""
        arguments = {"name": "arguments", "type": "content_display", "label": "Arguments"}
        if "edit" in self.allowed:
            arguments["editable"] = True  # type: ignore[assignment]
        may_run = bool(self.allowed & {"approve", "edit"})
        approved = [_APPROVED] if may_run else []
        response = [{**_RESPONSE, "required": not may_run}] if "respond" in self.allowed else []
        return [*_FORM, arguments, *approved, *response, _FEEDBACK]

    @property
    def content(self) -> Object:
        """The content of the review."""
        described = {"description": self.description} if self.description else {}
        return {"action": self.tool, **described, "arguments": dict(self.arguments)}


@frozen(kw_only=True)
class Question:
    """A question whose answer a program waits for.

    Attributes:
        id: What the framework calls the pause; the answer goes back to it.
        key: The idempotency key; see `ToolCall`.
        question: What the reviewer reads first.
        schema: The JSON Schema of the answers; None for a text. See `hitl.fields_from`.
        context: Whatever else the reviewer needs to see; None for nothing.
        metadata: See `ToolCall`.
    """

    id: str
    key: str
    question: str
    schema: Mapping[str, Any] | None = None
    context: Any = None
    metadata: Mapping[str, str] = field(factory=dict[str, str])

    @property
    def returns(self) -> Any:
        """What the answer is, for `create_question` and `read_answer`."""
        return str if self.schema is None else self.schema


Ask: TypeAlias = ToolCall | Question


@frozen(kw_only=True)
class Answer:
    """What a person decided.

    Attributes:
        ask: What it answers.
        decision: approve, edit, reject or respond. Expired, cancelled and unclear are reject.
        review: The review, with `verdict`, `reviewer` and `edits`.
        arguments: Those to run the tool with, if the decision is approve or edit.
        value: The answer to a question, or the text in place of the tool, if the decision is respond.
        refusal: What a language model is told instead of a result, if the decision is reject.
    """

    ask: Ask
    decision: Decision
    review: Review
    arguments: Mapping[str, Any] | None = None
    value: Any = None
    refusal: Refusal | None = None

    @property
    def feedback(self) -> str | None:
        """The reviewer's words."""
        return self.review.feedback

    @property
    def may_run(self) -> bool:
        """Whether the tool runs with the arguments as it was called; an edit is another call."""
        return self.decision == "approve"

    @property
    def error(self) -> ApprovalError:
        """What to raise where a rejection cannot be told: ApprovalRejected or ApprovalNotGiven."""
        return _why_not(self.ask, self.review)

    @property
    def told(self) -> str:
        """What a language model reads where its framework takes a text only: the refusal, the answer, or the edit."""
        if self.refusal is not None:
            return self.refusal
        if self.decision == "respond":
            return self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False)
        name = self.ask.tool if isinstance(self.ask, ToolCall) else ""
        if self.decision == "approve":
            return f"`{name}` was approved."
        return (
            f"`{name}` was not run with these arguments. {self.review.reviewer or 'A person'} wants it to be called "
            f"with exactly these instead: {json.dumps(self.arguments, ensure_ascii=False)}"
        )


def key_of(framework: str, *parts: object) -> str:
    """Return the idempotency key of a pause, such as "langgraph:thread-1:interrupt-2:0"; long ones are digested."""
    text = json.dumps([framework, *map(str, parts)])
    plain = ":".join([framework, *(str(part).replace("%", "%25").replace(":", "%3A") for part in parts)])
    if len(plain) <= _LONGEST_KEY and plain.isascii() and plain.isprintable() and " " not in plain:
        return plain
    return f"{framework}:{sha256(text.encode()).hexdigest()}"


def facts_of(framework: str, **facts: object) -> dict[str, str]:
    """Return metadata of a review: the framework, and whatever says where the question comes from."""
    given = {"framework": framework, **{name: str(fact) for name, fact in facts.items() if fact is not None}}
    return {name: text[:_LONGEST_FACT] for name, text in given.items() if text}


def put(client: HITLClient, ask: Ask, **options: Unpack[ReviewOptions]) -> Review:
    """Ask a person, once for its key, and return the review without waiting."""
    return run(_put(client, ask, options))


async def put_async(client: AsyncHITLClient, ask: Ask, **options: Unpack[ReviewOptions]) -> Review:
    """Do the same with an asynchronous client."""
    return await run_async(_put(client, ask, options))


def answers(
    client: HITLClient, asks: Iterable[Ask], *, timeout: float | None = None, **options: Unpack[ReviewOptions]
) -> dict[str, Answer]:
    """Put all questions to people, wait until all have ended, and return the answers by the questions' ids.

    Args:
        client: The client.
        asks: The questions; each is asked once for its key, however often this is called.
        timeout: Seconds to wait for all together; None waits until the reviews themselves end.
        options: Whom to ask.

    Raises:
        WaitTimeoutError: some are still open; call again, in any process, to go on.
        AnswerError: an answer does not fit its schema. Nothing must be resumed; the review is in `review`.
        ApprovalMismatch: a review is not the one that was asked. Nothing must be resumed.
    """
    asked = {run(_put(client, ask, options)).id: ask for ask in distinct(asks)}
    return _by_id(answer_of(asked[review.id], review) for review in client.as_completed(asked, timeout=timeout))


async def answers_async(
    client: AsyncHITLClient, asks: Iterable[Ask], *, timeout: float | None = None, **options: Unpack[ReviewOptions]
) -> dict[str, Answer]:
    """Do the same with an asynchronous client."""
    asked = {(await run_async(_put(client, ask, options))).id: ask for ask in distinct(asks)}
    return _by_id([answer_of(asked[review.id], review) async for review in client.as_completed(asked, timeout=timeout)])


def answer_of(ask: Ask, review: Review) -> Answer:
    """Return what a person decided, given the review as it ended.

    Raises:
        AnswerError: the answer does not fit the question's schema, or the edited arguments do not fit the tool.
        ApprovalMismatch: the review is not the one that was asked.
        ConfigurationError: the review is still open.
    """
    if not review.is_final:
        raise ConfigurationError(f"review {review.id} is still {review.status}; wait for it, then read its answer")
    return _answer_to_question(ask, review) if isinstance(ask, Question) else _answer_to_call(ask, review)


def distinct(asks: Iterable[Ask]) -> list[Ask]:
    """Return the questions, or raise ConfigurationError if two have the same id or the same key."""
    found = list(asks)
    for name in ("id", "key"):
        if len({getattr(ask, name) for ask in found}) < len(found):
            raise ConfigurationError(f"two questions have the same {name}, so one of them would never be answered")
    return found


def _by_id(found: Iterable[Answer]) -> dict[str, Answer]:
    return {answer.ask.id: answer for answer in found}


def _put(client: Any, ask: Ask, options: ReviewOptions) -> Flow[Review]:
    """Ask once: what was asked under this key with other options, such as a due date from now on, is that question."""
    review: Review
    try:
        review = yield from _create(client, ask, {**options, "metadata": ask.metadata or None})
    except InvalidRequestError as error:
        if error.code != "idempotency_key_reused":
            raise
        review = yield Do(lambda: client.get_review(key=ask.key))
        if isinstance(ask, Question) and review.content.get("question") != ask.question:
            raise
    return review


def _create(client: Any, ask: Ask, given: Mapping[str, Any]) -> Flow[Review]:
    review: Review
    if isinstance(ask, Question):
        asked = {"returns": ask.returns, **({} if ask.context is None else {"context": ask.context})}
        review = yield Do(lambda: client.create_question(ask.question, idempotency_key=ask.key, **asked, **given))
        return review
    template = yield Do(lambda: client.ensure_template(FORM_NAME, ask.form))
    review = yield Do(lambda: client.create_review(template.id, ask.content, idempotency_key=ask.key, **given))
    return review


def _answer_to_question(ask: Question, review: Review) -> Answer:
    try:
        return Answer(ask=ask, decision="respond", review=review, value=read_answer(review, ask.returns))
    except (ReviewRejectedError, ReviewExpiredError, ReviewCancelledError):
        refusal = refusal_of(_why_not(ask, review), question=True)
        return Answer(ask=ask, decision="reject", review=review, refusal=refusal)


def _answer_to_call(ask: ToolCall, review: Review) -> Answer:
    if not is_same(review.content, ask.content):
        raise ApprovalMismatch(
            f"{ask.tool} was not run: review {review.id} is about something else than was asked",
            kind="shown",
            key=ask.key,
            review=review,
            function=ask.tool,
        )
    response = review.result.get("response") if review.is_answered else None
    if "respond" in ask.allowed and isinstance(response, str) and response.strip():
        return Answer(ask=ask, decision="respond", review=review, value=response)
    chosen = review.result.get("arguments")
    is_edited = chosen is not None and not is_same(chosen, dict(ask.arguments))
    if review.verdict != "approved" or ("approve" not in ask.allowed and not is_edited):
        return Answer(ask=ask, decision="reject", review=review, refusal=refusal_of(_why_not(ask, review)))
    if is_edited:
        return Answer(ask=ask, decision="edit", review=review, arguments=_checked(ask, chosen, review))
    return Answer(ask=ask, decision="approve", review=review, arguments=ask.arguments)


def _checked(ask: ToolCall, chosen: object, review: Review) -> Mapping[str, Any]:
    """Return the arguments that a person edited."""
    why = f"the edited arguments of {ask.tool} do not fit"
    if "edit" not in ask.allowed or not is_object(chosen):
        raise AnswerError(f"{why}: they must be an object that may be edited", path="arguments", review=review)
    try:
        ask.check(chosen)
    except (ValueError, TypeError) as error:
        raise AnswerError(f"{why}: {error}", path="arguments", review=review) from error
    return chosen


def _why_not(ask: Ask, review: Review) -> ApprovalError:
    name = ask.tool if isinstance(ask, ToolCall) else "the question"
    kind = review.verdict if review.verdict in _NOT_GIVEN else "unclear"
    facts: dict[str, Any] = {"kind": kind, "key": ask.key, "review": review, "function": name}
    if review.verdict == "rejected":
        return ApprovalRejected(f"{name} was refused", reviewer=review.reviewer, feedback=review.feedback, **facts)
    return ApprovalNotGiven(f"{name} was not approved", **facts)
