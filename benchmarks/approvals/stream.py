"""All decisions of a server, followed by two processes: each comes once, in order, and memory stays as it is.

One process has them handled while they are made, with a ledger; the other one iterates over them from the beginning,
with Python's allocations traced.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from benchmarks.approvals.places import Place, in_tenths
from hitl import HITLClient, Review
from hitl._waiting.decisions import HandledDecisions
from hitl.models import ReviewFields

TEXT = "x" * 2000  # of each review: what was kept by mistake would be seen


@frozen
class Followed:
    """What a trial has found.

    Attributes:
        decisions: How many were made.
        handled: How many the handler was called with, each once; `iterated` those of the iterator.
        in_order: Whether both saw them in the order of the server's clock.
        resident: Bytes by which the memory of the handling process grew between a tenth of them and all.
        traced: Bytes of Python's allocations by which the iterating process grew; `peak` the growth of their peak.
        seconds: How long they took to make, with the handling beside it.
    """

    decisions: int
    handled: int
    iterated: int
    in_order: bool
    resident: int
    traced: int
    peak: int
    seconds: float = field(converter=in_tenths)

    @property
    def holds(self) -> bool:
        """Whether each came in order, and next to nothing of them was kept."""
        is_all = self.in_order and self.handled == self.iterated == self.decisions
        return is_all and max(self.resident, self.traced, self.peak) < self.decisions * len(TEXT) / 5


def trial(place: Place, decisions: int) -> Followed:
    """Make decisions while a process handles them, and have another one iterate over them afterwards."""
    began = time.monotonic()
    with place.client() as client:
        handling = place.start("stream", "handle", decisions)
        items: Iterator[ReviewFields] = (
            {"template_id": "template_123", "content": {"n": n, "text": TEXT}} for n in range(decisions)
        )
        for outcome in client.iter_create_reviews(items):
            if outcome.error is not None:
                raise outcome.error
    handled = _told(handling)
    seconds = time.monotonic() - began
    iterated = _told(place.start("stream", "iterate", decisions))
    return Followed(
        decisions=decisions,
        handled=handled["count"],
        iterated=iterated["count"],
        in_order=handled["in_order"] and iterated["in_order"],
        resident=handled["resident"],
        traced=iterated["traced"],
        peak=iterated["peak"],
        seconds=seconds,
    )


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"a process of the trial failed with {process.returncode}")
    found: dict[str, Any] = json.loads(said)
    return found


@define
class _Follower:
    """Takes note of decisions, keeping of each no more than which one it was."""

    wanted: int
    memory: Callable[[], dict[str, int]]
    count: int = 0
    in_order: bool = True
    _seen: bytearray = field(init=False)
    _last: str = ""
    _first_look: dict[str, int] = field(factory=dict[str, int])

    def __attrs_post_init__(self) -> None:
        self._seen = bytearray(self.wanted)

    def take(self, review: Review) -> bool:
        """Return whether more are to come."""
        number, moment = review.content["n"], str(review.completed_at)
        self.in_order &= not self._seen[number] and moment >= self._last
        self._seen[number], self._last = 1, moment
        self.count += 1
        if self.count == self.wanted // 10:
            self._first_look = self._look()
        return self.count < self.wanted

    def found(self) -> dict[str, Any]:
        """Return what was seen, and how the memory has grown since a tenth of it."""
        grown = {name: value - self._first_look[name] for name, value in self._look().items()}
        return {"count": sum(self._seen), "in_order": self.in_order, **grown}

    def _look(self) -> dict[str, int]:
        gc.collect()
        return self.memory()


def _resident() -> dict[str, int]:
    status = Path("/proc/self/status").read_text()
    return {"resident": next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))}


def _traced() -> dict[str, int]:
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    return {"traced": current, "peak": peak}


def _handle(client: HITLClient, ledger: HandledDecisions, follower: _Follower) -> None:
    @client.on_decision()
    def handle(review: Review) -> None:
        if not follower.take(review):
            client.close()

    client.run(ledger=ledger, since="beginning")


def main(arguments: list[str]) -> None:
    """Follow so many decisions, handling or iterating; print what was seen."""
    place, (how, count) = Place.of(arguments)
    with place.client() as client:
        if how == "handle":
            follower = _Follower(int(count), _resident)
            _handle(client, place.open_ledger(), follower)  # type: ignore[arg-type]
        else:
            tracemalloc.start()
            follower = _Follower(int(count), _traced)
            with client.decisions(since="beginning") as decisions:
                any(not follower.take(review) for review in decisions)
    print(json.dumps(follower.found()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
