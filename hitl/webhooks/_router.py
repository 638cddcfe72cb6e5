"""Receives webhooks and passes each event to the functions registered for it, once.

An event counts as handled when all its handlers have returned. If a handler fails, or the process dies, the server's
next attempt is handled; while one is in progress, a second delivery of the event is asked to come again later.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from hitl._interrupts import reraise_interrupt
from hitl.exceptions import SignatureError
from hitl.webhooks._events import WebhookEvent, genuine_event
from hitl.webhooks._headers import Headers
from hitl.webhooks._replay import Lease, MemoryReplayGuard, ReplayGuard
from hitl.webhooks._secrets import Secret, all_keys
from hitl.webhooks._signatures import TOLERANCE, Body, Tolerance, raw_body, seconds_of

Handler: TypeAlias = Callable[[WebhookEvent], Any]
H = TypeVar("H", bound=Handler)

_EVERYTHING: Final = "*"
_log = logging.getLogger("hitl.webhooks")


class _Registration(NamedTuple):
    events: frozenset[str]
    handler: Handler
    is_async: bool

    def call(self, event: WebhookEvent) -> None:
        _require_done(_run_in_loop(self.handler, event) if self.is_async else self.handler(event))

    async def call_async(self, event: WebhookEvent) -> None:
        _require_done(await (self.handler(event) if self.is_async else _in_thread(self.handler, event)))


class Router:
    """Verifies webhooks and calls the handlers registered for their events. Threads and event loops may share it.

    Example:
        >>> from hitl.webhooks import Router, signature_headers
        >>> router = Router("your_webhook_secret")
        >>> @router.on("review.completed")
        ... def publish(event):
        ...     print(event.review_id)
        >>> body = b'{"event": "review.completed", "review": {"id": "rev_1"}}'
        >>> int(router.dispatch(signature_headers(body, "your_webhook_secret"), body))
        rev_1
        200
    """

    def __init__(
        self, secret: Secret, *, replay_guard: ReplayGuard | None = None, tolerance: Tolerance = TOLERANCE
    ) -> None:
        """Accept webhooks that are signed with a secret.

        Args:
            secret: The webhook's secret, or several while you replace one.
            replay_guard: Remembers what was handled. By default a `MemoryReplayGuard` of its own; pass a
                `SQLiteReplayGuard` if more than one process receives, or if a restart must not forget.
            tolerance: The maximum seconds between the time of a Standard Webhooks signature and now.

        Raises:
            TypeError, ValueError: As in `verify_signature`.
        """
        keys = all_keys(secret)
        del secret  # a traceback that shows local variables would show it
        if isinstance(keys, Exception):
            raise keys
        self._keys = keys
        self._tolerance = seconds_of(tolerance)
        self._guard = MemoryReplayGuard() if replay_guard is None else replay_guard
        if not hasattr(self._guard, "forget"):
            raise TypeError("the replay guard of a router needs forget(event_id), for events whose handler fails")
        self._registrations: list[_Registration] = []

    def on(self, *events: str) -> Callable[[H], H]:
        """Register a handler: a plain or an `async` function of one WebhookEvent.

        Several handlers of one event run one after the other, in the order of their registration. They must finish
        within 5 minutes; servers wait 30 seconds for a response.

        Args:
            events: Names such as "review.completed", or "*" for all events, including those not known yet.

        Raises:
            TypeError: No event is named, or the handler is not a function, or a generator function.
        """
        if not events or not all(isinstance(event, str) and event.strip() for event in events):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError('name the events: @router.on("review.completed"), or @router.on("*") for all')

        def register(handler: H) -> H:
            if not callable(handler) or inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
                raise TypeError(f"a handler is a function, async or not, that returns when it is done; got {handler!r}")
            self._registrations.append(_Registration(frozenset(events), handler, _is_async(handler)))
            return handler

        return register

    def dispatch(self, headers: Headers, body: Body) -> HTTPStatus:
        """Verify a webhook, call the handlers of its event, and return the status to respond with.

        | status | when |
        |---|---|
        | 200 | it was handled, now or before; or no handler is registered for this event |
        | 401 | it is not genuine, or no event; the reason is logged, and never sent |
        | 413 | its body is larger than 1 MiB |
        | 500 | a handler failed, which is logged; the server's next attempt will be handled |
        | 503 | it is being handled at this moment, or the replay guard failed: the server is to try again |

        An asynchronous handler gets an event loop of its own; inside a running one use `dispatch_async`.

        Args:
            headers: The request's headers, as for `verify_signature`.
            body: The raw body.

        Raises:
            TypeError: `body` is a parsed body.
        """
        delivery = self._begin(headers, body)
        if isinstance(delivery, HTTPStatus):
            return delivery
        try:
            for registration in delivery.registrations:
                registration.call(delivery.event)
        except BaseException as error:
            delivery.fail(error)
            if not isinstance(error, Exception):  # Ctrl-C
                raise
            reraise_interrupt(error)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        delivery.succeed()
        return HTTPStatus.OK

    async def dispatch_async(self, headers: Headers, body: Body) -> HTTPStatus:
        """Do what `dispatch` does without blocking the event loop: what is not asynchronous runs in a thread."""
        if not any(registration.is_async for registration in self._registrations):
            from anyio.to_thread import run_sync

            # In one piece, so that a cancellation leaves nothing half done: the thread runs to its end.
            return await run_sync(self.dispatch, headers, body)
        delivery: _Delivery | HTTPStatus = await _in_thread(self._begin, headers, body)
        if isinstance(delivery, HTTPStatus):
            return delivery
        try:
            for registration in delivery.registrations:
                await registration.call_async(delivery.event)
        except GeneratorExit:  # this coroutine is being closed and cannot await the release: the lease expires
            raise
        except BaseException as error:
            await _in_thread(delivery.fail, error)
            if not isinstance(error, Exception):  # cancelled
                raise
            reraise_interrupt(error)
            return HTTPStatus.INTERNAL_SERVER_ERROR
        await _in_thread(delivery.succeed)
        return HTTPStatus.OK

    def _begin(self, headers: Headers, body: Body) -> _Delivery | HTTPStatus:
        """Begin to handle an event, or return the status to respond with if there is nothing to handle; may block."""
        try:
            event = genuine_event(headers, raw_body(body), self._keys, self._tolerance)
        except SignatureError as error:
            _log.warning("webhook refused: %s", error.reason)
            return HTTPStatus(413 if error.reason == "payload_too_large" else 401)
        wanted = [each for each in self._registrations if not each.events.isdisjoint((event.event, _EVERYTHING))]
        if not wanted:
            _log.debug("webhook ignored: no handler is registered for %r", event.event)
            return HTTPStatus.OK
        delivery = _Delivery(event, wanted, Lease(self._guard, event.claims))
        return delivery.begin() or delivery


class _Delivery(NamedTuple):
    """One attempt to handle an event; all methods may block."""

    event: WebhookEvent
    registrations: list[_Registration]
    lease: Lease

    def begin(self) -> HTTPStatus | None:
        """Return None if the event is to be handled now, otherwise the status to respond with."""
        try:
            state = self.lease.acquire()
        except Exception as error:
            reraise_interrupt(error)
            _log.exception("the replay guard failed, so the server is asked to send %s again", self.event.id)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if state == "new":
            return None
        _log.info("webhook repeated: %s is %s", self.event.id, state)
        return HTTPStatus.OK if state == "done" else HTTPStatus.SERVICE_UNAVAILABLE

    def fail(self, error: BaseException) -> None:
        """Leave the event to the server's next attempt."""
        _end(self.lease.release)
        if isinstance(error, Exception):
            text = "a handler of %r failed, so the server is asked to send %s again"
            _log.error(text, self.event.event, self.event.id, exc_info=error)

    def succeed(self) -> None:
        """Remember the event as handled."""
        _end(self.lease.complete)


def _end(end: Callable[[], None]) -> None:
    try:
        end()
    except Exception as error:  # the handlers have run; the lease expires
        reraise_interrupt(error)
        _log.exception("the replay guard failed after the handlers, so the event may be handled once more")


def _require_done(result: object) -> None:
    """Refuse a result that was only started, or the event would count as handled."""
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(
            "the handler returned a coroutine, which nobody awaits: register the async function itself, or make what "
            "is around it async"
        )
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError("the handler returned a generator, which nobody iterates")


def _run_in_loop(handler: Handler, event: WebhookEvent) -> Any:
    import anyio

    return anyio.run(handler, event)


async def _in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a blocking function in a thread, to its end, even if this task is cancelled meanwhile."""
    import anyio.to_thread

    with anyio.CancelScope(shield=True):
        return await anyio.to_thread.run_sync(function, *arguments)


def _is_async(handler: Handler) -> bool:
    # An object may have an asynchronous __call__.
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004
