"""Faults on demand, in front of the API: what a program meets when a network or a server has a bad day."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Final, TypeAlias

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hitl.server.http.requests import route_path
from hitl.server.primitives import ApiError, Duration, duration
from hitl.server.storage import ChangeNotifier

DROP_EXTENSION: Final = "hitl.drop_connection"
"""Where the extensions of an ASGI scope hold a function that cuts the connection of the request."""

_NAP: Final = 0.1
"""Seconds after which a delayed answer looks whether the server stops."""

_Act: TypeAlias = Callable[[ASGIApp, Scope, Receive, Send], Awaitable[None]]

_CODES: Final = {
    400: "validation_error",
    401: "unauthorized",
    403: "insufficient_permissions",
    409: "conflict",
    422: "validation_error",
    429: "rate_limit_exceeded",
    500: "internal_error",
}


@dataclass(slots=True)
class _Planned:
    """One kind of fault, and the number of requests that will still meet it."""

    name: str
    act: _Act
    left: int
    method: str | None
    path: str | None

    def concerns(self, method: str, path: str) -> bool:
        same_method = self.method is None or self.method == method
        return self.left > 0 and same_method and (self.path is None or fnmatchcase(path, self.path))

    def __str__(self) -> str:
        where = " ".join(word for word in (self.method, self.path) if word) or "any request"
        return f"{self.name} ({where}), {self.left} more time{'s' if self.left > 1 else ''}"


class Faults:
    """Plans faults for the next requests; each request meets the first fault that matches it.

    Every method takes `times`, the number of requests; `path`, in which `*` matches anything, such as "/v1/reviews/*";
    and `method`, such as "POST". A request that meets a fault has passed authentication and the rate limit. The inbox
    has none.
    """

    def __init__(self, changes: ChangeNotifier) -> None:
        """Begin without any; `changes` reports when the server stops, so that no delay holds it up."""
        self._changes = changes
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []

    def next(
        self,
        status: int = 503,
        times: int = 1,
        *,
        path: str | None = None,
        method: str | None = None,
        code: str | None = None,
        retry_after: Duration | None = None,
    ) -> None:
        """Answer with an error, in the API's envelope, without doing what is asked.

        Args:
            status: The HTTP status, 400 to 599.
            code: The machine-readable word; by default the one that belongs to the status.
            retry_after: What the header Retry-After says, rounded up to whole seconds; left out if not given.
        """
        if not 400 <= status <= 599:
            raise ValueError(f"a fault has a status from 400 to 599, not {status}")
        headers: dict[str, str] = {}
        if retry_after is not None:  # a whole number of seconds (RFC 9110, 10.2.3)
            headers["Retry-After"] = str(math.ceil(duration(retry_after).total_seconds()))
        word = code or _CODES.get(status, _phrase(status).lower().replace(" ", "_"))

        async def refuse(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an _Act
            raise ApiError(status, word, f"{_phrase(status)}: the test asked for this fault", headers=headers)

        self._plan(f"status {status}", refuse, times, method, path)

    def rate_limited(
        self, retry_after: Duration = 1, times: int = 1, *, path: str | None = None, method: str | None = None
    ) -> None:
        """Answer that too many requests were made; `retry_after` is what the header of that name says."""
        self.next(429, times, path=path, method=method, retry_after=retry_after)

    def drop_connection(
        self, times: int = 1, *, after_handling: bool = False, path: str | None = None, method: str | None = None
    ) -> None:
        """Cut the connection without an answer; with `after_handling`, do first what is asked."""
        self._plan("a dropped connection", _handle_and_drop if after_handling else _drop, times, method, path)

    def delay(self, length: Duration, times: int = 1, *, path: str | None = None, method: str | None = None) -> None:
        """Delay the answer by this much real time; the request is carried out even if the client has gone by then."""
        seconds = duration(length).total_seconds()

        async def wait(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
            # The request is read first: a client that gives up would take an unread one with it.
            request = await _messages(receive)
            await self._sleep(seconds)
            await app(scope, _replayed(request, receive), send)

        self._plan(f"a delay of {length}", wait, times, method, path)

    def clear(self) -> None:
        """Forget the planned faults."""
        with self._lock:
            self._planned.clear()

    def unmet(self) -> list[str]:
        """Return descriptions of the faults that no request has met."""
        with self._lock:
            return [str(each) for each in self._planned if each.left]

    def take(self, method: str, path: str) -> _Act | None:
        """Return the fault of a request, and count it as met."""
        with self._lock:
            for each in self._planned:
                if each.concerns(method, path):
                    each.left -= 1
                    return each.act
        return None

    def _plan(self, name: str, act: _Act, times: int, method: str | None, path: str | None) -> None:
        if times < 1:
            raise ValueError(f"a fault happens at least once, not {times} times")
        with self._lock:
            self._planned.append(_Planned(name, act, times, method.upper() if method else None, path))

    async def _sleep(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time
        deadline = now() + seconds
        while (left := deadline - now()) > 0 and not self._changes.closed:  # noqa: ASYNC110 - another thread closes
            await asyncio.sleep(min(left, _NAP))


class FaultyApi:
    """ASGI middleware that carries out the planned faults."""

    def __init__(self, app: ASGIApp, *, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or let it meet its fault."""
        act = self._faults.take(scope["method"], route_path(scope))
        await (self._app(scope, receive, send) if act is None else act(self._app, scope, receive, send))


async def _messages(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replayed(messages: Iterable[Message], receive: Receive) -> Receive:
    left = deque(messages)

    async def receive_again() -> Message:
        return left.popleft() if left else await receive()

    return receive_again


async def _drop(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - an _Act
    scope["extensions"][DROP_EXTENSION]()
    # The server would send a 500 in place of the missing answer as long as it has not noticed.
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect


async def _handle_and_drop(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, _lose)
    await _drop(app, scope, receive, send)


async def _lose(message: Message) -> None:
    """Discard a part of an answer."""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
