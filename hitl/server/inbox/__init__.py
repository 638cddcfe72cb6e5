"""The reviewer's inbox: the pages on which people answer reviews.

`documents`, `visible`, `rendering`, `attachments`, `pictures`, `fields`, `forms`, `filters`, `times` and `views` are
pure and work on plain values; `submission` reads what a browser sends; `paper` prints; `lists` and `pages` put them
together over a desk.
"""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from hitl.server.inbox.delivery_pages import DeliveryPages
from hitl.server.inbox.lists import Lists
from hitl.server.inbox.live import Live
from hitl.server.inbox.page_renderer import STATIC, PageRenderer, SafeHeaders
from hitl.server.inbox.pages import Pages
from hitl.server.inbox.request_pages import RequestPages
from hitl.server.reviews.service import ReviewService

__all__ = ["routes"]


def routes(desk: ReviewService) -> list[BaseRoute]:
    """Return the inbox's routes, to be mounted under `/inbox`."""
    paper = PageRenderer()
    lists, pages = Lists(desk, paper), Pages(desk, paper)
    requests, deliveries = RequestPages(desk, paper), DeliveryPages(desk, paper)
    inner: list[BaseRoute] = [
        Route("/", lists.overview),
        Route("/me", lists.introduce, methods=["POST"]),
        Route("/me", lists.to_the_list),
        Route("/bulk", lists.bulk, methods=["POST"]),
        Route("/bulk", lists.to_the_list),
        Route("/events", Live(desk, paper).events),
        Route("/reviews/{review_id}", pages.review),
        Route("/reviews/{review_id}/answer", pages.answer, methods=["POST"]),
        Route("/reviews/{review_id}/answer", pages.form),
        Route("/reviews/{review_id}/start", pages.start, methods=["POST"]),
        Route("/reviews/{review_id}/start", pages.back),
        Route("/reviews/{review_id}/done", pages.done),
        Route("/requests", requests.overview),
        Route("/requests/{request_id}", requests.show),
        Route("/requests/{request_id}/answer", requests.answer, methods=["POST"]),
        Route("/requests/{request_id}/answer", requests.back),
        Route("/requests/{request_id}/claim", requests.claim, methods=["POST"]),
        Route("/requests/{request_id}/claim", requests.back),
        Route("/deliveries", deliveries.overview),
        Route("/deliveries/{delivery_id}/replay", deliveries.replay, methods=["POST"]),
        Route("/deliveries/{delivery_id}/replay", deliveries.back),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/{path:path}", pages.missing),
    ]
    return [Mount("", routes=inner, middleware=[Middleware(SafeHeaders)])]
