"""What all namespaces are made of: the flow of one generated operation, and how the client carries flows out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar

from attrs import frozen

from hitl._api import Endpoint
from hitl._flows import Flow
from hitl._methods import Methods
from hitl.exceptions import UnexpectedResponseError

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")


class Runner(Protocol):
    """Carries out a flow, blocking."""

    def __call__(self, flow: Flow[T], /) -> T: ...


class AsyncRunner(Protocol):
    """Carries out a flow when it is awaited."""

    def __call__(self, flow: Flow[T], /) -> Coroutine[Any, Any, T]: ...


@frozen
class Namespace:
    """A part of a HITLClient."""

    _methods: Methods
    _run: Runner


@frozen
class AsyncNamespace:
    """A part of an AsyncHITLClient."""

    _methods: Methods
    _run: AsyncRunner


def fetched(
    methods: Methods, read: Callable[[Any], R], endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs
) -> Flow[R]:
    """Return the flow of one operation; `read` makes a value of the `data` of its response, as plain JSON."""
    flow = methods.call(endpoint, *args, **kwargs)  # its arguments are checked now, not when it is carried out

    def carry_out() -> Flow[R]:
        envelope: Any = yield from flow
        try:
            return read(envelope.to_dict().get("data"))
        except ValueError as error:
            told = f"the server's answer does not fit the API ({error})"
        raise UnexpectedResponseError(told, sent="yes")

    return carry_out()


def nothing(_data: object) -> None:
    """Read a receipt that says no more than the call's success does."""
