"""Cancellations, interrupts, forks, threads and event loops: whatever happens, the client goes on working."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from cases import KEY
from programs import in_a_program

from hitl import AsyncHITLClient, BlockingCallWarning, HITLClient
from hitl.exceptions import HITLError
from hitl.testing import HostileServer, hostile


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture
def client(server: HostileServer) -> Iterator[HITLClient]:
    with HITLClient(KEY, base_url=server.url, timeout=5, retry_delay=0.01) as client:
        yield client


# --- cancellation ----------------------------------------------------------------------------------------------------


def test_a_storm_of_cancelled_tasks_leaves_a_working_client(server: HostileServer) -> None:
    async def storm() -> None:
        async with AsyncHITLClient(KEY, base_url=server.url, timeout=5) as client:
            dice = random.Random(4)
            for _ in range(6):
                server.next(hostile.deaf(0.02), hostile.drip(4000), hostile.silence(60))
                tasks = [asyncio.create_task(client.get_review("rev_1")) for _ in range(40)]
                for task in tasks:
                    await asyncio.sleep(dice.random() * 0.002)
                    task.cancel()
                for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                    assert isinstance(outcome, asyncio.CancelledError) or outcome.id == "rev_1", repr(outcome)
                server.clear()
                assert (await client.get_review("rev_2")).status == "completed"
            together = await asyncio.gather(*(client.get_review(f"rev_{1 + each % 2}") for each in range(100)))
            assert [review.id for review in together] == ["rev_1", "rev_2"] * 50

    asyncio.run(storm())


def test_wait_for_times_out_without_being_wrapped(server: HostileServer) -> None:
    async def give_up() -> None:
        async with AsyncHITLClient(KEY, base_url=server.url, timeout=30) as client:
            server.next(hostile.silence(), times=math.inf)
            for _ in range(20):
                with pytest.raises(TimeoutError) as caught:
                    await asyncio.wait_for(client.get_review("rev_1"), 0.01)
                assert not isinstance(caught.value, HITLError)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await client.get_review("rev_1")
            server.clear()
            assert (await client.get_review("rev_1")).id == "rev_1"

    asyncio.run(give_up())


def test_a_cancelled_error_passes_through_as_it_is(server: HostileServer) -> None:
    async def cancel() -> None:
        async with AsyncHITLClient(KEY, base_url=server.url) as client:
            server.next(hostile.silence())
            task = asyncio.create_task(client.create_review("t", {"text": "Ring!"}))
            await asyncio.sleep(0.05)
            task.cancel("no longer wanted")
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert caught.value.args == ("no longer wanted",)
            assert (await client.create_review("t", {"text": "Ring!"})).id == "rev_3"

    asyncio.run(cancel())


def open_files_at_rest(most: int) -> int:
    """Return how many files are open as soon as they are no more than that; the server takes its time to let go."""
    deadline = time.monotonic() + 20
    while (found := open_files()) > most and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_cancelled_calls_leave_no_connection_open(server: HostileServer) -> None:
    async def storm() -> None:
        async with AsyncHITLClient(KEY, base_url=server.url, timeout=5) as client:
            await client.get_review("rev_1")
            before = open_files()
            for _ in range(5):
                server.next(hostile.silence(), times=30)
                tasks = [asyncio.create_task(client.get_review("rev_1")) for _ in range(30)]
                await asyncio.sleep(0.05)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                server.clear()
            assert open_files_at_rest(before + 40) <= before + 40

    asyncio.run(storm())


def test_failed_calls_leave_no_connection_open(server: HostileServer, client: HITLClient) -> None:
    client.get_review("rev_1")
    before = open_files()
    faults = [hostile.reset(), hostile.close(20), hostile.gzip(keep=0.5), hostile.surplus(b"x"), hostile.status("abc")]
    for _ in range(20):
        server.next(*faults)
        with suppress(HITLError):
            client.get_review("rev_1")
    server.clear()
    client.get_review("rev_1")
    assert open_files_at_rest(before + 2) <= before + 2


def test_an_answer_in_millions_of_pieces_leaves_the_event_loop_to_others(server: HostileServer) -> None:
    pieces = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 200_000

    async def call() -> int:
        turns = 0

        async def take_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with AsyncHITLClient(KEY, base_url=server.url, max_retries=0) as client:
            server.next(hostile.raw(pieces))
            others = asyncio.create_task(take_turns())
            await asyncio.sleep(0)
            with pytest.raises(HITLError):
                await client.get_review("rev_1")
            others.cancel()
        return turns

    assert asyncio.run(call()) > 5


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


def test_a_storm_of_interrupts_leaves_a_working_client(server: HostileServer) -> None:
    told = in_a_program(
        server,
        """
client = HITLClient(KEY, base_url=URL, timeout=5)
dice = random.Random(7)
wrong = interrupts = answers = 0
def interrupt(*_):
    raise KeyboardInterrupt
client.get_review("rev_1")  # loads what the first call loads; an import that is always interrupted never ends
signal.signal(signal.SIGALRM, interrupt)
end = time.monotonic() + 40
while (interrupts < 500 or answers < 50) and time.monotonic() < end:
    number = dice.choice((1, 2))
    try:
        signal.setitimer(signal.ITIMER_REAL, dice.random() * 0.004 + 0.00001)
        review = client.get_review(f"rev_{number}")
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers += 1
        wrong += review.id != f"rev_{number}"
    except KeyboardInterrupt:
        interrupts += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
fine = [client.get_review(f"rev_{1 + each % 2}").id for each in range(50)] == ["rev_1", "rev_2"] * 25
client.close()
print(interrupts >= 500, answers >= 50, wrong, fine)
""",
    )
    assert told == "True True 0 True"


def test_an_interrupted_creation_can_be_made_again_in_its_scope(server: HostileServer) -> None:
    server.next(hostile.silence(handles=True), method="POST")
    told = in_a_program(
        server,
        """
signal.signal(signal.SIGALRM, signal.default_int_handler)
with HITLClient(KEY, base_url=URL, timeout=30) as client:
    for _ in range(2):
        try:
            with client.idempotency_scope("job-42"):
                signal.setitimer(signal.ITIMER_REAL, 0.5)
                print(client.create_review("t", {"text": "Ring!"}).id)
                signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            print("interrupted")
""",
    )
    assert told.split() == ["interrupted", "rev_3"]


# --- threads and event loops -----------------------------------------------------------------------------------------


def test_threads_share_a_client(server: HostileServer, client: HITLClient) -> None:
    server.next(hostile.surplus(b"HTTP/1.1 200 OK\r\n"), times=20)

    def call(number: int) -> bool:
        return client.get_review(f"rev_{1 + number % 2}").id == f"rev_{1 + number % 2}"

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(call, range(400)))


def test_one_asynchronous_client_serves_event_loops_in_several_threads(server: HostileServer) -> None:
    client = AsyncHITLClient(KEY, base_url=server.url, timeout=5)

    async def call(number: int) -> bool:
        wanted = f"rev_{1 + number % 2}"
        found = await asyncio.gather(*(client.get_review(wanted) for _ in range(10)))
        return {review.id for review in found} == {wanted}

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(lambda number: asyncio.run(call(number)), range(24)))
    asyncio.run(client.aclose())


def test_the_blocking_client_works_inside_a_running_event_loop(server: HostileServer, client: HITLClient) -> None:
    async def call() -> str:
        return client.get_review("rev_1").id

    with pytest.warns(BlockingCallWarning):
        assert asyncio.run(call()) == "rev_1"


@pytest.mark.parametrize("close_first", [True, False])
def test_closing_while_calls_are_under_way_ends_neither_in_silence_nor_for_ever(
    server: HostileServer, close_first: bool
) -> None:
    client = HITLClient(KEY, base_url=server.url, timeout=1, max_retries=0)
    server.next(hostile.silence() if close_first else hostile.deaf(0.2), times=math.inf)
    outcomes: list[object] = []

    def call() -> None:
        try:
            outcomes.append(client.get_review("rev_1").id)
        except HITLError as error:
            outcomes.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.05)
    client.close()
    thread.join(10)
    assert len(outcomes) == 1
    with pytest.raises(HITLError, match="closed"):
        client.get_review("rev_1")


def test_no_thread_is_left_behind(server: HostileServer) -> None:
    before = {thread.name for thread in threading.enumerate()}
    with HITLClient(KEY, base_url=server.url.replace("127.0.0.1", "localhost"), timeout=5) as client:
        client.get_review("rev_1")
        client.list_reviews()
    left = {thread.name for thread in threading.enumerate() if not thread.name.startswith("hostile-server")}
    assert left <= before
