"""What `client.workflows` does, as flows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, TypeVar, cast

from attrs import evolve, frozen
from hitl_api.api.workflows import trigger_workflow, trigger_workflow_webhook

from hitl._api import Creation, arguments, endpoint_call
from hitl._config import seconds
from hitl._engine import Response
from hitl._flows import Act, ApiCall, Flow, Sleep
from hitl._json import Object, as_object, decode, is_object
from hitl._methods import Methods, Seconds, key_of
from hitl._request import Request
from hitl._waiting import REQUESTS, WaitOptions, wait_for_one, wait_options
from hitl._workflow import Execution, WorkflowResult
from hitl.exceptions import ConfigurationError, WaitTimeoutError
from hitl.webhooks._correlations import CorrelationStore, correlation_id, correlation_name

T = TypeVar("T")
GRACE = 3.0  # seconds for the call of an action node to follow the end of its request
By = Literal["trigger", "webhook"]


def trigger(
    methods: Methods,
    by: By,
    name: str,
    payload: Mapping[str, Any],
    correlations: CorrelationStore | None,
    idempotency_key: str | None,
) -> Flow[Execution]:
    given = arguments.json_object("payload", payload)
    key = arguments.checked_key(idempotency_key, methods.settings.api_key)
    creation = _creation(by, name, given)
    # Made of the payload alone, so that a program that runs again sends the same one.
    made = key_of(creation, key, methods.make_key)
    if correlations is None:
        return methods.exchange(creation.with_key(made))
    if not hasattr(correlations, "expect"):
        wanted = "a store, such as hitl.webhooks.SQLiteCorrelations(path)"
        raise ConfigurationError(f"correlation must be {wanted}; got {type(correlations).__name__}")
    correlation = correlation_id(methods.settings.api_key.reveal(), creation.operation, name, made.text)
    call = _creation(by, name, _with_correlation(given, correlation)).with_key(made)
    return _expecting(methods, call, correlation, correlations)


def _expecting(
    methods: Methods, call: ApiCall[Execution], correlation: str, correlations: CorrelationStore
) -> Flow[Execution]:
    """Start an execution whose end is expected, before anybody else can know of it."""
    yield Act(partial(correlations.expect, correlation_name(correlation)), blocks=True)
    execution = yield from methods.exchange(call)
    return evolve(execution, correlation=correlation, correlations=correlations)


def _creation(by: By, name: str, payload: Object) -> Creation[Execution]:
    endpoint: Any = trigger_workflow if by == "trigger" else trigger_workflow_webhook
    creation = cast("Creation[Any]", endpoint_call(endpoint, name, body=payload))
    return creation._replace(read=_execution)


def _execution(response: Response) -> Execution:
    """Read the answer to a trigger; what it says may stand in `data` or beside it."""
    document = as_object(response.json())
    said = {**document, **as_object(document.get("data"))}
    execution_id, request_id = said.get("execution_id"), said.get("request_id")
    if not isinstance(execution_id, str) or not isinstance(request_id, str | None):
        raise TypeError("it names no execution")
    known = ("execution_id", "request_id", "error", "msg", "data")
    return Execution(
        execution_id,
        request_id or None,
        extra={each: value for each, value in said.items() if each not in known},
    )


def _with_correlation(payload: Object, correlation: str) -> Object:
    """Return the payload with the correlation id, beside whatever it holds."""
    inner = payload.get("hitl", {})
    if not is_object(inner) or "correlation" in inner:
        what = "hitl.correlation is where the correlation id goes"
        raise ConfigurationError(f"payload: {what}; name what stands there otherwise, or leave out correlation")
    return {**payload, "hitl": {**inner, "correlation": correlation}}


def wait(methods: Methods, execution: object, timeout: Seconds | None, poll_interval: Seconds) -> Flow[WorkflowResult]:
    if not isinstance(execution, Execution):
        what = "what trigger returned, or an Execution with its id, correlation and correlations"
        raise ConfigurationError(f"execution must be {what}; got {type(execution).__name__}")
    options = wait_options(timeout=timeout, poll_interval=poll_interval)
    call = _ExpectedCall.of(execution, seconds("poll_interval", poll_interval))
    if execution.request_id is not None:
        return _until_request_ends(methods, execution.request_id, options, call)
    if call is None:
        raise ConfigurationError(
            f"nothing tells when execution {execution.id} ends: the server named no request; give trigger a "
            "correlation, and let the workflow's action node call an ActionReceiver"
        )
    return _until_call(methods, execution, options, call)


@frozen
class _ExpectedCall:
    """The call of an action node, as the store knows it."""

    correlations: CorrelationStore
    name: str
    interval: float

    @classmethod
    def of(cls, execution: Execution, interval: float) -> _ExpectedCall | None:
        if execution.correlation is None or execution.correlations is None:
            return None
        return cls(execution.correlations, correlation_name(execution.correlation), interval)

    def look(self) -> Flow[Object | None]:
        """Return what has come."""
        body: str | None = yield Act(partial(self.correlations.received, self.name), blocks=True)
        return None if body is None else as_object(decode(body.encode()))


def _until_request_ends(
    methods: Methods, request_id: str, options: WaitOptions, call: _ExpectedCall | None
) -> Flow[WorkflowResult]:
    waiting = wait_for_one(methods.waits, request_id, None, options, REQUESTS)
    if call is None:
        return WorkflowResult((yield from waiting))

    def read_it() -> None:
        methods.waits.notify({"request_id": request_id})

    began = methods.clock.monotonic()
    request: Request = yield from _looking(waiting, call, read_it)
    left = GRACE if options.timeout is None else began + options.timeout - methods.clock.monotonic()
    return WorkflowResult(request, (yield from _called_within(min(GRACE, left), methods, call)))


def _looking(waiting: Flow[T], call: _ExpectedCall, when_called: Callable[[], None]) -> Flow[T]:
    """Carry out a wait, and look for a call whenever it sleeps, until there is one."""
    has_come = False
    result: Any = None
    try:
        while True:
            step = waiting.send(result)
            if not isinstance(step, Sleep) or has_come:
                result = yield step
                continue
            if (yield from call.look()) is not None:
                has_come = True
                when_called()
            result = yield Sleep(min(step.seconds, call.interval), step.wakeup)
    except StopIteration as end:
        return cast("T", end.value)
    finally:
        waiting.close()


def _until_call(
    methods: Methods, execution: Execution, options: WaitOptions, call: _ExpectedCall
) -> Flow[WorkflowResult]:
    output = yield from _called_within(options.timeout, methods, call)
    if output is None:
        raise WaitTimeoutError(
            f"the action node of execution {execution.id} has not called after {options.timeout:g} s; call again to go "
            "on waiting",
            pending=[execution.id],
            retryable=True,
            sent="no",
        )
    return WorkflowResult(output=output)


def _called_within(timeout: float | None, methods: Methods, call: _ExpectedCall) -> Flow[Object | None]:
    """Return what has come; None if nothing does in this time."""
    monotonic = methods.clock.monotonic
    deadline = math.inf if timeout is None else monotonic() + timeout
    while (output := (yield from call.look())) is None and (left := deadline - monotonic()) > 0:
        yield Sleep(min(call.interval, left))
    return output
