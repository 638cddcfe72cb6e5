"""Takes webhooks in and hands each event to the functions that asked for it, once.

An event counts as handled when all its handlers have returned. A handler that fails, or a process that dies, leaves it
to the server's next attempt; while it is being handled, a second delivery of it is asked to come again later.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from hitl.exceptions import SignatureError
from hitl.webhooks._arguments import Body, Secret, Tolerance, all_keys, seconds_of
from hitl.webhooks._claims import Claim, State
from hitl.webhooks._events import WebhookEvent, genuine_event
from hitl.webhooks._headers import Headers
from hitl.webhooks._replay import MemoryReplayGuard, ReplayGuard
from hitl.webhooks._signatures import TOLERANCE

Handler: TypeAlias = Callable[[WebhookEvent], Any]
H = TypeVar("H", bound=Handler)

_EVERYTHING: Final = "*"
_log = logging.getLogger("hitl.webhooks")


class _Work(NamedTuple):
    """Something to be done: a function of no arguments, and whether it must be awaited rather than called."""

    call: Callable[[], Any]
    is_async: bool = False


_Flow: TypeAlias = Generator[_Work, Any, HTTPStatus]


class _Registration(NamedTuple):
    events: frozenset[str]
    handler: Handler
    is_async: bool

    def wants(self, event: WebhookEvent) -> bool:
        return not self.events.isdisjoint((event.event, _EVERYTHING))


class Router:
    """Checks webhooks and calls what you registered for their events. It may be shared by threads and event loops.

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
        """Take in webhooks that are signed with a secret.

        Args:
            secret: The webhook's secret, or several while you replace one.
            replay_guard: Remembers what was handled. By default a `MemoryReplayGuard` of its own; give a
                `SQLiteReplayGuard` if more than one process receives, or if a restart must not forget.
            tolerance: Seconds that the time of a Standard Webhooks signature may be away from now.

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

        Several handlers of one event run one after the other, in the order in which they were registered. They must be
        done within 5 minutes; servers wait 30 seconds for an answer.

        Args:
            events: Names such as "review.completed", or "*" for all events, also those that are not known yet.

        Raises:
            TypeError: No event is named, or the handler is no function, or a generator function.
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
        """Check a webhook, call the handlers of its event, and return the status to answer with.

        | status | when |
        |---|---|
        | 200 | it was handled, now or before; or nobody asked for this event |
        | 401 | it is not genuine, or no event; the reason is logged, never told |
        | 413 | its body has more than 1 MiB |
        | 500 | a handler failed, which is logged; the event is free for the server's next attempt |
        | 503 | it is being handled at this moment, or the replay guard failed: the server is to try again |

        An asynchronous handler gets an event loop of its own; inside a running one use `dispatch_async`.

        Args:
            headers: The request's headers, as for `verify_signature`.
            body: The raw body.

        Raises:
            TypeError: `body` is a parsed body.
        """
        flow = self._receive(headers, body)
        try:
            work = next(flow)
            while True:
                try:
                    result = _do(work)
                except BaseException as error:  # the flow decides what becomes of it
                    work = flow.throw(error)
                else:
                    work = flow.send(result)
        except StopIteration as end:
            return _status(end)

    async def dispatch_async(self, headers: Headers, body: Body) -> HTTPStatus:
        """Do what `dispatch` does, without blocking the event loop: what is not asynchronous runs in a thread."""
        if not any(registration.is_async for registration in self._registrations):
            from anyio.to_thread import run_sync

            # In one piece, so that a cancellation leaves nothing half done: the thread runs to its end.
            return await run_sync(self.dispatch, headers, body)
        flow = self._receive(headers, body)
        try:
            work = next(flow)
            while True:
                try:
                    result = await _do_async(work)
                except BaseException as error:
                    work = flow.throw(error)
                else:
                    work = flow.send(result)
        except StopIteration as end:
            return _status(end)

    def _receive(self, headers: Headers, body: Body) -> _Flow:
        try:
            event = genuine_event(headers, body, self._keys, self._tolerance)
        except SignatureError as error:
            _log.warning("webhook refused: %s", error.reason)
            return HTTPStatus(413 if error.reason == "payload_too_large" else 401)
        wanted = [registration for registration in self._registrations if registration.wants(event)]
        if not wanted:
            _log.debug("webhook ignored: nobody asked for %r", event.event)
            return HTTPStatus.OK
        claim = Claim(self._guard, event.claims)
        try:
            state = yield _Work(claim.take)
        except Exception:
            _log.exception("the replay guard failed, so the server is asked to send %s again", event.id)
            return HTTPStatus.SERVICE_UNAVAILABLE
        if state is State.NEW:
            return (yield from _handle(event, wanted, claim))
        _log.info("webhook repeated: %s is %s", event.id, state.name.lower())
        return HTTPStatus.OK if state is State.DONE else HTTPStatus.SERVICE_UNAVAILABLE


def _handle(event: WebhookEvent, registrations: Sequence[_Registration], claim: Claim) -> _Flow:
    try:
        for registration in registrations:
            _require_done((yield _Work(partial(registration.handler, event), registration.is_async)))
    except GeneratorExit:  # nobody goes on, so nobody can release it either: the lease ends by itself
        raise
    except BaseException as error:
        yield _Work(partial(_settle, claim.release))
        if not isinstance(error, Exception):  # cancelled, or Ctrl-C
            raise
        _log.exception("a handler of %r failed, so the server is asked to send %s again", event.event, event.id)
        return HTTPStatus.INTERNAL_SERVER_ERROR
    yield _Work(partial(_settle, claim.keep))
    return HTTPStatus.OK


def _require_done(result: object) -> None:
    """Refuse what a handler returns that has only been begun, or the event would be taken for handled."""
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError(
            "the handler returned a coroutine, which nobody awaits: register the async function itself, or make what "
            "is around it async"
        )
    if inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise TypeError("the handler returned a generator, which nobody iterates")


def _settle(settle: Callable[[], None]) -> None:
    try:
        settle()
    except Exception:  # what was done is done; the lease ends by itself
        _log.exception("the replay guard failed after the handlers, so the event may be handled once more")


def _do(work: _Work) -> Any:
    if not work.is_async:
        return work.call()
    import anyio

    return anyio.run(work.call)


async def _do_async(work: _Work) -> Any:
    if work.is_async:
        return await work.call()
    import anyio.to_thread

    with anyio.CancelScope(shield=True):
        return await anyio.to_thread.run_sync(work.call)


def _is_async(handler: Handler) -> bool:
    # An object may have an asynchronous __call__.
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004


def _status(end: StopIteration) -> HTTPStatus:
    status: HTTPStatus = end.value
    return status
