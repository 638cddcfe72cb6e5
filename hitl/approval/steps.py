"""One logic for both kinds of client: flows that yield what is to be done, and two drivers that do it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeAlias, TypeVar, cast

from attrs import frozen

T = TypeVar("T")


@frozen
class Do:
    """Code of the client or of the user; in an asynchronous gate it may return an awaitable."""

    act: Callable[[], Any]


@frozen
class Keep:
    """A transaction of the ledger: it blocks, and is carried to its end whatever happens meanwhile."""

    act: Callable[[], Any]


Flow: TypeAlias = Generator[Do | Keep, Any, T]


def run(flow: Flow[T]) -> T:
    """Carry out a flow, blocking."""
    try:
        step = next(flow)
        while True:
            try:
                value = step.act()
                if type(step) is Do:
                    _refuse_awaitable(value)
            except BaseException as error:
                step = flow.throw(error)
            else:
                step = flow.send(value)
    except StopIteration as stop:
        return cast("T", stop.value)


def _refuse_awaitable(value: Any) -> None:
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError("an asynchronous function was given to the gate of a HITLClient; use AsyncHITLClient")


async def run_async(flow: Flow[T]) -> T:
    """Carry out a flow on the running event loop, asyncio or trio."""
    resume: Callable[[], Do | Keep] = partial(next, flow)
    while True:
        try:
            step = resume()
        except StopIteration as stop:
            return cast("T", stop.value)
        try:
            value = await _undisturbed(step.act) if isinstance(step, Keep) else await _awaited(step.act())
        except BaseException as error:
            resume = partial(flow.throw, error)
        else:
            resume = partial(flow.send, value)


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


async def _undisturbed(act: Callable[[], T]) -> T:
    """Carry out a transaction in a thread. A cancellation is raised after it, never instead of waiting for it."""
    import anyio
    import sniffio

    carry_out = anyio.to_thread.run_sync if sniffio.current_async_library() == "trio" else _undisturbed_by_asyncio
    outcome: list[T] = []
    with anyio.CancelScope(shield=True):
        outcome.append(await carry_out(act))
    return outcome[0]


async def _undisturbed_by_asyncio(act: Callable[[], T]) -> T:
    """Do the same where a scope's shield does not hold: off `Task.cancel()`, which asyncio itself has."""
    import asyncio

    work = asyncio.ensure_future(asyncio.to_thread(act))
    cancellation: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError as error:
            cancellation = error
        except BaseException:  # the transaction's own, raised below
            break
    if cancellation is not None:
        work.exception()  # it is looked at, so that asyncio does not complain
        raise cancellation
    return work.result()
