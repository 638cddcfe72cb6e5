"""Transports that hold every exchange of a client against `openapi.yaml`; what does not fit fails the test at once.

openapi-core checks what is described: path, method, parameters, security, bodies, statuses. It lets pass what is not,
so that a filter under a wrong name would go unnoticed; `_refuse_strangers` sees to that.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.paths.finders import APICallPathFinder
from werkzeug.datastructures import Headers, ImmutableMultiDict


def _form(body: bytes, **_: str) -> dict[str, str]:
    """Read a form with a text in place of each file, since openapi-core takes no bytes for a binary string."""
    return dict.fromkeys(re.findall(r'\r\nContent-Disposition: form-data; name="([^"]*)"', body.decode("latin-1")), "x")


DESCRIPTION = OpenAPI.from_file_path(
    str(Path(__file__).parents[2] / "openapi.yaml"),
    config=Config(extra_media_type_deserializers={"multipart/form-data": _form}),
)
SERVER: str = (DESCRIPTION.spec / "servers" / 0 / "url").read_str()

# What every HTTP request may carry (RFC 9110) and no description names; Authorization is the described security scheme.
_ORDINARY_HEADERS = frozenset(
    ["accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "user-agent"]
)


class Exchange(NamedTuple):
    """A request and its answer, and the operation of the description that they are."""

    operation: str
    request: httpx.Request
    response: httpx.Response


class MisfitError(AssertionError):
    """A request or an answer that the description does not allow."""


class Recorder:
    """What was exchanged so far, each exchange checked as it was added."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    @property
    def operations(self) -> list[str]:
        """The `operationId` of each exchange in order."""
        return [exchange.operation for exchange in self.exchanges]

    def add(self, request: httpx.Request, response: httpx.Response) -> None:
        """Add an exchange, both sides read to their end.

        Raises:
            MisfitError: if either side does not fit the description.
        """
        asked, answered = _Asked(request), _Answered(response)
        try:
            DESCRIPTION.validate_request(asked)
            DESCRIPTION.validate_response(asked, answered)
        except OpenAPIError as error:
            told = f"{request.method} {request.url} answered {response.status_code}"
            raise MisfitError(f"{told}: {error!r}, because {error.__cause__!r}\n{response.text[:500]}") from error
        found = APICallPathFinder(DESCRIPTION.spec).find(asked.method, asked.host_url + asked.path)
        _refuse_strangers(request, found)
        self.exchanges.append(Exchange((found.operation / "operationId").read_str(), request, response))


class CheckedTransport(httpx.BaseTransport):
    """Sends through the network and records what it sends."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        # Plain HTTP only: without certificates a transport is made 30 times faster.
        self._network = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._network.handle_request(request)
        response.read()
        self._recorder.add(request, response)
        return response

    def close(self) -> None:
        self._network.close()


class AsyncCheckedTransport(httpx.AsyncBaseTransport):
    """The same for an asynchronous client."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._network = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._network.handle_async_request(request)
        await response.aread()
        self._recorder.add(request, response)
        return response

    async def aclose(self) -> None:
        await self._network.aclose()


class _Asked:
    """A request as openapi-core reads it; it went to a sandbox, but counts as one to the described server."""

    host_url = SERVER

    def __init__(self, request: httpx.Request) -> None:
        self.path = request.url.path
        self.method = request.method.lower()
        self.content_type = request.headers.get("Content-Type", "")
        self.body = request.content or None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(request.url.params.multi_items()), header=Headers(request.headers.multi_items())
        )


class _Answered:
    """An answer as openapi-core reads it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status_code = response.status_code
        self.content_type = response.headers.get("Content-Type", "")
        self.headers = Headers(response.headers.multi_items())
        self.data = response.content


def _refuse_strangers(request: httpx.Request, found: PathOperationServer) -> None:
    nodes = [node / "parameters" for node in (found.path, found.operation) if "parameters" in node]
    known = {((each / "in").read_str(), (each / "name").read_str().lower()) for node in nodes for each in node}
    # An object is sent as name[key]=value (style deepObject).
    sent = {("query", name.lower().partition("[")[0]) for name in request.url.params} | {
        ("header", name) for name in request.headers
    }
    strangers = sent - known - {("header", name) for name in _ORDINARY_HEADERS}
    if strangers:
        raise MisfitError(f"{request.method} {request.url} sends what is not described: {sorted(strangers)}")
