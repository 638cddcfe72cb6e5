"""What watches a team's server while it runs, put together: its health, its metrics, and the log of its requests."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hitl.server.operations.control import handler
from hitl.server.operations.health import Health, Work
from hitl.server.operations.loop_lag import LoopLag
from hitl.server.operations.metrics import Metrics
from hitl.server.operations.probe import Probes
from hitl.server.operations.watching import Watching, readiness
from hitl.server.primitives import Now
from hitl.server.storage import ChangeNotifier, Database


class ServerWatch:
    """The watch over one server with a data file."""

    def __init__(
        self,
        database: Database,
        changes: ChangeNotifier,
        clock: Now,
        *,
        metrics: bool = False,
        public_url: str | None = None,
    ) -> None:
        """Watch from now on; count for `/metrics` if there are to be any."""
        self._public_url = public_url
        self._probes = Probes()
        self._database = database
        self._lag = LoopLag()
        self._health = Health(database, changes, self._lag)
        self._metrics = Metrics(database.path, self._lag, clock) if metrics else None
        if self._metrics is not None:
            database.on_commit = self._metrics.commit_seconds.observe

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the application as it is watched."""
        return Watching(app, self._health, self._metrics, self._probes)

    def workers(self, workers: Mapping[str, Work]) -> list[Callable[[], Coroutine[Any, Any, None]]]:
        """Return the workers of the server by their names as they are watched, and those of the watch."""
        return [self._lag.run, *(self._health.watched(name, work) for name, work in workers.items())]

    def routes(self) -> list[Route]:
        """Return what the control application tells the command."""

        async def ready(request: Request) -> Response:  # noqa: ARG001 - the shape of an endpoint
            return await readiness(self._health)

        async def health(request: Request) -> Response:  # noqa: ARG001 - as above
            return JSONResponse({"failing": await self._health.failing()})

        def probe(body: dict[str, Any]) -> dict[str, Any]:
            return {"nonce": self._probes.begin(float(body["silence"])), "public_url": self._public_url}

        return [Route("/readyz", ready), Route("/health", health), Route("/probes", handler(probe), methods=["POST"])]

    def close(self) -> None:
        """Stop counting; idempotent."""
        if self._metrics is not None:
            self._database.on_commit = None
            self._metrics.close()
