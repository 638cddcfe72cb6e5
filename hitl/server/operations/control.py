"""The way by which the command reaches a running server: HTTP over a Unix socket beside the data file.

Who may open the socket (mode 0600) may read the file, and so is an administrator anyway. Without a server the command
calls the same application in its own process: there is one way to do each thing.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from hitl.server.primitives import ACTOR, MACHINE, ApiError, SetupError
from hitl.server.storage import Database, StorageError

_LONGEST: Final = 100
"""Bytes of a socket's path; systems allow 104 or 108."""


class ControlSocket:
    """The listening socket, which only its owner can open; the lock of the data file says where it is."""

    def __init__(self, database: Database) -> None:
        """Listen beside a data file that this process has locked, so that a socket found there is a dead one's."""
        self._database = database
        self._own_folder: Path | None = None
        self.path = self._place(Path(f"{Path(database.path).resolve()}.sock"))
        self.socket = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            self.path.unlink(missing_ok=True)
            self.socket.bind(str(self.path))
            self.socket.listen(16)
        except OSError as error:
            self.close()
            raise SetupError(f"{self.path} cannot be opened ({error.strerror}); the command needs it") from error
        finally:
            os.umask(before)
        database.announce(str(self.path))

    def close(self) -> None:
        """Stop listening; idempotent."""
        self.socket.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        if self._own_folder is not None:
            with suppress(OSError):
                self._own_folder.rmdir()

    def _place(self, beside: Path) -> Path:
        """Return where to listen; in a folder that nobody else may enter, if the path beside the file is too long."""
        if len(os.fsencode(beside)) <= _LONGEST:
            return beside
        parent = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or os.environ.get("XDG_RUNTIME_DIR")
        self._own_folder = Path(tempfile.mkdtemp(prefix="hitl-", dir=parent or None))
        return self._own_folder / "control.sock"


def control_app(routes: Sequence[BaseRoute]) -> ASGIApp:
    """Return the application behind the socket: JSON in, JSON out, errors as `{"error": {code, message, field}}`."""
    app = Starlette(
        routes=routes, exception_handlers={ApiError: _refused, StorageError: _not_stored, SetupError: _unusable}
    )

    async def as_machine(scope: Any, receive: Any, send: Any) -> None:
        scope[ACTOR] = MACHINE
        await app(scope, receive, send)

    return as_machine


def handler(act: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that calls `act` with the body's fields and the path's, and answers with what it returns."""

    async def endpoint(request: Request) -> Response:
        body = await request.body()
        try:
            sent: dict[str, Any] = {**json.loads(body)} if body else {}
        except (ValueError, TypeError) as error:
            raise ApiError(400, "invalid_json", "the body is no JSON object") from error
        return JSONResponse(act({**sent, **request.path_params}))

    return endpoint


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape of a handler
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this class only
    field = (error.details or {}).get("field")
    return JSONResponse({"error": {"code": error.code, "message": error.message, "field": field}}, error.status)


async def _not_stored(request: Request, error: Exception) -> Response:
    assert isinstance(error, StorageError)  # noqa: S101 - registered for this class only
    return await _refused(request, error.api_error())


async def _unusable(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the shape of a handler
    return JSONResponse({"error": {"code": "setup_error", "message": str(error)}}, 409)
