"""What can be waited for: reviews, and requests to loops. All waits share one machinery and one rate limit.

The modules of this room say "review" for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from attrs import evolve, frozen

from hitl._api import Page, PageRequest, UnreadableEntry, operations, request_operations
from hitl._engine import Response
from hitl._flows import ApiCall
from hitl._json import is_object
from hitl._request import Request
from hitl._review import Review


class Subject(Protocol):
    """What is waited for, as it was at one moment."""

    @property
    def id(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def created_at(self) -> datetime | None: ...

    @property
    def is_final(self) -> bool: ...

    @property
    def is_answered(self) -> bool: ...


S = TypeVar("S", bound=Subject)


@frozen
class Kind(Generic[S]):
    """One kind of what can be waited for.

    Attributes:
        noun: What it is called.
        model: Its class.
        get: Reads one, `(id, hold=, timeout=)`; `hold` is for how many seconds the server may delay its response.
        list: Lists many, `(query, asked, hold=, timeout=)`; the query may hold `created_after`, `ids`, `changes_after`.
        is_same: Whether two states that were seen are the same.
        has_filters: Whether lists may be asked for ids and for changes.
        written: Returns an id as the server writes it.
    """

    noun: str
    model: type[S]
    get: Callable[..., ApiCall[S]]
    list: Callable[..., ApiCall[Page[S]]]
    is_same: Callable[[Any, Any], bool]
    has_filters: bool
    written: Callable[[str], str]


def _list_requests(
    _query: Mapping[str, Any], asked: PageRequest, *, hold: int | None, timeout: float
) -> ApiCall[Page[Request]]:
    """List the newest requests: lists know none of the filters. Those whose end they do not tell whole are hidden."""
    del hold
    call = request_operations.list_requests({}, asked, timeout=timeout)

    def read(response: Response) -> Page[Request]:
        found = call.decode(response)
        return evolve(found, hidden=frozenset(each.id for each in found.items if not _is_whole(each)))

    return call._replace(decode=read)


def _is_whole(entry: Request | UnreadableEntry) -> bool:
    """Return whether an entry of a list says all that a wait needs; a list may leave out what a single read shows."""
    if isinstance(entry, UnreadableEntry) or not entry.is_final or entry.status == "cancelled":
        return True
    is_choice = entry.response_type in ("single_select", "multi_select") and not is_object(entry.response_data)
    return entry.answer is not None and not (is_choice and entry.response_config is None)


def _is_same_request(one: Request, other: Request) -> bool:
    times = {one.updated_at, other.updated_at} - {None}  # a list may leave it out
    return one.status == other.status and len(times) < 2


REVIEWS: Final = Kind(
    "review",
    Review,
    operations.get_review,
    operations.list_reviews,
    lambda one, other: one == other,
    has_filters=True,
    written=str,
)
REQUESTS: Final = Kind(
    "request",
    Request,
    request_operations.get_request,
    _list_requests,
    _is_same_request,
    has_filters=False,
    written=request_operations.written,
)
