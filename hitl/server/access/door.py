"""The door of one server, put together."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from hitl.server.access.admission import Admission
from hitl.server.access.cookies import SessionCookie
from hitl.server.access.entry_pages import EntryPages
from hitl.server.access.header_login import ProxyLogin
from hitl.server.access.middleware import AccessMiddleware
from hitl.server.access.ownership import Ownership
from hitl.server.access.visitors import Visitors
from hitl.server.http.open_exchanges import OpenExchanges
from hitl.server.http.public_url import PublicUrl
from hitl.server.reviews import ReviewService


def guarded_pages(
    admission: Admission,
    reviews: ReviewService,
    exchanges: OpenExchanges,
    behind: Sequence[BaseRoute],
    *,
    public_url: PublicUrl | None,
    header_login: ProxyLogin | None,
) -> Mount:
    """Return the pages in front of the inbox and, where the table of routes opens them, those `behind`.

    It lets in whom `admission` knows, or with `header_login` whom a proxy names.
    """
    cookie = SessionCookie(public_url)
    visitors = Visitors(admission, cookie, header_login)
    pages = EntryPages(admission, visitors, cookie)
    middleware = Middleware(
        AccessMiddleware,
        admission=admission,
        visitors=visitors,
        ownership=Ownership(reviews),
        pages=pages,
        cookie=cookie,
        exchanges=exchanges,
    )
    return Mount("", routes=[*pages.routes(), *behind], middleware=[middleware])
