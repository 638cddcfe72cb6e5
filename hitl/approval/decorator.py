"""`require_approval`: the gate as a decorator, and around a block."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypedDict, TypeVar, Unpack, get_args, overload
from weakref import WeakKeyDictionary

from attrs import frozen

from hitl._api import arguments
from hitl._config import seconds
from hitl.approval.calls import Call, Target, target_of
from hitl.approval.errors import ApprovalError
from hitl.approval.escalating import require_enforceable
from hitl.approval.escalation import Escalation, Reminder
from hitl.approval.gate import Gatekeeper
from hitl.approval.grants import Grant, Settings
from hitl.approval.ledger import Ledger
from hitl.approval.opening import ledger_at
from hitl.approval.policy import Policy, Rule
from hitl.approval.refusals import Refusal, is_refusal, refusal_of
from hitl.approval.steps import Flow, run, run_async
from hitl.approval.wrapping import gated, require_plain_function
from hitl.exceptions import ConfigurationError
from hitl.models import Priority

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

F = TypeVar("F", bound=Callable[..., Any])
P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


@frozen
class Gated:
    """A gated function.

    Attributes:
        keeper: The logic of its gate.
        call: Calls it with these arguments, for the approval with this key if one is given.
        is_async: Whether that has to be awaited.
    """

    keeper: Gatekeeper
    call: Callable[[Mapping[str, Any], str | None], Any]
    is_async: bool


_MOST_METADATA = 18  # of the 20 that a review may have; the gate needs two

_GATED: WeakKeyDictionary[Callable[..., Any], Gated] = WeakKeyDictionary()


def bound(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Gated, Mapping[str, Any]]:
    """Return what is behind a gated function, and the arguments of a call.

    Raises:
        TypeError: the function is not gated, or does not take these arguments.
    """
    bare = getattr(function, "__func__", function)  # of a method
    found = _GATED.get(bare) if inspect.isfunction(bare) else None
    if found is None:
        raise TypeError(f"{function!r:.80} is not gated by require_approval")
    receiver = (function.__self__,) if inspect.ismethod(function) else ()
    return found, found.keeper.target.bind((*receiver, *args), kwargs)


class _Gate:
    def __init__(
        self,
        settings: Settings,
        *,
        is_async: bool,
        on_reject: str | Callable[[ApprovalError], Any],
        ignore: Iterable[str],
        version: str | None,
    ) -> None:
        self._settings = settings
        self._is_async = is_async
        self._on_reject = on_reject
        self._ignored = frozenset(ignore)
        self._version = version

    def _gated(self, function: Callable[..., Any]) -> Callable[..., Any]:
        require_plain_function(function, is_async=self._is_async)
        target = target_of(function, self._settings.client.base_url, self._ignored, self._version)
        keeper = Gatekeeper(self._settings, target, inspect.getdoc(function) or "")

        def flow(arguments: Mapping[str, Any], key: str | None = None) -> Flow[Any]:
            return keeper.run(arguments, partial(target.apply, function), key)

        async def call_async(arguments: Mapping[str, Any], key: str | None = None) -> Any:
            try:
                return await run_async(flow(arguments, key))
            except ApprovalError as error:
                return self._refused(error)

        def call(arguments: Mapping[str, Any], key: str | None = None) -> Any:
            try:
                return run(flow(arguments, key))
            except ApprovalError as error:
                return self._refused(error)

        chosen = call_async if self._is_async else call
        found = gated(function, lambda args, kwargs: chosen(target.bind(args, kwargs)))
        _GATED[found] = Gated(keeper, chosen, self._is_async)
        return found

    def _refused(self, error: ApprovalError) -> Any:
        if self._on_reject == "raise" or not is_refusal(error):
            raise error
        return self._on_reject(error) if callable(self._on_reject) else refusal_of(error)


class Gate(_Gate):
    """What `require_approval` returns: a decorator, and a context manager for a block."""

    def __call__(self, function: F, /) -> F:
        """Return the gated function: its signature, name and docstring are those of the function."""
        return self._gated(function)  # type: ignore[return-value]

    def block(self, name: str, /, **arguments: Any) -> AbstractContextManager[Grant]:
        """Gate the body of a `with` statement.

        What is bound is the name and the arguments, so the body must take its arguments from the grant.
        """
        return _block(self._keeper(name), arguments)

    def ablock(self, name: str, /, **arguments: Any) -> AbstractAsyncContextManager[Grant]:
        """Do the same for `async with`."""
        return _ablock(self._keeper(name), arguments)

    def _keeper(self, name: str) -> Gatekeeper:
        target = Target(name, self._settings.client.base_url, None, self._ignored, self._version)
        return Gatekeeper(self._settings, target, "")


class ReturningGate(_Gate, Generic[R]):
    """The same, for functions that return a refusal in place of their result."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, T]], /) -> Callable[P, Coroutine[Any, Any, T | R]]: ...
    @overload
    def __call__(self, function: Callable[P, T], /) -> Callable[P, T | R]: ...
    def __call__(self, function: Callable[..., Any], /) -> Callable[..., Any]:
        """Return the gated function."""
        return self._gated(function)


@contextmanager
def _block(keeper: Gatekeeper, arguments: Mapping[str, Any]) -> Generator[Grant, None, None]:
    grant = run(keeper.approve(arguments))
    try:
        yield grant
    except BaseException as error:
        run(keeper.failed(grant, error, has_begun=True))
        raise
    run(keeper.finished(grant, None))


@asynccontextmanager
async def _ablock(keeper: Gatekeeper, arguments: Mapping[str, Any]) -> AsyncGenerator[Grant, None]:
    grant = await run_async(keeper.approve(arguments))
    try:
        yield grant
    except BaseException as error:
        await run_async(keeper.failed(grant, error, has_begun=True))
        raise
    await run_async(keeper.finished(grant, None))


class GateOptions(TypedDict, total=False):
    """The arguments of `require_approval` besides the client and `on_reject`."""

    template_id: str | None
    assignees: Sequence[str] | None
    when: Callable[[Call], Any] | None
    timeout: float | timedelta | None
    describe: Callable[[Call], Any] | None
    version: str | None
    policy: Policy | None
    ledger: Ledger | None
    ignore: Iterable[str]
    metadata: Mapping[str, str] | None
    run: str | None
    priority: Priority | None
    due_date: str | datetime | None
    quorum: int | None
    asked_by: str | None
    escalate: Escalation | None
    remind: Reminder | None


@overload
def require_approval(
    client: HITLClient | AsyncHITLClient,
    *,
    on_reject: Literal["raise"] = ...,
    **options: Unpack[GateOptions],
) -> Gate: ...
@overload
def require_approval(
    client: HITLClient | AsyncHITLClient,
    *,
    on_reject: Literal["return"],
    **options: Unpack[GateOptions],
) -> ReturningGate[Refusal]: ...
@overload
def require_approval(
    client: HITLClient | AsyncHITLClient,
    *,
    on_reject: Callable[[ApprovalError], R],
    **options: Unpack[GateOptions],
) -> ReturningGate[R]: ...
def require_approval(
    client: HITLClient | AsyncHITLClient,
    *,
    on_reject: Literal["raise", "return"] | Callable[[ApprovalError], Any] = "raise",
    template_id: str | None = None,
    assignees: Sequence[str] | None = None,
    when: Callable[[Call], Any] | None = None,
    timeout: float | timedelta | None = None,
    describe: Callable[[Call], Any] | None = None,
    version: str | None = None,
    policy: Policy | None = None,
    ledger: Ledger | None = None,
    ignore: Iterable[str] = (),
    metadata: Mapping[str, str] | None = None,
    run: str | None = None,
    priority: Priority | None = None,
    due_date: str | datetime | None = None,
    quorum: int | None = None,
    asked_by: str | None = None,
    escalate: Escalation | None = None,
    remind: Reminder | None = None,
) -> Any:
    """Let a function run only if a person approves of exactly this call, and once.

    The reviewer sees the function's name, its docstring and its arguments, and may edit the arguments. The approval is
    bound to the function, its version and the arguments, and is consumed in the ledger before the function runs.
    Whatever goes wrong, the function does not run, and the error says which.

    Args:
        client: The client to ask with; AsyncHITLClient for coroutine functions.
        on_reject: "raise" raises ApprovalRejected or ApprovalNotGiven; "return" returns a Refusal, a text made for a
            language model; a function is given the error, and what it returns is returned. Everything else is raised.
        template_id: A template of your own, with a boolean field `approved`; by default one is made.
        assignees: E-mail addresses of the people to ask.
        when: Ask only if this returns True for the call; it may be asynchronous in an asynchronous gate.
        timeout: Seconds to wait for the answer; None waits until the question itself ends.
        describe: Returns what the reviewer sees as a preview: what will change.
        version: Raise it when the function means something else; "source" takes the digest of its source.
        policy: Rules about which calls are asked about; see Policy.
        ledger: Where approvals are kept; by default the one of `HITL_LEDGER`, or a file; see `ledger_at`.
        ignore: Parameters that are neither bound nor shown, such as a session.
        metadata: Words for rules and records, such as a customer.
        run: What groups questions in `hitl pending`, such as the run of an agent.
        priority: "low", "medium", "high" or "normal".
        due_date: When the answer is needed.
        quorum: So many people must approve.
        asked_by: Who asks; that person's own approval does not count.
        escalate: Asks more people, or more urgently, when nobody has answered for a while; whoever waits does it.
        remind: Calls a function of yours when nobody has answered for a while, to remind people.

    Raises:
        ConfigurationError: an argument is wrong, or asks for what nobody would carry out.
        TypeError: where it decorates something that cannot be gated.
    """
    is_async = _is_async(client)
    if on_reject not in ("raise", "return") and not callable(on_reject):
        raise ConfigurationError(f"on_reject must be 'raise', 'return' or a function; got {on_reject!r:.80}")
    if quorum is not None and (type(quorum) is not int or quorum < 1 or template_id is not None):
        raise ConfigurationError("quorum= is a number of people, and belongs to the form that the gate makes")
    if (template_id or quorum) and policy is not None and any(rule.allowance for rule in policy.rules):
        raise ConfigurationError("an allowance= is given by one person, in the form that the gate makes")
    if len(metadata or {}) > _MOST_METADATA:
        raise ConfigurationError(f"metadata= may have at most {_MOST_METADATA} names, beside those of the gate")
    settings = Settings(
        client=client,
        ledger=ledger_at() if ledger is None else ledger,
        policy=_with_condition(policy, when),
        template_id=template_id,
        assignees=None if assignees is None else arguments.addresses("assignees", assignees),
        priority=None if priority is None else arguments.one_of("priority", priority, get_args(Priority)),
        due_date=None if due_date is None else arguments.moment("due_date", due_date).isoformat(),
        timeout=None if timeout is None else seconds("timeout", timeout),
        describe=describe,
        metadata=arguments.metadata("metadata", metadata or {}),
        quorum=quorum,
        asked_by=asked_by,
        run=run,
        escalate=escalate,
        remind=remind,
    )
    require_enforceable(settings, is_async=is_async)
    kind: type[Gate | ReturningGate[Any]] = Gate if on_reject == "raise" else ReturningGate[Any]
    return kind(settings, is_async=is_async, on_reject=on_reject, ignore=ignore, version=version)


def _is_async(client: object) -> bool:
    from hitl import AsyncHITLClient, HITLClient

    if not isinstance(client, HITLClient | AsyncHITLClient):
        raise ConfigurationError(f"require_approval needs a HITLClient or an AsyncHITLClient; got {client!r:.80}")
    return isinstance(client, AsyncHITLClient)


def _with_condition(policy: Policy | None, when: Callable[[Call], Any] | None) -> Policy:
    if when is None:
        return policy or Policy()
    condition = Policy([Rule("when", ask=when)], otherwise="allow")
    return condition if policy is None else policy.before(condition)
