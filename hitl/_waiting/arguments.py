"""What people pass in to wait, checked before any I/O."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from datetime import timedelta

from hitl._api import identifier
from hitl._config import seconds
from hitl._waiting.waits import WaitOptions, unique
from hitl.exceptions import ConfigurationError
from hitl.models import Review


def subject(review: object) -> tuple[str, Review | None]:
    """Return the id of what is waited for, and what is known of it already."""
    if isinstance(review, Review):
        return identifier("review_id", review.id), review
    return identifier("review_id", review), None


def subjects(reviews: Iterable[str | Review]) -> dict[str, Review | None]:
    """Return what is waited for by id, each once."""
    if isinstance(reviews, str | Review):
        raise ConfigurationError("reviews must be a list of ids or of Review objects; put a single one into a list")
    return unique(map(subject, reviews))


def wait_options(
    *,
    timeout: float | timedelta | None,
    poll_interval: float | timedelta,
    on_update: Callable[[Review], object] | None = None,
    progress: bool = False,
) -> WaitOptions:
    """Return how somebody waits, checked."""
    if on_update is not None and (not callable(on_update) or inspect.iscoroutinefunction(on_update)):
        raise ConfigurationError("on_update must be an ordinary function that takes a Review, not a coroutine function")
    display = None
    if progress:
        from hitl._waiting.progress import Bar

        display = Bar()
    return WaitOptions(
        None if timeout is None else seconds("timeout", timeout),
        seconds("poll_interval", poll_interval),
        on_update,
        display,
    )
