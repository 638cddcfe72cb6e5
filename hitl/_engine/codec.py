"""Plain requests and responses on one side, HTTP's headers and bytes on the other."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from hitl._engine.http1 import LARGEST_BODY, Headers, RawResponse, request_head
from hitl._engine.messages import Request, Response
from hitl._engine.url import Origin
from hitl._json import TOO_LARGE, is_list
from hitl._secret import Secret

_SHORTEST_TOKEN = 8  # characters; a shorter one is a word that an honest response may well contain
_GZIP = 16 + zlib.MAX_WBITS  # zlib's window size for "with gzip's header and checksum"


class DamagedError(Exception):
    """The content cannot be trusted; the message says why."""


class RequestCodec:
    """Encodes the requests of one client and decodes the responses; a token is masked wherever one repeats it."""

    __slots__ = ("_fixed", "_headers", "_needles", "_token", "origin")

    def __init__(self, origin: Origin, headers: Mapping[str, str], token: Secret | None) -> None:
        self.origin = origin
        self._headers = {"Accept-Encoding": "gzip", **headers}
        self._token = token
        self._needles = () if token is None else _written_forms(token)
        lines = {"Host": origin.authority, **self.base_headers()}
        self._fixed = Secret("".join(f"{name}: {value}\r\n" for name, value in lines.items()))

    def encode(self, request: Request, *, absolute: bool = False, login: Secret | None = None) -> memoryview:
        """Return a request as bytes; a proxy needs an absolute target (RFC 9112, 3.2.2), and may need a login.

        A view of them is sent piece by piece without copies, and its repr shows no token.
        """
        target = self.url(request) if absolute else self._target(request)
        body = request.body or b""
        length = len(body) if body or request.method in ("POST", "PUT", "PATCH") else None
        return memoryview(
            request_head(
                request.method, target, self._fixed.reveal() + login_line(login), request.headers.items(), length
            )
            + body
        )

    def url(self, request: Request) -> str:
        """Return the absolute URL of a request."""
        return f"{'https' if self.origin.is_secure else 'http'}://{self.origin.authority}{self._target(request)}"

    def base_headers(self) -> dict[str, str]:
        """Return the headers of every request, the token among them (RFC 6750)."""
        if self._token is None:
            return self._headers
        return {**self._headers, "Authorization": f"Bearer {self._token.reveal()}"}

    def response(self, raw: RawResponse) -> Response:
        """Return a response with its content-encoding undone; what is wrong with it becomes its `fault`."""
        headers, body, fault = self._without_token(_by_name(raw.headers)), raw.body, raw.fault
        if headers.get("retry-after", "")[:1].isalpha() and "date" not in headers:
            from email.utils import formatdate  # slow to import, and rarely needed

            headers["date"] = formatdate(usegmt=True)  # Retry-After is relative to it (RFC 9110, 6.6.1)
        if fault is None:
            try:
                body = decoded(body, headers.get("content-encoding", ""))
            except DamagedError as error:
                body, fault = b"", str(error)
        return Response(raw.status_code, headers, self.redact(body), fault, raw.is_framed)

    def redact(self, content: bytes) -> bytes:  # guard: key-redacted
        """Return the content with the token masked, plain or percent-encoded.

        Some servers and proxies repeat a refused token in their message, and echo servers the whole request.
        """
        for needle in self._needles:
            content = content.replace(needle.reveal().encode(), b"***")
        return content

    def _without_token(self, headers: dict[str, str]) -> dict[str, str]:
        values = "\n".join(headers.values())
        for needle in self._needles:
            if needle.reveal() in values:
                return {name: self.redact(value.encode()).decode() for name, value in headers.items()}
        return headers

    def _target(self, request: Request) -> str:
        if not request.query:
            return self.origin.prefix + request.path
        pairs = [
            (name, _plain(each))
            for name, value in request.query.items()
            for each in (value if is_list(value) else (value,))
        ]
        query = urlencode(pairs, quote_via=quote)
        return f"{self.origin.prefix}{request.path}{'?' if query else ''}{query}"


def _written_forms(token: Secret) -> list[Secret]:
    """Return the forms in which a response may repeat the token; none that is so short that it may be just a word."""
    plain, quoted = token, Secret(quote(token.reveal(), safe=""))
    return [each for each in dict.fromkeys((plain, quoted)) if len(each.reveal()) >= _SHORTEST_TOKEN]


def login_line(login: Secret | None) -> str:
    """Return the header that shows a proxy a login, encoded as Basic authentication has it (RFC 7617); "" without."""
    return "" if login is None else f"Proxy-Authorization: Basic {login.reveal()}\r\n"


def _by_name(headers: Headers) -> dict[str, str]:
    found: dict[str, str] = dict(headers)
    if len(found) == len(headers):
        return found
    found.clear()
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value  # RFC 9110, 5.3
    return found


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def decoded(body: bytes, encoding: str) -> bytes:  # guard: content-encoding
    """Return the content of a body; `encoding` is its Content-Encoding header, "" without one.

    Raises:
        DamagedError: if it is truncated, corrupt, followed by something else, in an encoding that was not accepted, or
            larger than 16 MiB. A bomb of 0.6 MB that unpacks to 600 MB is abandoned after 16 MiB.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise DamagedError(f"it is encoded as {encoding[:40]!r}, which was not asked for")
    return _unzipped(body) if body else b""  # a 204 or a response to HEAD may carry the header all the same


def _unzipped(body: bytes) -> bytes:  # guard: whole-gzip
    unzip = zlib.decompressobj(_GZIP)
    try:
        content = unzip.decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise DamagedError("its gzip encoding is damaged") from None
    if len(content) > LARGEST_BODY:
        raise DamagedError(TOO_LARGE)
    if not unzip.eof:  # zlib accepts a truncated stream, which would look complete
        raise DamagedError("its gzip encoding is cut off")
    if unzip.unused_data:
        raise DamagedError("something follows after its gzip encoding")
    return content
