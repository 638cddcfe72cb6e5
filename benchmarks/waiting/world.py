"""Virtual time: a driver that carries out many flows at once, on a clock that jumps from one event to the next."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable
from typing import Any

from hitl._engine import Response
from hitl._flows import ApiCall, Clock, Flow, Sleep

EPOCH = 1_800_000_000.0  # seconds; the world begins here, on a full hour
TRAVEL = 0.025  # seconds that a request takes to arrive, and an answer to come back


class World:
    """A clock, what happens when, and one server that answers all that flows ask.

    Attributes:
        now: Seconds since the epoch, for both clocks that flows read.
    """

    def __init__(self, server: Callable[[ApiCall[Any], float], Response]) -> None:
        self.now = EPOCH
        self.clock = Clock(lambda: self.now, lambda: self.now)
        self._server = server
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, moment: float, do: Callable[[], None]) -> None:
        """Do something then; what is due at the same moment is done in the order in which it was said."""
        heapq.heappush(self._events, (moment, next(self._order), do))

    def run(self, until: float = math.inf) -> None:
        """Let time pass, until then or until nothing is left to happen."""
        while self._events and self._events[0][0] <= until:
            self.now, _, do = heapq.heappop(self._events)
            do()

    def start(self, flow: Flow[Any]) -> None:
        """Carry a flow out; what it raises comes out of `run`."""
        self._go_on(flow, None)

    def _go_on(self, flow: Flow[Any], outcome: Response | None) -> None:
        try:
            step = flow.send(outcome)
        except StopIteration:
            return
        if isinstance(step, ApiCall):
            self.at(self.now + TRAVEL, lambda: self._serve(flow, step))
        elif isinstance(step, Sleep):
            self._sleep(flow, step)
        else:
            raise NotImplementedError(f"the simulation carries out no {type(step).__name__}")

    def _serve(self, flow: Flow[Any], call: ApiCall[Any]) -> None:
        answer = self._server(call, self.now)
        self.at(self.now + TRAVEL, lambda: self._go_on(flow, answer))

    def _sleep(self, flow: Flow[Any], sleep: Sleep) -> None:
        is_awake = False

        def wake() -> None:
            nonlocal is_awake
            if not is_awake:
                is_awake = True
                self._go_on(flow, None)

        if sleep.wakeup is not None:
            sleep.wakeup.subscribe(lambda: self.at(self.now, wake))
        if not math.isinf(sleep.seconds):
            self.at(self.now + sleep.seconds, wake)
