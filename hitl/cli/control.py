"""The commands that change a team's server: they ask the running one, or do the same with its file."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import anyio
import httpx

from hitl.cli.failures import FAILED, NOT_FOUND, CommandError, naming_option, option_errors
from hitl.server.primitives import SetupError, about
from hitl.server.review_server import ReviewServer
from hitl.server.storage import InUseError, announced, is_locked
from hitl.server.team_settings import TeamSettings

_NO_SUCH_THING = 404
_TIMEOUT = 60.0  # seconds
_PATIENCE = 5.0  # seconds for which somebody else may have the file without listening
_PAUSE = 0.05


class Control:
    """Requests to the control application of one data file."""

    def __init__(self, data: str, transport: httpx.AsyncBaseTransport) -> None:
        self._data = data
        self._transport = transport

    def call(self, method: str, path: str, **body: Any) -> Any:
        """Return the answer to a request; a refusal ends the command with its message."""
        return anyio.run(self._call, method, path, body)

    async def _call(self, method: str, path: str, body: dict[str, Any]) -> Any:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://control", timeout=_TIMEOUT) as client:
            try:
                answer = await client.request(method, path, json=body)
            except httpx.HTTPError as error:
                raise CommandError(f"the server of {self._data} does not answer: {error}") from error
        if answer.is_success:
            return answer.json()
        try:
            refusal = answer.json()["error"]
            message = naming_option(refusal["message"], refusal.get("field"))  # none from an earlier version
        except (ValueError, KeyError, TypeError):
            message = f"the server of {self._data} answered {answer.status_code}"
        raise CommandError(message, NOT_FOUND if answer.status_code == _NO_SUCH_THING else FAILED)


@contextmanager
def control(data: str, team: TeamSettings | None = None) -> Generator[Control, None, None]:
    """Reach the server that has a data file, or open the file here, with settings, for as long as the block runs."""
    with option_errors(), about("data"):
        found = _reach(data, team or TeamSettings())
    if isinstance(found, ReviewServer):
        with found:
            yield Control(data, httpx.ASGITransport(app=found.control_app))
    else:
        yield Control(data, httpx.AsyncHTTPTransport(uds=found))


def _reach(data: str, team: TeamSettings) -> ReviewServer | str:
    """Return the server of a file that nobody has, or the socket of the one that has it.

    Whoever has the file may be another command, which is done soon, or a server that is about to listen.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        if is_locked(data):
            if found := announced(data):
                return found
        else:
            try:
                return ReviewServer(data=data, team=team)
            except InUseError:  # it was free a moment ago
                pass
        if time.monotonic() > deadline:
            raise SetupError(f"{data} is in use by something that takes no commands; stop it, or run hitl server")
        time.sleep(_PAUSE)
