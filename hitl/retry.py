"""Retry a function of yours after transient errors.

The clients already retry their own requests; this decorator is for a function that makes several calls, or that should
keep trying for longer. Inside it a client makes one attempt per call, so attempts do not multiply.
"""

from __future__ import annotations

import functools
import inspect
import math
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, TypeAlias, TypeVar, cast, overload

from hitl._calls import LONGEST_PAUSE, Backoff, RetriedCall, calling, is_retrying
from hitl._json import number, whole
from hitl.exceptions import APIConnectionError, HITLError, RateLimitError, ServerError

__all__ = ["RETRIED", "retry_with_backoff"]

F = TypeVar("F", bound=Callable[..., Any])

RETRIED: Final[tuple[type[Exception], ...]] = (APIConnectionError, RateLimitError, ServerError)
"""What is retried by default; and of these only errors that are `retryable`."""

Exceptions: TypeAlias = type[Exception] | tuple[type[Exception], ...]
_Function: TypeAlias = Callable[..., Any]


@overload
def retry_with_backoff(max_retries: F, /) -> F: ...


@overload
def retry_with_backoff(
    max_retries: int = 3,
    *,
    base_delay: float = 1.0,
    max_delay: float = LONGEST_PAUSE,
    retry_on: Exceptions = RETRIED,
    sleep: Callable[[float], Any] | None = None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> Callable[[F], F]: ...


def retry_with_backoff(
    max_retries: Any = 3,
    *,
    base_delay: float = 1.0,
    max_delay: float = LONGEST_PAUSE,
    retry_on: Exceptions = RETRIED,
    sleep: Callable[[float], Any] | None = None,
    jitter: Callable[[float, float], float] = random.uniform,
) -> Any:
    """Decorate a blocking function or a coroutine function so that it is called again after a transient error.

    Used as `@retry_with_backoff(max_retries=3)` or as a bare `@retry_with_backoff`. Of this package's errors only those
    with `retryable` set are retried: a review that may exist already is not created twice. Each call of the function
    creates under the same idempotency keys as the one before, so that a server which recognises keys makes one review
    of all. When the retries are used up, the last error is raised, with a note of how many calls were made.

    A decorated function that is called inside another one is called once: only the outer one retries. The same holds
    for a client that is used inside, and for tasks started inside until the call that started them ends, but not for
    threads.

    Args:
        max_retries: Further calls after the first, so the function is called at most `max_retries + 1` times.
        base_delay: The maximum seconds of the first pause; doubles with each further one.
        max_delay: The maximum seconds of any pause, unless the server asks for more (`retry_after`). If it asks for
            more than 60 seconds, the error is raised at once.
        retry_on: The exceptions to retry. Those of other packages are retried whenever they occur.
        sleep: Called with the seconds of each pause instead of sleeping; awaited for a coroutine function.
        jitter: Called with the shortest and the longest pause, a tenth of the longest; returns one between them.

    Raises:
        TypeError: The function is a generator (what it has yielded cannot be taken back), a `staticmethod` or
            `classmethod` (put this decorator below that one), or returns a coroutine without being `async def`.
        ValueError: `max_retries` is not an integer from 0 up, or a delay is negative.

    Example:
        >>> from hitl.retry import retry_with_backoff
        >>> @retry_with_backoff(max_retries=5, base_delay=0.5)
        ... def ask(client, text):
        ...     return client.create_review(template_id="content_review", content={"text": text})
    """
    if callable(max_retries) or isinstance(max_retries, classmethod):
        return retry_with_backoff()(cast("_Function", max_retries))
    delays = _seconds("base_delay", base_delay), _seconds("max_delay", max_delay)
    backoff, classes = Backoff(_whole(max_retries), *delays, jitter), _classes(retry_on)

    def decorate(function: _Function) -> _Function:
        _refuse_unrepeatable(function)
        if any(map(inspect.iscoroutinefunction, _callees(function))):
            return _retry_async(function, backoff, classes, sleep or _sleep_async)
        return _retry_blocking(function, backoff, classes, sleep or time.sleep)

    return decorate


class _Attempts:
    """The calls of one function until it succeeds or is given up."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._retried = RetriedCall()
        self._count = 0

    def next(self) -> AbstractContextManager[None]:
        """Return what to make the next call in."""
        self._count += 1
        return calling(self._retried)

    def pause_after(self, error: Exception) -> float | None:
        """Return the seconds to sleep after the last call failed; None to give up."""
        ours = error if isinstance(error, HITLError) else None
        pause = self._backoff.pause(self._count, ours.retry_after if ours else None)
        if pause is not None and (ours is None or ours.retryable):
            return pause
        if self._count > 1:
            error.add_note(f"retry_with_backoff gave up after {self._count} calls")
        if ours and ours.outcome_unknown and self._retried.owns(ours.idempotency_key):
            ours.retryable = False  # called once more from outside, it would create under another key
        return None


def _retry_blocking(function: _Function, backoff: Backoff, retry_on: Any, sleep: Callable[[float], Any]) -> _Function:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if is_retrying():
            return _no_coroutine(function(*args, **kwargs))
        attempts = _Attempts(backoff)
        while True:
            try:
                with attempts.next():
                    result = function(*args, **kwargs)
            except retry_on as error:
                if (pause := attempts.pause_after(error)) is None:
                    raise
                sleep(pause)
            else:
                return _no_coroutine(result)

    return call


def _retry_async(function: _Function, backoff: Backoff, retry_on: Any, sleep: Callable[[float], Any]) -> _Function:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if is_retrying():
            return await function(*args, **kwargs)
        attempts = _Attempts(backoff)
        while True:
            try:
                with attempts.next():
                    return await function(*args, **kwargs)
            except retry_on as error:
                if (pause := attempts.pause_after(error)) is None:
                    raise
                await sleep(pause)

    return call


async def _sleep_async(seconds: float) -> None:
    import anyio  # blocking programs need not load it

    await anyio.sleep(seconds)


def _no_coroutine(result: Any) -> Any:
    if inspect.iscoroutine(result):
        result.close()
        raise TypeError("retry_with_backoff cannot retry a coroutine that it does not await: use `async def` and await")
    return result


# --- what can be decorated, and with what ----------------------------------------------------------------------------


def _callees(function: _Function) -> tuple[Any, Any]:
    """Return what determines the kind of a callable: itself, or its class's `__call__` if it is an object."""
    while isinstance(function, functools.partial):
        function = function.func
    return function, type(function).__call__


def _refuse_unrepeatable(function: object) -> None:
    if isinstance(function, staticmethod | classmethod):
        raise TypeError("put @retry_with_backoff below @staticmethod or @classmethod, next to the function")
    if not callable(function):
        raise TypeError(f"retry_with_backoff decorates functions, not {type(function).__name__}")
    for callee in _callees(function):
        if inspect.isgeneratorfunction(callee) or inspect.isasyncgenfunction(callee):
            raise TypeError("retry_with_backoff cannot decorate a generator: what it has yielded cannot be taken back")


def _whole(max_retries: object) -> int:
    found = whole(max_retries)
    if found is None or found < 0:
        raise ValueError(f"max_retries must be an integer from 0 up, not {max_retries!r}")
    return found


def _seconds(name: str, delay: object) -> float:
    found = number(delay)
    if found is None or not 0 <= found < math.inf:
        raise ValueError(f"{name} must be seconds from 0 up, not {delay!r}")
    return found


def _classes(retry_on: object) -> tuple[type[Exception], ...]:
    classes = cast("tuple[object, ...]", retry_on if isinstance(retry_on, tuple) else (retry_on,))
    for each in classes:
        # Not BaseException: a program that swallows KeyboardInterrupt or a cancellation cannot be stopped.
        if not isinstance(each, type) or not issubclass(each, Exception):
            raise TypeError(f"retry_on takes subclasses of Exception, not {each!r}")
    return cast("tuple[type[Exception], ...]", classes)
