"""What all namespaces are made of: the flow of one generated operation, and how the client carries flows out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar

from attrs import frozen

from hitl._api import Endpoint, decode
from hitl._engine import Response
from hitl._flows import ApiCall, Flow
from hitl._methods import Methods

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
    call: ApiCall[Any] = methods.api_call(endpoint, *args, **kwargs)

    def read_data(response: Response) -> R:
        envelope = call.decode(response)
        return decode(call.operation, lambda _: read(envelope.to_dict().get("data")), response)

    return methods.exchange(call._replace(decode=read_data))


def nothing(_data: object) -> None:
    """Read a receipt that says no more than the call's success does."""
