"""The hosts that a browser loads pictures from, because its reviewer said so: kept in a cookie, host by host.

The server never fetches a picture itself. The policy of the pages (CSP) names these hosts and no others.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from hitl.server.inbox.pictures import is_host

_COOKIE: Final = "hitl_pictures"
_CHOSEN: Final = "hitl.picture_hosts"  # in the ASGI scope: what was chosen by the request itself
_SECONDS: Final = 365 * 24 * 3600
_MOST: Final = 40  # hosts: a cookie has some 4,000 characters, and so has a header that names them
_LONGEST: Final = 3_000


def picture_hosts(connection: HTTPConnection) -> frozenset[str]:
    """Return the hosts that the browser loads pictures from."""
    return frozenset(_read(connection))


def choose_host(request: Request, host: str, *, is_loaded: bool) -> None:
    """Add a host or remove it, for this answer and those after it; of too many the oldest are forgotten."""
    hosts = [each for each in _read(request) if each != host]
    if is_loaded and is_host(host):
        hosts.append(host)
    kept = hosts[-_MOST:]
    while len("|".join(kept)) > _LONGEST:
        kept = kept[1:]
    request.scope[_CHOSEN] = kept


def remember_hosts(request: Request, response: Response) -> None:
    """Keep in the browser which hosts were chosen."""
    hosts = "|".join(_read(request))
    base = str(request.scope.get("root_path", "")) or "/"
    response.set_cookie(_COOKIE, hosts, max_age=_SECONDS, path=base, httponly=True, samesite="strict")


def back_to_page(request: Request, base: str) -> Response:
    """Return to the page of the inbox that the request came from."""
    came_from = urlsplit(request.headers.get("referer", ""))
    is_ours = came_from.netloc == request.headers.get("host") and came_from.path.startswith(f"{base}/")
    query = f"?{came_from.query}" if came_from.query else ""
    return RedirectResponse(f"{came_from.path}{query}" if is_ours else f"{base}/", status_code=303)


def _read(connection: HTTPConnection) -> list[str]:
    if (chosen := connection.scope.get(_CHOSEN)) is not None:
        return list(chosen)
    return [host for host in connection.cookies.get(_COOKIE, "").split("|") if is_host(host)][-_MOST:]
