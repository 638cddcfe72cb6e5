"""Batches carried out: threads and tasks, who reads the input, and how they stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import time
from collections.abc import Callable, Collection
from contextlib import aclosing, closing
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import anyio
import pytest
import trio
from script import answer, refused, review

from hitl import Review
from hitl._api import operations
from hitl._engine import TransportFailure, TransportResult
from hitl._flows import ApiCall, run, run_async, stream, stream_async, threads
from hitl._methods import Methods
from hitl.exceptions import APIConnectionError, BatchError, BatchInterrupted, ConfigurationError

# A server that does not give the content back: each of many creations gets the same answer.
CREATED = answer(201, {"success": True, "data": review(template_id="t", content=None)})
BACKENDS = ["asyncio", "trio"]


def items(count):
    return ({"template_id": "t", "content": {"n": n}} for n in range(count))


def noted(numbers, notes):
    """Yield the items and note each as it is read."""
    for each in numbers:
        notes.append(each)
        yield each


def failing(count):
    """Yield `count` items, then fail as a database cursor does."""
    yield from items(count)
    raise LookupError("the cursor is gone")


def bug(number):
    raise RuntimeError("a bug")


@pytest.fixture
def core():
    return Methods({"api_key": "hitl_test_key"})


class Server:
    """Answers at once, or as it is told, and notes what it is asked."""

    def __init__(self, answer: Callable[[int], TransportResult] = lambda number: CREATED) -> None:
        self.answer = answer
        self.threads: set[int] = set()
        self.calls: list[ApiCall[Any]] = []
        self.most = 0
        self.under_way = 0
        self._lock = threading.Lock()

    def begin(self, call: ApiCall[Any]) -> int:
        with self._lock:
            self.calls.append(call)
            self.threads.add(threading.get_ident())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            return len(self.calls) - 1

    def send(self, call: ApiCall[Any]) -> TransportResult:
        number = self.begin(call)
        try:
            return self.answer(number)
        finally:
            with self._lock:
                self.under_way -= 1


class AsyncServer(Server):
    async def send(self, call: ApiCall[Any]) -> TransportResult:
        number = self.begin(call)
        try:
            await anyio.lowlevel.checkpoint()
            return self.answer(number)
        finally:
            self.under_way -= 1


class Cancelling(AsyncServer):
    """Answers the first requests, never the others, and cancels a scope as soon as `waiting` of those are in progress."""

    def __init__(self, waiting: int, *, answered: int = 0) -> None:
        super().__init__()
        self.waiting = waiting
        self.answered = answered
        self.scope = anyio.CancelScope()

    async def send(self, call: ApiCall[Any]) -> TransportResult:
        if (number := self.begin(call)) < self.answered:
            return CREATED
        try:
            if number + 1 == self.answered + self.waiting:
                self.scope.cancel()
            await anyio.sleep_forever()
        finally:
            self.under_way -= 1


class Silent(Server):
    """Does not answer before it is aborted."""

    def __init__(self, asked: int = 1) -> None:
        super().__init__(self.wait)
        self.asked = threading.Semaphore(0)
        self.broken = threading.Event()

    def wait(self, number: int) -> TransportResult:
        self.asked.release()
        assert self.broken.wait(60)
        return TransportFailure("the connection was closed", "maybe")


class Interruptible(Silent):
    def interrupt(self, threads: Collection[int | None]) -> None:
        assert threads
        self.broken.set()


@pytest.fixture
def ctrl_c():
    """Press Ctrl-C from another thread as soon as that many requests are under way."""
    threads = []

    def press(server: Silent, count: int) -> None:
        def work() -> None:
            for _ in range(count):
                server.asked.acquire()
            signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else (
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            )

        threads.append(threading.Thread(target=work))
        threads[-1].start()

    yield press
    for thread in threads:
        thread.join()


def pool_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("hitl-batch")]


def assert_threads_end():
    for thread in pool_threads():
        thread.join(20)
    assert pool_threads() == []


class TestThreads:
    def test_the_input_is_read_in_the_thread_of_the_caller(self, core):
        readers = set()

        def numbers():
            for each in items(200):
                readers.add(threading.get_ident())
                yield each

        assert len(run(core.create_reviews(numbers(), 8), Server())) == 200
        assert readers == {threading.get_ident()}

    def test_no_more_are_under_way_than_may_be(self, core):
        server = Server(lambda number: time.sleep(0.001) or CREATED)
        run(core.create_reviews(items(100), 5), server)
        assert server.most <= 5
        assert len(server.threads) <= 5
        assert threading.get_ident() not in server.threads

    def test_as_many_are_under_way_as_may_be(self, core):
        meeting = threading.Barrier(8)
        server = Server(lambda number: meeting.wait(60) >= 0 and CREATED)
        run(core.create_reviews(items(16), 8), server)
        assert server.most == 8

    def test_there_are_never_more_threads_than_one_interpreter_can_use(self, core):
        server = Server()
        run(core.create_reviews(items(2000), 1000), server)
        assert server.most <= threads.THREADS

    def test_no_more_threads_are_begun_than_there_are_items(self, core):
        server = Server()
        run(core.create_reviews(items(2), 16), server)
        assert len(server.threads) <= 2

    def test_refusals_end_threads_and_quick_responses_start_others(self, core):
        server = Server(lambda number: refused(429, retry_after="0") if number == 20 else CREATED)
        assert len(run(core.create_reviews(items(300), 16), server)) == 300
        assert pool_threads() == []

    def test_context_variables_are_those_of_the_caller(self, core):
        name: ContextVar[str] = ContextVar("name")
        name.set("Ann")
        seen = set()
        run(core.create_reviews(items(20), 4), Server(lambda number: seen.add(name.get(None)) or CREATED))
        assert seen == {"Ann"}

    def test_an_asynchronous_input_needs_the_asynchronous_client(self, core):
        async def numbers():
            yield {}

        with pytest.raises(ConfigurationError, match="AsyncHITLClient"):
            run(core.create_reviews(numbers(), 2), Server())

    def test_a_fault_of_ours_ends_the_batch_and_is_raised_as_it_is(self, core):
        with pytest.raises(RuntimeError, match="a bug"):
            run(core.create_reviews(items(1000), 4), server := Server(bug))
        assert len(server.calls) <= 8

    def test_it_works_inside_a_running_event_loop(self, core):
        async def cell():
            return run(core.create_reviews(items(20), 4), Server())

        assert len(asyncio.run(cell())) == 20

    def test_errors_hold_no_frames_in_memory(self, core):
        [error] = run(core.create_reviews(items(1), 1, "return"), Server(lambda number: refused(400)))
        assert error.__traceback__ is None


class TestStream:
    def test_outcomes_come_as_they_are_done(self, core):
        first = threading.Event()

        def answer(number):
            if number == 0:
                assert first.wait(60)
            return CREATED

        outcomes = stream(core.iter_create_reviews(items(3), 2, None), Server(answer))
        with closing(outcomes):
            assert {next(outcomes).index, next(outcomes).index} == {1, 2}
            first.set()
            assert [each.index for each in outcomes] == [0]

    def test_they_are_yielded_before_the_next_item_is_there(self, core):
        arrived = threading.Event()

        def answer(number):
            arrived.set()
            return CREATED

        def numbers():
            yield from items(1)
            assert arrived.wait(60)  # the second item takes its time
            while not batch._in_flight[0].attempts:
                time.sleep(0)
            yield from items(1)
            raise AssertionError("the third item was asked for before the first outcome was yielded")

        batch = core.iter_create_reviews(numbers(), 8, None)
        outcomes = stream(batch, Server(answer))
        assert next(outcomes).index == 0
        outcomes.close()

    def test_the_input_is_read_no_faster_than_the_outcomes_are(self, core):
        read = []
        outcomes = stream(core.iter_create_reviews(noted(items(1000), read), 4, None), Server())
        next(outcomes)
        assert len(read) <= 10
        outcomes.close()

    def test_twice_as_many_items_are_read_as_can_be_under_way(self, core):
        gather = core.iter_create_reviews(items(1000), 4, None).gather()
        pool = threads._ThreadPool(gather, server := Interruptible(), run)
        for _ in range(100):
            pool.submit()
        assert pool._unfinished == 8
        pool.cancel()
        assert len(server.calls) <= 4
        assert_threads_end()

    def test_a_reader_that_stops_ends_the_batch(self, core):
        server = Server()
        for outcome in stream(core.iter_create_reviews(items(10_000), 4, None), server):
            if outcome.index == 5:
                break
        del outcome
        gc.collect()
        assert len(server.calls) < 100
        assert pool_threads() == []


class TestInterrupts:
    def test_ctrl_c_reports_what_was_done_and_aborts_what_is_in_progress(self, core, ctrl_c, monkeypatch):
        monkeypatch.setattr(threads, "SHUTDOWN_GRACE", 20.0)  # a busy machine may take that long to run the threads
        server = Interruptible()
        ctrl_c(server, 3)
        with pytest.raises(BatchInterrupted) as caught:
            run(core.create_reviews(items(100), 3, batch_key="import-1"), server)
        outcomes = caught.value.outcomes
        assert [error.sent for error in outcomes[:3]] == ["maybe"] * 3
        assert all(error.outcome_unknown for error in outcomes[:3])
        assert "the connection was closed" in str(outcomes[0])  # the result of its thread
        assert {error.sent for error in outcomes[3:]} <= {"no"}
        assert len(server.calls) == 3
        assert pool_threads() == []

    def test_threads_that_cannot_be_woken_hold_nothing_up(self, core, ctrl_c):
        server = Silent()
        ctrl_c(server, 2)
        with pytest.raises(BatchInterrupted) as caught:
            run(core.create_reviews(items(100), 2), server)
        assert [error.outcome_unknown for error in caught.value.outcomes[:2]] == [True, True]
        assert all(thread.daemon for thread in pool_threads())
        server.broken.set()
        for thread in pool_threads():
            thread.join()
        assert len(server.calls) == 2

    def test_it_may_strike_while_a_thread_is_being_started(self, core, monkeypatch):
        class Struck(threading.Thread):
            def start(self):
                if self.name == "hitl-batch-1":
                    raise KeyboardInterrupt
                super().start()

        monkeypatch.setattr(threads, "Thread", Struck)
        with pytest.raises(BatchInterrupted):
            run(core.create_reviews(items(10), 2), Server())
        assert pool_threads() == []

    def test_it_may_strike_while_the_threads_are_being_ended(self, core, monkeypatch):
        class Struck(SimpleQueue):
            has_struck = False

            def put(self, item):
                if item is None and not self.has_struck:
                    self.has_struck = True
                    raise KeyboardInterrupt
                super().put(item)

        monkeypatch.setattr(threads, "SimpleQueue", Struck)
        with pytest.raises(BatchInterrupted):
            run(core.create_reviews(items(10), 2), Server())
        assert_threads_end()

    def test_a_pause_is_not_slept_to_its_end(self, core, ctrl_c):
        server = Silent()
        server.answer = lambda number: server.asked.release() or refused(429, retry_after="59")
        ctrl_c(server, 1)
        with pytest.raises(BatchInterrupted):
            run(core.create_reviews(items(10), 1), server)
        assert_threads_end()  # although 59 seconds have not passed

    def test_cancelled_threads_send_nothing_more(self, core):
        pool = threads._ThreadPool(core.iter_create_reviews([], 1, None).gather(), server := Server(), run)
        pool.cancel()
        with pytest.raises(threads.Cancelled):
            pool.send(operations.get_review("rev_1"))
        assert server.calls == []

    def test_ctrl_c_in_the_input_counts_as_well(self, core):
        def numbers():
            yield from items(3)
            raise KeyboardInterrupt

        with pytest.raises(BatchInterrupted) as caught:
            run(core.create_reviews(numbers(), 1), Server())
        assert len(caught.value.outcomes) == 3

    def test_a_stream_reports_what_it_has_not_yielded(self, core, ctrl_c):
        server = Interruptible()
        ctrl_c(server, 2)
        with pytest.raises(BatchInterrupted) as caught:
            list(stream(core.iter_create_reviews(items(100), 2, None), server))
        assert [error.sent for error in caught.value.outcomes[:2]] == ["maybe", "maybe"]
        assert "the connection was closed" in str(caught.value.outcomes[0])

    def test_a_client_goes_on_working_afterwards(self, core, ctrl_c):
        server = Interruptible()
        ctrl_c(server, 1)
        with pytest.raises(BatchInterrupted):
            run(core.create_reviews(items(10), 1), server)
        assert len(run(core.create_reviews(items(10), 4), Server())) == 10


@pytest.mark.parametrize("backend", BACKENDS)
class TestTasks:
    def test_no_more_are_under_way_than_may_be(self, core, backend):
        server = AsyncServer()
        assert len(anyio.run(run_async, core.create_reviews(items(100), 5), server, backend=backend)) == 100
        assert server.most == 5

    def test_others_on_the_loop_are_served_although_answers_are_there_at_once(self, core, backend):
        class AtOnce(Server):
            async def send(self, call):
                self.begin(call)
                return CREATED

        async def main():
            served = 0

            async def serve():
                nonlocal served
                while True:
                    await anyio.lowlevel.checkpoint()
                    served += 1

            async with anyio.create_task_group() as group:
                group.start_soon(serve)
                await run_async(core.create_reviews(items(100), 1), AtOnce())
                group.cancel_scope.cancel()
            return served

        assert anyio.run(main, backend=backend) >= 100

    def test_an_asynchronous_generator_is_asked_for_one_item_at_a_time(self, core, backend):
        async def numbers():
            for each in items(50):
                await anyio.lowlevel.checkpoint()
                yield each

        made = anyio.run(run_async, core.create_reviews(numbers(), 5), AsyncServer(), backend=backend)
        assert len(made) == 50

    def test_one_that_fails_ends_the_batch_with_what_was_done(self, core, backend):
        async def numbers():
            for each in failing(3):
                yield each

        with pytest.raises(BatchError, match="after 3 items the input failed") as caught:
            anyio.run(run_async, core.create_reviews(numbers(), 5), AsyncServer(), backend=backend)
        assert isinstance(caught.value.__cause__, LookupError)
        assert len(caught.value.outcomes) == 3

    def test_a_fault_of_ours_is_raised_as_it_is(self, core, backend):
        with pytest.raises(RuntimeError, match="a bug"):
            anyio.run(run_async, core.create_reviews(items(100), 5), AsyncServer(bug), backend=backend)

    def test_cancellation_passes_through(self, core, backend):
        async def main():
            server = Cancelling(5)
            with server.scope:
                await run_async(core.create_reviews(items(100), 5), server)
            assert server.scope.cancelled_caught
            assert len(server.calls) == 5
            return await run_async(core.create_reviews(items(3), 5), AsyncServer())

        assert len(anyio.run(main, backend=backend)) == 3

    def test_a_stream_gives_outcomes_and_no_more_items_are_read_than_needed(self, core, backend):
        read = []

        async def main():
            found = []
            batch = core.iter_create_reviews(noted(items(1000), read), 4, None)
            async with aclosing(stream_async(batch, AsyncServer())) as outcomes:
                async for each in outcomes:
                    found.append(each.index)
                    await anyio.lowlevel.checkpoint()
                    assert len(read) <= len(found) + 16
                    if len(found) == 100:
                        break
            return found

        assert len(set(anyio.run(main, backend=backend))) == 100
        assert len(read) < 120

    def test_a_stream_reports_an_input_that_fails(self, core, backend):
        async def main():
            return [each async for each in stream_async(core.iter_create_reviews(failing(2), 4, None), AsyncServer())]

        with pytest.raises(BatchError, match="after 2 items the input failed"):
            anyio.run(main, backend=backend)

    def test_a_fault_of_ours_reaches_the_reader_of_a_stream(self, core, backend):
        async def main():
            return [each async for each in stream_async(core.iter_create_reviews(items(9), 4, None), AsyncServer(bug))]

        with pytest.raises(RuntimeError, match="a bug"):
            anyio.run(main, backend=backend)

    def test_a_reader_that_is_cancelled_leaves_no_task_behind(self, core, backend):
        async def main():
            server = Cancelling(4)
            with server.scope:
                async for _ in stream_async(core.iter_create_reviews(items(100), 4, None), server):
                    pass
            assert server.scope.cancelled_caught
            return server.under_way

        assert anyio.run(main, backend=backend) == 0

    def test_no_more_tasks_are_begun_than_may_be_under_way(self, core, backend):
        most = 0

        def count():
            nonlocal most
            if backend == "trio":
                most = max(most, trio.lowlevel.current_statistics().tasks_living)
            else:
                most = max(most, len(asyncio.all_tasks()))

        def numbers():
            for each in items(500):
                count()
                yield each

        anyio.run(run_async, core.create_reviews(numbers(), 5), AsyncServer(), backend=backend)
        assert most <= 5 + 6  # trio has some of its own


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_cancellation_is_unchanged_but_for_the_outcomes_so_far(core, backend):
    caught = []

    async def main():
        server = Cancelling(2, answered=1)
        with server.scope:
            try:
                await run_async(core.create_reviews(items(10), 2), server)
            except BaseException as cancellation:
                caught.append(cancellation)
                raise
        return server.scope.cancelled_caught

    assert anyio.run(main, backend=backend)
    [cancellation] = caught
    assert type(cancellation) is {"asyncio": asyncio.CancelledError, "trio": trio.Cancelled}[backend]
    first, *others = cancellation.outcomes
    assert isinstance(first, Review)
    assert [error.sent for error in others] == ["maybe", "maybe"]
    assert cancellation.__notes__ == ["create_reviews: interrupted after 1 items; see .outcomes"]


def test_a_message_of_a_cancellation_stays(core):
    class Waiting(AsyncServer):
        async def send(self, call):
            await asyncio.Event().wait()

    async def main():
        task = asyncio.create_task(run_async(core.create_reviews(items(10), 2), Waiting()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel("enough")
        await task

    with pytest.raises(asyncio.CancelledError, match="enough"):
        asyncio.run(main())


def test_a_stream_that_nobody_reads_is_stopped_by_the_loop(core):
    server = AsyncServer()

    async def main():
        async for _ in stream_async(core.iter_create_reviews(items(10_000), 4, None), server):
            break
        gc.collect()
        for _ in range(20):
            await asyncio.sleep(0)
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert asyncio.run(main()) == []
    assert len(server.calls) < 100


def test_an_error_of_one_task_is_the_outcome_of_its_item(core):
    server = AsyncServer(lambda number: TransportFailure("no connection could be made", "no", "unknown_host"))
    [error] = asyncio.run(
        run_async(Methods({"api_key": "k", "max_retries": 0}).create_reviews(items(1), 1, "return"), server)
    )
    assert isinstance(error, APIConnectionError)
    assert error.__traceback__ is None
