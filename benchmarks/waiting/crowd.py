"""A process that waits for reviews of the sandbox, and tells what that cost it.

It reads a `Case` as one line of JSON, prints an empty line once it waits, and then its `Cost` as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import re
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from attrs import asdict, define, field, frozen
from hitl_api.api.reviews import get_review
from hitl_api.client import AuthenticatedClient
from hitl_api.models.review_envelope import ReviewEnvelope

from hitl import AsyncHITLClient, HITLClient
from hitl._review import FINAL_STATUSES
from hitl.exceptions import HITLError

PAUSE = 5.0  # seconds between two reads of the naive waiter
AT_ONCE = 100  # requests of httpx: without a bound, thousands that queue for its connections stop one another
SETTLING = 1.0  # seconds after which everybody has begun to wait
BETWEEN_COUNTS = 0.2  # seconds between two counts of the sockets
OWN = Path("/proc/self")


@frozen
class Case:
    """How many are waited for, how, and until when.

    Attributes:
        style: One of STYLES.
        answers: How many of the reviews will be answered; once they are seen it is over.
        time_limit: Seconds after which it is over in any case.
    """

    url: str
    key: str
    ids: Sequence[str]
    style: str
    answers: int
    time_limit: float


@frozen
class Cost:
    """What it cost, from before the first request to after the last answer.

    Attributes:
        seen: Answers that were seen.
        failed: Requests that were refused, or not answered in time.
        mean, p99: Seconds from when the server had an answer to when it was seen.
        memory: Bytes by which the peak of the resident memory exceeds what it was before.
    """

    seen: int
    requests: int
    failed: int
    mean: float
    p99: float
    cpu: float
    seconds: float
    memory: int
    sockets: int


@define
class Tally:
    """What is counted while they wait; `counting` is the CPU seconds that the counting of sockets took."""

    case: Case
    late: list[float] = field(factory=list)
    requests: int = 0
    failed: int = 0
    sockets: int = 0
    counting: float = 0.0
    watched: threading.Event = field(factory=threading.Event)
    over: threading.Event = field(factory=threading.Event)

    def done(self, review: Any) -> None:
        """Take note of an answer: a review of this package, or the generated one."""
        self.late.append(time.time() - review.completed_at.timestamp())
        if len(self.late) >= self.case.answers:
            self.over.set()

    def watch(self) -> None:
        """Count sockets, in a thread of its own, and say once everybody waits."""
        _sockets()  # what counting itself takes is taken before anything is measured
        self.watched.set()
        began, began_cpu, is_reported = time.monotonic(), time.thread_time(), False
        while not self.over.wait(BETWEEN_COUNTS):
            self.sockets = max(self.sockets, _sockets())
            self.counting = time.thread_time() - began_cpu
            if not is_reported and time.monotonic() - began >= SETTLING:
                print(flush=True)
                is_reported = True


# --- the ways to wait ---


async def by_one_iterator(client: AsyncHITLClient, tally: Tally) -> None:
    """Wait with one `as_completed`."""
    async for review in client.as_completed(tally.case.ids):
        tally.done(review)


async def by_tasks(client: AsyncHITLClient, tally: Tally) -> None:
    """Wait with a task for each review."""

    async def wait(review_id: str) -> None:
        tally.done(await client.wait_for_review(review_id))

    await asyncio.gather(*map(wait, tally.case.ids))


async def naively_by_tasks(client: AsyncHITLClient, tally: Tally) -> None:
    """Read each review every five seconds, in a task of its own."""

    async def wait(review_id: str) -> None:
        while True:
            tally.requests += 1
            try:
                review = await client.get_review(review_id)
            except HITLError:
                tally.failed += 1
            else:
                if review.is_final:
                    return tally.done(review)
            await asyncio.sleep(PAUSE)

    await asyncio.gather(*map(wait, tally.case.ids))


async def barely_by_tasks(_: AsyncHITLClient, tally: Tally) -> None:
    """The same with what a user would have otherwise: the client that is generated from the description, over httpx."""
    bare = AuthenticatedClient(tally.case.url, token=tally.case.key)
    turns = asyncio.Semaphore(AT_ONCE)

    async def wait(review_id: str) -> None:
        while True:
            tally.requests += 1
            try:
                async with turns:
                    answer = await get_review.asyncio(review_id, client=bare)
            except httpx.HTTPError:
                tally.failed += 1
            else:
                if isinstance(answer, ReviewEnvelope) and answer.data.status in FINAL_STATUSES:
                    return tally.done(answer.data)
            await asyncio.sleep(PAUSE)

    async with bare:
        await asyncio.gather(*map(wait, tally.case.ids))


def by_threads(client: HITLClient, tally: Tally) -> None:
    """Wait with a thread for each review."""
    with ThreadPoolExecutor(len(tally.case.ids)) as pool:
        for each in [pool.submit(client.wait_for_review, review_id) for review_id in tally.case.ids]:
            each.add_done_callback(lambda future: tally.done(future.result()))


def naively_by_threads(client: HITLClient, tally: Tally) -> None:
    """Read each review every five seconds, in a thread of its own."""

    def wait(review_id: str) -> None:
        while not tally.over.is_set():
            tally.requests += 1
            try:
                review = client.get_review(review_id)
            except HITLError:
                tally.failed += 1
            else:
                if review.is_final:
                    return tally.done(review)
            tally.over.wait(PAUSE)
        return None

    with ThreadPoolExecutor(len(tally.case.ids)) as pool:
        list(pool.map(wait, tally.case.ids))


ASYNC: dict[str, Callable[[AsyncHITLClient, Tally], Awaitable[None]]] = {
    "as_completed": by_one_iterator,
    "tasks": by_tasks,
    "naive tasks": naively_by_tasks,
    "bare tasks": barely_by_tasks,
}
THREADED: dict[str, Callable[[HITLClient, Tally], None]] = {
    "threads": by_threads,
    "naive threads": naively_by_threads,
}
STYLES = (*ASYNC, *THREADED)


# --- what it costs ---


def main() -> None:
    """Wait, and tell what it cost."""
    tally = Tally(Case(**json.loads(sys.stdin.readline())))
    if tally.case.style in ASYNC:
        asyncio.run(_wait_async(tally))
    else:
        _wait_threaded(tally)


async def _wait_async(tally: Tally) -> None:
    async with AsyncHITLClient(tally.case.key, base_url=tally.case.url) as client:
        await client.get_review(tally.case.ids[0])
        _begin(tally, client)
        await ASYNC[tally.case.style](client, tally)
        await asyncio.sleep(tally.case.time_limit)  # until it is told


def _wait_threaded(tally: Tally) -> None:
    with HITLClient(tally.case.key, base_url=tally.case.url) as client:
        client.get_review(tally.case.ids[0])
        _begin(tally, client)
        THREADED[tally.case.style](client, tally)
        time.sleep(tally.case.time_limit)


def _begin(tally: Tally, client: HITLClient | AsyncHITLClient) -> None:
    client.wait_stats()  # loads what waits are made of
    threading.Thread(target=tally.watch, daemon=True).start()
    tally.watched.wait()
    begun = _Begun()

    def tell() -> None:
        # In a thread: with 10,000 requests of httpx under way, an event loop has no time to look at its clock.
        tally.over.wait(tally.case.time_limit)
        print(json.dumps(asdict(begun.cost(tally, client))), flush=True)
        os._exit(0)  # of the naive ones, many are still in the middle of something

    threading.Thread(target=tell, daemon=True).start()


class _Begun:
    """The moment before the first wait."""

    def __init__(self) -> None:
        gc.collect()
        (OWN / "clear_refs").write_text("5")  # the peak of the resident memory is what it is now (proc(5))
        self._memory, self._cpu, self._at = _status("VmRSS"), time.process_time(), time.monotonic()

    def cost(self, tally: Tally, client: HITLClient | AsyncHITLClient) -> Cost:
        stats = client.wait_stats()
        late = sorted(tally.late) or [float("nan")]
        return Cost(
            seen=len(tally.late),
            requests=tally.requests + stats.polls,
            failed=tally.failed + stats.refused,
            mean=statistics.mean(late),
            p99=late[int(0.99 * (len(late) - 1))],
            cpu=time.process_time() - self._cpu - tally.counting,
            seconds=time.monotonic() - self._at,
            memory=_status("VmHWM") - self._memory,
            sockets=max(tally.sockets, _sockets()),
        )


def _status(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", (OWN / "status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def _sockets() -> int:
    """Return the network connections of this process; an event loop wakes itself by a pair of its own."""
    inodes = set()
    for each in (OWN / "fd").iterdir():
        with suppress(OSError):
            inodes.add(str(each.readlink()))
    tables = [(OWN / "net" / name).read_text() for name in ("tcp", "tcp6")]
    return sum(f"socket:[{line.split()[9]}]" in inodes for table in tables for line in table.splitlines()[1:])


if __name__ == "__main__":
    main()
