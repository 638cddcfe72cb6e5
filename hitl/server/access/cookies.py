"""The cookie of a session: its name and attributes follow from the public URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from hitl.server.http.public_url import PublicUrl

_LONGEST_SECRET: Final = 100


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """Where browsers keep the secret of a session.

    The prefixes make browsers refuse a cookie of the same name that another host or a page in clear has set (RFC
    6265bis, section 4.1.3). Without TLS on this machine there is none of that, and the name holds the port instead:
    browsers send the cookies of one host to all of its ports (RFC 6265, section 8.5).
    """

    public_url: PublicUrl | None

    def name(self, request: Request) -> str:
        """Return the name."""
        url = self.public_url
        if url is not None and url.is_secure:
            return "__Secure-hitl" if url.prefix else "__Host-hitl"
        port = (request.scope.get("server") or ("", 0))[1] if url is None else url.port
        return f"hitl_inbox_{port or 80}"

    def read(self, request: Request) -> str | None:
        """Return the secret that a browser sent."""
        secret = request.cookies.get(self.name(request))
        return secret if secret and len(secret) <= _LONGEST_SECRET else None

    def write(self, request: Request, response: Response, secret: str, seconds: float) -> None:
        """Have the browser keep a secret for some seconds."""
        url = self.public_url
        response.set_cookie(
            self.name(request),
            secret,
            max_age=int(seconds),
            path=(url and url.prefix) or "/",
            secure=url is not None and url.is_secure,
            httponly=True,
            samesite="strict",
        )

    def header(self, request: Request, secret: str, seconds: float) -> str:
        """Return the same as the value of a Set-Cookie header."""
        response = Response()
        self.write(request, response, secret, seconds)
        return MutableHeaders(raw=response.raw_headers)["set-cookie"]

    def delete(self, request: Request, response: Response) -> None:
        """Have the browser forget it."""
        self.write(request, response, "", 0)
