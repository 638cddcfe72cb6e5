"""Answers of a scripted reviewer, as values: `reject(feedback="Too long")`, `after("72h").respond("yes")`."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

from hitl.exceptions import ContentError
from hitl.server.primitives.timestamps import Duration, duration

T = TypeVar("T")

Kind: TypeAlias = Literal["approve", "reject", "complete", "edit", "respond", "never"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a review, or to a request.

    Attributes:
        kind: The method that made it.
        fields: Values for fields of the template, as JSON values; nothing for a request.
        value: The answer to a request, as a JSON value.
        delay: When it is given after the review or request is created, by the sandbox's clock.
    """

    kind: Kind
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])
    delay: timedelta = timedelta(0)
    value: Any = None

    def __str__(self) -> str:
        return self.kind if not self.delay else f"{self.kind} after {self.delay}"


class Builder(Generic[T]):
    """Makes answers, and passes each to a function."""

    def __init__(self, use: Callable[[Answer], T]) -> None:
        self._use = use
        self._delay = timedelta(0)

    def never(self) -> T:
        """Leave it open on purpose."""
        return self._use(Answer("never", delay=self._delay))

    def after(self, delay: Duration) -> Self:
        """Return the same answers, given after a delay by the sandbox's clock: "2h", "3d", seconds."""
        later = copy.copy(self)
        later._delay = self._delay + duration(delay)  # noqa: SLF001 - of its own class
        return later


class AnswerBuilder(Builder[T]):
    """The possible answers to reviews."""

    def approve(self, **fields: Any) -> T:
        """Complete the review with these fields, and true in the boolean field that the template requires."""
        return self._answer("approve", fields)

    def reject(self, **fields: Any) -> T:
        """Reject the review with exactly these fields in the result."""
        return self._answer("reject", fields)

    def complete(self, result: Mapping[str, Any]) -> T:
        """Complete the review with exactly this result."""
        return self._answer("complete", result)

    def edit(self, **content: Any) -> T:
        """Approve the review with these values in place of the content's; the template must mark them as editable."""
        return self._answer("edit", content)

    def _answer(self, kind: Kind, fields: Mapping[str, Any]) -> T:
        return self._use(Answer(kind, json_value(dict(fields)), self._delay))


class ResponseBuilder(Builder[T]):
    """The possible answers to requests."""

    def respond(self, value: Any) -> T:
        """Answer the request: True, "approve" or 4, depending on the kind of answer that it asks for."""
        return self._use(Answer("respond", delay=self._delay, value=json_value(value)))


class _AnyAnswer(AnswerBuilder[Answer], ResponseBuilder[Answer]):
    pass


def json_value(value: Any) -> Any:
    """Return a copy as JSON carries it, so that a test cannot give an answer that no reviewer could."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ContentError(f"the result has no JSON form: {error}", path="result") from error


def _identity(answer: Answer) -> Answer:
    return answer


_BUILDER = _AnyAnswer(_identity)

approve = _BUILDER.approve
reject = _BUILDER.reject
complete = _BUILDER.complete
edit = _BUILDER.edit
respond = _BUILDER.respond
never = _BUILDER.never
after = _BUILDER.after
