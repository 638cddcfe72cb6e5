"""AsyncHITLClient: written by codegen/async_client.py from _client.py (`make generate`), do not edit."""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterable, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, ParamSpec, Self, TypeVar, Unpack, overload

from hitl._api import AsyncPagedList, Endpoint
from hitl._calls import IdempotencyScope
from hitl._config import Idempotency, Verify
from hitl._flows import Flow, loop_domain, run_async, stream_async
from hitl._methods import CONCURRENCY, PAGE_SIZE, POLL_INTERVAL, AskOptions, FormFields, Methods, Moment, Seconds
from hitl._secret import Secret
from hitl._transport import AsyncHttpTransport, generated_client
from hitl._waiting import ALL
from hitl.exceptions import HITLError
from hitl.models import (
    Outcome,
    Priority,
    Review,
    ReviewChange,
    ReviewFields,
    Status,
    Strategy,
    Template,
    WaitStats,
)

if TYPE_CHECKING:
    import httpx
    from hitl_api import AuthenticatedClient
    from hitl_api.models.review_create import ReviewCreate
    from typing_extensions import TypeForm  # type checkers bring it along

    from hitl._batches import Batch
    from hitl._namespaces.async_loops import AsyncLoops
    from hitl._namespaces.async_requests import AsyncRequests
    from hitl._namespaces.async_sessions import AsyncSessions
    from hitl._namespaces.async_teams import AsyncTeams
    from hitl._namespaces.async_uploads import AsyncUploads
    from hitl._namespaces.async_webhooks import AsyncWebhooks
    from hitl._namespaces.async_workflows import AsyncWorkflows
    from hitl._waiting import AsyncCompletions, AsyncDecisions, CursorStore, HandledDecisions
    from hitl.models import Account, Request
    from hitl.webhooks import WebhookEvent

T = TypeVar("T")
P = ParamSpec("P")


class AsyncHITLClient:
    """A client for HITL.sh, or for any server with the same API, such as `hitl sandbox`.

    Close it, or use it in an `async with` block, to close its connections.

    Args:
        api_key: The key that authorises every request; else `HITL_API_KEY`.
        base_url: The address of the server; else `HITL_BASE_URL`, else https://api.hitl.sh.
        timeout: Seconds that a call may take in total, with retries and pauses; else `HITL_TIMEOUT`, else 30.
        request_timeout: Seconds that one attempt of a call may take; by default a share of what is left of `timeout`.
        max_retries: Attempts after a first one that failed with a transient error; 3.
        retry_delay: Seconds before the second attempt; doubles each time, up to 8; 1.
        idempotency: Whether to assume that the server recognises a repeated `Idempotency-Key`: "auto", once it has
            shown it; "trust", always; "never". Otherwise a creation that may have succeeded is not repeated.
        user_agent: The `User-Agent` header; by default the name and version of this package.
        verify: Whom to trust: the path of a file or folder of certificate authorities, or an `ssl.SSLContext`, which
            may hold a client certificate. By default, as with True, the authorities of `SSL_CERT_FILE` or
            `SSL_CERT_DIR`, else those of certifi. It applies to an https:// proxy, too.
        transport: An httpx transport to send through, for tests and special networks.
        http_client: Your own httpx client to send through; you close it.

    Raises:
        ConfigurationError: if there is no key, or a setting is invalid. Nothing is sent.

    Example:
        >>> async with AsyncHITLClient(api_key="...") as client:  # doctest: +SKIP
        ...     review = await client.create_review(template_id="content_review", content={"text": "Hello"})
        ...     print((await client.wait_for_review(review.id)).result)
    """

    __module__ = "hitl"  # where users import it from, and what tracebacks show

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        timeout: Seconds | None = None,
        request_timeout: Seconds | None = None,
        max_retries: int | None = None,
        retry_delay: Seconds | None = None,
        idempotency: Idempotency | None = None,
        user_agent: str | None = None,
        verify: Verify | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        secret = None if api_key is None else Secret(api_key)
        address = None if base_url is None else Secret(base_url)  # it may be the key in the wrong place
        del api_key, base_url  # a traceback with local variables would show them
        self._methods = Methods(
            {
                "api_key": secret,
                "base_url": address,
                "timeout": timeout,
                "request_timeout": request_timeout,
                "max_retries": max_retries,
                "retry_delay": retry_delay,
                "idempotency": idempotency,
                "user_agent": user_agent,
                "verify": verify,
            },
            loop_domain,
        )
        self._transport = AsyncHttpTransport(self._methods.settings, transport, http_client)

    async def create_review(
        self,
        template_id: str,
        content: Any,
        *,
        assignees: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_date: Moment | None = None,
        assignment_strategy: Strategy | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Review:
        """Put a question to people, and return the new review.

        Args:
            template_id: The template that the reviewer answers.
            content: A dict of anything with a JSON form; see the table in `docs/reference/content.md`.
            assignees: E-mail addresses of the people to ask; without it anybody may answer.
            priority: "low", "medium", "high" or "normal".
            due_date: When the answer is needed: a datetime with a time zone, or an ISO 8601 string.
            assignment_strategy: "round_robin" or "load_balanced".
            metadata: What your program keeps with the review, such as a run id: up to 20 texts of up to 500 characters,
                by names of up to 64. Reviewers do not see it; `list_reviews` finds reviews by it.
            idempotency_key: A name for this creation, up to 255 characters. If you use it again after an error with
                `outcome_unknown`, a server that honours keys creates only one review. By default, the key follows from
                `idempotency_scope`, or is random.

        Raises:
            ContentError: if something in `content` has no JSON form. Nothing is sent.
            TemplateNotFoundError: if there is no such template.
            HITLError: with `outcome_unknown`, if the server may have created the review without confirming it.
        """
        return await self._run(
            self._methods.create_review(
                {
                    "template_id": template_id,
                    "content": content,
                    "assignees": assignees,
                    "priority": priority,
                    "due_date": due_date,
                    "assignment_strategy": assignment_strategy,
                    "metadata": metadata,
                    "idempotency_key": idempotency_key,
                }
            )
        )

    @overload
    async def ask(
        self,
        question: str,
        *,
        returns: Mapping[str, Any],
        **options: Unpack[AskOptions],
    ) -> Any: ...
    @overload
    async def ask(
        self,
        question: str,
        *,
        returns: type[T],
        **options: Unpack[AskOptions],
    ) -> T: ...
    @overload
    async def ask(
        self,
        question: str,
        *,
        returns: TypeForm[T],
        **options: Unpack[AskOptions],
    ) -> T: ...
    @overload
    async def ask(
        self,
        question: str,
        **options: Unpack[AskOptions],
    ) -> bool: ...
    async def ask(
        self,
        question: str,
        *,
        returns: Any = bool,
        context: Any = None,
        timeout: Seconds | None = None,
        assignees: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_date: Moment | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Ask people a question, wait for the answer, and return it as a value of a type.

        The form is made of the type, and its template is created when it is first needed; see `ensure_template`.

        Args:
            question: What the reviewer reads first.
            returns: What the answer is: bool, a Literal, an Enum, int, float, Decimal, str, date or datetime, with
                bounds by Annotated; a list of them; a dataclass, an attrs class, a pydantic model, a TypedDict or a
                NamedTuple of these; or a JSON Schema. See the table in `docs/reference/asking.md`.
            context: Whatever the person needs to see: anything with a JSON form.
            timeout: Seconds until WaitTimeoutError; None waits until the review itself ends.
            assignees: E-mail addresses of the people to ask; without it anybody may answer.
            priority: "low", "medium", "high" or "normal".
            due_date: When the answer is needed.
            metadata: What your program keeps with the review; see `create_review`.
            idempotency_key: A name for this question; see `create_review`. Asking again with the same key after a crash
                waits for the same review.

        Raises:
            FormError: if no form can ask for the type. Nothing is sent.
            ReviewRejectedError: if the reviewer rejected the question; where `returns` is bool, that is False.
            AnswerError: if the answer is not of the type; `path` names the field, `review` has it all.
            ReviewExpiredError: if nobody answered in time; and the other errors of `wait_for_review`.
        """
        return await self._run(
            self._methods.ask(
                question,
                returns,
                context,
                timeout,
                {
                    "assignees": assignees,
                    "priority": priority,
                    "due_date": due_date,
                    "metadata": metadata,
                    "idempotency_key": idempotency_key,
                },
            )
        )

    async def create_question(
        self,
        question: str,
        *,
        returns: Any = bool,
        context: Any = None,
        assignees: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_date: Moment | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Review:
        """Put a question to people and return its review at once; `ask` in two halves.

        For programs that wait elsewhere: wait for the review in any way, in any process, and give it with the same
        `returns` to `hitl.read_answer`. The arguments are those of `ask`.

        Raises:
            FormError: if no form can ask for the type. Nothing is sent.
        """
        return await self._run(
            self._methods.create_question(
                question,
                returns,
                context,
                {
                    "assignees": assignees,
                    "priority": priority,
                    "due_date": due_date,
                    "metadata": metadata,
                    "idempotency_key": idempotency_key,
                },
            )
        )

    @overload
    async def create_reviews(
        self,
        items: Iterable[ReviewFields | ReviewCreate] | AsyncIterable[ReviewFields | ReviewCreate],
        *,
        concurrency: int = ...,
        on_error: Literal["raise"] = ...,
        batch_key: str | None = ...,
        progress: bool = ...,
    ) -> list[Review]: ...
    @overload
    async def create_reviews(
        self,
        items: Iterable[ReviewFields | ReviewCreate] | AsyncIterable[ReviewFields | ReviewCreate],
        *,
        concurrency: int = ...,
        on_error: Literal["return"],
        batch_key: str | None = ...,
        progress: bool = ...,
    ) -> list[Review | HITLError]: ...
    async def create_reviews(
        self,
        items: Iterable[ReviewFields | ReviewCreate] | AsyncIterable[ReviewFields | ReviewCreate],
        *,
        concurrency: int = CONCURRENCY,
        on_error: Literal["raise", "return"] = "raise",
        batch_key: str | None = None,
        progress: bool = False,
    ) -> list[Review] | list[Review | HITLError]:
        """Create many reviews, and return them in the order of the items.

        The number of concurrent requests adapts to the server: it begins at 16, grows while responses are fast, and is
        halved by a 429 or 503. All requests wait as long as `Retry-After` says.

        Args:
            items: Any iterable, asynchronous or not,
                of dicts with the arguments of `create_review`, or of `hitl_api.models.ReviewCreate`.
                A list is checked as a whole before the first request; a generator is read no faster than it is sent.
            concurrency: The most requests at the same time, 1 to 1000; more than 100 makes no difference.
            on_error: "raise" raises BatchError if an item failed; "return" returns the errors in their positions.
            batch_key: A name for the batch, such as "import-2027-01-20". A second run with the same name creates only
                what the first one did not, on a server that honours idempotency keys.
            progress: Show a progress bar; needs this package's 'progress' extra.

        Raises:
            ConfigurationError: if an item of a list is invalid; the message names it. Nothing is sent.
            BatchError: if any item failed; the others were created, and `outcomes` has a review or an error for each.
                Also if the input itself fails, with the `outcomes` until then.
            BatchInterrupted: on Ctrl-C: a KeyboardInterrupt with the `outcomes` so far. Any other exception of your
                own, such as a signal handler's, is raised as it is and has the `outcomes` so far as an attribute.
        """
        return await self._run(self._methods.create_reviews(items, concurrency, on_error, batch_key, progress=progress))

    def iter_create_reviews(
        self,
        items: Iterable[ReviewFields | ReviewCreate] | AsyncIterable[ReviewFields | ReviewCreate],
        *,
        concurrency: int = CONCURRENCY,
        batch_key: str | None = None,
    ) -> AsyncGenerator[Outcome, None]:
        """Create many reviews, and yield an `Outcome` for each, in the order in which they complete.

        Nothing is stored, so the number of items does not matter. Closing the generator stops the batch. The arguments
        are those of `create_reviews`.

        Raises:
            ConfigurationError: if an item of a list is invalid; the message names it. Nothing is sent.
            BatchError: if the input fails, after the outcomes of the items before.
            BatchInterrupted: on Ctrl-C: a KeyboardInterrupt with the `outcomes` that were not yielded.
        """
        return self._stream(self._methods.iter_create_reviews(items, concurrency, batch_key))

    async def get_review(self, review_id: str | None = None, *, key: str | None = None) -> Review:
        """Return the current state of a review; give exactly one of both arguments.

        Args:
            review_id: Its id.
            key: The idempotency key that it was created with, where the server can look for it, as ours can.

        Raises:
            ReviewNotFoundError: if no review has this id, or none was created with this key.
            UnexpectedResponseError: if the server does not look for keys.
        """
        return await self._run(self._methods.get_review(review_id, key))

    def list_reviews(
        self,
        *,
        status: Status | None = None,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        updated_after: Moment | None = None,
        priority: Priority | None = None,
        assignee: str | None = None,
        template_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncPagedList[Review]:
        """Return the reviews that match all filters, to be walked with `async for`, or awaited for a list.

        The vendor documents `status` and `created_after`; a server may ignore the other filters. `updated_after` is the
        time of the last change, `assignee` an e-mail address, and `page_size` the reviews per request, 1 to 100.
        `metadata` finds the reviews that were created with at least these entries, on any server: what a server lists
        without this filter is filtered here.
        """
        page = self._methods.list_reviews(
            {
                "status": status,
                "created_after": created_after,
                "created_before": created_before,
                "updated_after": updated_after,
                "priority": priority,
                "assignee": assignee,
                "template_id": template_id,
                "metadata": metadata,
            }
        )
        return AsyncPagedList(lambda asked: self._run(page(asked)), page_size)

    async def update_review(
        self,
        review_id: str,
        *,
        content: Any = None,
        assignees: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_date: Moment | None = None,
        assignment_strategy: Strategy | None = None,
    ) -> Review:
        """Change a review that is not finished, and return it; the arguments are those of `create_review`.

        What is not given stays. `content` is merged: its keys are added or replaced, other keys stay.

        Raises:
            ConfigurationError: if there is nothing to change. Nothing is sent.
            ReviewNotFoundError: if no review has this id.
            ConflictError: if the review is finished.
        """
        return await self._run(
            self._methods.update_review(
                {
                    "id": review_id,
                    "content": content,
                    "assignees": assignees,
                    "priority": priority,
                    "due_date": due_date,
                    "assignment_strategy": assignment_strategy,
                }
            )
        )

    @overload
    async def update_reviews(
        self,
        changes: Iterable[ReviewChange] | AsyncIterable[ReviewChange],
        *,
        concurrency: int = ...,
        on_error: Literal["raise"] = ...,
        progress: bool = ...,
    ) -> list[Review]: ...
    @overload
    async def update_reviews(
        self,
        changes: Iterable[ReviewChange] | AsyncIterable[ReviewChange],
        *,
        concurrency: int = ...,
        on_error: Literal["return"],
        progress: bool = ...,
    ) -> list[Review | HITLError]: ...
    async def update_reviews(
        self,
        changes: Iterable[ReviewChange] | AsyncIterable[ReviewChange],
        *,
        concurrency: int = CONCURRENCY,
        on_error: Literal["raise", "return"] = "raise",
        progress: bool = False,
    ) -> list[Review] | list[Review | HITLError]:
        """Change many reviews, and return them in the order of the items.

        It may be repeated without a key: setting the same values again changes nothing. `changes` is any iterable,
        asynchronous or not, of
        dicts with an `id` and the arguments of `update_review`; for the other arguments, and the errors, see
        `create_reviews`.
        """
        return await self._run(self._methods.update_reviews(changes, concurrency, on_error, progress=progress))

    async def reassign_review(self, review_id: str, *, assignees: Sequence[str]) -> Review:
        """Replace the assignees of a review, and return it; the errors are those of `update_review`."""
        return await self._run(self._methods.update_review({"id": review_id, "assignees": assignees}))

    async def cancel_review(self, review_id: str) -> Review:
        """Cancel a review that nobody has answered yet, and return it; may be repeated.

        Raises:
            ReviewNotFoundError: if no review has this id.
            ConflictError: if it has been answered or has expired.
        """
        return await self._run(self._methods.cancel_review(review_id))

    async def wait_for_review(
        self,
        review_id: str | Review,
        timeout: Seconds | None = None,
        *,
        poll_interval: Seconds = POLL_INTERVAL,
        on_update: Callable[[Review], object] | None = None,
        progress: bool = False,
    ) -> Review:
        """Wait until a person has answered a review, for or against, and return it.

        Transient errors (no connection, 429, 5xx) do not end the wait. It keeps no state on the server: with the id
        you can continue later, also in another process. All waits of one client share their requests.

        Args:
            review_id: The review; its id, or the object, which is returned at once if it is final.
            timeout: Seconds until WaitTimeoutError; None waits until the review itself ends.
            poll_interval: Seconds between the first polls; grows to 10, and further as the rate limit demands. Servers
                that support long polling report changes at once.
            on_update: Called with the review on every change that is seen, and when it has ended.
            progress: Show a live line in the terminal or notebook; needs this package's 'progress' extra.

        Raises:
            ReviewExpiredError: if the review expired before anybody answered.
            ReviewCancelledError: if the review was cancelled before anybody answered.
            WaitTimeoutError: if the timeout passed; `review` is as last seen. Call again to continue to wait.
            ReviewNotFoundError: if no review has this id.
        """
        return await self._run(
            self._methods.wait_for_review(
                review_id, timeout=timeout, poll_interval=poll_interval, on_update=on_update, progress=progress
            )
        )

    async def wait_for_reviews(
        self,
        reviews: Iterable[str | Review],
        timeout: Seconds | None = None,
        *,
        return_when: str = ALL,
        poll_interval: Seconds = POLL_INTERVAL,
        on_update: Callable[[Review], object] | None = None,
        progress: bool = False,
    ) -> list[Review]:
        """Wait until people have answered, and return the answered reviews in the order in which they were given.

        An id that is given twice is asked about once, and its review is returned twice.

        With ALL, the default, these are all reviews. With FIRST or ANY_REJECTED, these are the ones answered as
        soon as one is answered or rejected; wait for the others again, or cancel them.

        Args:
            reviews: Ids or objects; those that are final cost no request.
            timeout: Seconds until WaitTimeoutError, for all together; None waits until the reviews themselves end.
            return_when: ALL, FIRST or ANY_REJECTED, from `hitl`.
            poll_interval: See `wait_for_review`.
            on_update: Called with each review that has changed or ended.
            progress: See `wait_for_review`.

        Raises:
            BatchError: if all have ended, but some without an answer; `outcomes` has a review or an error for each.
            WaitTimeoutError: if the timeout passed; `pending` has the ids to wait for again, `reviews` the ended ones.
        """
        return await self._run(
            self._methods.wait_for_reviews(
                reviews,
                return_when,
                timeout=timeout,
                poll_interval=poll_interval,
                on_update=on_update,
                progress=progress,
            )
        )

    def as_completed(
        self,
        reviews: Iterable[str | Review],
        timeout: Seconds | None = None,
        *,
        poll_interval: Seconds = POLL_INTERVAL,
        on_update: Callable[[Review], object] | None = None,
        progress: bool = False,
    ) -> AsyncCompletions[Review]:
        """Return an iterator over the reviews in the order in which they end.

        It includes those that expired or were cancelled; see `is_answered`. Each comes once, however often it was
        given. Reviews that cannot be read, such as one that does not exist, do not delay the others: a BatchError
        reports them at the end.

        The arguments are those of `wait_for_reviews`; after `timeout` seconds from now, the iterator raises
        WaitTimeoutError, with the open ids as `pending`.
        """
        from hitl._waiting import AsyncCompletions

        logic = self._methods.as_completed(
            reviews, timeout=timeout, poll_interval=poll_interval, on_update=on_update, progress=progress
        )
        return AsyncCompletions(logic, self._run)

    def decisions(
        self,
        *,
        template_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        since: str | None = None,
        poll_interval: Seconds = POLL_INTERVAL,
    ) -> AsyncDecisions:
        """Return an iterator over all decisions of the server, which waits for the next one.

        A decision is a review that has ended: answered, for or against, expired or cancelled; see `verdict`. Reviews
        that are created meanwhile are among them. Its `cursor` is where to go on, also in another process: keep it
        once you have dealt with a decision, and after a crash none is lost. Transient errors do not end it.

        Args:
            template_id: Only reviews of this template.
            metadata: Only reviews that were created with these, such as {"run": "r-1"}; they may have others, too.
            since: The `cursor` of an earlier iterator, or "beginning" for all decisions there are. Without it, the
                iterator begins now: with the call, or the first step of an asynchronous one.
            poll_interval: See `wait_for_review`.

        Raises:
            ConfigurationError: if `since` is no cursor.
            HITLError: without `since`, if the server cannot be reached; later, if it rejects the key, or has no lists.
        """
        from hitl._waiting import AsyncDecisions

        return AsyncDecisions(self._methods.decisions(template_id, metadata, since, poll_interval), self._run)

    def on_decision(
        self, *, template_id: str | None = None, metadata: Mapping[str, str] | None = None
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """Return a decorator that makes a function a handler of decisions, which `run` calls with each review.

        The arguments are those of `decisions`.
        """
        return self._methods.on_decision(template_id, metadata)

    async def run(
        self,
        *,
        cursor_store: str | PathLike[str] | CursorStore | None = None,
        ledger: HandledDecisions | None = None,
        since: str | None = None,
        poll_interval: Seconds = POLL_INTERVAL,
    ) -> None:
        """Call the handlers with each decision, one after the other, until the client is closed or on Ctrl-C.

        A handler that raises ends it with that error. The decision comes again when it is run the next time, as does
        one that was being handled when the process was killed: each is handled at least once.

        Args:
            cursor_store: Where it keeps how far it has come: the path of a file, or an object with `load` and `save`.
                Without it, decisions that are made while it does not run are not handled.
            ledger: Has each decision handled once by all runs that share it, such as `hitl.approval.SQLiteLedger()`:
                what a handler of the same name deals with, or has dealt with, is not handled by another.
            since: Where to begin if nothing is stored yet; see `decisions`.
            poll_interval: See `wait_for_review`.

        Raises:
            ConfigurationError: if there is no handler, or what is stored is no cursor.
        """
        return await self._run(self._methods.run(cursor_store, ledger, since, poll_interval))

    def notify(self, event: WebhookEvent | Mapping[str, Any] | Review | Request) -> bool:
        """Pass a webhook's event to the waits of this client, and return whether one of them waits for its review.

        Such waits end at once, `decisions` and `run` look at once, and from then on this client polls only
        occasionally. Call it from any thread or event loop, but only with events that `hitl.webhooks` has verified,
        because they are trusted. Instead of the event, its payload will do, or a review that was read elsewhere. What
        reports the end of a request to a loop is not signed, so the request is read before it is believed.
        """
        return self._methods.waits.notify(event)

    def wait_stats(self) -> WaitStats:
        """Return what the waits of this client cost, and what the rate limit leaves them."""
        return self._methods.waits.stats()

    async def create_template(
        self,
        name: str,
        fields: FormFields,
        *,
        description: str | None = None,
        settings: Mapping[str, Any] | None = None,
        styling: Mapping[str, Any] | None = None,
        validation: Mapping[str, Any] | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        priority: Priority | None = None,
        version: str | None = None,
        idempotency_key: str | None = None,
    ) -> Template:
        """Create a form for reviewers, and return it.

        Args:
            name: The name that people see.
            fields: The form's fields in order: dicts with at least `name` and `type`, usually also `label` and
                `required`. Types are text, rich_text, boolean, checkbox_group, select, multi_select, file,
                image_review, rating, datetime, email, number, integer, content_display, code_display and
                table_display.
            description: The purpose of the form.
            settings: How reviews of this template run: auto_assign, assignment_strategy, timeout_hours,
                allow_reassignment, require_comments, approval_threshold; for the inbox of `hitl server`, which others
                ignore: approve_effect, reject_effect, timeout_effect, reject_reasons, key_field, undo_seconds.
            styling: primary_color, secondary_color, logo_url, custom_css.
            validation: Rules across fields: {"rules": [{"condition", "required_fields", "message"}]}.
            category: A word to group templates by.
            tags: More words to find it by.
            priority: The default priority of its reviews.
            version: The template's own version, such as "1.2.0".
            idempotency_key: A name for this creation; see `create_review`.

        Raises:
            InvalidRequestError: if the server rejects the form; `details` names the field.
        """
        return await self._run(
            self._methods.create_template(
                name,
                fields,
                idempotency_key,
                {
                    "description": description,
                    "settings": settings,
                    "styling": styling,
                    "validation": validation,
                    "category": category,
                    "tags": tags,
                    "priority": priority,
                    "version": version,
                },
            )
        )

    async def ensure_template(
        self, name: str, fields: FormFields, settings: Mapping[str, Any] | None = None
    ) -> Template:
        """Return the template with exactly this form, which is created if there is none.

        It may be called by many programs at once. A template is never changed by it: another form under the same name
        is another template, told apart by `version`. The arguments are those of `create_template`.

        Raises:
            InvalidRequestError: if the server rejects the form; `details` names the field.
        """
        return await self._run(self._methods.ensure_template(name, fields, settings))

    async def get_template(self, template_id: str) -> Template:
        """Return the current state of a template, or raise TemplateNotFoundError if no template has this id."""
        return await self._run(self._methods.get_template(template_id))

    def list_templates(self, *, page_size: int = PAGE_SIZE) -> AsyncPagedList[Template]:
        """Return all templates, to be walked with `async for`, or awaited for a list; `page_size` is 1 to 100."""
        return AsyncPagedList(lambda asked: self._run(self._methods.list_templates(asked)), page_size)

    async def update_template(
        self,
        template_id: str,
        *,
        name: str | None = None,
        fields: FormFields | None = None,
        description: str | None = None,
        settings: Mapping[str, Any] | None = None,
        styling: Mapping[str, Any] | None = None,
        validation: Mapping[str, Any] | None = None,
        category: str | None = None,
        tags: Sequence[str] | None = None,
        priority: Priority | None = None,
        version: str | None = None,
    ) -> Template:
        """Change a template, and return it; the arguments are those of `create_template`.

        What is not given stays. `fields` replaces the whole list; `...` in it stands for the existing fields, so
        `[..., {"name": "reason", "type": "text"}]` adds one at the end.

        Raises:
            TemplateNotFoundError: if no template has this id.
            InvalidRequestError: if the server rejects the form; `details` names the field.
        """
        return await self._run(
            self._methods.update_template(
                template_id,
                name,
                fields,
                {
                    "description": description,
                    "settings": settings,
                    "styling": styling,
                    "validation": validation,
                    "category": category,
                    "tags": tags,
                    "priority": priority,
                    "version": version,
                },
            )
        )

    async def delete_template(self, template_id: str) -> None:
        """Delete a template, or raise TemplateNotFoundError if no template has this id."""
        return await self._run(self._methods.delete_template(template_id))

    async def call(self, endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run any operation of the generated client with this client's retries and errors.

        Args:
            endpoint: A module of `hitl_api.api`, such as `hitl_api.api.loops.list_loops`.
            args: The endpoint's positional arguments.
            kwargs: The endpoint's keyword arguments, without `client`.

        Returns:
            The generated model of a successful response; error responses are raised.
        """
        return await self._run(self._methods.call(endpoint, *args, **kwargs))

    @property
    def loops(self) -> AsyncLoops:
        """Groups of people who answer requests."""
        from hitl._namespaces.async_loops import AsyncLoops

        return AsyncLoops(self._methods, self._run)

    @property
    def requests(self) -> AsyncRequests:
        """Questions to the members of a loop."""
        from hitl._namespaces.async_requests import AsyncRequests

        return AsyncRequests(self._methods, self._run)

    @property
    def sessions(self) -> AsyncSessions:
        """Runs of a coding agent, whose actions people decide on one by one."""
        from hitl._namespaces.async_sessions import AsyncSessions

        return AsyncSessions(self._methods, self._run)

    @property
    def uploads(self) -> AsyncUploads:
        """Files for requests to show."""
        from hitl._namespaces.async_uploads import AsyncUploads

        return AsyncUploads(self._methods, self._run)

    @property
    def workflows(self) -> AsyncWorkflows:
        """Starting workflows, and waiting for what becomes of them."""
        from hitl._namespaces.async_workflows import AsyncWorkflows

        return AsyncWorkflows(self._methods, self._run)

    @property
    def webhooks(self) -> AsyncWebhooks:
        """Addresses that events are sent to."""
        from hitl._namespaces.async_webhooks import AsyncWebhooks

        return AsyncWebhooks(self._methods, self._run)

    @property
    def teams(self) -> AsyncTeams:
        """Groups of reviewers."""
        from hitl._namespaces.async_teams import AsyncTeams

        return AsyncTeams(self._methods, self._run)

    async def account(self) -> Account:
        """Return whose API key this is, what it may do, and what is left of the hour and of the month.

        One request. What it says of the month, batches and `wait_stats` know from then on: a batch that does not fit
        is refused before anything is sent.

        Raises:
            UnexpectedResponseError: if the server does not know the question.
        """
        from hitl._namespaces.account_flow import account

        return await self._run(account(self._methods))

    def idempotency_scope(self, name: str) -> IdempotencyScope:
        """Name the work in a plain `with` block, so that repeating it creates nothing twice.

        The idempotency keys of creations in the block follow from the name, from what is created, and from the number
        of equal creations before it. A program that is restarted after a crash sends the same keys, whatever the order
        of its threads and tasks; two equal reviews, both wanted, stay two. The server must recognise keys, as `hitl
        sandbox` does. A given `idempotency_key` takes precedence; in nested blocks both names count.

        Args:
            name: Up to 255 characters, such as "job-42"; the same in every run of the same work.

        Example:
            >>> with client.idempotency_scope("job-42"):  # doctest: +SKIP
            ...     review = await client.create_review(template_id="content_review", content={"text": "Hello"})
        """
        return self._methods.idempotency_scope(name)

    def scoped_key(self, operation: str, value: Any) -> str | None:
        """Return the key that `idempotency_scope` gives the next thing of its kind, or None outside of scopes.

        For code that creates or does something else than a review, and must not do it twice: each call counts.

        Args:
            operation: What is done, such as "approval".
            value: What it is done with, as plain JSON.
        """
        return self._methods.scoped_key(operation, value)

    @property
    def base_url(self) -> str:
        """The address of the server."""
        return self._methods.settings.base_url

    @property
    def proxy(self) -> str | None:
        """The proxy of the environment that requests go through, without its login; None if they go directly."""
        return self._transport.proxy_url

    @property
    def api(self) -> AuthenticatedClient:
        """A client of the generated package with the same connections, key and timeouts, but without the retries."""
        return generated_client(self._methods.settings, self._transport)

    async def aclose(self) -> None:
        """Close the connections, and end what waits for decisions; may be repeated."""
        self._methods.end_streams()
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} objects are neither pickled nor copied, since they hold the API key and open "
            "connections; make one in each process, with the key from HITL_API_KEY"
        )

    def __repr__(self) -> str:
        methods: Methods | None = getattr(self, "_methods", None)  # None if __init__ raised; tracebacks show it, too
        return f"AsyncHITLClient(base_url={methods.settings.base_url!r})" if methods else "AsyncHITLClient()"

    def __del__(self) -> None:
        # An __init__ that raised leaves no transport behind.
        transport = getattr(self, "_transport", None)
        if transport is not None and transport.is_open:
            warnings.warn(
                f"unclosed {self!r}: use it in an `async with` block or call aclose()", ResourceWarning, 2, source=self
            )
            transport.abandon()

    def _run(self, flow: Flow[T]) -> Coroutine[Any, Any, T]:
        return run_async(flow, self._transport)

    def _stream(self, batch: Batch) -> AsyncGenerator[Outcome, None]:
        return stream_async(batch, self._transport)
