"""One commit for what several requests write in one turn of the event loop: it costs the most of a creation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

from hitl.server.storage.changes import UnitOfWork
from hitl.server.storage.errors import StorageError

_T = TypeVar("_T")
_Outcome = tuple[Any, Exception | None]


class CommitGroup:
    """Collects calls that write, and runs those of one turn together; for one event loop.

    Each call succeeds or fails by itself, in their order, and none is answered before its commit.
    """

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []

    async def run(self, call: Callable[[], _T]) -> _T:
        """Return what the call returns, once that is committed."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._run_all)
        self._waiting.append((call, future))
        return cast("_T", await future)

    def _run_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        calls = [call for call, _ in waiting]
        try:
            outcomes = (self._together(calls) if len(calls) > 1 else None) or [_outcome(call) for call in calls]
        except Exception as fault:  # such as that of a listener, after the commit
            outcomes = [(None, fault)] * len(calls)
        for (_, future), (result, error) in zip(waiting, outcomes, strict=True):
            if future.done():  # cancelled: nobody waits for it any more
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _together(self, calls: Sequence[Callable[[], Any]]) -> list[_Outcome] | None:
        """Run calls in one transaction; None if nothing was done, because one of them could not be undone alone."""
        outcomes: list[_Outcome] = []
        with suppress(_CannotUndoError, StorageError), self._unit_of_work.group() as rows_written:
            for call in calls:
                before = rows_written()
                outcome = _outcome(call)
                if outcome[1] and (rows_written() != before or isinstance(outcome[1], StorageError)):
                    raise _CannotUndoError
                outcomes.append(outcome)
            return outcomes
        return None


class _CannotUndoError(Exception):
    """A call failed after it had written in a transaction that it shares."""


def _outcome(call: Callable[[], Any]) -> _Outcome:
    try:
        return call(), None
    except Exception as error:
        return None, error
