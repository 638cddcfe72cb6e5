"""The composition root: everything that one running sandbox consists of is made and connected here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from socket import socket
from types import MappingProxyType
from typing import Any, Final, Self

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from hitl.server.access import Admission, Door, PersonSessions, ProxyLogin, Tickets, reviewer_control_routes
from hitl.server.agent_sessions import SessionService, session_routes
from hitl.server.app import create_app, error_response
from hitl.server.asking import SelfApproval
from hitl.server.expiry import ExpiryWorker
from hitl.server.http.api_guard import ApiGuardMiddleware, ApiKeys, new_api_key
from hitl.server.http.faults import Faults, FaultyApi
from hitl.server.http.listeners import AnyListener, InheritedListener, Listener, UnixListener
from hitl.server.http.long_poll import Limits, LongPollSlots, limits_of_process
from hitl.server.http.monthly_quota import MonthlyQuota, MonthlyQuotaMiddleware
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit, RateLimiter
from hitl.server.http.server import Beside, HttpServer
from hitl.server.http.service import Service
from hitl.server.http.systemd import service_manager
from hitl.server.http.tls import Certificate
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
from hitl.server.keys import Keys, Scopes, key_control_routes
from hitl.server.loops import KeyEvents, LoopService, loop_routes
from hitl.server.migrations import MIGRATIONS
from hitl.server.notifications import (
    ADDRESSES,
    AdmittingLinks,
    Channels,
    Links,
    Notifications,
    Recorder,
    Renderer,
    Worker,
    notify_control_routes,
    recorded,
)
from hitl.server.operations import (
    ControlSocket,
    Operations,
    Retention,
    ServerWatch,
    control_app,
    handler,
    operator_routes,
)
from hitl.server.people import People
from hitl.server.primitives import Clock, Now, SetupError, utc_now
from hitl.server.reviews import ReviewService
from hitl.server.reviews.routes import review_routes
from hitl.server.sealing import SealedColumns, Sealer, find_keys, rekey
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
from hitl.server.team_settings import TeamSettings, front_of
from hitl.server.teams import TeamService, team_routes
from hitl.server.uploads import UploadService, upload_pages, upload_routes
from hitl.server.webhooks.deliverer import Deliverer
from hitl.server.webhooks.deliveries import Deliveries
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.routes import webhook_routes
from hitl.server.webhooks.sender import Sender
from hitl.server.webhooks.subscription_store import SECRETS
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
        inherited: socket | None = None,
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
            inherited: A listening socket to take over, instead of a host and a port.
        """
        if not 0 <= undo_seconds <= _LONGEST_UNDO:
            raise SetupError(f"undo_seconds must be from 0 to {_LONGEST_UNDO}, not {undo_seconds}")
        known = workflows_of(workflows)
        keys = list(api_keys) or [new_api_key()]
        self._undo_seconds = undo_seconds
        self._is_serving = False
        self.team = team
        self.api_key = keys[0]
        self._limits = limits or (Limits() if team is None else limits_of_process())
        with ExitStack() as opened:
            self._listener = _listener(host, port, team, inherited, allow_remote=allow_remote)
            opened.callback(self._listener.close)
            front, self.warnings = front_of(team, self._listener)
            self._certificate = Certificate(*team.certificate) if team and team.certificate else None
            accepted = ApiKeys(keys) if team is None else None
            self._targets = Targets(allow_remote=allow_remote_webhooks, networks=allow_webhook_nets)
            self.database = Database(data, MIGRATIONS, guarded=team is not None)
            opened.callback(self.database.close)
            self._make_sealer(team)
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
        self._retention = self._make_retention()
        self._watch = self._make_watch()
        self.url = self._listener.url if team is None or team.public_url is None else team.public_url.rstrip("/")
        self.faults = Faults(self.changes)
        self.sessions = Sessions(self.database)
        record = KeyEvents(self.database, self.outbox, self.clock).record
        guard = Middleware(
            ApiGuardMiddleware,
            keys=self.keys if accepted is None else accepted,
            scoped=None if team is None else Scopes(self.reviews.asker_of),
            exchanges=self.exchanges,
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
            self._api_routes(),
            middleware,
            self._page_routes(),
            host=self._listener.host if team else host,
            host_names=host_names,
            clock=self.clock,
            front=front,
        )

    def _make_services(self, clock: Now, workflows: Mapping[str, Workflow]) -> None:
        self.clock = Clock.over(clock)
        self.changes = ChangeNotifier()
        self.outbox = Outbox(self.database)
        unit_of_work = UnitOfWork(self.database, self.clock, self.changes)
        self.commits = CommitGroup(unit_of_work)
        self.audit = Audit(self.database)
        self.people = People(self.database, self.audit, self.clock)
        rules = {} if self.team is None else self._team_rules(self.team)
        self.reviews = ReviewService(self.database, unit_of_work, self.outbox, **rules)
        self.loops = LoopService(self.database, unit_of_work, self.outbox, **rules)
        self.workflows = WorkflowService(self.database, self.loops, self.outbox, workflows)
        self.uploads = UploadService(self.database, self.clock)
        self.agent_sessions = SessionService(self.database, unit_of_work, self.outbox, self.loops)
        self.teams = TeamService(self.database, self.clock)
        self.subscriptions = Subscriptions(self.database, self.outbox, self.clock, self._targets, self.sealer)
        self.saved_views = SavedViews(self.database)
        self.deliveries = Deliveries(self.database, self.outbox, self.clock)
        self.exchanges = OpenExchanges()
        self.keys = Keys(self.database, self.audit, self.clock, self.people, self.exchanges)
        self.admission = Admission(
            self.database,
            self.audit,
            self.clock,
            self.people,
            Tickets(self.database, self.clock),
            PersonSessions(self.database, self.audit, self.clock, self.exchanges),
            drop_answers=self._drop_answers,
        )

    def _drop_answers(self, email: str) -> None:
        """Keep what somebody has answered, and could still take back, from being given."""
        self.reviews.drop_held_of(email)
        self.loops.drop_held_of(email)

    def _team_rules(self, team: TeamSettings) -> dict[str, Any]:
        def person_of(address: str) -> str | None:
            person = self.people.by_email(address)
            return None if person is None else person.id

        return {"self_approval": SelfApproval(team.self_approval, person_of), "audit": self.audit}

    def _make_sealer(self, team: TeamSettings | None) -> None:
        """Find the keys under which a team's secrets are sealed; a sandbox keeps them in clear."""
        data = None if self.database.path == IN_MEMORY else self.database.path
        self.sealer = Sealer(None if team is None else find_keys(data, team.secrets_key_file))
        self.sealed = SealedColumns(self.database, self.sealer, [SECRETS, ADDRESSES])

    def _make_retention(self) -> Retention | None:
        if self.team is None or self.team.keep is None:
            return None
        retention = Retention(self.database, self.reviews, self.audit, self.clock, self.team.keep)
        self._opened.callback(self.clock.on_advance(retention.catch_up, due=retention.next_due))
        return retention

    def _make_watch(self) -> ServerWatch | None:
        if self.team is None or self.database.path == IN_MEMORY:
            return None
        team = self.team
        watch = ServerWatch(self.database, self.changes, self.clock, metrics=team.metrics, public_url=team.public_url)
        self._opened.callback(watch.close)
        return watch

    def _notify(self, rules: Sequence[Mapping[str, Any] | str]) -> None:
        """Follow the reviews to tell people of them: by a team's own rules and channels, or as a sandbox records it."""
        self.recorder: Recorder | None = None
        self.notifications: Notifications | None = None
        self.message_worker: Worker | None = None
        if self.team is not None:
            channels = Channels(self.database, self.audit, self.clock, self.sealer, self.team.notify_schemes)
            # Where a proxy says who somebody is, no link begins a session.
            are_personal = self.team.message_links == "code" and self.team.auth_header is None
            links = Links(self._base_url, AdmittingLinks(self.admission), are_personal)
            renderer = Renderer(title, visible)
            self.notifications = Notifications(
                self.database, self.audit, self.clock, self.people, self.reviews, channels, links, renderer
            )
            self.message_worker = self.notifications.worker
            self.admission.send_link = partial(self.notifications.send_link, "signin")
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
        notify = [] if self.notifications is None else notify_control_routes(self.notifications, self.people, handler)
        operations = Operations(self.database, self.audit, self.deliveries, self.clock)
        return [
            *operator_routes(operations),
            *(() if self._watch is None else self._watch.routes()),
            *reviewer_control_routes(self.admission, self._address, self._open_reviews, handler),
            *key_control_routes(self.keys, self.clock, lambda person_id: self.people.get(person_id).email, handler),
            *notify,
            Route("/rekey", handler(lambda _: rekey(self.sealed)), methods=["POST"]),
        ]

    def _address(self) -> str | None:
        """Return where browsers reach the pages, without a slash at its end; None if the server does not run."""
        public = self.team.public_url if self.team else None
        return public.rstrip("/") if public else self.url if self._is_serving else None

    def _open_reviews(self, email: str) -> int:
        """Return how many open reviews are assigned to somebody."""
        return self.reviews.to_answer([email])[email][1]

    def _api_routes(self) -> list[Route]:
        slots = LongPollSlots(self._limits.held)
        return [
            *review_routes(self.reviews, self.outbox, slots, self.commits, self._asker_of),
            *loop_routes(self.loops, self._targets, invitation, self._quota),
            *session_routes(self.agent_sessions, slots),
            *webhook_routes(self.subscriptions, self.deliveries),
            *team_routes(self.teams),
            *upload_routes(self.uploads),
            *workflow_routes(self.workflows),
        ]

    def _asker_of(self, subject_id: str) -> str | None:
        return self.reviews.asker_of(subject_id) or self.loops.asker_of(subject_id)

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
            None if self.team is None else self.admission,
            None if self.team is None else self.keys,
            None if self.notifications is None else self.notifications.channels,
        )
        before = [*join_routes(self.loops), *upload_pages(self.uploads)]
        if self.team is None:
            return [*before, Mount("/inbox", routes=inbox, middleware=middleware)]
        door = Door(
            self.admission,
            self.reviews,
            self.exchanges,
            self.clock,
            public_url=self.team.public_url,
            header_login=self._header_login(self.team),
        )
        return [*before, door.mount([Mount("/inbox", routes=inbox)])]

    def _header_login(self, team: TeamSettings) -> ProxyLogin | None:
        if team.auth_header is None:
            return None
        return ProxyLogin(self.people, header=team.auth_header, secret=team.proxy_secret, allow=team.auth_header_allow)

    @property
    def inbox_url(self) -> str:
        """A new link into the inbox, each time: it admits one browser, once, and takes paths after it."""
        return f"{self.url}/inbox/enter/{self.sessions.new_link()}"

    @property
    def exposed_at(self) -> str | None:
        """Where other machines reach it; None if they do not."""
        return self._listener.exposed_at

    @property
    def listens_on(self) -> str:
        """An address and port, or the path of a Unix socket."""
        return self._listener.where

    def tick(self) -> None:
        """Carry out what is due."""
        self.reviews.tick()
        self.loops.tick()
        self.agent_sessions.tick()

    def server(self) -> HttpServer:
        """Return the HTTP server, not yet running."""
        self._is_serving = True
        if self.team is not None:
            self.sealer.prepare()
            self.sealed.seal()
        deliverer = Deliverer(self.database, self.outbox, self.clock, Sender(self._targets), sealer=self.sealer)
        expiry = ExpiryWorker(self.clock, self.changes, self.tick)
        indexer = SearchIndexer(self.changes, self.reviews.index_texts)
        workers = {"reviews": expiry.run, "deliveries": deliverer.run, "search": indexer.run}
        if self.message_worker is not None:
            workers["messages"] = self.message_worker.run
        if self._retention is not None:
            workers["retention"] = self._retention.run
        service = None if self.team is None else Service(manager=service_manager(), certificate=self._certificate)
        if self._watch is None:
            return HttpServer(
                self.app, self._listener, self.changes, self._limits, beside=[*workers.values()], service=service
            )
        beside_data = ControlSocket(self.database)
        self._opened.callback(beside_data.close)
        return HttpServer(
            self._watch.around(self.app),
            self._listener,
            self.changes,
            self._limits,
            beside=self._watch.workers(workers),
            control=Beside(beside_data.socket, self.control_app),
            service=service,
        )

    def close(self) -> None:
        """Close the socket and the data; the server must have stopped. Idempotent."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _listener(
    host: str, port: int, team: TeamSettings | None, inherited: socket | None, *, allow_remote: bool
) -> AnyListener:
    if inherited is not None:
        return InheritedListener(inherited)
    if team is not None and team.socket is not None:
        return UnixListener(team.socket)
    # What a team's server may listen on is decided with its public URL, by `front_of`.
    return Listener(host, port, allow_remote=allow_remote or team is not None)
