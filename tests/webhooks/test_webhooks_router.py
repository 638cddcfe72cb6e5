"""The router: each event reaches those who asked for it, once if they succeed and again if they fail."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from hitl.webhooks import (
    LARGEST_BODY,
    MemoryReplayGuard,
    ReplayGuard,
    Router,
    WebhookEvent,
    construct_event,
    signature_headers,
)
from hitl.webhooks._replay import LEASE, Lease

SECRET = "your_webhook_secret"
BODY = b'{"event": "review.completed", "review": {"id": "rev_1"}}'


def fresh() -> dict[str, str]:
    """Sign now: a signature made when this file was loaded could be too old by the time the test runs."""
    return signature_headers(BODY, SECRET, webhook_id="msg_1")


def body_of(event: str) -> bytes:
    return json.dumps({"event": event, "review": {"id": "rev_1"}}).encode()


def send(router: Router, event: str = "review.completed", webhook_id: str = "msg_1") -> int:
    body = body_of(event)
    return router.dispatch(signature_headers(body, SECRET, webhook_id=webhook_id), body)


@pytest.fixture(params=["sync", "asyncio", "asyncio with an async handler", "trio"])
def dispatch(request: pytest.FixtureRequest) -> Callable[[Router, Any, Any], int]:
    """Dispatch in one of the ways; all must come to the same."""
    if request.param == "sync":
        return lambda router, headers, body: router.dispatch(headers, body)

    async def ignore(event: WebhookEvent) -> None:
        pass

    def run(router: Router, headers: Any, body: Any) -> int:
        if "handler" in request.param:
            router.on("never.happens")(ignore)
        return anyio.run(router.dispatch_async, headers, body, backend=request.param.split()[0])

    return run


Dispatch = Callable[[Router, Any, Any], int]
Race = Callable[[int, Callable[[], Any]], list[Any]]


# --- who gets what ---------------------------------------------------------------------------------------------------


def test_an_event_reaches_its_handlers_in_order_and_those_of_all_events(dispatch: Dispatch) -> None:
    router = Router(SECRET)
    seen: list[str] = []
    router.on("*")(lambda event: seen.append(f"all {event.event}"))
    router.on("review.completed")(lambda event: seen.append(f"first {event.review_id}"))
    router.on("review.created", "review.completed")(lambda event: seen.append("second"))
    router.on("review.created")(lambda event: seen.append("never"))
    assert dispatch(router, fresh(), BODY) == 200
    assert seen == ["all review.completed", "first rev_1", "second"]


def test_an_unknown_event_is_accepted_and_ignored(dispatch: Dispatch) -> None:
    router = Router(SECRET)
    router.on("review.completed")(pytest.fail)
    body = body_of("review.beamed_up")
    assert dispatch(router, signature_headers(body, SECRET), body) == 200


def test_plain_and_asynchronous_handlers_may_stand_side_by_side(dispatch: Dispatch) -> None:
    router = Router(SECRET)
    seen: list[str] = []

    @router.on("review.completed")
    async def later(event: WebhookEvent) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append("async")

    class Handler:
        async def __call__(self, event: WebhookEvent) -> None:
            seen.append("object")

    router.on("review.completed")(lambda event: seen.append("plain"))
    handler = Handler()
    assert router.on("review.completed")(handler) is handler
    router.on("review.completed")(functools.partial(later))
    assert dispatch(router, fresh(), BODY) == 200
    assert seen == ["async", "plain", "object", "async"]


def test_a_plain_handler_does_not_block_the_event_loop() -> None:
    router = Router(SECRET)
    threads: list[int] = []
    router.on("*")(lambda event: threads.append(threading.get_ident()))
    assert anyio.run(router.dispatch_async, fresh(), BODY) == 200
    assert threads
    assert threads != [threading.get_ident()]


def behind_a_plain_wrapper(handler: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(handler)
    def call(event: WebhookEvent) -> Any:
        return handler(event)

    return call


def test_a_handler_that_has_only_been_begun_has_failed(dispatch: Dispatch, caplog: pytest.LogCaptureFixture) -> None:
    async def store(event: WebhookEvent) -> None:
        pytest.fail("it was awaited")

    def iterate(event: WebhookEvent) -> Any:
        yield pytest.fail("it was iterated")

    for handler in (store, iterate):
        router = Router(SECRET)
        router.on("*")(behind_a_plain_wrapper(handler))
        assert dispatch(router, fresh(), BODY) == 500
    assert "the handler returned a coroutine" in caplog.text
    assert "the handler returned a generator" in caplog.text


def test_what_can_handle_nothing_is_a_type_error() -> None:
    def iterate(event: WebhookEvent) -> Any:
        yield event

    async def iterate_async(event: WebhookEvent) -> Any:
        yield event

    for handler in (None, iterate, iterate_async):
        with pytest.raises(TypeError, match="a handler is a function"):
            Router(SECRET).on("*")(handler)  # type: ignore[type-var]


@pytest.mark.parametrize("events", [(), (print,), ("",), ("review.completed", 3)])
def test_a_decorator_without_an_event_is_a_type_error(events: Any) -> None:
    with pytest.raises(TypeError, match=r'name the events: @router\.on\("review\.completed"\)'):
        Router(SECRET).on(*events)


def test_a_router_takes_several_secrets_also_from_an_iterator() -> None:
    router = Router(iter(["the new one", SECRET]))
    assert [send(router, webhook_id=name) for name in ("msg_1", "msg_2")] == [200, 200]


def test_no_attribute_of_a_router_shows_the_secret() -> None:
    router = Router(SECRET)
    assert SECRET not in f"{router!r} {vars(router)!r}"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_forged_webhook_is_answered_401_and_the_reason_is_logged_only(
    dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    router = Router(SECRET)
    router.on("*")(pytest.fail)
    assert dispatch(router, signature_headers(BODY, "another"), BODY) == 401
    assert dispatch(router, {}, BODY) == 401
    assert dispatch(router, signature_headers(b"[]", SECRET), b"[]") == 401
    records = [(record.name, record.levelno, record.message) for record in caplog.records if "hitl" in record.name]
    assert records == [
        ("hitl.webhooks", logging.WARNING, f"webhook refused: {reason}")
        for reason in ("signature_mismatch", "missing_header", "payload_not_an_event")
    ]


def test_a_body_of_more_than_a_mebibyte_is_answered_413() -> None:
    router = Router(SECRET)
    body = b'{"event": "e"}'.ljust(LARGEST_BODY)
    assert router.dispatch(signature_headers(body, SECRET), body) == 200
    assert router.dispatch(signature_headers(body + b" ", SECRET), body + b" ") == 413


def test_the_tolerance_can_be_chosen() -> None:
    headers = signature_headers(BODY, SECRET, webhook_id="msg_1", timestamp=int(time.time()) - 1000)
    assert Router(SECRET).dispatch(headers, BODY) == 401
    assert Router(SECRET, tolerance=2000).dispatch(headers, BODY) == 200
    with pytest.raises(ValueError, match="tolerance"):
        Router(SECRET, tolerance=0)


# --- once ------------------------------------------------------------------------------------------------------------


def test_a_repeated_webhook_is_accepted_and_not_handled_again(dispatch: Dispatch) -> None:
    router = Router(SECRET)
    seen: list[str] = []
    router.on("*")(lambda event: seen.append(event.id))
    assert [dispatch(router, fresh(), BODY) for _ in range(3)] == [200] * 3
    assert seen == ["msg_1"]
    headers = fresh()
    vendor = headers.pop("X-HITL-Signature-256")
    assert dispatch(router, {"X-HITL-Signature-256": vendor}, BODY) == 200
    assert dispatch(router, headers, BODY) == 200
    assert seen == ["msg_1"]


def test_a_handler_that_fails_leaves_the_event_to_the_next_attempt(
    dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    router = Router(SECRET)
    attempts: list[str] = []

    @router.on("review.completed")
    def handle(event: WebhookEvent) -> None:
        attempts.append(event.id)
        if len(attempts) < 3:
            raise RuntimeError("the database is down")

    assert [dispatch(router, fresh(), BODY) for _ in range(4)] == [500, 500, 200, 200]
    assert attempts == ["msg_1"] * 3
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.message for record in errors] == [
        "a handler of 'review.completed' failed, so the server is asked to send msg_1 again"
    ] * 2
    assert all("the database is down" in str(record.exc_info) for record in errors)


@pytest.mark.parametrize("webhook_id", ["msg_1", None], ids=["the same again", "with more signatures"])
def test_a_second_delivery_during_the_first_is_asked_to_come_again_and_leaves_nothing_behind(
    webhook_id: str | None,
) -> None:
    router = Router(SECRET)
    inner: list[int] = []
    router.on("*")(lambda event: inner.append(router.dispatch(fresh(), BODY)))
    assert router.dispatch(signature_headers(BODY, SECRET, webhook_id=webhook_id), BODY) == 200
    assert inner == [503]
    assert router.dispatch(fresh(), BODY) == 200
    assert inner == [503]


def test_of_32_deliveries_at_once_one_is_handled(guard: ReplayGuard, race: Race) -> None:
    router = Router(SECRET, replay_guard=guard)
    seen: list[str] = []
    router.on("*")(lambda event: seen.append(event.id))
    statuses = race(32, lambda: router.dispatch(fresh(), BODY))
    assert seen == ["msg_1"]
    assert set(statuses) <= {200, 503}
    assert 200 in statuses


def test_a_process_that_dies_over_an_event_blocks_it_no_longer_than_the_lease() -> None:
    now = time.time()
    guard = MemoryReplayGuard(clock=lambda: now)
    living = Router(SECRET, replay_guard=guard)
    seen: list[str] = []
    living.on("*")(lambda event: seen.append(event.id))
    event = construct_event(fresh(), BODY, SECRET)
    assert Lease(guard, event.claims).acquire() == "new"  # and now its process is killed
    assert living.dispatch(fresh(), BODY) == 503
    now += LEASE + 1
    assert living.dispatch(fresh(), BODY) == 200
    assert seen == ["msg_1"]
    now += 10 * LEASE
    assert living.dispatch(fresh(), BODY) == 200
    assert seen == ["msg_1"]


def test_an_interrupted_handler_gives_the_event_back() -> None:
    router = Router(SECRET)

    @router.on("*")
    def handle(event: WebhookEvent) -> None:
        if len(attempts) < 1:
            attempts.append(1)
            raise KeyboardInterrupt

    attempts: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        router.dispatch(fresh(), BODY)
    assert router.dispatch(fresh(), BODY) == 200


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_handler_gives_the_event_back(backend: str) -> None:
    router = Router(SECRET)
    seen: list[str] = []

    async def run() -> int:
        @router.on("*")
        async def handle(event: WebhookEvent) -> None:
            seen.append(event.id)
            if len(seen) == 1:
                scope.cancel()
                await anyio.sleep_forever()

        with anyio.CancelScope() as scope:
            await router.dispatch_async(fresh(), BODY)
        assert scope.cancelled_caught
        return await router.dispatch_async(fresh(), BODY)

    assert anyio.run(run, backend=backend) == 200
    assert seen == ["msg_1"] * 2


def test_a_cancellation_leaves_a_plain_handler_to_its_end() -> None:
    router = Router(SECRET)
    goes_on, has_ended = threading.Event(), threading.Event()

    async def run() -> int:
        has_started = asyncio.Event()
        loop = asyncio.get_running_loop()

        @router.on("*")
        def handle(event: WebhookEvent) -> None:
            loop.call_soon_threadsafe(has_started.set)
            assert goes_on.wait(30)
            has_ended.set()

        task = asyncio.create_task(router.dispatch_async(fresh(), BODY))
        await has_started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        during = await router.dispatch_async(fresh(), BODY)
        goes_on.set()
        assert await asyncio.to_thread(has_ended.wait, 30)
        return during

    assert asyncio.run(run()) == 503


# --- guards that fail ------------------------------------------------------------------------------------------------


class Fails(MemoryReplayGuard):
    """A guard whose storage breaks at its nth use."""

    def __init__(self, working: int) -> None:
        super().__init__()
        self.working = working

    def first_time(self, event_id: str, expires: float, /) -> bool:
        self.working -= 1
        if self.working < 0:
            raise OSError("disk full")
        return super().first_time(event_id, expires)


def test_without_a_guard_that_works_the_server_is_asked_to_send_again(
    dispatch: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    router = Router(SECRET, replay_guard=Fails(0))
    router.on("*")(pytest.fail)
    assert dispatch(router, fresh(), BODY) == 503
    assert "the replay guard failed, so the server is asked to send msg_1 again" in caplog.text


def test_what_was_handled_is_acknowledged_although_it_cannot_be_remembered(caplog: pytest.LogCaptureFixture) -> None:
    router = Router(SECRET, replay_guard=Fails(4))
    router.on("*")(lambda event: None)
    assert router.dispatch(fresh(), BODY) == 200
    assert "the event may be handled once more" in caplog.text


def test_a_guard_that_cannot_forget_is_refused_at_once() -> None:
    class Once:
        def first_time(self, event_id: str, expires: float, /) -> bool:
            return True

    with pytest.raises(TypeError, match=r"needs forget\(event_id\)"):
        Router(SECRET, replay_guard=Once())  # type: ignore[arg-type]
