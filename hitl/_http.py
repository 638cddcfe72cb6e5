"""All contact with the HTTP library: builds its clients, makes exchanges, and turns what happens into plain data."""

from __future__ import annotations

import platform
from typing import Any
from urllib.parse import quote

import httpx
from hitl_api.client import AuthenticatedClient

from hitl._config import Settings
from hitl._flow import Answer, Call, Failure, Outcome
from hitl._version import __version__
from hitl.exceptions import ConfigurationError, Sent

# Up to this many connections per client; httpx's pool slows down with the number of connections it looks after.
LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=15.0)

# Raised before a byte of the request has left. Everything else may have reached the server.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class HttpTransport:
    """Blocking exchanges over one pool of connections; safe to share between threads."""

    def __init__(self, settings: Settings, transport: httpx.BaseTransport | None = None) -> None:
        self._settings = settings
        self._was_used = False
        self.http: httpx.Client = _build(httpx.Client, settings, transport)

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.http.is_closed

    def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange. Interrupts pass through; every failure of the network comes back as data."""
        self._was_used = True
        try:
            response = self.http.send(_request(self.http, self._settings, call))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return _failure(self._settings, error)
        return _answer(self._settings, response)

    def close(self) -> None:
        """Close all connections."""
        self.http.close()

    def abandon(self) -> None:
        """Close what the garbage collector has found open."""
        self.http.close()

    def lend_to(self, client: AuthenticatedClient) -> None:
        """Let a generated client use these connections."""
        self._was_used = True
        client.set_httpx_client(self.http)


class AsyncHttpTransport:
    """Awaitable exchanges over one pool of connections, on asyncio or trio."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._was_used = False
        self.http: httpx.AsyncClient = _build(httpx.AsyncClient, settings, transport)

    @property
    def is_open(self) -> bool:
        """True if there may be connections that were not given back."""
        return self._was_used and not self.http.is_closed

    async def send(self, call: Call[Any]) -> Outcome:
        """Make one exchange. Cancellation passes through; every failure of the network comes back as data."""
        self._was_used = True
        try:
            response = await self.http.send(_request(self.http, self._settings, call))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return _failure(self._settings, error)
        return _answer(self._settings, response)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.http.aclose()

    def abandon(self) -> None:
        """Do nothing: closing needs the event loop, which may be gone."""

    def lend_to(self, client: AuthenticatedClient) -> None:
        """Let a generated client use these connections."""
        self._was_used = True
        client.set_async_httpx_client(self.http)


class _Hidden(str):
    """A text whose repr does not show it; the generated client's repr prints its token."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def generated_client(settings: Settings, transport: HttpTransport | AsyncHttpTransport) -> AuthenticatedClient:
    """Return a client of the generated package that shares the transport's connections, key and timeouts."""
    client = AuthenticatedClient(
        settings.base_url,
        token=_Hidden(settings.api_key),
        timeout=httpx.Timeout(settings.timeout),
        raise_on_unexpected_status=True,
    )
    transport.lend_to(client)
    return client


def _build(client: Any, settings: Settings, transport: Any) -> Any:
    try:
        return client(
            base_url=settings.base_url,
            headers={
                "Authorization": f"Bearer {settings.api_key}",
                "Accept": "application/json",
                "User-Agent": settings.user_agent or _own_name(),
            },
            timeout=settings.timeout,
            limits=LIMITS,
            follow_redirects=False,  # the key must not travel to another host
            trust_env=not settings.is_loopback,  # a proxy from the environment is no way to this machine
            transport=transport,
        )
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"no HTTP client could be made: {error}. Check base_url, HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
        ) from None


def _own_name() -> str:
    return f"hitl-python/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"


def _request(http: httpx.Client | httpx.AsyncClient, settings: Settings, call: Call[Any]) -> httpx.Request:
    request = call.request
    return http.build_request(
        request.method,
        request.path,
        params=dict(request.query) or None,
        headers=dict(request.headers),
        content=request.body,
        timeout=settings.timeout if call.timeout is None else call.timeout,
    )


def _answer(settings: Settings, response: httpx.Response) -> Answer:
    content = response.content
    if not response.is_success:
        content = _without(settings, content)  # some servers repeat a refused key in their explanation
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, content)


def _without(settings: Settings, content: bytes) -> bytes:
    return content.replace(settings.api_key.encode(), b"***").replace(quote(settings.api_key).encode(), b"***")


def _failure(settings: Settings, error: Exception) -> Failure:
    sent: Sent = "no" if isinstance(error, _NOT_SENT) else "maybe"
    # The text of the library's errors may quote the request's headers, so only the cause's kind is told.
    where = settings.base_url
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return Failure(
            f"no connection to {where} could be made ({_cause(error)}); is the server running there?", sent, "refused"
        )
    if isinstance(error, httpx.TimeoutException):
        return Failure(f"{where} did not answer in time ({type(error).__name__})", sent, "timeout")
    return Failure(f"the connection to {where} broke ({type(error).__name__})", sent)


def _cause(error: BaseException) -> str:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return getattr(error, "strerror", None) or type(error).__name__
