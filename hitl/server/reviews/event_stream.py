"""`GET /v1/events`: what happens, as server-sent events (HTML, section 9.2)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hitl.server.http import LAST_WORDS, LongPollSlots, context_of
from hitl.server.primitives import invalid
from hitl.server.storage import ChangeNotifier, Event, Outbox

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent: proxies close silent streams, and dead clients are detected."""

_BATCH: Final = 100  # events read at a time, so that a reader from the beginning does not load all of them
_HEADERS: Final = {"Cache-Control": "no-store"}


AskerOf: TypeAlias = Callable[[str], "str | None"]
"""Returns the id of the key that asked for the subject of an event; None if no key did."""


class EventStream:
    """Every event that webhooks deliver, in the order in which it happened."""

    def __init__(
        self,
        changes: ChangeNotifier,
        outbox: Outbox,
        slots: LongPollSlots,
        *,
        heartbeat: float = HEARTBEAT,
        asker_of: AskerOf = lambda _subject_id: None,
    ) -> None:
        """Stream what is in the outbox; to a key that may see its own reviews only, what `asker_of` says is its own."""
        self._asker_of = asker_of
        self._changes = changes
        self._outbox = outbox
        self._slots = slots
        self._heartbeat = heartbeat

    async def respond(self, request: Request) -> Response:
        """Stream the events after the one that the request names, then new ones, until one side closes."""
        after = _position(request)
        if request.method == "HEAD":
            return Response(headers=_HEADERS, media_type="text/event-stream")
        return _HeldResponse(self._events_after(after, context_of(request).only_of), self._slots)

    async def _events_after(self, after: int | None, only_of: str | None = None) -> AsyncIterator[str]:
        # The watch begins before the first read, so that no event falls between the two.
        with self._changes.watch(None, is_request=False) as watch:
            leave = self._outbox.on_event(watch.wake)
            try:
                last = self._outbox.last_number() if after is None else after
                yield ": the stream begins\n\n"
                while not self._changes.closed:
                    found = self._outbox.events_after(last, _BATCH)
                    for event in found:
                        last = event.number
                        if only_of is None or self._asker_of(event.subject_id) == only_of:
                            yield _serialized(event)
                    if not found:
                        await watch.change(self._heartbeat)
                        yield ": still here\n\n"
                yield LAST_WORDS
            finally:
                leave()


class _HeldResponse(StreamingResponse):
    """A stream that holds a slot while it runs."""

    def __init__(self, content: AsyncIterator[str], slots: LongPollSlots) -> None:
        super().__init__(content, headers=_HEADERS, media_type="text/event-stream")
        self._slots = slots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send, or raise the error before anything is sent."""
        with self._slots.take():
            await super().__call__(scope, receive, send)


def _position(request: Request) -> int | None:
    """Return the number of the last event that the reader has; None if it asks for new events only.

    The header takes precedence, because a browser that reconnects repeats the query of its first request.
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


def _serialized(event: Event) -> str:
    # One line, as the format requires: JSON escapes line breaks inside strings.
    return f"id: {event.number}\nevent: {event.event}\ndata: {json.dumps(event.payload)}\n\n"
