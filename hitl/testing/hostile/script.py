"""Which fault meets which request: the list of what is planned."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hitl.testing.hostile.faults import Fault
from hitl.testing.hostile.messages import Request


@dataclass(slots=True)
class _Planned:
    """One fault, and the requests that are still to meet it."""

    fault: Fault
    left: float
    method: str | None
    path: str | None

    def concerns(self, request: Request) -> bool:
        same_method = self.method is None or self.method == request.method
        same_path = self.path is None or fnmatchcase(request.path, self.path)
        return self.left > 0 and self.fault.hears is None and same_method and same_path

    def __str__(self) -> str:
        where = " ".join(word for word in (self.method, self.path) if word) or "any request"
        return f"{self.fault} ({where}), {self.left} more"


class Script:
    """The faults in the order in which they were planned; safe to use from any thread."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []

    def plan(self, fault: Fault, times: float, path: str | None, method: str | None) -> None:
        """Add a fault at the end.

        Raises:
            ValueError: if it happens less than once, or is to choose its requests without reading them.
        """
        if times < 1:
            raise ValueError(f"a fault happens at least once, not {times} times")
        if fault.hears is not None and (path or method):
            raise ValueError(f"{fault} meets any request, because it does not read it: leave path and method out")
        with self._lock:
            self._planned.append(_Planned(fault, times, method.upper() if method else None, path))

    def take_unheard(self) -> Fault | None:
        """Return the fault that a request meets before it is read; only the first in the list can be one."""
        with self._lock:
            first = next((each for each in self._planned if each.left > 0), None)
            return None if first is None or first.fault.hears is None else _met(first)

    def take(self, request: Request) -> Fault | None:
        """Return the fault that a request meets, and count it as met."""
        with self._lock:
            first = next((each for each in self._planned if each.concerns(request)), None)
            return None if first is None else _met(first)

    def clear(self) -> None:
        """Forget what is planned."""
        with self._lock:
            self._planned.clear()

    def unmet(self) -> list[str]:
        """Return the faults that are still to be met, in words, without those that go on for ever."""
        with self._lock:
            return [str(each) for each in self._planned if 0 < each.left < math.inf]


def _met(planned: _Planned) -> Fault:
    planned.left -= 1
    return planned.fault
