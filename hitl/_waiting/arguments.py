"""How somebody waits: the arguments of the client's methods, checked before any I/O."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import timedelta

from attrs import frozen

from hitl._api import identifier
from hitl._config import seconds
from hitl._waiting.progress import Bar
from hitl.exceptions import ConfigurationError
from hitl.models import Review


@frozen(weakref_slot=False)
class WaitOptions:
    """How somebody waits."""

    timeout: float | None  # seconds until WaitTimeoutError; None to wait until the reviews themselves end
    poll_interval: float  # seconds between the first two polls; grows to 10
    on_update: Callable[[Review], object] | None = None
    display: Bar | None = None  # updated at least once a second unless a request is in flight


def subject(review: object) -> tuple[str, Review | None]:
    """Return the id of what is waited for, and the review if it was given."""
    known = review if isinstance(review, Review) else None
    return identifier("review_id", known.id if known else review), known


def subjects(reviews: Iterable[str | Review]) -> dict[str, Review | None]:
    """Return what is waited for by id, each once, in the order given."""
    if isinstance(reviews, str | Review):
        raise ConfigurationError("reviews must be a list of ids or of Review objects; put a single one into a list")
    found: dict[str, Review | None] = {}
    for review_id, review in map(subject, reviews):
        found[review_id] = found.get(review_id) or review
    return found


def wait_options(
    *,
    timeout: float | timedelta | None,
    poll_interval: float | timedelta,
    on_update: Callable[[Review], object] | None = None,
    progress: bool = False,
) -> WaitOptions:
    if on_update is not None and (not callable(on_update) or inspect.iscoroutinefunction(on_update)):
        raise ConfigurationError("on_update must be an ordinary function that takes a Review, not a coroutine function")
    display = Bar() if progress else None
    until = None if timeout is None else seconds("timeout", timeout)
    return WaitOptions(until, seconds("poll_interval", poll_interval), on_update, display)
