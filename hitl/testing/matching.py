"""Matching of reviews against what a test expects, and the reasons of a mismatch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from reprlib import Repr
from typing import Any, TypeAlias, cast

from hitl.server.primitives import Document, name_key

Content: TypeAlias = Mapping[str, Any] | Callable[[dict[str, Any]], object]
"""Members that the content must have, or a predicate over all of it."""

_short = Repr()
_short.maxstring = _short.maxother = 100


@dataclass(frozen=True, slots=True)
class ReviewMatcher:
    """Criteria for reviews; None matches every review.

    Attributes:
        content: Members of the content, nested ones compared by their members in turn; or a predicate.
        assignee: One of the assignees.
    """

    template_id: str | None = None
    content: Content | None = None
    assignee: str | None = None

    def matches(self, review: Document) -> bool:
        """Return whether a review document meets all criteria."""
        return next(self.mismatches(review), None) is None

    def mismatches(self, review: Document) -> Iterator[str]:
        """Yield a description of each criterion that a review document does not meet."""
        if self.template_id not in (None, review["template_id"]):
            yield f"template_id is {review['template_id']!r}, not {self.template_id!r}"
        if self.assignee is not None and name_key(self.assignee) not in map(name_key, review["assignees"]):
            yield f"assignees are {review['assignees']}, without {self.assignee!r}"
        if callable(self.content):
            yield from _rejected_by(self.content, review["content"])
        elif self.content is not None:
            yield from _differences("content", self.content, review["content"])

    def __str__(self) -> str:
        content = _name(self.content) if callable(self.content) else self.content and _short.repr(self.content)
        criteria = {"template_id": self.template_id and repr(self.template_id), "content": content}
        criteria["assignee"] = self.assignee and repr(self.assignee)
        return ", ".join(f"{name}={value}" for name, value in criteria.items() if value) or "any review"


def _rejected_by(predicate: Callable[[dict[str, Any]], object], content: dict[str, Any]) -> Iterator[str]:
    # A predicate written for one template's content may raise anything for another's.
    try:
        if not predicate(content):
            yield f"content is rejected by {_name(predicate)}"
    except Exception as error:
        yield f"content makes {_name(predicate)} raise {type(error).__name__}: {error}"


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
