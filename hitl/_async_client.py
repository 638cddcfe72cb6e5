"""AsyncHITLClient: written by codegen/async_client.py from _client.py (`make generate`), do not edit."""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, ParamSpec, Self, TypeVar, overload

from hitl._api import AsyncPagedList, Endpoint
from hitl._calls import IdempotencyScope
from hitl._config import Idempotency
from hitl._flows import Flow, loop_domain, run_async, stream_async
from hitl._injected import require_awaiting
from hitl._methods import (
    CONCURRENCY,
    PAGE_SIZE,
    POLL_INTERVAL,
    FormFields,
    Methods,
    Moment,
    Seconds,
)
from hitl._secret import Secret
from hitl._transport import AsyncHttpTransport, generated_client
from hitl._waiting import ALL
from hitl.exceptions import HITLError
from hitl.models import Outcome, Review, ReviewChange, ReviewFields, Template, WaitStats

if TYPE_CHECKING:
    import httpx
    from hitl_api import AuthenticatedClient
    from hitl_api.models.review_create import ReviewCreate

    from hitl._batches import Batch
    from hitl._waiting import AsyncCompletions
    from hitl.webhooks import WebhookEvent

T = TypeVar("T")
P = ParamSpec("P")


class AsyncHITLClient:
    """A connection to HITL.sh, or to any server that speaks its API, such as `hitl sandbox`.

    Close it, or use it in an `async with` block, to give its connections back.

    Args:
        api_key: The key that every request is authorised with; else `HITL_API_KEY`.
        base_url: Where the server is; else `HITL_BASE_URL`, else https://api.hitl.sh.
        timeout: Seconds that a call may take in all, with its retries and pauses; else `HITL_TIMEOUT`, else 30.
        request_timeout: Seconds that one exchange of a call may take; by default a share of what is left of `timeout`.
        max_retries: Further attempts after a first one that failed in a passing way; 3.
        retry_delay: Seconds before the first further attempt; doubles each time, up to 8; 1.
        idempotency: Whether the server is taken to recognise a repeated `Idempotency-Key`: "auto", once it has shown
            it; "trust", always; "never". Where it is not, a creation that may have been done is not sent again.
        user_agent: The `User-Agent` header; by default it names this package and its version.
        transport: An httpx transport to send through, for tests and for networks of your own.
        http_client: Your own httpx client to send through instead; you close it.

    Raises:
        ConfigurationError: if there is no key, or a setting cannot be used. Nothing is sent.

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
        transport: httpx.AsyncBaseTransport | None = None,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        secret = None if api_key is None else Secret(api_key)
        del api_key  # a traceback that shows local variables would show it
        self._methods = Methods(
            {
                "api_key": secret,
                "base_url": base_url,
                "timeout": timeout,
                "request_timeout": request_timeout,
                "max_retries": max_retries,
                "retry_delay": retry_delay,
                "idempotency": idempotency,
                "user_agent": user_agent,
            },
            loop_domain,
        )
        require_awaiting(transport, http_client)
        self._transport = AsyncHttpTransport(self._methods.settings, transport, http_client)

    async def create_review(
        self,
        template_id: str,
        content: Any,
        *,
        assignees: Sequence[str] | None = None,
        priority: str | None = None,
        due_date: Moment | None = None,
        assignment_strategy: str | None = None,
        idempotency_key: str | None = None,
    ) -> Review:
        """Put a question to people, and return the review that was made.

        Args:
            template_id: The template that the reviewer answers.
            content: A dict of anything with a JSON form; `docs/reference/content.md` has the table.
            assignees: E-mail addresses of those who are asked; without it anybody may answer.
            priority: "low", "medium", "high" or "normal".
            due_date: When the answer is needed: a datetime with a time zone, or ISO 8601 text.
            assignment_strategy: "round_robin" or "load_balanced".
            idempotency_key: A name for this creation, up to 255 characters. Use the same one again after an error with
                `outcome_unknown`, and a server that honours keys makes one review of both calls. Without one, a key
                follows from `idempotency_scope`, or is drawn at random.

        Raises:
            ContentError: if something in `content` has no JSON form. Nothing is sent.
            TemplateNotFoundError: if there is no such template.
            HITLError: with `outcome_unknown`, if the server may have made the review although no answer says so.
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
                    "idempotency_key": idempotency_key,
                }
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

        The server sets the pace: requests under way begin at 16, grow while answers are quick, and are halved by a 429
        or 503; what it asks for with `Retry-After` holds for all of them.

        Args:
            items: Any iterable, asynchronous or not,
                of dicts with the arguments of `create_review`, or of `hitl_api.models.ReviewCreate`.
                A list is checked as a whole before the first request, a generator is read no faster than it is sent.
            concurrency: How many requests are under way at most, 1 to 1000; beyond 100 it changes nothing.
            on_error: "raise" raises BatchError if an item failed; "return" leaves the errors in their places.
            batch_key: A name for the batch, such as "import-2027-01-20". A second run with the same name creates only
                what the first one did not, on a server that honours idempotency keys.
            progress: Shows a bar; needs `pip install 'hitl[progress]'`.

        Raises:
            ConfigurationError: if an item of a list cannot be sent; the message names it. Nothing is sent.
            BatchError: if any failed; the others were made, and `outcomes` has a review or an error for each item.
                Also if the input itself fails, with `outcomes` for what came before.
            BatchInterrupted: on Ctrl-C: a KeyboardInterrupt with the `outcomes` so far.
        """
        return await self._run(self._methods.create_reviews(items, concurrency, on_error, batch_key, progress=progress))

    def iter_create_reviews(
        self,
        items: Iterable[ReviewFields | ReviewCreate] | AsyncIterable[ReviewFields | ReviewCreate],
        *,
        concurrency: int = CONCURRENCY,
        batch_key: str | None = None,
    ) -> AsyncGenerator[Outcome, None]:
        """Create many reviews, and yield an `Outcome` for each as it comes, in the order in which they are done.

        Nothing is kept, so the number of items does not matter. Closing the generator stops the batch.

        Args:
            items: See `create_reviews`.
            concurrency: See `create_reviews`.
            batch_key: See `create_reviews`.

        Raises:
            ConfigurationError: if an item of a list cannot be sent; the message names it. Nothing is sent.
            BatchError: if the input fails, after the outcomes of what came before.
            BatchInterrupted: on Ctrl-C: a KeyboardInterrupt with the `outcomes` that were not yielded.
        """
        return self._stream(self._methods.iter_create_reviews(items, concurrency, batch_key))

    async def get_review(self, review_id: str) -> Review:
        """Return the review as it stands now.

        Raises:
            ReviewNotFoundError: if there is none of that id.
        """
        return await self._run(self._methods.get_review(review_id))

    def list_reviews(
        self,
        *,
        status: str | None = None,
        created_after: Moment | None = None,
        created_before: Moment | None = None,
        updated_after: Moment | None = None,
        priority: str | None = None,
        assignee: str | None = None,
        template_id: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> AsyncPagedList[Review]:
        """Return the reviews that match, to be walked with `async for`, or awaited for a list.

        The vendor documents `status` and `created_after`; a server may ignore the other filters.

        Args:
            status: Only reviews in this state, such as "completed".
            created_after: Only reviews created after this time.
            created_before: Only reviews created before this time.
            updated_after: Only reviews changed after this time.
            priority: Only reviews of this priority.
            assignee: Only reviews that this e-mail address is asked to answer.
            template_id: Only reviews of this template.
            page_size: Reviews to a request, 1 to 100.
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
            },
            page_size,
        )
        return AsyncPagedList(lambda offset: self._run(page(offset)))

    async def update_review(
        self,
        review_id: str,
        *,
        content: Any = None,
        assignees: Sequence[str] | None = None,
        priority: str | None = None,
        due_date: Moment | None = None,
        assignment_strategy: str | None = None,
    ) -> Review:
        """Change a review that is not finished, and return it; what is not given stays.

        Args:
            review_id: The review.
            content: Adds to the content: keys that are there are replaced, keys that are not named stay.
            assignees: Replaces those who are asked.
            priority: "low", "medium", "high" or "normal".
            due_date: A datetime with a time zone, or ISO 8601 text.
            assignment_strategy: "round_robin" or "load_balanced".

        Raises:
            ConfigurationError: if nothing is to be changed. Nothing is sent.
            ReviewNotFoundError: if there is none of that id.
            ConflictError: if it is finished.
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

        It needs no key to be repeated: a change sets values, and setting them again changes nothing.

        Args:
            changes: Any iterable, asynchronous or not,
                of dicts with an `id` and the arguments of `update_review`. A list is checked as a
                whole before the first request.
            concurrency: How many requests are under way at most, 1 to 1000; beyond 100 it changes nothing.
            on_error: "raise" raises BatchError if an item failed; "return" leaves the errors in their places.
            progress: Shows a bar; needs `pip install 'hitl[progress]'`.

        Raises:
            ConfigurationError: if an item of a list cannot be sent; the message names it. Nothing is sent.
            BatchError: if any failed; the others were changed, and `outcomes` has a review or an error for each item.
            BatchInterrupted: on Ctrl-C: a KeyboardInterrupt with the `outcomes` so far.
        """
        return await self._run(self._methods.update_reviews(changes, concurrency, on_error, progress=progress))

    async def reassign_review(self, review_id: str, *, assignees: Sequence[str]) -> Review:
        """Ask other people instead, and return the review.

        Raises:
            ReviewNotFoundError: if there is none of that id.
            ConflictError: if it is finished.
        """
        return await self._run(self._methods.update_review({"id": review_id, "assignees": assignees}))

    async def cancel_review(self, review_id: str) -> Review:
        """Withdraw a question that nobody has answered yet, and return the review; may be repeated.

        Raises:
            ReviewNotFoundError: if there is none of that id.
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
        """Return the review once a person has answered it, for or against.

        Passing faults (no connection, 429, 5xx) do not end the wait. It holds nothing on the server: the id is enough
        to go on waiting later, also in another process. All waits of one client share their requests.

        Args:
            review_id: The review; its id, or the object, which is returned at once if it is final.
            timeout: Seconds until WaitTimeoutError; None waits until the review itself ends.
            poll_interval: Seconds between the first reads; grows to 10, and further as the rate limit demands. A
                server that holds reads open tells at once.
            on_update: Called with the review whenever it is seen to have changed, and when it has ended.
            progress: Show a live line in the terminal or the notebook; needs `hitl[progress]`.

        Raises:
            ReviewExpiredError: if its time ran out before anybody answered.
            ReviewCancelledError: if it was cancelled before anybody answered.
            WaitTimeoutError: if the timeout passed; `review` is as last seen, and the wait can be continued.
            ReviewNotFoundError: if there is none of that id.
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
        """Return the reviews that people have answered, in the order in which they were given.

        With ALL, the default, that is all of them. With FIRST or ANY_REJECTED it is those that are answered as soon as
        one is answered or rejected; wait for the others again, or cancel them.

        Args:
            reviews: Ids or objects; for those that are final no request is made.
            timeout: Seconds until WaitTimeoutError, for all together; None waits until the reviews themselves end.
            return_when: ALL, FIRST or ANY_REJECTED, from `hitl`.
            poll_interval: See `wait_for_review`, as for the next two.
            on_update: Called with each review that has changed, and with each that has ended.
            progress: Show a live line.

        Raises:
            BatchError: if all have ended, but some without an answer; `outcomes` has a review or an error for each.
            WaitTimeoutError: if the timeout passed; `pending` has the ids to wait for again, `reviews` what had ended.
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
    ) -> AsyncCompletions:
        """Return an iterator over the reviews in the order in which they end.

        Those that expired or were cancelled are among them: `is_answered` tells. Reviews that cannot be read, such as
        one that does not exist, hold nobody up: a BatchError tells of them after all others were given.

        Args:
            reviews: Ids or objects; those that are final come first.
            timeout: Seconds from now until the iterator raises WaitTimeoutError, with the open ids as `pending`.
            poll_interval: See `wait_for_review`, as for the next two.
            on_update: Called with each review that has changed, and with each that has ended.
            progress: Show a live line.
        """
        from hitl._waiting import AsyncCompletions

        completion = self._methods.as_completed(
            reviews, timeout=timeout, poll_interval=poll_interval, on_update=on_update, progress=progress
        )
        return AsyncCompletions(completion, self._run)

    def notify(self, event: WebhookEvent | Mapping[str, Any] | Review) -> bool:
        """Tell the waits of this client what a webhook brought, and return whether one of them was about it.

        They end at once, and look only now and then from there on. Call it from any thread or event loop, and only
        with what `hitl.webhooks` has found to be genuine: it is believed.

        Args:
            event: The event, its payload, or a review that was read elsewhere.
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
        priority: str | None = None,
        version: str | None = None,
        idempotency_key: str | None = None,
    ) -> Template:
        """Make a form for reviewers, and return it.

        Args:
            name: What people call it.
            fields: The form's fields in order: dicts with at least `name` and `type`, mostly also `label` and
                `required`. Types are text, rich_text, boolean, checkbox_group, select, multi_select, file,
                image_review, rating, datetime, email, content_display, code_display and table_display.
            description: What the form is for.
            settings: How reviews of this template run: auto_assign, assignment_strategy, timeout_hours,
                allow_reassignment, require_comments, approval_threshold.
            styling: primary_color, secondary_color, logo_url, custom_css.
            validation: Rules across fields: {"rules": [{"condition", "required_fields", "message"}]}.
            category: A word to sort templates by.
            tags: More words to find it by.
            priority: What its reviews are given if they name none.
            version: The template's own version, such as "1.2.0".
            idempotency_key: A name for this creation; see `create_review`.

        Raises:
            InvalidRequestError: if the server finds a fault in the form; `details` names the field.
        """
        return await self._run(
            self._methods.create_template(
                name,
                fields,
                idempotency_key,
                description=description,
                settings=settings,
                styling=styling,
                validation=validation,
                category=category,
                tags=tags,
                priority=priority,
                version=version,
            )
        )

    async def get_template(self, template_id: str) -> Template:
        """Return the template as it stands now.

        Raises:
            TemplateNotFoundError: if there is none of that id.
        """
        return await self._run(self._methods.get_template(template_id))

    def list_templates(self, *, page_size: int = PAGE_SIZE) -> AsyncPagedList[Template]:
        """Return all templates, to be walked with `async for`, or awaited for a list.

        Args:
            page_size: Templates to a request, 1 to 100.
        """
        page = self._methods.list_templates(page_size)
        return AsyncPagedList(lambda offset: self._run(page(offset)))

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
        priority: str | None = None,
        version: str | None = None,
    ) -> Template:
        """Change a template, and return it; what is not given stays.

        Args:
            template_id: The template.
            name: What people call it.
            fields: Replaces the whole list. `...` stands for the fields that it has: `[..., {"name": "reason",
                "type": "text"}]` adds one at the end.
            description: What the form is for.
            settings: See `create_template`.
            styling: See `create_template`.
            validation: See `create_template`.
            category: A word to sort templates by.
            tags: More words to find it by.
            priority: What its reviews are given if they name none.
            version: The template's own version.

        Raises:
            TemplateNotFoundError: if there is none of that id.
            InvalidRequestError: if the server finds a fault in the form; `details` names the field.
        """
        return await self._run(
            self._methods.update_template(
                template_id,
                name,
                fields,
                description=description,
                settings=settings,
                styling=styling,
                validation=validation,
                category=category,
                tags=tags,
                priority=priority,
                version=version,
            )
        )

    async def delete_template(self, template_id: str) -> None:
        """Delete a template.

        Raises:
            TemplateNotFoundError: if there is none of that id.
        """
        return await self._run(self._methods.delete_template(template_id))

    async def call(self, endpoint: Endpoint[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run any operation of the generated client with this client's retries and errors.

        Args:
            endpoint: A module of `hitl_api.api`, such as `hitl_api.api.loops.list_loops`.
            args: What the endpoint takes by position.
            kwargs: What the endpoint takes by name, without `client`.

        Returns:
            The model that the description gives for success; an error answer is raised instead.
        """
        return await self._run(self._methods.call(endpoint, *args, **kwargs))

    def idempotency_scope(self, name: str) -> IdempotencyScope:
        """Name the work that is done in a plain `with` block, so that doing it again creates nothing twice.

        The idempotency keys of what is created inside follow from the name, from what is created, and from how many
        equal ones came before it in the block. A program that is run again after a crash sends the same keys, whatever
        the order of its threads and tasks; two equal reviews that are both wanted stay two. This takes a server that
        recognises keys, as `hitl sandbox` does. An `idempotency_key` that is given goes before; in a block within a
        block both names count.

        Args:
            name: Up to 255 characters, such as "job-42"; the same in every run of the same work.

        Example:
            >>> with client.idempotency_scope("job-42"):  # doctest: +SKIP
            ...     review = await client.create_review(template_id="content_review", content={"text": "Hello"})
        """
        return self._methods.idempotency_scope(name)

    @property
    def api(self) -> AuthenticatedClient:
        """A ready client of the generated package: the same connections, key and timeouts, without the retries."""
        return generated_client(self._methods.settings, self._transport)

    async def aclose(self) -> None:
        """Give the connections back; may be repeated."""
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
