"""What the list of requests and the page of one have in common."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from hitl.server.inbox.documents import Document
from hitl.server.inbox.page_handlers import PageHandlers
from hitl.server.inbox.submission import remembered_reviewer
from hitl.server.inbox.titles import HEADING
from hitl.server.inbox.toasts import Toast, request_toast
from hitl.server.loops import HeldResponse
from hitl.server.primitives import ApiError

_LONGEST_SUBJECT: Final = 240


class RequestHandlers(PageHandlers):
    """Knows what became of the answer that led to a page."""

    def held(self, request: Request, document: Document) -> HeldResponse | None:
        """Return what became of an answer of the reviewer's that was held."""
        return self.loops.held_response(document["id"], remembered_reviewer(request))

    def _toast(self, request: Request) -> Toast | None:
        """Return what became of the answer that led to this page."""
        try:
            document = self.loops.get_request(request.query_params.get("last", ""))
        except ApiError:
            return None
        me = remembered_reviewer(request)
        return request_toast(document, subject_of(document), self.held(request, document), me, self.reviews.clock())


def subject_of(request: Document) -> str:
    """Return the question in a line: its first, without the signs of a heading."""
    line = next((line.strip() for line in str(request["request_text"]).splitlines() if line.strip()), "")
    line = HEADING.sub("", line) or line
    return (line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1].rstrip()}…") or request["id"]
