"""Which reviews a test speaks of, and why another one is not among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from reprlib import Repr
from typing import Any, TypeAlias, cast

from hitl.server.primitives.documents import Document

Content: TypeAlias = Mapping[str, Any] | Callable[[dict[str, Any]], object]
"""A part of the content that must be there, or a function of the whole that tells whether it is the one."""

_short = Repr()
_short.maxstring = _short.maxother = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """A description that a review fits or not; what is None fits every review.

    Attributes:
        template_id: The template it was made from.
        content: Members of the content, nested ones by their members again; or a predicate.
        assignee: Somebody among those who are asked.
    """

    template_id: str | None = None
    content: Content | None = None
    assignee: str | None = None

    def fits(self, review: Document) -> bool:
        """Return whether a review in wire form is one of those that are meant."""
        return next(self.differences(review), None) is None

    def differences(self, review: Document) -> Iterator[str]:
        """Yield what keeps a review from being one of those that are meant."""
        if self.template_id not in (None, review["template_id"]):
            yield f"template_id is {review['template_id']!r}, not {self.template_id!r}"
        if self.assignee is not None and self.assignee not in review["assignees"]:
            yield f"assignees are {review['assignees']}, without {self.assignee!r}"
        if callable(self.content):
            yield from _objection(self.content, review["content"])
        elif self.content is not None:
            yield from _lacking("content", self.content, review["content"])

    def __str__(self) -> str:
        content = _name(self.content) if callable(self.content) else self.content and _short.repr(self.content)
        given = {"template_id": self.template_id and repr(self.template_id), "content": content}
        given["assignee"] = self.assignee and repr(self.assignee)
        return ", ".join(f"{name}={value}" for name, value in given.items() if value) or "anything"


def _objection(predicate: Callable[[dict[str, Any]], object], content: dict[str, Any]) -> Iterator[str]:
    # A predicate for one template's content may trip over another's, in whatever way.
    try:
        if not predicate(content):
            yield f"content is not what {_name(predicate)} wants"
    except Exception as error:
        yield f"content makes {_name(predicate)} raise {type(error).__name__}: {error}"


def _lacking(place: str, wanted: object, given: object) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(given, dict):
        for key, value in cast("Mapping[str, object]", wanted).items():
            here = f"{place}[{key!r}]"
            if key in given:
                yield from _lacking(here, value, cast("dict[str, object]", given)[key])
            else:
                yield f"{here} is missing"
    elif wanted != given:
        yield f"{place} is {_short.repr(given)}, not {_short.repr(wanted)}"


def _name(predicate: Callable[..., object]) -> str:
    return getattr(predicate, "__name__", None) or repr(predicate)
