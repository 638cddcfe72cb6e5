"""`GET /v1/events`: what happens, as server-sent events (HTML, section 9.2)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hitl.server.http.limits import LongPollSlots
from hitl.server.primitives.errors import invalid
from hitl.server.reviews.service import ReviewService
from hitl.server.storage.outbox import Event

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent: proxies close what is silent, and who has gone away is noticed."""

_AT_ONCE: Final = 100  # events read at a time, so that a reader from the beginning does not hold all of them in memory
_HEADERS: Final = {"Cache-Control": "no-store"}


class Events:
    """The stream over one desk: every event that webhooks are told of, in the order in which it happened."""

    def __init__(self, desk: ReviewService, places: LongPollSlots, *, heartbeat: float = HEARTBEAT) -> None:
        self._desk = desk
        self._places = places
        self._heartbeat = heartbeat

    async def stream(self, request: Request) -> Response:
        """Tell what happened after the event that the request names, then what happens, until one side ends it."""
        after = _position(request)
        if request.method == "HEAD":
            return Response(headers=_HEADERS, media_type="text/event-stream")
        return _Stream(self._told_after(after), self._places)

    async def _told_after(self, after: int | None) -> AsyncIterator[str]:
        changes, outbox = self._desk.changes, self._desk.outbox
        # The watch begins before the first look, so that no event falls between the two.
        with changes.watch_all() as watch:
            leave = outbox.on_change(watch.wake)
            try:
                last = outbox.last_number() if after is None else after
                yield ": the stream begins\n\n"
                while not changes.closed:
                    found = outbox.events_after(last, _AT_ONCE)
                    for event in found:
                        last = event.number
                        yield _told(event)
                    if not found:
                        await watch.change(self._heartbeat)
                        yield ": still here\n\n"
            finally:
                leave()


class _Stream(StreamingResponse):
    """A stream that holds one of the places for as long as it runs."""

    def __init__(self, content: AsyncIterator[str], places: LongPollSlots) -> None:
        super().__init__(content, headers=_HEADERS, media_type="text/event-stream")
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, or raise the refusal before anything is sent."""
        with self._places.take():
            await super().__call__(scope, receive, send)


def _position(request: Request) -> int | None:
    """Return the number of the last event that the reader has; None if it asks for what comes from now on.

    The header wins, because a browser that connects again repeats the query of its first request.
    """
    for name, given in (
        ("Last-Event-ID", request.headers.getlist("Last-Event-ID")),
        ("after", request.query_params.getlist("after")),
    ):
        if given:
            if len(given) > 1 or not re.fullmatch(r"\d{1,18}", given[0], re.ASCII):
                raise invalid("must be the number of an event, once", name)
            return int(given[0])
    return None


def _told(event: Event) -> str:
    # One line, as the format wants: JSON writes a line break inside a text as \n.
    return f"id: {event.number}\nevent: {event.event}\ndata: {json.dumps(event.payload)}\n\n"
