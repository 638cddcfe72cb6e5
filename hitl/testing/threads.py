"""Whether the rest of a test may still do something by itself, or only waits, too."""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Final, TypeAlias

_SOON: Final = 25.0
"""Seconds: whoever sleeps for longer than that is taken to wait for ever."""

_BLOCKING: Final = {"concurrent", "queue", "selectors", "threading", "trio"}
"""Packages in which a thread stands that waits for others; their functions have a variable `timeout`."""

_BENEATH_CLIENTS: Final = _BLOCKING | {
    "anyio",
    "asyncio",
    "h11",
    "hitl",
    "hitl_api",
    "httpcore",
    "httpx",
    "socket",
    "ssl",
}
_CLIENTS: Final = ("hitl._", "hitl_api.")

_LIBRARIES: Final = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})

Positions: TypeAlias = Mapping[int, tuple[int, int]]
"""Where each thread stands: the id of a frame, and the instruction in it."""


def positions() -> Positions:
    """Return where all threads stand at present."""
    return {thread: _position(frame) for thread, frame in _frames().items()}


def may_act(before: Positions) -> bool:
    """Return whether a thread may go on without the sandbox: it computes, or sleeps for a short time.

    Threads of a library that have not moved since `before`, such as those of a test runner, do not count; nor do a
    sandbox's own.
    """
    ours = {each.ident for each in threading.enumerate() if each.name in ("hitl-sandbox", "hitl-script")}
    return any(
        thread not in ours and not (before.get(thread) == _position(frame) and _is_library(frame)) and _may_act(frame)
        for thread, frame in _frames().items()
    )


def _may_act(frame: FrameType) -> bool:
    package = _module(frame).partition(".")[0]
    if package in _BENEATH_CLIENTS and any(_module(each).startswith(_CLIENTS) for each in _stack(frame)):
        return False  # it waits for the sandbox
    if package not in _BLOCKING:
        return True
    if package == "selectors" and any(_module(each) == "socketserver" for each in _stack(frame)):
        return False  # a server of another kind, such as pytest-httpserver's: it looks twice a second whether to stop
    # An event loop sleeps until its next timer. A lock without a timeout has None here, a closed-off one -1.
    timeout = frame.f_locals.get("timeout")
    return isinstance(timeout, int | float) and 0 <= timeout <= _SOON


def _frames() -> Mapping[int, FrameType]:
    # Documented, for debuggers of deadlocks.
    return sys._current_frames()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _position(frame: FrameType) -> tuple[int, int]:
    return id(frame), frame.f_lasti


def _is_library(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_LIBRARIES)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
