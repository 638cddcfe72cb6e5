"""The composition root: everything that one running sandbox consists of is made and connected here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from hitl.server.agent_sessions import SessionService, session_routes
from hitl.server.app import create_app, error_response
from hitl.server.expiry import ExpiryWorker
from hitl.server.http.api_guard import ApiGuardMiddleware, ApiKeys, new_api_key
from hitl.server.http.faults import Faults, FaultyApi
from hitl.server.http.long_poll import Limits, LongPollSlots
from hitl.server.http.monthly_quota import MonthlyQuota, MonthlyQuotaMiddleware
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit, RateLimiter
from hitl.server.http.server import Beside, HttpServer, Listener
from hitl.server.inbox import (
    InboxSessionMiddleware,
    SafeHeaders,
    SavedViews,
    Sessions,
    inbox_routes,
    invitation,
    join_routes,
    title,
    visible,
)
from hitl.server.loops import KeyEvents, LoopService, loop_routes
from hitl.server.migrations import MIGRATIONS
from hitl.server.notifications import (
    Channels,
    Links,
    Notifications,
    Recorder,
    Renderer,
    Worker,
    notify_control_routes,
    recorded,
)
from hitl.server.operations import ControlSocket, control_app, handler
from hitl.server.people import People
from hitl.server.primitives import Clock, Now, SetupError, utc_now
from hitl.server.reviews import ReviewService
from hitl.server.reviews.routes import review_routes
from hitl.server.search_indexer import SearchIndexer
from hitl.server.storage import (
    IN_MEMORY,
    Audit,
    ChangeNotifier,
    CommitGroup,
    Database,
    Outbox,
    StorageError,
    UnitOfWork,
)
from hitl.server.team_settings import TeamSettings
from hitl.server.teams import TeamService, team_routes
from hitl.server.uploads import UploadService, upload_pages, upload_routes
from hitl.server.webhooks.deliverer import Deliverer
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.routes import webhook_routes
from hitl.server.webhooks.sender import Sender
from hitl.server.webhooks.subscriptions import Subscriptions
from hitl.server.workflows import Workflow, WorkflowService, workflow_routes, workflows_of

_LONGEST_UNDO: Final = 3600  # seconds


class ReviewServer:
    """The services, the application over them, and its socket; `api_key` is the first of the accepted keys."""

    def __init__(
        self,
        *,
        api_keys: Sequence[str] = (),
        data: str | Path = IN_MEMORY,
        host: str = "127.0.0.1",
        port: int = 0,
        templates: Iterable[Mapping[str, Any]] = (),
        workflows: Mapping[str, str | None] = MappingProxyType({}),
        rate_limit: RateLimit = DEFAULT_RATE_LIMIT,
        monthly_quota: int | None = None,
        clock: Now = utc_now,
        allow_remote: bool = False,
        host_names: Iterable[str] = (),
        limits: Limits | None = None,
        allow_remote_webhooks: bool = False,
        allow_webhook_nets: Iterable[str] = (),
        api_middleware: Sequence[Middleware] = (),
        undo_seconds: float = 0,
        notify: Sequence[Mapping[str, Any] | str] = (),
        team: TeamSettings | None = None,
    ) -> None:
        """Open the data and the socket; SetupError if an argument cannot be used.

        Args:
            api_keys: The accepted keys; a random one if there are none.
            data: The file that keeps everything, or ":memory:".
            host: A loopback address, or with `allow_remote` another one of this machine.
            port: 0 for a free one.
            templates: Templates to add or replace: bodies of creation with an `id`.
            workflows: What can be triggered: the address of its action node, "draft", or None for no action node,
                by id.
            rate_limit: For each key.
            monthly_quota: The responses of people in a calendar month, for all keys together; None is any number.
            clock: Returns the present time, aware.
            host_names: Further names that the Host header may have.
            allow_remote_webhooks: Deliver webhooks to public addresses, too.
            allow_webhook_nets: Private networks to deliver webhooks to, such as "192.168.1.0/24".
            api_middleware: ASGI middleware next to the API's routes; it may raise ApiError.
            undo_seconds: For how long an answer that is given in the inbox can be taken back; 0 gives it at once.
            notify: The rules by which a sandbox records messages; see `notifications.rules.rule_of`.
            team: What makes it the server of a team, with its own people and keys; None for a sandbox.
        """
        if not 0 <= undo_seconds <= _LONGEST_UNDO:
            raise SetupError(f"undo_seconds must be from 0 to {_LONGEST_UNDO}, not {undo_seconds}")
        known = workflows_of(workflows)
        keys = list(api_keys) or [new_api_key()]
        self._undo_seconds = undo_seconds
        self.team = team
        self.api_key = keys[0]
        self._limits = limits or Limits()
        with ExitStack() as opened:
            self._listener = Listener(host, port, allow_remote=allow_remote)
            opened.callback(self._listener.close)
            accepted = ApiKeys(keys)
            self._targets = Targets(allow_remote=allow_remote_webhooks, networks=allow_webhook_nets)
            self.database = Database(data, MIGRATIONS)
            opened.callback(self.database.close)
            self._make_services(clock, known)
            self._quota = None if monthly_quota is None else MonthlyQuota(monthly_quota, self.outbox, self.clock)
            self._notify(notify)
            try:
                self.reviews.install_templates(templates)
            except StorageError as error:
                raise SetupError(f"{data} cannot be used: {error}") from error
            self._opened = opened.pop_all()
        self._opened.callback(self.changes.close)
        for service in (self.reviews, self.loops, self.agent_sessions):
            self._opened.callback(self.clock.on_advance(service.tick, due=service.next_due))
        self.url = self._listener.url
        self.faults = Faults(self.changes)
        self.sessions = Sessions(self.database)
        record = KeyEvents(self.database, self.outbox, self.clock).record
        guard = Middleware(
            ApiGuardMiddleware,
            keys=accepted,
            rate_limiter=RateLimiter(rate_limit, record),
            clock=self.clock,
            error_response=error_response,
        )
        # Faults happen behind the guard, which puts them into the envelope.
        middleware = [guard, Middleware(FaultyApi, faults=self.faults), *api_middleware]
        if self._quota is not None:
            middleware.append(Middleware(MonthlyQuotaMiddleware, quota=self._quota))
        self.control_app: ASGIApp = control_app(self._control_routes())
        self.app: ASGIApp = create_app(
            self._api_routes(), middleware, self._page_routes(), host=host, host_names=host_names
        )

    def _make_services(self, clock: Now, workflows: Mapping[str, Workflow]) -> None:
        self.clock = Clock.over(clock)
        self.changes = ChangeNotifier()
        self.outbox = Outbox(self.database)
        unit_of_work = UnitOfWork(self.database, self.clock, self.changes)
        self.commits = CommitGroup(unit_of_work)
        self.reviews = ReviewService(self.database, unit_of_work, self.outbox)
        self.loops = LoopService(self.database, unit_of_work, self.outbox)
        self.workflows = WorkflowService(self.database, self.loops, self.outbox, workflows)
        self.uploads = UploadService(self.database, self.clock)
        self.agent_sessions = SessionService(self.database, unit_of_work, self.outbox, self.loops)
        self.teams = TeamService(self.database, self.clock)
        self.subscriptions = Subscriptions(self.database, self.outbox, self.clock, self._targets)
        self.saved_views = SavedViews(self.database)
        self.deliveries = Deliveries(self.database, self.outbox, self.clock)
        self.audit = Audit(self.database)
        self.people = People(self.database, self.audit, self.clock)

    def _notify(self, rules: Sequence[Mapping[str, Any] | str]) -> None:
        """Follow the reviews to tell people of them: by a team's own rules and channels, or as a sandbox records it."""
        self.recorder: Recorder | None = None
        self.notifications: Notifications | None = None
        self.message_worker: Worker | None = None
        if self.team is not None:
            channels = Channels(self.database, self.audit, self.clock, more_schemes=self.team.notify_schemes)
            links = Links(self._base_url, None, self.team.message_links == "code")
            renderer = Renderer(title, visible)
            self.notifications = Notifications(
                self.database, self.audit, self.clock, self.people, self.reviews, channels, links, renderer
            )
            self.message_worker = self.notifications.worker
        elif rules:
            self.message_worker, self.recorder = recorded(
                rules, self.database, self.reviews, self.clock, self._base_url, title, visible
            )

    def _base_url(self) -> str:
        """Return the address that links in messages begin with."""
        public = None if self.team is None else self.team.public_url
        return (public or self._listener.url).rstrip("/")

    def _control_routes(self) -> list[Route]:
        """Return what the command on this machine can do."""
        routes: list[Route] = []
        if self.notifications is not None:
            routes += notify_control_routes(self.notifications, self.people, handler)
        return routes

    def _api_routes(self) -> list[Route]:
        slots = LongPollSlots(self._limits.held)
        return [
            *review_routes(self.reviews, self.outbox, slots, self.commits),
            *loop_routes(self.loops, self._targets, invitation, self._quota),
            *session_routes(self.agent_sessions, slots),
            *webhook_routes(self.subscriptions, self.deliveries),
            *team_routes(self.teams),
            *upload_routes(self.uploads),
            *workflow_routes(self.workflows),
        ]

    def _page_routes(self) -> list[BaseRoute]:
        middleware = [Middleware(SafeHeaders), Middleware(InboxSessionMiddleware, sessions=self.sessions)]
        inbox = inbox_routes(
            self.reviews,
            self.loops,
            self.deliveries,
            self.uploads,
            self.agent_sessions,
            self.saved_views,
            self._undo_seconds,
        )
        return [
            *join_routes(self.loops),
            *upload_pages(self.uploads),
            Mount("/inbox", routes=inbox, middleware=middleware),
        ]

    @property
    def inbox_url(self) -> str:
        """A new link into the inbox, each time: it admits one browser, once, and takes paths after it."""
        return f"{self.url}/inbox/enter/{self.sessions.new_link()}"

    @property
    def exposed_at(self) -> str | None:
        """Where other machines reach it; None if they do not."""
        return self._listener.exposed_at

    def tick(self) -> None:
        """Carry out what is due."""
        self.reviews.tick()
        self.loops.tick()
        self.agent_sessions.tick()

    def server(self) -> HttpServer:
        """Return the HTTP server, not yet running."""
        deliverer = Deliverer(self.database, self.outbox, self.clock, Sender(self._targets))
        expiry = ExpiryWorker(self.clock, self.changes, self.tick)
        indexer = SearchIndexer(self.changes, self.reviews.index_texts)
        beside = [expiry.run, deliverer.run, indexer.run]
        if self.message_worker is not None:
            beside.append(self.message_worker.run)
        control = None
        if self.team is not None and self.database.path != IN_MEMORY:
            socket = ControlSocket(self.database.path)
            self._opened.callback(socket.close)
            control = Beside(socket.socket, self.control_app)
        return HttpServer(self.app, self._listener, self.changes, self._limits, beside=beside, control=control)

    def close(self) -> None:
        """Close the socket and the data; the server must have stopped. Idempotent."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
