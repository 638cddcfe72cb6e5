"""Everything that one running sandbox is made of, put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from hitl.sandbox.app import create_app
from hitl.sandbox.budgets import DEFAULT_RATE_LIMIT, RateLimit
from hitl.sandbox.database import IN_MEMORY
from hitl.sandbox.desk import Clock, Desk
from hitl.sandbox.keys import ApiKeys, new_api_key
from hitl.sandbox.moments import utc_now
from hitl.sandbox.server import Listener, Server


class Site:
    """A desk, the socket it is reached by, and the application between them.

    Attributes:
        desk: The rules and the data.
        url: Where the API is.
        inbox_url: Where the inbox is.
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
        clock: Clock = utc_now,
    ) -> None:
        """Open the data and the socket.

        Args:
            api_keys: The keys that are let in; a random one if there are none.
            data: The file that keeps everything, or ":memory:".
            host: A loopback address.
            port: 0 for a free one.
            templates: Templates to add or replace: bodies of creation with an `id`.
            rate_limit: The budget of each key.
            clock: Returns the present moment, aware.

        Raises:
            SetupError: One of them cannot be used.
        """
        keys = list(api_keys) or [new_api_key()]
        self.api_key = keys[0]
        self._listener = Listener(host, port)
        try:
            let_in = ApiKeys(keys)
            self.desk = Desk(data, clock=clock, templates=templates)
        except BaseException:
            self._listener.close()
            raise
        self._app = create_app(self.desk, api_keys=let_in, rate_limit=rate_limit, host=host)
        self.url = self._listener.url
        self.inbox_url = f"{self.url}/inbox"

    def server(self) -> Server:
        """Return the server of this site, not yet running."""
        return Server(self._app, self._listener, self.desk.changes)

    def close(self) -> None:
        """Close the socket and the data; the server must have stopped. Doing it twice is fine."""
        self._listener.close()
        self.desk.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
