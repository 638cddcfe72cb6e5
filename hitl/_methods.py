"""What both clients are made of: each of their methods as a flow, with its arguments checked before any I/O."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Hashable, Iterable, Mapping, Sequence, Sized
from datetime import datetime, timedelta
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypedDict, TypeVar, Unpack, cast

from attrs import evolve

from hitl._api import Creation, Endpoint, Page, PageRequest, arguments, endpoint_call, entry, operations
from hitl._calls import Backoff, Exchange, IdempotencyScope, Key, KeyMaker, key_for
from hitl._clock import epoch, monotonic
from hitl._config import ClientArguments, Settings, resolve, seconds
from hitl._content import is_large
from hitl._flows import Act, ApiCall, Clock, Flow, process_domain
from hitl._json import as_list, encode
from hitl._once import Once
from hitl._review import has_metadata
from hitl.exceptions import (
    ConfigurationError,
    InvalidRequestError,
    RateLimitError,
    ReviewNotFoundError,
    UnexpectedResponseError,
)
from hitl.models import Priority, Review, ReviewChange, ReviewFields, Template

if TYPE_CHECKING:
    from os import PathLike

    from hitl_api.models.review_create import ReviewCreate

    from hitl._asking import Asking
    from hitl._batches import Batch, Input
    from hitl._waiting import AsCompleted, CursorStore, DecisionWatch, HandledDecisions, Handlers, WaitRegistry

# Waiting, asking and batches are imported when they are first used: a program that creates one review starts sooner.

T = TypeVar("T")
P = ParamSpec("P")
Seconds: TypeAlias = float | timedelta
Moment: TypeAlias = str | datetime
OnError: TypeAlias = Literal["raise", "return"]
FormFields: TypeAlias = Iterable[Mapping[str, Any] | EllipsisType]
Item: TypeAlias = "ReviewFields | ReviewCreate"
Items: TypeAlias = Iterable[Item] | AsyncIterable[Item]
Changes: TypeAlias = Iterable[ReviewChange] | AsyncIterable[ReviewChange]

POLL_INTERVAL = 1.0
PAGE_SIZE = 100
# Calls of a batch in flight at most; more is slower in one process, fewer leaves a distant server idle.
CONCURRENCY = 32


class AskOptions(TypedDict, total=False):
    """The arguments of `ask` besides the question and the type of its answer."""

    context: Any
    timeout: Seconds | None
    assignees: Sequence[str] | None
    priority: Priority | None
    due_date: Moment | None
    metadata: Mapping[str, str] | None
    idempotency_key: str | None


class WaitArguments(TypedDict):
    """The arguments that all waits have in common."""

    timeout: Seconds | None
    poll_interval: Seconds
    on_update: Callable[[Any], object] | None
    progress: bool


class Methods:
    """The settings of one client, what it has learned about its server, and its methods as flows.

    Methods without a docstring are described in HITLClient.
    """

    def __init__(self, given: ClientArguments, domain: Callable[[], Hashable] = process_domain) -> None:
        self.settings: Settings = resolve(given)
        self.clock = Clock(monotonic, epoch)
        self.exchange = Exchange(
            Backoff(self.settings.max_retries, self.settings.retry_delay),
            clock=self.clock,
            timeout=self.settings.timeout,
            request_timeout=self.settings.request_timeout,
            idempotency=self.settings.idempotency,
        )
        self._domain = domain
        self._waits: Once[WaitRegistry] = Once()
        self._asking: Once[Asking] = Once()
        self._handlers: Once[Handlers] = Once()
        self.turn_waits: set[object] = set()  # the waits of `client.sessions` at present, which share the rate limit

    @property
    def waits(self) -> WaitRegistry:
        """All waits of this client."""
        return self._waits.get(self._new_registry)

    @property
    def asking(self) -> Asking:
        """The forms of this client."""
        return self._asking.get(self._new_asking)

    def make_key(self, operation: str, body: bytes) -> Key:
        """Return the idempotency key for a creation that was given none."""
        return key_for(self, (self.settings.base_url, self.settings.api_key), operation, body)

    def scoped_key(self, operation: str, value: object) -> str | None:
        key = self.make_key(arguments.text("operation", operation), encode(value))
        return key.text if key.is_lasting else None

    def idempotency_scope(self, name: str) -> IdempotencyScope:
        return IdempotencyScope(self, name)

    def create_review(self, fields: ReviewFields) -> Flow[Review]:
        return self._answered(partial(self._new_review, fields), fields.get("content"))

    def create_reviews(
        self,
        items: Items,
        concurrency: int,
        on_error: OnError = "raise",
        batch_key: str | None = None,
        *,
        progress: bool = False,
    ) -> Flow[list[Any]]:
        batch = self.batch("create_reviews", items, self._creation(batch_key), concurrency, progress=progress)
        self.require_month("create_reviews", items)
        return batch.all(arguments.one_of("on_error", on_error, ("raise", "return")))

    def iter_create_reviews(self, items: Items, concurrency: int, batch_key: str | None) -> Batch:
        batch = self.batch("iter_create_reviews", items, self._creation(batch_key), concurrency)
        self.require_month("iter_create_reviews", items)
        return batch

    def get_review(self, review_id: str | None, key: str | None) -> Flow[Review]:
        if (review_id is None) == (key is None):
            raise ConfigurationError("get_review: exactly one of review_id and key must be given")
        if review_id is not None:
            return self.exchange(operations.get_review(review_id))
        return self._review_of(arguments.checked_key(key, self.settings.api_key) or "")

    def _review_of(self, key: str) -> Flow[Review]:
        cannot = "this server does not find reviews by their idempotency key; keep the review's id"
        try:
            found = yield from self.exchange(operations.find_review(key))
        except InvalidRequestError as error:
            raise UnexpectedResponseError(f"{cannot} ({error})", sent="yes") from error
        if found is None:
            raise UnexpectedResponseError(cannot, sent="yes")
        if not found.items:
            raise ReviewNotFoundError(f"get_review: no review was created with the key {key!r}", sent="yes")
        return entry(found.items[0])

    def list_reviews(self, filters: Mapping[str, object]) -> Callable[[PageRequest], Flow[Page[Review]]]:
        """Return a function that returns the flow of one page."""
        query = arguments.checked(arguments.FILTERS, filters)
        if "metadata" in query:
            return lambda asked: self._page_with(query, asked, query["metadata"])
        return lambda asked: self.exchange(operations.list_reviews(query, asked))

    def _page_with(self, query: dict[str, Any], asked: PageRequest, wanted: Mapping[str, str]) -> Flow[Page[Review]]:
        """Hide the reviews of a page that have other metadata: a server may ignore the filter, or refuse it."""
        deadline = self.exchange.deadline()
        try:
            page = yield from self.exchange(operations.list_reviews(query, asked), deadline)
        except InvalidRequestError:
            rest = {name: value for name, value in query.items() if name != "metadata"}
            page = yield from self.exchange(operations.list_reviews(rest, asked), deadline)
        others = [each for each in page.items if isinstance(each, Review) and not has_metadata(each, wanted)]
        return evolve(page, hidden=frozenset(each.id for each in others))

    def update_review(self, change: ReviewChange) -> Flow[Review]:
        return self._answered(partial(_change, change), change.get("content"))

    def update_reviews(
        self, changes: Changes, concurrency: int, on_error: OnError = "raise", *, progress: bool = False
    ) -> Flow[list[Any]]:
        batch = self.batch("update_reviews", changes, _change, concurrency, progress=progress)
        return batch.all(arguments.one_of("on_error", on_error, ("raise", "return")))

    def cancel_review(self, review_id: str) -> Flow[Review]:
        deadline = self.exchange.deadline()
        cancelled = yield from self.exchange(operations.cancel_review(review_id), deadline)
        return cancelled or (yield from self.exchange(operations.get_review(review_id), deadline))

    def wait_for_review(self, review: str | Review, **how: Unpack[WaitArguments]) -> Flow[Review]:
        from hitl._waiting import REVIEWS, subject, wait_for_one, wait_options

        review_id, known = subject(review, REVIEWS)
        return wait_for_one(self.waits, review_id, known, wait_options(**how), REVIEWS)

    def wait_for_reviews(
        self, reviews: Iterable[str | Review], return_when: str, **how: Unpack[WaitArguments]
    ) -> Flow[list[Review]]:
        from hitl._waiting import REVIEWS, ReturnWhen, subjects, wait_for_many, wait_options

        when = ReturnWhen(arguments.one_of("return_when", return_when, ReturnWhen))
        return wait_for_many(self.waits, subjects(reviews, REVIEWS), wait_options(**how), when, REVIEWS)

    def as_completed(self, reviews: Iterable[str | Review], **how: Unpack[WaitArguments]) -> AsCompleted[Review]:
        from hitl._waiting import REVIEWS, AsCompleted, subjects, wait_options

        return AsCompleted(self.waits, subjects(reviews, REVIEWS).known, wait_options(**how), REVIEWS)

    def decisions(
        self, template_id: str | None, metadata: Mapping[str, str] | None, since: str | None, poll_interval: Seconds
    ) -> DecisionWatch:
        from hitl._waiting import DecisionFilter, DecisionWatch, position

        wanted, begin = DecisionFilter.checked(template_id, metadata), position(since)
        return DecisionWatch(self.waits, wanted, begin, seconds("poll_interval", poll_interval))

    def on_decision(
        self, template_id: str | None, metadata: Mapping[str, str] | None
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        from hitl._waiting import DecisionFilter, Handlers

        return self._handlers.get(Handlers).register(DecisionFilter.checked(template_id, metadata))

    def run(
        self,
        store: str | PathLike[str] | CursorStore | None,
        ledger: HandledDecisions | None,
        since: str | None,
        poll_interval: Seconds,
    ) -> Flow[None]:
        from hitl._waiting import cursor_store, position

        if (handlers := self._handlers.peek()) is None:
            raise ConfigurationError("run: there is no handler; register one with @client.on_decision()")
        begin, interval = position(since), seconds("poll_interval", poll_interval)
        return handlers.run(self.waits, cursor_store(store), ledger, begin, interval)

    def end_streams(self) -> None:
        """End what waits for decisions."""
        if (waits := self._waits.peek()) is not None:
            waits.close_watches()

    def create_template(
        self, name: str, fields: FormFields, idempotency_key: str | None, options: Mapping[str, object]
    ) -> Flow[Template]:
        key = arguments.checked_key(idempotency_key, self.settings.api_key)
        # A missing name or form is an error of its own: None is no text, and no list.
        named = {"name": arguments.text("name", name), "fields": arguments.form_fields("fields", fields)}
        body = {**arguments.checked(arguments.TEMPLATE, options), **named}
        return self.exchange(self.keyed(operations.create_template(body), key, self.make_key))

    def ensure_template(self, name: str, fields: FormFields, settings: Mapping[str, object] | None) -> Flow[Template]:
        from hitl._forms import FormTemplate

        named, form = arguments.text("name", name), arguments.form_fields("fields", fields)
        given = None if settings is None else arguments.json_object("settings", settings)
        return self.asking.template(FormTemplate(named, form, given), self.exchange.deadline())

    def ask(
        self, question: str, returns: object, context: object, timeout: Seconds | None, options: Mapping[str, object]
    ) -> Flow[Any]:
        from hitl._asking import answer
        from hitl._forms import form_of
        from hitl._waiting import wait_options

        how: WaitArguments = {
            "timeout": timeout,
            "poll_interval": POLL_INTERVAL,
            "on_update": None,
            "progress": False,
        }
        wait_options(**how)
        review = yield from self.create_question(question, returns, context, options)
        answered = yield from self.wait_for_review(review, **how)
        return answer(form_of(returns), answered, plain=self.asking.plain)

    def create_question(
        self, question: str, returns: object, context: object, options: Mapping[str, object]
    ) -> Flow[Review]:
        from hitl._forms import form_of

        content: dict[str, object] = {"question": arguments.text("question", question)}
        if arguments.is_given(context):
            content["context"] = context
        form, given = form_of(returns), {**options, "template_id": "unknown", "content": content}
        check = partial(arguments.check_review, given, self.settings.api_key)
        fields, key = (yield Act(check, blocks=True)) if is_large(content) else check()
        return (
            yield from self.asking.put(
                form,
                content,
                lambda template_id: self.exchange(
                    self.keyed(operations.create_review({**fields, "template_id": template_id}), key, self.make_key)
                ),
            )
        )

    def get_template(self, template_id: str) -> Flow[Template]:
        return self.exchange(operations.get_template(template_id))

    def list_templates(self, asked: PageRequest) -> Flow[Page[Template]]:
        return self.exchange(operations.list_templates(asked))

    def update_template(
        self, template_id: str, name: str | None, fields: FormFields | None, options: Mapping[str, object]
    ) -> Flow[Template]:
        deadline = self.exchange.deadline()
        body = arguments.checked(arguments.TEMPLATE, {"name": name, **options})
        if fields is not None:
            body["fields"] = yield from self._form(template_id, fields, deadline)
        if not body:
            raise ConfigurationError("update_template: nothing to change; name at least one field, such as name=...")
        return (yield from self.exchange(operations.update_template(template_id, body), deadline))

    def delete_template(self, template_id: str) -> Flow[None]:
        return self.exchange(operations.delete_template(template_id))

    def call(self, endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> Flow[T]:
        return self.exchange(self.api_call(endpoint, *args, **kwargs))

    def api_call(self, endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> ApiCall[T]:
        """Return the call of any module of the generated client, with its idempotency key."""
        call = endpoint_call(endpoint, *args, **kwargs)
        if not isinstance(call, Creation):
            return call
        key = arguments.checked_key(kwargs.get("idempotency_key") or None, self.settings.api_key)
        return self.keyed(call, key, self.make_key)

    def require_month(self, operation: str, items: object) -> None:
        """Refuse a batch of more questions than the month has responses left, as far as the server has said."""
        server, now = self.exchange.server, self.clock.epoch()
        left = server.month_left(now)
        if left is None or not isinstance(items, Sized) or len(items) <= left:
            return
        month = left if server.month_limit is None else f"{left} of {server.month_limit}"
        raise RateLimitError(
            f"{operation}: the {len(items)} items do not fit into the month, which has {month} responses left; nothing "
            f"was sent. Give {left} at most, or wait for the next month; if many of them exist already, or need no "
            "response this month, pass iter(items), which is not counted",
            status_code=429,
            code="monthly_quota",
            retry_after=None if server.month_reset is None else max(0.0, server.month_reset - now),
        )

    def _new_asking(self) -> Asking:
        from hitl._asking import Asking

        return Asking(self.exchange, lambda creation, key: self.keyed(creation, key, self.make_key))

    def _new_registry(self) -> WaitRegistry:
        from hitl._waiting import WaitRegistry

        longest = self.settings.request_timeout or self.settings.timeout
        return WaitRegistry(self.exchange, self.clock, self._domain, longest)

    def _creation(self, batch_key: str | None) -> Callable[[Item], ApiCall[Review]]:
        """Return what makes a call of an item."""
        make_key = self.key_maker(batch_key)
        return lambda item: self._new_review(arguments.arguments_of(item), make_key)

    def _new_review(self, given: Mapping[str, object], make_key: KeyMaker | None = None) -> ApiCall[Review]:
        fields, key = arguments.check_review(given, self.settings.api_key)
        return self.keyed(operations.create_review(fields), key, make_key or self.make_key)

    def key_maker(self, batch_key: str | None) -> KeyMaker:
        """Return what makes the keys of a batch, which follow from its name if it has one."""
        from hitl._batches import BatchKeys

        return self.make_key if batch_key is None else BatchKeys(arguments.text("batch_key", batch_key)).next_key

    def _answered(self, make_call: Callable[[], ApiCall[T]], content: object) -> Flow[T]:
        """Make a call that sends this content, and get it answered."""
        return self._made_apart(make_call) if is_large(content) else self.exchange(make_call())

    def _made_apart(self, make_call: Callable[[], ApiCall[T]]) -> Flow[T]:
        call: ApiCall[T] = yield Act(make_call, blocks=True)  # where that stops no event loop
        return (yield from self.exchange(call))

    def keyed(self, creation: Creation[T], key: str | None, make_key: KeyMaker) -> ApiCall[T]:
        """Return the call with the given key, or else with one made for what it creates."""
        return creation.with_key(key_of(creation, key, make_key))

    def _form(self, template_id: str, fields: FormFields, deadline: float) -> Flow[list[dict[str, Any]]]:
        """Return the new fields, with `...` replaced by those that the template has."""
        parts = as_list(fields) or []
        if ... not in parts:
            return arguments.form_fields("fields", fields)
        place = parts.index(...)
        before = arguments.form_fields("fields", parts[:place])
        after = arguments.form_fields("fields", parts[place + 1 :])
        present = (yield from self.exchange(operations.get_template(template_id), deadline)).fields
        return [*before, *present, *after]

    def batch(
        self,
        operation: str,
        items: Input,
        call: Callable[[Any], ApiCall[Any]],
        concurrency: int,
        *,
        progress: bool = False,
    ) -> Batch:
        """Return many calls as one; `call` checks an item and makes its call."""
        from hitl._batches import Batch, BatchOptions, ConcurrencyLimiter
        from hitl._config import MOST_AT_ONCE
        from hitl._progress_bar import TqdmBar, bar

        # Beyond what a client sends at once, items would wait for each other while their own time runs.
        most = min(arguments.count("concurrency", concurrency), MOST_AT_ONCE)
        options = BatchOptions(
            operation=operation,
            call=call,
            exchange=self.exchange,
            limiter=ConcurrencyLimiter(most, self.clock.monotonic),
            may_repeat=self.settings.max_retries > 0,
            bar=bar(operation, len(items) if isinstance(items, Sized) else None) if progress else TqdmBar(),
        )
        return Batch(options, items)


def key_of(creation: Creation[Any], key: str | None, make_key: KeyMaker) -> Key:
    """Return the given key of a creation, or else one made for what it creates."""
    # Equal requests of two loops are not equal creations.
    kind = " ".join((creation.operation, *creation.within))
    return Key(key, is_lasting=True) if key else make_key(kind, creation.request.body or b"null")


def _change(given: object) -> ApiCall[Review]:
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"must be a dict; got {type(given).__name__}")
    changes = dict(cast("Mapping[str, object]", given))
    review_id = arguments.identifier("id", changes.pop("id", None))
    fields = arguments.changes("update_review", arguments.CHANGES, changes)
    return operations.update_review(review_id, fields)
