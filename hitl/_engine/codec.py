"""Plain requests and responses on one side, HTTP's headers and bytes on the other."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from hitl._engine.decoding import ACCEPTED, DamagedError, decoded
from hitl._engine.http1 import RawHeaders, RawResponse, request_head
from hitl._engine.messages import Request, Response
from hitl._engine.url import Origin
from hitl._json import is_list
from hitl._secret import Secret

_SHORTEST_TOKEN = 8  # characters; a shorter one is a word that an honest response may well contain


class RequestCodec:
    """Encodes the requests of one client; what they all have in common is written once."""

    __slots__ = ("_fixed", "_headers", "_token", "origin")

    def __init__(self, origin: Origin, headers: Mapping[str, str], token: Secret | None) -> None:
        """Prepare to encode requests.

        Args:
            origin: Where they go.
            headers: In every request.
            token: For the Authorization header (RFC 6750); masked wherever a response repeats it.
        """
        self.origin = origin
        self._headers = {"Accept-Encoding": ACCEPTED, **headers}
        self._token = token
        lines = {"Host": origin.authority, **self.base_headers()}
        self._fixed = Secret("".join(f"{name}: {value}\r\n" for name, value in lines.items()))

    def encode(self, request: Request, *, absolute: bool = False) -> memoryview:
        """Return a request as bytes; a view of them is sent piece by piece without copies, and its repr shows no token.

        Args:
            request: What to send.
            absolute: True for a target that names the server, as proxies need it (RFC 9112, 3.2.2).
        """
        target = self.url(request) if absolute else self._target(request)
        body = request.body or b""
        length = len(body) if body or request.method in ("POST", "PUT", "PATCH") else None
        return memoryview(
            request_head(request.method, target, self._fixed.reveal(), request.headers.items(), length) + body
        )

    def url(self, request: Request) -> str:
        """Return the absolute URL of a request."""
        return f"{'https' if self.origin.is_secure else 'http'}://{self.origin.authority}{self._target(request)}"

    def base_headers(self) -> dict[str, str]:
        """Return the headers of every request, the token among them."""
        if self._token is None:
            return self._headers
        return {**self._headers, "Authorization": f"Bearer {self._token.reveal()}"}

    def response(self, raw: RawResponse) -> Response:
        """Return a response with its content-encoding undone; what is wrong with it becomes its `fault`."""
        headers, body, fault = _by_name(raw.headers), raw.body, raw.fault
        if headers.get("retry-after", "")[:1].isalpha() and "date" not in headers:
            headers["date"] = _now()  # a date in it is read relative to this one (RFC 9110, 6.6.1)
        if fault is None:
            try:
                body = decoded(body, headers.get("content-encoding", ""))
            except DamagedError as error:
                body, fault = b"", str(error)
        # Some servers and proxies repeat a refused token in their message, and echo servers the whole request.
        body = self.redact(body)
        values = "\n".join(headers.values())
        if self.redact(values.encode()).decode() != values:
            headers = {name: self.redact(value.encode()).decode() for name, value in headers.items()}
        fault = fault and self.redact(fault.encode()).decode()
        return Response(raw.status_code, headers, body, fault, raw.is_framed)

    def redact(self, content: bytes) -> bytes:  # guard: key-redacted
        """Return the content with the token masked, plain or percent-encoded."""
        token = "" if self._token is None else self._token.reveal()
        if len(token) < _SHORTEST_TOKEN:
            return content
        return content.replace(token.encode(), b"***").replace(quote(token, safe="").encode(), b"***")

    def _target(self, request: Request) -> str:
        pairs = [
            (name, _plain(each))
            for name, value in request.query.items()
            for each in (value if is_list(value) else (value,))
        ]
        query = urlencode(pairs, quote_via=quote)
        return f"{self.origin.prefix}{request.path}{'?' if query else ''}{query}"


def _by_name(headers: RawHeaders) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value  # RFC 9110, 5.3
    return found


def _now() -> str:
    from email.utils import formatdate  # slow to import, and few servers send a date in Retry-After without a Date

    return formatdate(usegmt=True)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
