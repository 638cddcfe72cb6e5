"""The door of one server, put together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from hitl.server.access.admission import Admission
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.entry_pages import EntryPages
from hitl.server.access.middleware import AccessMiddleware
from hitl.server.access.ownership import Ownership
from hitl.server.access.visitors import HeaderLogin, Visitors
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.primitives import Clock
from hitl.server.reviews import ReviewService


class Door:
    """Makes one mount of the pages in front of the inbox and those behind them."""

    def __init__(
        self,
        admission: Admission,
        reviews: ReviewService,
        exchanges: OpenExchanges,
        clock: Clock,
        *,
        public_url: str | None,
        header_login: HeaderLogin | None = None,
    ) -> None:
        """Let in whom `admission` knows, or whom a proxy names by `header_login`."""
        cookie = SessionCookie(public_url)
        visitors = Visitors(admission, cookie, header_login)
        self._pages = EntryPages(admission, visitors, cookie, clock)
        self._middleware = Middleware(
            AccessMiddleware,
            admission=admission,
            visitors=visitors,
            ownership=Ownership(reviews),
            pages=self._pages,
            cookie=cookie,
            exchanges=exchanges,
            clock=clock,
        )

    def mount(self, behind: Sequence[BaseRoute]) -> Mount:
        """Return all of it; `behind` are the routes that only the table of routes opens."""
        return Mount("", routes=[*self._pages.routes(), *behind], middleware=[self._middleware])
