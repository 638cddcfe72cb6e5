"""Everything that one running sandbox is made of, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from hitl.server.app import create_app
from hitl.server.expiry import ExpiryWorker
from hitl.server.http.api_keys import ApiKeys, new_api_key
from hitl.server.http.faults import Faults
from hitl.server.http.limits import Limits
from hitl.server.http.rate_limit import DEFAULT_RATE_LIMIT, RateLimit
from hitl.server.http.server import Listener, Server
from hitl.server.inbox.sessions import Sessions
from hitl.server.primitives.clock import Now
from hitl.server.primitives.timestamps import utc_now
from hitl.server.reviews.service import ReviewService
from hitl.server.storage.database import IN_MEMORY
from hitl.server.webhooks.deliverer import Deliverer
from hitl.server.webhooks.egress_policy import Targets
from hitl.server.webhooks.sender import Sender


class ReviewServer:
    """A desk, the socket it is reached by, and the application between them.

    Attributes:
        desk: The rules and the data.
        faults: What is to go wrong with requests of the API.
        sessions: Who may enter the inbox.
        url: Where the API is.
        api_key: The first of the keys that are let in.
    """

    def __init__(
        self,
        *,
        api_keys: Sequence[str] = (),
        data: str | Path = IN_MEMORY,
        host: str = "127.0.0.1",
        port: int = 0,
        templates: Iterable[Mapping[str, Any]] = (),
        rate_limit: RateLimit = DEFAULT_RATE_LIMIT,
        clock: Now = utc_now,
        allow_remote: bool = False,
        host_names: Iterable[str] = (),
        limits: Limits | None = None,
        allow_remote_webhooks: bool = False,
        allow_webhook_nets: Iterable[str] = (),
    ) -> None:
        """Open the data and the socket.

        Args:
            api_keys: The keys that are let in; a random one if there are none.
            data: The file that keeps everything, or ":memory:".
            host: A loopback address, or with `allow_remote` another one of this machine.
            port: 0 for a free one.
            templates: Templates to add or replace: bodies of creation with an `id`.
            rate_limit: The budget of each key.
            clock: Returns the present moment, aware.
            allow_remote: Take a `host` that other machines reach, too.
            host_names: Names that it may be called by beside those of this machine.
            limits: What it takes on at a time.
            allow_remote_webhooks: Deliver webhooks to public addresses, too.
            allow_webhook_nets: Private networks to deliver webhooks to, such as "192.168.1.0/24".

        Raises:
            SetupError: One of them cannot be used.
        """
        keys = list(api_keys) or [new_api_key()]
        self.api_key = keys[0]
        self._listener = Listener(host, port, allow_remote=allow_remote)
        try:
            let_in = ApiKeys(keys)
            targets = Targets(allow_remote=allow_remote_webhooks, networks=allow_webhook_nets)
            self.desk = ReviewService(data, clock=clock, templates=templates)
        except BaseException:
            self._listener.close()
            raise
        self.faults = Faults(self.desk.changes)
        self.sessions = Sessions(self.desk.database)
        self._limits = limits or Limits()
        self._deliverer = Deliverer(self.desk.outbox, self.desk.clock, Sender(targets))
        self._app = create_app(
            self.desk,
            api_keys=let_in,
            rate_limit=rate_limit,
            host=host,
            host_names=host_names,
            sessions=self.sessions,
            limits=self._limits,
            faults=self.faults,
            targets=targets,
        )
        self.url = self._listener.url

    @property
    def inbox_url(self) -> str:
        """A fresh link into the inbox, each time: it lets one browser in, once, and leads on to paths after it."""
        return f"{self.url}/inbox/enter/{self.sessions.new_link()}"

    def server(self) -> Server:
        """Return the server of this site, not yet running."""
        return Server(
            self._app,
            self._listener,
            self.desk.changes,
            self._limits,
            beside=[ExpiryWorker(self.desk).run, self._deliverer.run],
        )

    def close(self) -> None:
        """Close the socket and the data; the server must have stopped. Doing it twice is fine."""
        self._listener.close()
        self.desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
