"""The sandbox of a test: a review server in a thread of the test process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio.to_thread
from starlette.middleware import Middleware

from hitl import exceptions
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit
from hitl.server.http.server import BackgroundServer
from hitl.server.notifications.recorder import Message
from hitl.server.primitives.errors import SetupError
from hitl.server.primitives.timestamps import utc_now
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY
from hitl.testing.fast_forward import FastForward
from hitl.testing.patience import Patience, PatienceMiddleware
from hitl.testing.reviewer import Reviewer
from hitl.testing.script import Script
from hitl.testing.subjects import Requests, Reviews

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient


class Sandbox:
    """A review server on a free port, as a context manager, `with` or `async with`.

    Attributes:
        base_url: Where the API is, for `HITLClient(base_url=...)`.
        api_key: The first of the accepted API keys.
        reviewer: Answers reviews and requests from the test, at once or by rules.
        clock: The sandbox's time: `sandbox.clock()`, `sandbox.clock.advance("72h")`.
        faults: Plans failures of the next requests: `sandbox.faults.next(status=503)`.
    """

    def __init__(
        self,
        api_keys: Sequence[str] | None = None,
        data: str | Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        templates: Iterable[Mapping[str, Any]] | None = None,
        workflows: Mapping[str, str | None] | None = None,
        rate_limit: tuple[int, float] | None = None,
        monthly_quota: int | None = None,
        clock: Callable[[], datetime] | None = None,
        undo_seconds: float = 0,
        notify: Sequence[Mapping[str, Any] | str] = (),
    ) -> None:
        """Open the data and bind the port; requests are served once the sandbox is entered.

        Args:
            api_keys: The accepted API keys; a random one by default.
            data: The data file; everything is in memory by default.
            host: A loopback address.
            port: 0 for a free one.
            templates: Templates to add to the sample ones: bodies of `create_template` with an `id`.
            workflows: What `client.workflows.trigger` starts, by id: the address that its action node calls, None for
                no action node, or "draft" for a workflow that is not active.
            rate_limit: Requests and seconds, per API key; (1000, 60.0) by default.
            monthly_quota: Responses of people in a calendar month, such as the 500 of HITL.sh's free plan; any number
                by default. Once they are used up, new questions are refused.
            clock: Returns the current time with its time zone, as the base of the sandbox's clock; real time by
                default. If it stands still, only `sandbox.clock.advance` moves the time.
            undo_seconds: For how long, up to an hour, a reviewer can take back an answer given in the inbox; no
                program sees it before. 0, the default, gives it at once.
            notify: The rules by which people would be told of reviews: a kind such as "asked", or a mapping such as
                `{"kind": "reminder", "before_due": "1h", "audience": "leads"}`. Nothing is sent: `messages` has what
                each person would have got.

        Raises:
            ConfigurationError: The file, the address, a template, a workflow, a rule or `undo_seconds` cannot be used.
        """
        self._patience: Patience
        try:
            self._site = ReviewServer(
                api_keys=api_keys or (),
                data=data or IN_MEMORY,
                host=host,
                port=port,
                templates=templates or (),
                workflows=workflows or {},
                rate_limit=RateLimit(*rate_limit) if rate_limit else DEFAULT_RATE_LIMIT,
                monthly_quota=monthly_quota,
                clock=clock or utc_now,
                undo_seconds=undo_seconds,
                notify=notify,
                api_middleware=[Middleware(PatienceMiddleware, patience=lambda: self._patience)],
            )
        except SetupError as error:
            raise exceptions.ConfigurationError(str(error)) from error
        self._background: BackgroundServer | None = None
        self._clients: list[HITLClient] = []
        self._async_clients: list[AsyncHITLClient] = []
        self.base_url = self._site.url
        self.api_key = self._site.api_key
        self.clock = self._site.clock
        self.faults = self._site.faults
        script = Script(
            self.clock, self._site.reviews.changes, [Reviews(self._site.reviews), Requests(self._site.loops)]
        )
        self.reviewer = Reviewer(self._site.reviews, self._site.loops, script)
        self._patience = Patience(self._site.reviews, script)
        self._fast_forward: FastForward | None = None

    @property
    def given_up(self) -> str:
        """What was waited for although nobody would answer, with the reasons, as a text; empty if there was nothing."""
        return self._patience.report()

    @property
    def inbox_url(self) -> str:
        """A new one-time link to the inbox; a path may follow: `f"{sandbox.inbox_url}/reviews/{id}"`.

        From then on a wait may last for ever, because somebody may answer in the inbox.
        """
        self._patience.is_endless = True
        return self._site.inbox_url

    @property
    def messages(self) -> list[Message]:
        """The messages that people would have got by the rules of `notify`, in order; see `hitl.testing.Message`."""
        worker, recorder = self._site.message_worker, self._site.recorder
        if worker is None or recorder is None:
            return []
        worker.settle()
        return recorder.messages

    def client(self, **settings: Any) -> HITLClient:
        """Return a client of this sandbox; closing the sandbox closes it.

        Args:
            settings: Arguments of HITLClient; `api_key` and `base_url` have defaults.
        """
        from hitl import HITLClient

        client = HITLClient(**self._settings(settings))
        self._clients.append(client)
        return client

    def async_client(self, **settings: Any) -> AsyncHITLClient:
        """Return an asynchronous client of this sandbox, for `async with`; `async with Sandbox()` also closes it.

        Args:
            settings: See `client`.
        """
        from hitl import AsyncHITLClient

        client = AsyncHITLClient(**self._settings(settings))
        self._async_clients.append(client)
        return client

    def fast_forward(self) -> None:
        """From now on, skip the time in which programs only wait for people.

        Whenever a program waits and nothing else happens, the clock moves to the next scripted answer or expiry. A
        function that creates a review and waits for three days returns at once.
        """
        if self._fast_forward is None:
            self._fast_forward = FastForward(self._site.reviews)

    def start(self) -> None:
        """Start serving requests; entering the sandbox does this."""
        if self._background is not None:
            raise RuntimeError("this sandbox was started before; create a new one")
        self._background = BackgroundServer(self._site.server())
        self._background.start()

    def close(self) -> None:
        """Close the clients and stop the server; leaving the sandbox does this. Idempotent."""
        for client in self._clients:
            client.close()
        self.reviewer.close()
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
