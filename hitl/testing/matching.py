"""Matching of reviews and requests against what a test expects, and the reasons of a mismatch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from reprlib import Repr
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, cast

from hitl.server.primitives import Document, name_key

Content: TypeAlias = Mapping[str, Any] | Callable[[dict[str, Any]], object]
"""Members that the content must have, or a predicate over all of it."""

Noun: TypeAlias = Literal["review", "request"]

_short = Repr()
_short.maxstring = _short.maxother = 100


class Matcher(Protocol):
    """Criteria for documents of one kind; the text of it names those that were given."""

    noun: ClassVar[Noun]

    def mismatches(self, document: Document, /) -> Iterator[str]:
        """Yield a description of each criterion that a document does not meet."""
        ...


def matches(matcher: Matcher, document: Document) -> bool:
    """Return whether a document meets all criteria."""
    return next(matcher.mismatches(document), None) is None


@dataclass(frozen=True, slots=True)
class ReviewMatcher:
    """Criteria for reviews; None matches every review.

    Attributes:
        content: Members of the content, nested ones compared by their members in turn; or a predicate.
        assignee: One of the assignees.
    """

    noun: ClassVar[Noun] = "review"

    template_id: str | None = None
    content: Content | None = None
    assignee: str | None = None

    def mismatches(self, review: Document) -> Iterator[str]:
        """Yield a description of each criterion that a review document does not meet."""
        if self.template_id not in (None, review["template_id"]):
            yield f"template_id is {review['template_id']!r}, not {self.template_id!r}"
        if self.assignee is not None and name_key(self.assignee) not in map(name_key, review["assignees"]):
            yield f"assignees are {review['assignees']}, without {self.assignee!r}"
        yield from _unlike("content", self.content, review["content"])

    def __str__(self) -> str:
        return _shown(template_id=self.template_id, content=self.content, assignee=self.assignee) or "any review"


@dataclass(frozen=True, slots=True)
class RequestMatcher:
    """Criteria for requests to loops; None matches every request.

    Attributes:
        text: A part of the text.
        context: Members of the context, as for the content of a review; or a predicate.
    """

    noun: ClassVar[Noun] = "request"

    loop_id: str | None = None
    text: str | None = None
    context: Content | None = None

    def mismatches(self, request: Document) -> Iterator[str]:
        """Yield a description of each criterion that a request document does not meet."""
        if self.loop_id is not None and self.loop_id.lower() != request["loop_id"]:
            yield f"loop_id is {request['loop_id']!r}, not {self.loop_id!r}"
        if self.text is not None and self.text not in request["request_text"]:
            yield f"text is {_short.repr(request['request_text'])}, without {self.text!r}"
        yield from _unlike("context", self.context, request.get("context") or {})

    def __str__(self) -> str:
        return _shown(loop_id=self.loop_id, text=self.text, context=self.context) or "any request"


def _shown(**criteria: Content | str | None) -> str:
    """Return the criteria that were given, as they are written in a call."""
    texts = {name: _shortened(value) for name, value in criteria.items() if value}
    return ", ".join(f"{name}={text}" for name, text in texts.items())


def _shortened(criterion: Content | str) -> str:
    if callable(criterion):
        return _name(criterion)
    return repr(criterion) if isinstance(criterion, str) else _short.repr(criterion)


def _unlike(name: str, expected: Content | None, actual: dict[str, Any]) -> Iterator[str]:
    if callable(expected):
        yield from _rejected_by(name, expected, actual)
    elif expected is not None:
        yield from _differences(name, expected, actual)


def _rejected_by(name: str, predicate: Callable[[dict[str, Any]], object], actual: dict[str, Any]) -> Iterator[str]:
    # A predicate written for one template's content may raise anything for another's.
    try:
        if not predicate(actual):
            yield f"{name} is rejected by {_name(predicate)}"
    except Exception as error:
        yield f"{name} makes {_name(predicate)} raise {type(error).__name__}: {error}"


def _differences(path: str, expected: object, actual: object) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(actual, dict):
        for key, value in cast("Mapping[str, object]", expected).items():
            here = f"{path}[{key!r}]"
            if key in actual:
                yield from _differences(here, value, cast("dict[str, object]", actual)[key])
            else:
                yield f"{here} is missing"
    elif expected != actual:
        yield f"{path} is {_short.repr(actual)}, not {_short.repr(expected)}"


def _name(predicate: Callable[..., object]) -> str:
    return getattr(predicate, "__name__", None) or repr(predicate)
