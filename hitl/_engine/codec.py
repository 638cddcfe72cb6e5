"""Plain requests and answers on one side, HTTP's headers and bytes on the other."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlencode

from hitl._config import Settings
from hitl._engine.decoding import ACCEPTED, DamagedError, decoded
from hitl._engine.http1 import RawHeaders, request_head
from hitl._engine.messages import Request, Response
from hitl._engine.url import address
from hitl._json import is_list
from hitl._secret import Secret
from hitl._version import __version__

_SHORTEST_KEY = 8  # characters; what is shorter is a word, which an honest answer may well contain


class RequestCodec:
    """Writes the requests of one client; what is the same in all of them is written once.

    Attributes:
        name: What messages call the server; its base URL.
        host: The server's name or address, without brackets.
        port: Its port.
        is_secure: True for https.
        prefix: The path of the base URL, "" for most.
        timeout: Seconds for an exchange that names none of its own.
    """

    __slots__ = ("_authority", "_fixed", "_settings", "host", "is_secure", "name", "port", "prefix", "timeout")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.is_secure, self.host, self.port, self._authority, self.prefix = address(settings.base_url)
        self.name = settings.base_url
        self.timeout = settings.timeout
        self._fixed = Secret(_lines({"Host": self._authority, **self.own_headers()}))

    def wire(self, request: Request, *, absolute: bool = False) -> memoryview:
        """Return the bytes of a request.

        They are no `bytes`, because a traceback that shows local variables would show the key.

        Args:
            request: What to send.
            absolute: True to name the server in the request's target, as a proxy wants it.
        """
        target = self.url(request) if absolute else self._target(request)
        body = request.body or b""
        length = len(body) if body or request.method in ("POST", "PUT", "PATCH") else None
        return memoryview(
            request_head(request.method, target, self._fixed.reveal(), request.headers.items(), length) + body
        )

    def url(self, request: Request) -> str:
        """Return the whole address of a request."""
        return f"{'https' if self.is_secure else 'http'}://{self._authority}{self._target(request)}"

    def own_headers(self) -> dict[str, str]:
        """Return the headers that are the same in all requests, the key among them."""
        return {
            "User-Agent": self._settings.user_agent or _own_name(),
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED,
            "Authorization": f"Bearer {self._settings.api_key.reveal()}",
        }

    def is_about(self, scheme: str, host: str, port: int | None) -> bool:
        """Tell whether an address is this server's."""
        is_secure = scheme == "https"
        return (is_secure, host, port or (443 if is_secure else 80)) == (self.is_secure, self.host, self.port)

    def answer(
        self, status_code: int, raw: RawHeaders, body: bytes, fault: str | None = None, *, is_framed: bool = True
    ) -> Response:
        """Return an answer with its content-encoding undone; what is wrong with it becomes its `fault`."""
        headers = _by_name(raw)
        if headers.get("retry-after", "")[:1].isalpha() and "date" not in headers:
            headers["date"] = _now()  # the date it may name is read against this one (RFC 9110, 6.6.1)
        if fault is None:
            try:
                body = decoded(body, headers.get("content-encoding", ""))
            except DamagedError as found:
                body, fault = b"", str(found)
        # Some servers and proxies repeat a refused key in their explanation, and mirrors the whole request.
        body = self._without_key(body)
        values = "\n".join(headers.values())
        if self._without_key(values.encode()).decode() != values:
            headers = {name: self._without_key(value.encode()).decode() for name, value in headers.items()}
        fault = fault and self._without_key(fault.encode()).decode()
        return Response(status_code, headers, body, fault, is_framed)

    def _without_key(self, text: bytes) -> bytes:  # guard: key-redacted
        key = self._settings.api_key.reveal()
        if len(key) < _SHORTEST_KEY:
            return text
        return text.replace(key.encode(), b"***").replace(quote(key, safe="").encode(), b"***")

    def _target(self, request: Request) -> str:
        query = urlencode(
            [(name, _plain(each)) for name, value in request.query.items() for each in _values(value)], quote_via=quote
        )
        return f"{self.prefix}{request.path}{'?' if query else ''}{query}"


def _by_name(headers: RawHeaders) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value  # RFC 9110, 5.3
    return found


def _now() -> str:
    from email.utils import formatdate  # loads much, and few servers send dates without saying what time it is

    return formatdate(usegmt=True)


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _own_name() -> str:
    return f"hitl-python/{__version__} python/{'.'.join(map(str, sys.version_info[:3]))}"


def _values(value: object) -> Iterable[object]:
    return value if is_list(value) else (value,)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
