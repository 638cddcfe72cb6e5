"""The clocks of this package, which go on while a test has stopped those of its program.

freezegun replaces `time.monotonic` and `time.time` wherever a module holds them, so a deadline would never come. These
two belong to a copy of the built-in module that nobody else has; it is right even if this one is imported in a freeze.
What people and servers see as the time of an event is the program's wall clock all the same: `time.time`, `datetime`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import module_from_spec
from typing import Final

_own = module_from_spec(time.__spec__)
time.__spec__.loader.exec_module(_own)  # type: ignore[union-attr]

monotonic: Final[Callable[[], float]] = _own.monotonic
"""Seconds; for deadlines, pauses and durations."""
epoch: Final[Callable[[], float]] = _own.time
"""Seconds since 1970; for what is compared with the dates of a server."""

LONGEST_SLEEP: Final = 86_400.0
"""Seconds that are slept in one piece: `poll` takes 24.8 days at most, and other calls have limits too."""
