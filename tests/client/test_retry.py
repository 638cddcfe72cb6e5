"""What `retry_with_backoff` repeats, how often, and how long it sleeps in between."""

from __future__ import annotations

import asyncio
import functools
import inspect
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest
from script import refused, reviewed
from scripted import scripted_async

from hitl._calls import is_retrying
from hitl.exceptions import APIConnectionError, HITLError, InvalidRequestError, RateLimitError, ServerError
from hitl.retry import RETRIED, retry_with_backoff


def passing(**facts: Any) -> ServerError:
    return ServerError("try again", retryable=True, **facts)


class Flaky:
    """Fails with these errors in turn, then answers; counts its calls."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def later(self) -> str:
        return self()


class Naps:
    """Sleeps by writing down the seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)

    async def later(self, seconds: float) -> None:
        self(seconds)


def longest(_: float, high: float) -> float:
    return high


def test_a_function_that_succeeds_is_called_once_and_its_result_returned() -> None:
    flaky = Flaky()
    assert retry_with_backoff(flaky)() == "answer"
    assert flaky.calls == 1


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_at_most_max_retries_plus_one_calls_are_made(max_retries: int) -> None:
    flaky, naps = Flaky(*[passing() for _ in range(9)]), Naps()
    with pytest.raises(ServerError):
        retry_with_backoff(max_retries=max_retries, sleep=naps)(flaky)()
    assert flaky.calls == max_retries + 1
    assert len(naps.seconds) == max_retries


def test_a_coroutine_function_is_retried_as_a_blocking_one_is() -> None:
    flaky, naps = Flaky(*[passing() for _ in range(9)]), Naps()
    decorated = retry_with_backoff(max_retries=3, sleep=naps.later, jitter=longest)(flaky.later)
    with pytest.raises(ServerError):
        anyio.run(decorated)
    assert flaky.calls == 4
    assert naps.seconds == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_coroutine_function_sleeps_under_asyncio_and_trio(backend: str) -> None:
    flaky = Flaky(passing())
    decorated = retry_with_backoff(base_delay=0.0)(flaky.later)
    assert anyio.run(decorated, backend=backend) == "answer"
    assert flaky.calls == 2


def test_a_blocking_function_sleeps_by_the_clock_if_nothing_else_is_given() -> None:
    assert retry_with_backoff(base_delay=0.0)(Flaky(passing()))() == "answer"


@pytest.mark.parametrize("error_type", RETRIED)
def test_what_is_retried_by_default_is_retried_only_if_the_error_says_so(error_type: type[HITLError]) -> None:
    retryable, final = Flaky(error_type("", retryable=True)), Flaky(error_type("", retryable=False))
    assert retry_with_backoff(sleep=Naps())(retryable)() == "answer"
    with pytest.raises(error_type):
        retry_with_backoff(sleep=Naps())(final)()
    assert final.calls == 1


def test_a_create_of_unknown_outcome_is_never_repeated() -> None:
    flaky = Flaky(APIConnectionError("reset", sent="maybe", outcome_unknown=True, retryable=False))
    with pytest.raises(APIConnectionError):
        retry_with_backoff(sleep=Naps(), retry_on=HITLError)(flaky)()
    assert flaky.calls == 1


@pytest.mark.parametrize("error", [ValueError("bug"), InvalidRequestError("no", retryable=True)])
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    flaky = Flaky(error)
    with pytest.raises(type(error)):
        retry_with_backoff(sleep=Naps())(flaky)()
    assert flaky.calls == 1


def test_exceptions_of_other_packages_are_retried_when_named() -> None:
    flaky = Flaky(ConnectionResetError(), OSError())
    assert retry_with_backoff(retry_on=OSError, sleep=Naps())(flaky)() == "answer"
    assert flaky.calls == 3


def test_pauses_double_up_to_the_longest() -> None:
    naps = Naps()
    flaky = Flaky(*[passing() for _ in range(6)])
    retry_with_backoff(6, base_delay=0.5, max_delay=5, sleep=naps, jitter=longest)(flaky)()
    assert naps.seconds == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_the_usual_jitter_spreads_pauses_over_the_whole_range() -> None:
    naps = Naps()
    retry_with_backoff(200, base_delay=8.0, sleep=naps)(Flaky(*[passing() for _ in range(200)]))()
    assert 0.8 <= min(naps.seconds) < 2
    assert 7 < max(naps.seconds) <= 8


def test_thousands_of_retries_do_not_overflow_the_doubling() -> None:
    naps = Naps()
    retry_with_backoff(2000, sleep=naps, jitter=longest)(Flaky(*[passing() for _ in range(2000)]))()
    assert naps.seconds[-1] == 8.0


def test_what_the_server_asks_for_is_never_undercut() -> None:
    naps = Naps()
    flaky = Flaky(RateLimitError(retryable=True, retry_after=30.0), RateLimitError(retryable=True, retry_after=0.1))
    retry_with_backoff(sleep=naps, jitter=longest)(flaky)()
    assert naps.seconds == [31.0, 0.2]


def test_a_server_that_asks_for_more_than_a_minute_is_not_waited_for() -> None:
    flaky, naps = Flaky(RateLimitError(retryable=True, retry_after=60.5)), Naps()
    with pytest.raises(RateLimitError) as raised:
        retry_with_backoff(sleep=naps)(flaky)()
    assert raised.value.retry_after == 60.5
    assert naps.seconds == []


def test_the_last_error_is_raised_itself_and_tells_how_many_calls_were_made() -> None:
    last = passing()
    with pytest.raises(ServerError) as raised:
        retry_with_backoff(1, sleep=Naps())(Flaky(passing(), last))()
    assert raised.value is last
    assert "retry_with_backoff gave up after 2 calls" in "".join(traceback.format_exception(last))


def test_a_call_is_marked_as_retried_inside_and_neither_afterwards_nor_while_sleeping() -> None:
    seen: list[bool] = []
    retry_with_backoff(lambda: seen.append(is_retrying()))()
    with pytest.raises(ServerError):
        retry_with_backoff(1, sleep=lambda _: seen.append(is_retrying()))(Flaky(passing(), passing()))()
    assert [*seen, is_retrying()] == [True, False, False]


@pytest.mark.parametrize("fails_first", [False, True])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_that_outlives_the_call_that_started_it_retries_by_itself(backend: str, fails_first: bool) -> None:
    later, seen = Flaky(passing(), passing()), list[bool]()

    async def main() -> None:
        over = anyio.Event()

        async def background() -> None:
            seen.append(is_retrying())
            await over.wait()
            seen.append(is_retrying())
            assert await retry_with_backoff(sleep=Naps().later)(later.later)() == "answer"
            await anyio.to_thread.run_sync(lambda: seen.append(is_retrying()))

        async with anyio.create_task_group() as group:
            begun = anyio.Event()

            async def signalling() -> None:
                begun.set()
                await background()

            failing = Flaky(*[passing()] * fails_first)

            @retry_with_backoff(sleep=Naps().later)
            async def starts() -> None:
                if not begun.is_set():
                    group.start_soon(signalling)
                    await begun.wait()
                elif fails_first:  # the attempt that started the task is over
                    over.set()
                failing()

            await starts()
            over.set()

    anyio.run(main, backend=backend)
    assert (seen, later.calls) == ([True, False, False], 3)


def test_a_client_in_a_task_that_is_left_behind_retries_again() -> None:
    """With a key of its own, too: the decorated function will not send that of its attempts again."""
    client = scripted_async(refused(503), reviewed("created"), retry_delay=0)

    async def main() -> None:
        started: list[asyncio.Task[Any]] = []
        over = asyncio.Event()

        async def background() -> None:
            await over.wait()
            assert (await client.get_review("rev_1")).id == "rev_1"

        @retry_with_backoff
        async def starts() -> None:
            started.append(asyncio.create_task(background()))

        await starts()
        over.set()
        await started[0]

    asyncio.run(main())
    assert len(client.sent) == 2


def test_nested_decorators_make_as_many_calls_as_the_outer_one_alone() -> None:
    flaky, naps = Flaky(*[passing() for _ in range(99)]), Naps()
    with pytest.raises(ServerError):
        retry_with_backoff(3, sleep=naps)(retry_with_backoff(5, sleep=naps)(flaky))()
    assert flaky.calls == 4
    with pytest.raises(ServerError):
        anyio.run(retry_with_backoff(3, sleep=naps.later)(retry_with_backoff(5, sleep=naps.later)(flaky.later)))
    assert flaky.calls == 8


def test_cancellation_passes_through() -> None:
    calls: list[int] = []

    @retry_with_backoff
    async def hang() -> None:
        calls.append(1)
        await anyio.sleep_forever()

    async def main() -> bool:
        with anyio.move_on_after(0) as scope:
            await hang()
        return scope.cancelled_caught

    assert anyio.run(main)
    assert calls == [1]


def test_name_docstring_and_signature_are_kept() -> None:
    @retry_with_backoff(max_retries=1)
    def ask(text: str, *, urgent: bool = False) -> str:
        """Ask somebody."""
        return f"{text}{urgent}"

    assert (ask.__name__, ask.__doc__) == ("ask", "Ask somebody.")
    assert list(inspect.signature(ask).parameters) == ["text", "urgent"]
    assert ask("a", urgent=True) == "aTrue"


def test_methods_of_every_kind_can_be_decorated() -> None:
    class Team:
        name = "team"

        @retry_with_backoff
        def plain(self) -> str:
            return self.name

        @staticmethod
        @retry_with_backoff(max_retries=1)
        def static() -> str:
            return "static"

        @classmethod
        @retry_with_backoff(max_retries=1)
        def of_class(cls) -> str:
            return cls.name

        @retry_with_backoff
        async def later(self) -> str:
            return self.name

    called = Team().plain(), Team.static(), Team.of_class(), anyio.run(Team().later)
    assert called == ("team", "static", "team", "team")


class _CalledLater:
    def __init__(self, flaky: Flaky) -> None:
        self.flaky = flaky

    async def __call__(self) -> str:
        return self.flaky()


@pytest.mark.parametrize(
    "wrap",
    [_CalledLater, lambda flaky: functools.partial(_CalledLater(flaky)), lambda flaky: functools.partial(flaky.later)],
    ids=["async __call__", "partial of async __call__", "partial of async method"],
)
def test_every_asynchronous_callable_is_awaited(wrap: Callable[[Flaky], Callable[[], Awaitable[str]]]) -> None:
    flaky = Flaky(passing())
    decorated = retry_with_backoff(sleep=Naps().later)(wrap(flaky))
    assert inspect.iscoroutinefunction(decorated)
    assert anyio.run(decorated) == "answer"
    assert flaky.calls == 2


def _generator() -> Iterator[int]:
    yield 1


async def _async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (_generator, "generator"),
        (_async_generator, "generator"),
        (functools.partial(_generator), "generator"),
        (staticmethod(_CalledLater.__call__), "below @staticmethod"),
        (classmethod(lambda cls: cls), "below @staticmethod or @classmethod"),
    ],
)
@pytest.mark.parametrize("decorator", [retry_with_backoff, retry_with_backoff(max_retries=1)], ids=["bare", "called"])
def test_what_cannot_be_repeated_is_refused_at_decoration(decorator: Any, function: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        decorator(function)


def test_what_is_no_function_is_refused_at_decoration() -> None:
    with pytest.raises(TypeError, match="not str"):
        retry_with_backoff()("text")  # type: ignore[arg-type]


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "inside another"])
def test_a_blocking_function_that_returns_a_coroutine_is_refused_when_called(inside: bool) -> None:
    flaky = Flaky()
    decorated: Callable[[], object] = retry_with_backoff(lambda: flaky.later())
    with pytest.raises(TypeError, match="async def"):
        (retry_with_backoff(decorated) if inside else decorated)()
    assert flaky.calls == 0


@pytest.mark.parametrize("max_retries", [-1, 1.5, "3", None, True])
def test_max_retries_must_be_a_whole_number_from_0_up(max_retries: Any) -> None:
    with pytest.raises(ValueError, match="max_retries"):
        retry_with_backoff(max_retries)


@pytest.mark.parametrize("delay", [-1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["base_delay", "max_delay"])
def test_delays_must_be_seconds_from_0_up(name: str, delay: float) -> None:
    with pytest.raises(ValueError, match=name):
        retry_with_backoff(**{name: delay})  # type: ignore[call-overload]


@pytest.mark.parametrize("retry_on", [BaseException, KeyboardInterrupt, "OSError", (OSError, 3)])
def test_only_subclasses_of_exception_can_be_retried(retry_on: Any) -> None:
    with pytest.raises(TypeError, match="retry_on"):
        retry_with_backoff(retry_on=retry_on)
