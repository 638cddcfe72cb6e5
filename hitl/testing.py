"""A review server for tests, and a reviewer who answers from the test.

```python
with Sandbox() as sandbox:
    client = sandbox.client()
    review = client.create_review(template_id="template_123", content={"text": "A draft"})
    sandbox.reviewer.complete(review.id, {"approved": True})
    assert client.wait_for_review(review.id).result == {"approved": True}
```

It is the server of the `hitl sandbox` command, on a free port of this machine, in a thread of the test's process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import anyio.to_thread

from hitl import exceptions
from hitl._documents import review_from_json
from hitl.models import Review

try:
    from hitl.sandbox.budgets import DEFAULT_RATE_LIMIT, RateLimit
    from hitl.sandbox.database import IN_MEMORY
    from hitl.sandbox.desk import Desk
    from hitl.sandbox.moments import utc_now
    from hitl.sandbox.refusals import Refusal, SetupError
    from hitl.sandbox.reviews import OPEN
    from hitl.sandbox.server import BackgroundServer
    from hitl.sandbox.site import Site
    from hitl.sandbox.store import ReviewQuery
except ModuleNotFoundError as error:
    raise ImportError(f"hitl.testing needs the sandbox ({error}): pip install 'hitl[sandbox]'") from error

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

__all__ = ["Reviewer", "Sandbox"]

ReviewOrId: TypeAlias = Review | str

_REVIEWER = "reviewer@example.com"


class Sandbox:
    """A review server on a free port, as a context manager, `with` or `async with`.

    Attributes:
        base_url: Where the API is, for `HITLClient(base_url=...)`.
        api_key: The first of the keys that are let in.
        inbox_url: Where a person answers reviews in a browser.
        reviewer: Answers reviews from the test.
    """

    def __init__(
        self,
        api_keys: Sequence[str] | None = None,
        data: str | Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        templates: Iterable[Mapping[str, Any]] | None = None,
        rate_limit: tuple[int, float] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Open the data and take the port; nothing is answered before the sandbox is entered.

        Args:
            api_keys: The keys that are let in; a random one if there are none.
            data: A file that keeps everything; in memory if not given.
            host: A loopback address.
            port: 0 for a free one.
            templates: Templates to add to the starters: bodies of `create_template` with an `id`.
            rate_limit: Requests and seconds, for each key; (1000, 60.0) if not given.
            clock: Returns the present moment with its time zone; reviews expire by it.

        Raises:
            ConfigurationError: The file, the address or a template cannot be used.
        """
        try:
            self._site = Site(
                api_keys=api_keys or (),
                data=data or IN_MEMORY,
                host=host,
                port=port,
                templates=templates or (),
                rate_limit=RateLimit(*rate_limit) if rate_limit else DEFAULT_RATE_LIMIT,
                clock=clock or utc_now,
            )
        except SetupError as error:
            raise exceptions.ConfigurationError(str(error)) from error
        self._background: BackgroundServer | None = None
        self._clients: list[HITLClient] = []
        self._async_clients: list[AsyncHITLClient] = []
        self.base_url = self._site.url
        self.api_key = self._site.api_key
        self.inbox_url = self._site.inbox_url
        self.reviewer = Reviewer(self._site.desk)

    def client(self, **settings: Any) -> HITLClient:
        """Return a client of this sandbox; it is closed with the sandbox.

        Args:
            settings: What HITLClient takes beside `api_key` and `base_url`, which may be given, too.
        """
        from hitl import HITLClient

        client = HITLClient(**self._settings(settings))
        self._clients.append(client)
        return client

    def async_client(self, **settings: Any) -> AsyncHITLClient:
        """Return an asynchronous client of this sandbox, for `async with`; `async with Sandbox()` closes it, too.

        Args:
            settings: See `client`.
        """
        from hitl import AsyncHITLClient

        client = AsyncHITLClient(**self._settings(settings))
        self._async_clients.append(client)
        return client

    def start(self) -> None:
        """Start answering; what entering the sandbox does."""
        if self._background is not None:
            raise RuntimeError("this sandbox was started before; make a new one")
        self._background = BackgroundServer(self._site.server())
        self._background.start()

    def close(self) -> None:
        """Close the clients and stop answering; what leaving the sandbox does. Doing it twice is fine."""
        for client in self._clients:
            client.close()
        if self._background is not None:
            self._background.stop()
        self._site.close()

    def _settings(self, given: dict[str, Any]) -> dict[str, Any]:
        return {"api_key": self.api_key, "base_url": self.base_url, **given}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await anyio.to_thread.run_sync(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._async_clients:
            await client.aclose()
        # In a thread, so that requests in flight on this event loop can end.
        await anyio.to_thread.run_sync(self.close)

    def __repr__(self) -> str:
        return f"<Sandbox at {self.base_url}>"


class Reviewer:
    """The person of a test: reads the inbox and answers at once.

    A review is given as the object or as its id. What the server would refuse raises the error that the client
    would raise: ReviewNotFoundError, ConflictError, InvalidRequestError.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def pending(self) -> list[Review]:
        """Return the reviews that wait for an answer, the oldest first."""
        found = self._desk.list_reviews(ReviewQuery(status=OPEN, limit=None, oldest_first=True))
        return [review_from_json(document) for document in found.items]

    def start(self, review: ReviewOrId, reviewer: str = _REVIEWER) -> Review:
        """Take a review up, so that it is in progress."""
        with _as_client_error():
            return review_from_json(self._desk.start(_id_of(review), reviewer))

    def complete(self, review: ReviewOrId, result: Mapping[str, Any], reviewer: str = _REVIEWER) -> Review:
        """Answer a review.

        Args:
            review: The review or its id.
            result: The answer by the names of the template's fields, as plain JSON values.
            reviewer: Who answers.
        """
        with _as_client_error():
            return review_from_json(self._desk.complete(_id_of(review), _plain(result), reviewer))

    def reject(self, review: ReviewOrId, result: Mapping[str, Any] | None = None, reviewer: str = _REVIEWER) -> Review:
        """Answer a review with a rejection, which need not fill in any field; see `complete` for the arguments."""
        with _as_client_error():
            return review_from_json(self._desk.reject(_id_of(review), _plain(result or {}), reviewer))


_ERRORS: Mapping[int, type[exceptions.APIStatusError]] = {
    400: exceptions.InvalidRequestError,
    409: exceptions.ConflictError,
}
_NOT_FOUND: Mapping[str, type[exceptions.APIStatusError]] = {
    "review_not_found": exceptions.ReviewNotFoundError,
    "template_not_found": exceptions.TemplateNotFoundError,
}


@contextmanager
def _as_client_error() -> Generator[None, None, None]:
    """Turn what the desk refuses into what a client would raise for it."""
    try:
        yield
    except Refusal as refusal:
        kind = _NOT_FOUND.get(refusal.code) or _ERRORS.get(refusal.status, exceptions.APIStatusError)
        raise kind(refusal.message, status_code=refusal.status, code=refusal.code, details=refusal.details) from refusal


def _id_of(review: ReviewOrId) -> str:
    return review if isinstance(review, str) else review.id


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as it would arrive over HTTP, so that a test cannot answer what no reviewer could."""
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(result), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise exceptions.ContentError(f"the result has no JSON form: {error}", path="result") from error
    return plain
