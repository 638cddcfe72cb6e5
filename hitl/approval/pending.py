"""Questions that outlive the process: asked now, and waited for later, also elsewhere."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from attrs import field, frozen

from hitl._json import is_object
from hitl.approval.decorator import Gated, bound
from hitl.approval.errors import ApprovalMismatch
from hitl.approval.ledger import Approval
from hitl.approval.steps import Flow, run, run_async
from hitl.exceptions import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")


@frozen
class _Question:
    """A question that was asked.

    Attributes:
        key: The approval in the ledger.
        review_id: The review that asks.
        function: What it is about.
        call: The digest of the call.
        audience: The server.
    """

    key: str
    review_id: str
    function: str
    call: str
    audience: str
    _result: Callable[[], Any] = field(repr=False)

    def token(self) -> str:
        """Return what `resume` takes: no arguments, no secret, and worth nothing without the program."""
        facts = {"v": 1, "key": self.key, "call": self.call, "review_id": self.review_id, "audience": self.audience}
        return urlsafe_b64encode(json.dumps(facts, separators=(",", ":")).encode()).decode().rstrip("=")


class Pending(_Question, Generic[T]):
    """A question about a call that waits for its answer."""

    def result(self) -> T:
        """Wait for the answer, run the function if it is a yes, and return what it returns; the errors of the gate."""
        return cast("T", self._result())


class AsyncPending(_Question, Generic[T]):
    """The same for a coroutine function."""

    async def result(self) -> T:
        """Wait for the answer, run the function if it is a yes, and return what it returns; the errors of the gate."""
        return cast("T", await self._result())


@overload
def submit(  # type: ignore[overload-overlap]
    function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
) -> Coroutine[Any, Any, AsyncPending[T]]: ...
@overload
def submit(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Pending[T]: ...
def submit(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Ask about a call of a gated function, without waiting for the answer.

    The process may end: the same call in another one finds its question again by its key, and asks nobody twice.

    Raises:
        TypeError: the function is not gated, or does not take these arguments.
        ApprovalError: the question has been answered with a no, or its approval has been used.
    """
    gate, arguments = bound(function, args, kwargs)
    return _pending(gate, arguments, gate.keeper.submit(arguments))


def _pending(gate: Gated, arguments: Mapping[str, Any], asking: Flow[Approval]) -> Any:
    def found(kind: type[Any], row: Approval) -> Any:
        audience, result = gate.keeper.target.audience, partial(gate.call, arguments, row.key)
        return kind(row.key, row.review_id or "", row.function, row.call, audience, result)

    async def ask() -> Any:
        return found(AsyncPending, await run_async(asking))

    return ask() if gate.is_async else found(Pending, run(asking))


@overload
def resume(  # type: ignore[overload-overlap]
    token: str, function: Callable[P, Coroutine[Any, Any, T]], /, *args: P.args, **kwargs: P.kwargs
) -> Coroutine[Any, Any, AsyncPending[T]]: ...
@overload
def resume(token: str, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Pending[T]: ...
def resume(token: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Go on to wait for a question that another process has asked; it needs the same ledger.

    Raises:
        ConfigurationError: it is no token.
        ApprovalMismatch: it is that of another function, of other arguments, or of another server.
    """
    gate, arguments = bound(function, args, kwargs)
    facts, target = _facts(token), gate.keeper.target
    call = target.call(arguments, gate.keeper.settings.metadata).digest
    if facts["call"] != call or facts["audience"] != target.audience:
        raise ApprovalMismatch(
            f"the token is not that of this call of {target.name}", kind="call", key=facts["key"], function=target.name
        )
    return _pending(gate, arguments, gate.keeper.asked(facts["key"], call))


def _facts(token: str) -> dict[str, str]:
    try:
        facts = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError:
        facts = None
    names = ("key", "call", "review_id", "audience")
    if not is_object(facts) or facts.get("v") != 1 or not all(isinstance(facts.get(name), str) for name in names):
        raise ConfigurationError("this is no token of a pending approval, as its token() gave it")
    return facts
