"""A function in place of another, which no tool can tell apart, and through which nobody reaches the other one.

`functools.wraps` would leave `__wrapped__`, by which `inspect.unwrap` hands out the ungated function.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

from hitl.approval.calls import signature_of


def require_plain_function(function: Any, *, is_async: bool) -> None:
    """Raise TypeError unless a function can be gated, by a client of its kind."""
    if isinstance(function, staticmethod | classmethod):
        raise TypeError("put the gate below @staticmethod or @classmethod, next to the function itself")
    if isinstance(function, type) or not callable(function):
        raise TypeError(f"a gate takes a function; got {function!r:.80}")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise TypeError(f"{function.__qualname__} is a generator, which does not run when it is called; gate its steps")
    if not inspect.isfunction(function):
        raise TypeError(f"a gate takes a function written with def; got {function!r:.80}")
    if inspect.iscoroutinefunction(function) != is_async:
        kind, other = ("a coroutine", "AsyncHITLClient") if not is_async else ("not a coroutine", "HITLClient")
        raise TypeError(f"{function.__qualname__} is {kind} function, so its gate needs {other}")


def gated(function: Callable[..., Any], run: Callable[[tuple[Any, ...], dict[str, Any]], Any]) -> Callable[..., Any]:
    """Return a function with everything of another but its body, which calls `run` with the arguments."""

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        return await run(args, kwargs)

    def call(*args: Any, **kwargs: Any) -> Any:
        return run(args, kwargs)

    own: Any = call_async if inspect.iscoroutinefunction(function) else call
    # With the globals of the user's module, where tools look up the names in annotations.
    found = types.FunctionType(own.__code__, function.__globals__, function.__name__, None, own.__closure__)
    functools.update_wrapper(found, function)
    del found.__wrapped__  # type: ignore[attr-defined]
    found.__signature__ = signature_of(function)  # type: ignore[attr-defined]
    return found
