"""What `client.requests` does, as flows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypedDict, cast

from attrs import evolve

from hitl._api import Page, PageRequest, arguments, request_operations
from hitl._api.request_arguments import ASKED, FEEDBACK, FILTERS, request_body
from hitl._calls import KeyMaker
from hitl._flows import ApiCall, Flow
from hitl._methods import POLL_INTERVAL, Methods, OnError, Seconds
from hitl._request import Request
from hitl._waiting import (
    REQUESTS,
    AsCompleted,
    ReturnWhen,
    WaitOptions,
    subject,
    subjects,
    wait_for_many,
    wait_for_one,
    wait_options,
)
from hitl.exceptions import ConfigurationError, ConflictError, InvalidRequestError
from hitl.models import RequestFields

Many: TypeAlias = Iterable[str | Request]


def create(methods: Methods, loop_id: str, given: Mapping[str, object]) -> Flow[Request]:
    return methods.exchange(_new(methods, loop_id, given))


def create_many(
    methods: Methods,
    loop_id: str,
    items: Any,
    concurrency: int,
    on_error: OnError,
    batch_key: str | None,
    *,
    progress: bool,
) -> Flow[list[Any]]:
    make_key = methods.key_maker(batch_key)

    def call(item: object) -> ApiCall[Request]:
        if not isinstance(item, Mapping):
            raise ConfigurationError(f"must be a dict; got {type(item).__name__}")
        return _new(methods, loop_id, cast("RequestFields", item), make_key)

    batch = methods.batch("requests.create_many", items, call, concurrency, progress=progress)
    methods.require_month("requests.create_many", items)
    return batch.all(arguments.one_of("on_error", on_error, ("raise", "return")))


def get(methods: Methods, request_id: str) -> Flow[Request]:
    return methods.exchange(request_operations.get_request(request_id))


def page_of(methods: Methods, filters: Mapping[str, object]) -> Callable[[PageRequest], Flow[Page[Request]]]:
    """Return a function that returns the flow of one page; a server may ignore the filters, so it applies them, too."""
    wanted = arguments.checked(FILTERS, filters)

    def fetch(asked: PageRequest) -> Flow[Page[Request]]:
        page = yield from methods.exchange(request_operations.list_requests(wanted, asked))
        found = (each for each in page.items if isinstance(each, Request))
        # A list may leave a member out.
        others = (
            each.id for each in found if any(getattr(each, name) not in (None, value) for name, value in wanted.items())
        )
        return evolve(page, hidden=frozenset(others))

    return fetch


def update(methods: Methods, request_id: str, given: Mapping[str, object]) -> Flow[Request]:
    fields = arguments.changes("requests.update", ASKED, given)
    return methods.exchange(request_operations.update_request(request_id, request_body(fields)))


def cancel(methods: Methods, request_id: str) -> Flow[Request]:
    """Cancel it and read it; the receipt says too little, and a repetition is refused."""
    call, deadline = request_operations.cancel_request(request_id), methods.exchange.deadline()

    def carry_out() -> Flow[Request]:
        refusal: Exception | None = None
        try:
            yield from methods.exchange(call, deadline)
        except (InvalidRequestError, ConflictError) as error:
            refusal = error
        request = yield from methods.exchange(request_operations.get_request(request_id), deadline)
        if refusal is not None and request.status != "cancelled":
            raise refusal
        return request

    return carry_out()


def add_feedback(methods: Methods, request_id: str, given: Mapping[str, object]) -> Flow[None]:
    feedback = arguments.changes("requests.add_feedback", FEEDBACK, given)
    return methods.exchange(request_operations.add_request_feedback(request_id, feedback))


class WaitHow(TypedDict, total=False):
    """How to wait; see `wait_for_review`."""

    poll_interval: Seconds
    on_update: Callable[[Request], object] | None
    progress: bool


def wait(methods: Methods, request: str | Request, timeout: Seconds | None, how: WaitHow) -> Flow[Request]:
    request_id, known = subject(request, REQUESTS)
    return wait_for_one(methods.waits, request_id, known, _options(timeout, how), REQUESTS)


def wait_many(
    methods: Methods, requests: Many, return_when: str, timeout: Seconds | None, how: WaitHow
) -> Flow[list[Request]]:
    when = ReturnWhen(arguments.one_of("return_when", return_when, (ReturnWhen.ALL, ReturnWhen.FIRST)))
    return wait_for_many(methods.waits, subjects(requests, REQUESTS), _options(timeout, how), when, REQUESTS)


def as_completed(methods: Methods, requests: Many, timeout: Seconds | None, how: WaitHow) -> AsCompleted[Request]:
    return AsCompleted(methods.waits, subjects(requests, REQUESTS).known, _options(timeout, how), REQUESTS)


def _options(timeout: Seconds | None, how: WaitHow) -> WaitOptions:
    given: WaitHow = {"poll_interval": POLL_INTERVAL, **how}
    return wait_options(timeout=timeout, noun=REQUESTS.noun, **given)


def _new(
    methods: Methods, loop_id: str, given: Mapping[str, object], make_key: KeyMaker | None = None
) -> ApiCall[Request]:
    rest = dict(given)
    key = arguments.checked_key(rest.pop("idempotency_key", None), methods.settings.api_key)
    fields = arguments.required("requests.create", ASKED, rest, "text")
    if not fields.keys() & {"response", "returns"}:
        fields["returns"] = bool
    body = {
        "processing_type": "deferred",
        "type": "markdown",
        "priority": "medium",
        "platform": "api",
        **request_body(fields),
    }
    creation = request_operations.create_request(arguments.identifier("loop_id", loop_id), body)
    return methods.keyed(creation, key, make_key or methods.make_key)
