"""The composition root: a server's socket, its application, and its background workers, over its services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from types import MappingProxyType
from typing import Any, Final, Self

from starlette.middleware import Middleware
from starlette.types import ASGIApp

from hitl.server.app import create_app
from hitl.server.expiry import ExpiryWorker
from hitl.server.http.api_guard import new_api_key
from hitl.server.http.faults import Faults
from hitl.server.http.listeners import AnyListener, InheritedListener, Listener, UnixListener
from hitl.server.http.long_poll import Limits, LongPollSlots, limits_of_process
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit
from hitl.server.http.server import Beside, HttpServer
from hitl.server.http.service import Service
from hitl.server.http.systemd import service_manager
from hitl.server.http.tls import Certificate
from hitl.server.operations import ControlSocket, Retention, ServerWatch, control_app
from hitl.server.primitives import Now, SetupError, about, utc_now
from hitl.server.routes import api_middleware_stack, api_routes, control_routes, page_routes
from hitl.server.search_indexer import SearchIndexer
from hitl.server.services import Services
from hitl.server.storage import IN_MEMORY
from hitl.server.team_settings import TeamSettings, front_of
from hitl.server.webhooks.deliverer import Deliverer
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.sender import Sender
from hitl.server.workflows import workflows_of

_LONGEST_UNDO: Final = 3600  # seconds


class ReviewServer(Services):
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
            with about("undo_seconds"):
                raise SetupError(f"undo_seconds must be from 0 to {_LONGEST_UNDO}, not {undo_seconds}")
        with about("workflows"):
            known = workflows_of(workflows)
        with about("allow_webhook_nets"):
            targets = Targets(allow_remote=allow_remote_webhooks, networks=allow_webhook_nets)
        keys = list(api_keys) or [new_api_key()]
        self.api_key = keys[0]
        self._is_serving = False
        self._limits = limits or (Limits() if team is None else limits_of_process())
        with ExitStack() as opened:
            self._listener = _listener(host, port, team, inherited, allow_remote=allow_remote)
            opened.callback(self._listener.close)
            front, self.warnings = front_of(team, self._listener)
            with about("certificate"):
                self._certificate = Certificate(*team.certificate) if team and team.certificate else None
            super().__init__(
                opened,
                data=data,
                clock=clock,
                url=((team and team.public_url) or self._listener.url).rstrip("/"),
                targets=targets,
                team=team,
                workflows=known,
                monthly_quota=monthly_quota,
                notify=notify,
                templates=templates,
            )
            self._retention = self._make_retention(opened)
            self._watch = self._make_watch(opened)
            self.faults = Faults(self.changes)
            watched = () if self._watch is None else self._watch.routes()
            self.control_app: ASGIApp = control_app([*control_routes(self, self._address), *watched])
            self.app: ASGIApp = create_app(
                api_routes(self, LongPollSlots(self._limits.held)),
                api_middleware_stack(self, keys, rate_limit, self.faults, api_middleware),
                page_routes(self, undo_seconds),
                host=self._listener.host if team else host,
                host_names=host_names,
                clock=self.clock,
                front=front,
            )
            self._opened = opened.pop_all()

    def _make_retention(self, opened: ExitStack) -> Retention | None:
        if self.team is None or self.team.keep is None:
            return None
        retention = Retention(self.database, self.reviews, self.audit, self.clock, self.team.keep)
        opened.callback(self.clock.on_advance(retention.catch_up, due=retention.next_due))
        return retention

    def _make_watch(self, opened: ExitStack) -> ServerWatch | None:
        if self.team is None or self.database.path == IN_MEMORY:
            return None
        team = self.team
        watch = ServerWatch(self.database, self.changes, self.clock, metrics=team.metrics, public_url=team.public_url)
        opened.callback(watch.close)
        return watch

    def _address(self) -> str | None:
        """Return where browsers reach the pages; None if the server does not run, and nothing else says it."""
        is_known = self._is_serving or (self.team is not None and self.team.public_url is not None)
        return self.url if is_known else None

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

    def server(self) -> HttpServer:
        """Return the HTTP server, not yet running."""
        self._is_serving = True
        if self.team is not None:
            self.sealer.prepare()
            self.sealed.seal()
        deliverer = Deliverer(self.database, self.outbox, self.clock, Sender(self.targets), sealer=self.sealer)
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
        with about("socket"):
            return UnixListener(team.socket)
    # What a team's server may listen on is decided with its public URL, by `front_of`.
    with about("host"):
        return Listener(host, port, allow_remote=allow_remote or team is not None)
