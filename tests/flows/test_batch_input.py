"""Who reads and closes the input of a batch, and what is told when something ends it early."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import ExitStack, aclosing, closing
from contextvars import ContextVar

import anyio
import httpx
import pytest
from script import review

from hitl import AsyncHITLClient, HITLClient, Review
from hitl._flows import threads
from hitl.exceptions import BatchError, BatchInterrupted

LAST: ContextVar[int] = ContextVar("last", default=-1)
BACKENDS = ["asyncio", "trio"]
KEY = "hitl_test_key"


def item(number=0):
    return {"template_id": "t", "content": {"n": number}}


@pytest.fixture(autouse=True)
def nothing_read():
    """Take back what inputs have set in this context."""
    LAST.set(-1)


def created(request=None):
    # A server that does not give the content back: each of many creations gets the same answer.
    return httpx.Response(201, json={"success": True, "data": review(template_id="t", content=None)})


class Counting:
    """Answers at once; calls `strike` when it has begun to answer that many requests."""

    def __init__(self, strike=None, after=0, answer=created):
        self.count = 0
        self.strike = strike
        self.after = after
        self.answer = answer
        self._lock = threading.Lock()

    def begin(self, request):
        with self._lock:
            self.count += 1
            is_last = self.count == self.after
        if is_last:
            self.strike()
        return self.answer(request)


class Server(Counting, httpx.BaseTransport):
    def handle_request(self, request):
        return self.begin(request)


class AsyncServer(Counting, httpx.AsyncBaseTransport):
    async def handle_async_request(self, request):
        await anyio.lowlevel.checkpoint()
        return self.begin(request)


class Stalling(AsyncServer):
    """Never answers the requests after that."""

    async def handle_async_request(self, request):
        answer = await super().handle_async_request(request)
        if self.count >= self.after:
            await anyio.sleep_forever()
        return answer


def raising(error):
    def strike():
        raise error

    return strike


@pytest.fixture
def client_of():
    """Make blocking clients, which are closed in the end."""
    with ExitStack() as clients:
        yield lambda server: clients.enter_context(HITLClient(api_key=KEY, transport=server))


async def collected(items, server):
    async with AsyncHITLClient(api_key=KEY, transport=server) as client:
        return await client.create_reviews(items, concurrency=4)


async def streamed(items, server, stop_after=None):
    found = []
    async with (
        AsyncHITLClient(api_key=KEY, transport=server) as client,
        aclosing(client.iter_create_reviews(items, concurrency=4)) as outcomes,
    ):
        async for each in outcomes:
            found.append(each)
            if len(found) == stop_after:
                break
    return found


class Input:
    """Inputs that hold something open from one item to the next, and note that they are closed."""

    def __init__(self):
        self.closed = []
        self.scope = None

    def noting(self):
        self.closed.append(LAST.get())

    async def scoped(self, count):
        try:
            with anyio.CancelScope() as self.scope:
                for each in range(count):
                    await anyio.lowlevel.checkpoint()
                    yield item(each)
        finally:
            self.noting()

    async def grouped(self, count):
        try:
            async with anyio.create_task_group() as group:
                self.scope = group.cancel_scope
                group.start_soon(anyio.sleep_forever)
                for each in range(count):
                    yield item(each)
                group.cancel_scope.cancel()
        finally:
            self.noting()

    async def timed(self, count):
        try:
            with anyio.fail_after(3600) as self.scope:
                for each in range(count):
                    yield item(each)
        finally:
            self.noting()

    async def remembering(self, count):
        try:
            for each in range(count):
                assert LAST.get() == each - 1
                LAST.set(each)
                await anyio.lowlevel.checkpoint()
                yield item(each)
        finally:
            self.noting()

    def plain(self, count):
        try:
            for each in range(count):
                assert LAST.get() == each - 1
                LAST.set(each)
                yield item(each)
        finally:
            self.noting()

    def plain_scoped(self, count):
        try:
            with anyio.CancelScope() as self.scope:
                for each in range(count):
                    yield item(each)
        finally:
            self.noting()


KINDS = ["scoped", "grouped", "timed", "remembering", "plain", "plain_scoped"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("how", [collected, streamed])
class TestOneTaskReads:
    @pytest.mark.parametrize("kind", KINDS)
    def test_whatever_the_input_holds_open_all_is_created_and_it_is_closed(self, backend, how, kind):
        given = Input()
        made = anyio.run(how, getattr(given, kind)(30), AsyncServer(), backend=backend)
        assert len(made) == 30
        assert len(given.closed) == 1

    @pytest.mark.parametrize("kind", ["remembering", "plain"])
    def test_a_context_variable_set_between_two_items_is_there_until_the_end(self, backend, how, kind):
        given = Input()
        anyio.run(how, getattr(given, kind)(30), AsyncServer(), backend=backend)
        assert given.closed == [29]

    @pytest.mark.parametrize("kind", ["scoped", "grouped", "plain_scoped"])
    def test_a_scope_of_the_input_ends_the_input_and_not_the_batch(self, backend, how, kind):
        given = Input()
        server = AsyncServer(lambda: given.scope.cancel(), after=10)
        made = anyio.run(how, getattr(given, kind)(1000), server, backend=backend)
        assert 10 <= len(made) == server.count < 20
        assert len(given.closed) == 1

    def test_a_timeout_of_the_input_is_its_failure(self, backend, how):
        given = Input()

        def expire():
            given.scope.deadline = -1

        with pytest.raises(BatchError, match="items the input failed: TimeoutError") as caught:
            anyio.run(how, given.timed(1000), AsyncServer(expire, after=10), backend=backend)
        assert isinstance(caught.value.__cause__, TimeoutError)
        assert len(caught.value.outcomes) in (0, *range(10, 20))  # of a stream, they were yielded before
        assert len(given.closed) == 1

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_fault_closes_the_input_and_has_the_outcomes_so_far(self, backend, how, kind):
        given = Input()
        server = AsyncServer(raising(RuntimeError("of a hook")), after=10)
        with pytest.raises(RuntimeError, match="of a hook") as caught:
            anyio.run(how, getattr(given, kind)(1000), server, backend=backend)
        assert len(given.closed) == 1
        assert any(error.sent == "maybe" for error in caught.value.outcomes if not isinstance(error, Review))
        assert "see .outcomes" in caught.value.__notes__[0]
        assert how is streamed or sum(isinstance(each, Review) for each in caught.value.outcomes) >= 5

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, Exception])
    def test_whatever_the_input_raises_the_outcomes_are_told(self, backend, how, error):
        async def failing():
            for each in range(6):
                yield item(each)
            raise error

        with pytest.raises((KeyboardInterrupt, SystemExit, BatchError)) as caught:
            anyio.run(how, failing(), AsyncServer(), backend=backend)
        expected = {KeyboardInterrupt: BatchInterrupted, SystemExit: SystemExit, Exception: BatchError}
        assert type(caught.value) is expected[error]
        assert how is streamed or len(caught.value.outcomes) == 6
        assert how is streamed or sum(isinstance(each, Review) for each in caught.value.outcomes) >= 3

    def test_what_it_raises_while_it_is_closed_is_its_failure(self, backend, how):
        async def failing():
            try:
                for each in range(6):
                    yield item(each)
            finally:
                raise OSError("cannot be closed")

        with pytest.raises(BatchError, match="after 6 items the input failed: OSError"):
            anyio.run(how, failing(), AsyncServer(), backend=backend)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_cancellation_closes_the_input(self, backend, how, kind):
        given = Input()

        async def main():
            with anyio.CancelScope() as scope:
                server = Stalling(scope.cancel, after=10)
                await how(getattr(given, kind)(1000), server)
            return scope.cancelled_caught

        assert anyio.run(main, backend=backend)
        assert len(given.closed) == 1


@pytest.mark.parametrize("backend", BACKENDS)
class TestReaderThatStops:
    @pytest.mark.parametrize("kind", KINDS)
    def test_closing_a_stream_closes_the_input(self, backend, kind):
        given = Input()
        anyio.run(streamed, getattr(given, kind)(1000), AsyncServer(), 3, backend=backend)
        assert len(given.closed) == 1

    def test_the_input_may_await_something_while_it_is_closed(self, backend):
        closed = []

        async def numbers():
            try:
                for each in range(1000):
                    yield item(each)
            finally:
                await anyio.lowlevel.checkpoint()
                closed.append(True)

        anyio.run(streamed, numbers(), AsyncServer(), 3, backend=backend)
        assert closed == [True]

    def test_an_input_that_keeps_its_reader_waiting_is_closed(self, backend):
        closed = []

        async def numbers():
            try:
                for each in range(3):
                    yield item(each)
                await anyio.sleep_forever()
            finally:
                closed.append(True)

        anyio.run(streamed, numbers(), AsyncServer(), 3, backend=backend)
        assert closed == [True]

    def test_a_cancelled_stream_has_the_outcomes_that_were_not_yielded(self, backend):
        caught = []

        async def main():
            with anyio.CancelScope() as scope:
                try:
                    await streamed(map(item, range(1000)), Stalling(scope.cancel, after=10))
                except BaseException as cancellation:
                    caught.append(cancellation)
                    raise

        anyio.run(main, backend=backend)
        assert {error.sent for error in caught[0].outcomes if not isinstance(error, Review)} == {"maybe"}


def test_a_timeout_of_asyncio_in_the_input_is_its_failure():
    async def numbers(timeout):
        async with timeout:
            for each in range(1000):
                yield item(each)

    async def main():
        timeout = asyncio.timeout(3600)
        server = AsyncServer(lambda: timeout.reschedule(asyncio.get_running_loop().time()), after=10)
        with pytest.raises(BatchError, match="input failed: TimeoutError") as caught:
            await collected(numbers(timeout), server)
        assert asyncio.current_task().cancelling() == 0
        return caught.value.outcomes

    assert {type(each) for each in asyncio.run(main())} == {Review}


class TestThreads:
    def test_the_input_is_closed_when_the_stream_is(self, client_of):
        given = Input()
        with closing(client_of(Server()).iter_create_reviews(given.plain(1000), concurrency=4)) as outcomes:
            next(outcomes)
        assert len(given.closed) == 1

    def test_it_is_closed_when_a_loop_is_left(self, client_of):
        given = Input()
        for _ in client_of(Server()).iter_create_reviews(given.plain(1000), concurrency=4):
            break
        gc.collect()
        assert len(given.closed) == 1

    def test_a_generator_of_a_class_is_closed_and_a_cursor_is_not(self, client_of):
        class Items:
            def __init__(self):
                self.given = Input()
                self.is_closed = False

            def __iter__(self):
                return self.given.plain(1000)

        class Cursor(Items):
            __iter__ = lambda self: self  # noqa: E731
            __next__ = lambda self: item()  # noqa: E731

            def close(self):
                self.is_closed = True

        for items in (made := Items()), (cursor := Cursor()):
            with closing(client_of(Server()).iter_create_reviews(items, concurrency=4)) as outcomes:
                next(outcomes)
        assert len(made.given.closed) == 1
        assert not cursor.is_closed

    @pytest.mark.parametrize("error", [RuntimeError, LookupError, SystemExit, KeyboardInterrupt])
    def test_whatever_a_hook_raises_has_the_outcomes_so_far(self, client_of, error):
        given = Input()
        with pytest.raises(error) as caught:
            client_of(Server(raising(error("of a hook")), after=20)).create_reviews(given.plain(1000), concurrency=4)
        assert sum(isinstance(each, Review) for each in caught.value.outcomes) >= 10
        assert {each.sent for each in caught.value.outcomes if not isinstance(each, Review)} <= {"no", "maybe"}
        assert len(given.closed) == 1
        assert isinstance(caught.value, KeyboardInterrupt) or "see .outcomes" in caught.value.__notes__[0]

    def test_an_exception_that_takes_no_attributes_stays_what_it_is(self, client_of):
        class BareError(Exception):
            def __setattr__(self, name, value):
                raise AttributeError(name)

        with pytest.raises(BareError):
            client_of(Server(raising(BareError()), after=3)).create_reviews(map(item, range(9)), concurrency=2)

    def test_a_progress_bar_that_is_interrupted_loses_nothing(self, client_of, monkeypatch):
        class Bar:
            shown = 0

            def update(self, n):
                self.shown += n
                if self.shown == 5:
                    raise KeyboardInterrupt

            def close(self): ...

        monkeypatch.setattr("hitl._progress_bar.load_tqdm", lambda: lambda **_: Bar())
        with pytest.raises(BatchInterrupted) as caught:
            client_of(Server()).create_reviews(map(item, range(100)), concurrency=2, progress=True)
        assert sum(isinstance(each, Review) for each in caught.value.outcomes) >= 5

    def test_what_closing_raises_when_the_server_stops_the_batch_is_told_with_the_outcomes(self, client_of):
        def numbers():
            try:
                yield from map(item, range(1000))
            finally:
                raise OSError("cannot be closed")

        server = Server(answer=lambda request: httpx.Response(429, headers={"retry-after": "9999"}))
        with pytest.raises(BatchError, match="the input failed: OSError") as caught:
            client_of(server).create_reviews(numbers(), concurrency=2)
        assert len(caught.value.outcomes) > 0


@pytest.fixture
def scarce(monkeypatch):
    """Let no more than that many threads be started."""

    def allow(count):
        class Scarce(threading.Thread):
            def start(self):
                if int(self.name.rpartition("-")[2]) >= count:
                    raise RuntimeError("can't start new thread")
                super().start()

        monkeypatch.setattr(threads, "Thread", Scarce)

    return allow


@pytest.mark.parametrize("available", [0, 1, 3])
class TestScarceThreads:
    def test_a_batch_goes_on_with_those_that_there_are(self, client_of, scarce, available):
        scarce(available)
        server = Server()
        assert len(client_of(server).create_reviews(map(item, range(50)), concurrency=8)) == server.count == 50

    def test_so_does_a_stream_and_a_list_of_changes(self, client_of, scarce, available):
        scarce(available)
        found = list(client_of(Server()).iter_create_reviews(map(item, range(50)), concurrency=8))
        assert sorted(each.index for each in found) == list(range(50))
        changes = [{"id": "rev_1", "priority": word} for word in ("high", "low") * 5]
        server = Server(answer=lambda request: httpx.Response(200, json={"success": True, "data": review()}))
        assert len(client_of(server).update_reviews(changes, concurrency=4)) == 10

    def test_ctrl_c_has_the_outcomes_so_far(self, client_of, scarce, available):
        scarce(available)
        with pytest.raises(BatchInterrupted) as caught:
            client_of(Server(raising(KeyboardInterrupt), after=10)).create_reviews(map(item, range(50)), concurrency=4)
        assert sum(isinstance(each, Review) for each in caught.value.outcomes) >= 5
