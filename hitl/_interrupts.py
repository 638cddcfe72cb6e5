"""Exceptions that a signal handler of the caller's raised: a deadline by SIGALRM, Celery's soft time limit.

Python runs the handler between any two steps of ours, also inside a `try` that is meant for a socket or a parser, and
what it raises may be a `TimeoutError` or any other `Exception`. It is nobody's fault and must reach the caller. So
whoever catches `OSError`, `ValueError` or `Exception` calls `reraise_interrupt` first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import FrameType

_VARARGS = 0x04  # `inspect.CO_VARARGS`, of a module that is slow to import


def reraise_interrupt(error: BaseException) -> None:
    """Raise an exception, or its explicit cause, again if it comes from a signal handler; otherwise do nothing."""
    cause: BaseException | None = error
    while cause is not None:  # some libraries turn whatever is a TimeoutError into an error of their own
        if is_interrupt(cause):
            raise cause
        cause = cause.__cause__


def is_interrupt(error: BaseException) -> bool:
    """Return whether an exception comes from a signal handler.

    Only a handler is called with the frame that it interrupts, and its own is the next one in the traceback.
    """
    frames: list[FrameType] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    return any(map(_was_given, frames[1:], frames))


def _was_given(frame: FrameType, above: FrameType) -> bool:
    code, values = frame.f_code, frame.f_locals
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & _VARARGS)]
    given: list[object] = [values.get(name) for name in names]
    rest = cast("tuple[object, ...]", given[-1]) if given and isinstance(given[-1], tuple) else ()
    return any(each is above for each in (*given, *rest))
