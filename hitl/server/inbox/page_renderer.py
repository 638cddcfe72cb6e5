"""Rendering of pages: the templates, the static files, and the security headers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from hitl.server.http import in_worker
from hitl.server.http.responses import with_headers
from hitl.server.inbox.attachments import without_files
from hitl.server.inbox.hidden_characters import is_web_address, parts, visible
from hitl.server.inbox.json_texts import pretty
from hitl.server.inbox.picture_hosts import picture_hosts
from hitl.server.inbox.times import full

HERE = Path(__file__).parent
STATIC = HERE / "static"
SCRIPTS = sorted(file.name for file in STATIC.glob("*.js"))

# Only our own files load and run, and only connect to our own server; pictures load from where the reviewer said.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{pictures}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Exact(str):
    """A string that is rendered unchanged, hidden characters included: the value of a control."""

    __slots__ = ()


class PageRenderer:
    """Renders pages from templates."""

    def __init__(self) -> None:
        self._templates = _environment()
        self._assets = _digest(STATIC)

    def response(self, page: str, context: Mapping[str, Any], status: int) -> Response:
        """Return the page as a response that is not cached."""
        template = self._templates.get_template(page)
        return _RenderedPage(lambda: template.render(assets=self._assets, scripts=SCRIPTS, **context), status)


class _RenderedPage(Response):
    """A page that is rendered in a thread: one of some megabytes would block the event loop for a second."""

    def __init__(self, render: Callable[[], str], status: int) -> None:
        super().__init__(status_code=status)
        self._render_page = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Render and send."""
        text = await in_worker(self._render_page)
        page = HTMLResponse(text, status_code=self.status_code, headers={"cache-control": "no-store"})
        page.raw_headers += [each for each in self.raw_headers if each[0] == b"set-cookie"]
        await page(scope, receive, send)


class SafeHeaders:
    """ASGI middleware that adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""

        def headers() -> dict[str, str]:  # when the answer is sent: the request may have chosen a host
            hosts = sorted(picture_hosts(HTTPConnection(scope))) if scope["type"] == "http" else ()
            policy = _POLICY.format(pictures="".join(f" https://{host}" for host in hosts))
            return {"content-security-policy": policy, **HEADERS}

        await self._app(scope, receive, with_headers(send, headers))


@cache  # templates take a tenth of a second to compile, and a test may start a server of its own
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Any = environment.filters  # declared as a union of the built-in filters' own types
    filters.update(exact=_exact, full=full, is_web_address=is_web_address, parts=parts, pretty=pretty)
    filters.update(number=_number)
    filters.update(without_files=without_files)
    return environment


def _printable(value: object) -> object:
    """Show hidden characters in whatever a template renders, unless it is markup or asks for the exact string."""
    if isinstance(value, str) and not isinstance(value, Exact | Markup):
        return visible(value)
    return value


def _number(count: int) -> str:
    """Return a number as people read it: 1,284."""
    return f"{count:,}"


def _exact(text: str) -> Exact:
    # A lone surrogate has no UTF-8 form and would break the page.
    return Exact(text.encode("utf-8", "replace").decode())


def _digest(folder: Path) -> str:
    """Return a digest of the static files, so that browsers fetch changed ones."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
