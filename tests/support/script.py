"""The third driver: plays a flow against a script of answers, on a clock that jumps."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeAlias, TypeVar

from attrs import evolve

from hitl._engine import Response, TransportFailure, TransportResult
from hitl._flows import Act, ApiCall, Clock, Flow, Gather, Sleep
from hitl.exceptions import HITLError

T = TypeVar("T")
Scripted: TypeAlias = TransportResult | Callable[[ApiCall[Any]], TransportResult]
BEGINNING = 1000.0  # what the clock says when a script begins


class Script:
    """Answers the calls of a flow in order; the last answer is repeated for ever."""

    def __init__(
        self,
        outcomes: Iterable[Scripted],
        *,
        each_takes: float = 0.0,
    ) -> None:
        self.outcomes = list(outcomes)
        self.each_takes = each_takes
        self.began = self.now = BEGINNING
        self.calls: list[ApiCall[Any]] = []
        self.sleeps: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now)

    def play(self, flow: Flow[T]) -> T:
        """Carry the flow out and return what it returns."""
        outcome: Any = None
        try:
            while True:
                outcome = self._do(flow.send(outcome))
        except StopIteration as stop:
            return stop.value

    def stream(self, streamed: Any) -> Generator[Any, None, None]:
        """Carry many flows out, one after the other, and yield what is said of each."""
        gather = streamed.gather()
        for index, flow in enumerate(gather.flows):
            yield gather.on_result(index, self._result(flow))
        streamed.finish()

    def _do(self, step: Any) -> Any:
        match step:
            case ApiCall():
                self.calls.append(step)
                self.now += self.each_takes
                scripted = self.outcomes[min(len(self.calls), len(self.outcomes)) - 1]
                return given_back(step, scripted(step) if callable(scripted) else scripted)
            case Sleep(seconds):
                if seconds:  # none at all only lets others go first, of whom there are none
                    self.sleeps.append(seconds)
                self.now += seconds
                return None
            case Gather():
                assert step.capacity() > 0
                for index, flow in enumerate(step.flows):
                    step.on_result(index, self._result(flow))
                return None
            case Act():
                return step.function()
        raise AssertionError(step)

    def _result(self, flow: Flow[Any]) -> Any:
        try:
            return self.play(flow)
        except HITLError as error:
            return error


def given_back(call: ApiCall[Any], outcome: TransportResult) -> TransportResult:
    """Put what a creation sent into the review of `reviewed`, as a server does."""
    if call.request.method != "POST" or not isinstance(outcome, Response) or outcome.status_code // 100 != 2:
        return outcome
    try:
        document = json.loads(outcome.content)
    except ValueError:
        return outcome
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or data.get("content") != review()["content"]:
        return outcome
    sent = json.loads(call.request.body or b"{}")
    body = json.dumps({**document, "data": {**data, **sent}}).encode()
    return evolve(outcome, content=body)


def answer(status: int = 200, body: Any = None, **headers: str) -> Response:
    """Return an HTTP answer; `x_y="1"` becomes the header `x-y: 1`."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def review(status: str = "created", review_id: str = "rev_1", **fields: Any) -> dict[str, Any]:
    """Return a Review as the API writes it."""
    return {
        "id": review_id,
        "template_id": "template_123",
        "content": {"text": "Is this right?"},
        "status": status,
        "created_at": "2026-01-15T10:30:00Z",
        **fields,
    }


def reviewed(status: str = "created", review_id: str = "rev_1", *, code: int = 200, **headers: str) -> Response:
    """Return the answer that carries a review."""
    return answer(code, {"success": True, "data": review(status, review_id)}, **headers)


def refused(status: int, code: str = "some_code", message: str = "No.", **headers: str) -> Response:
    """Return an error answer in the envelope of generation A."""
    return answer(status, {"success": False, "error": {"code": code, "message": message}}, **headers)


BROKEN = TransportFailure("the connection broke", "maybe")
UNREACHABLE = TransportFailure("no connection could be made", "no", "refused")
SILENT = TransportFailure("no answer in time", "maybe", "timeout")
