"""The reviewer's inbox: the pages on which people answer reviews.

`documents`, `visible`, `rendering`, `fields`, `forms`, `times` and `views` are pure and work on plain values;
`submission` reads what a browser sends; `paper` prints; `pages` puts them together over a desk.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hitl.sandbox.desk import Desk
from hitl.sandbox.inbox.pages import Pages
from hitl.sandbox.inbox.paper import STATIC, Paper, SafeHeaders

__all__ = ["routes"]


def routes(desk: Desk) -> list[BaseRoute]:
    """Return the inbox's routes, to be mounted under `/inbox`."""
    pages = Pages(desk, Paper())
    inner: list[BaseRoute] = [
        Route("/", pages.overview),
        Route("/reviews/{review_id}", pages.review),
        Route("/reviews/{review_id}/answer", pages.answer, methods=["POST"]),
        Route("/reviews/{review_id}/answer", pages.back),
        Route("/reviews/{review_id}/start", pages.start, methods=["POST"]),
        Route("/reviews/{review_id}/start", pages.back),
        Route("/reviews/{review_id}/done", pages.done),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/{path:path}", pages.missing),
    ]
    return [Mount("", routes=inner, middleware=[Middleware(SafeHeaders)])]
