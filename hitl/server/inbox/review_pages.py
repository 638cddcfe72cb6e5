"""The pages of one review: each handler reads the request, calls the service, and renders a page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.http import in_worker
from hitl.server.http.page_answers import wants_json
from hitl.server.inbox.banners import counted
from hitl.server.inbox.csv_export import export
from hitl.server.inbox.documents import content_of, is_final
from hitl.server.inbox.forms import build_form
from hitl.server.inbox.json_form import form_document
from hitl.server.inbox.page_handlers import (
    choose_hosts,
    looking_at,
    name_fault,
    page_handler,
    redirect,
)
from hitl.server.inbox.picture_hosts import remember_hosts
from hitl.server.inbox.rendering import block
from hitl.server.inbox.review_handlers import ReviewHandlers, review_id_of, suggested_reviewer
from hitl.server.inbox.submission import FORM_TOKEN, Submission, read_reviewer, read_submission, remembered_reviewer
from hitl.server.primitives import ApiError
from hitl.server.reviews import shown_digest


class ReviewPages(ReviewHandlers):
    """The handlers of the pages of one review, except for its answer."""

    @page_handler
    def review(self, request: Request) -> Response:
        """Show one review: the form that answers it, or the answer it got."""
        document = self.reviews.get_review(review_id_of(request))
        if is_final(document):
            return self.finished_page(request, document)
        if held := self.held(request, document):
            return self.sending_page(request, document, held)
        return self.form_page(request, document)

    @page_handler
    def done(self, request: Request) -> Response:
        """Confirm the answer and offer the next review."""
        document = self.reviews.get_review(review_id_of(request))
        if is_final(document):
            return self.finished_page(request, document, confirmed=True)
        if held := self.held(request, document):
            return self.sending_page(request, document, held)
        if approvals := self.reviews.approvals(document["id"]):
            return self.form_page(request, document, banner=counted(approvals))
        return redirect(request, f"/reviews/{document['id']}")

    @page_handler
    def form(self, request: Request) -> Response:
        """Describe the form to a program that asks for JSON; lead a browser to the review's page."""
        if not wants_json(request):
            return redirect(request, f"/reviews/{review_id_of(request)}")
        document = self.reviews.get_review(review_id_of(request))
        template = self.template_of(document)
        form, shown = build_form(template, content_of(document)), shown_digest(document, template)
        reviewer, token = suggested_reviewer(request, document), request.scope.get(FORM_TOKEN, "")
        described = form_document(document, form, reviewer=reviewer, token=token, shown=shown)
        return JSONResponse(described, 200, {"cache-control": "no-store"})

    @page_handler
    def table(self, request: Request) -> Response:
        """Download a table of the content."""
        document = self.reviews.get_review(review_id_of(request))
        content = content_of(document)
        shown = [block({name: value}) for name, value in content.items()]
        shown += [block(value, name) for name, value in content.items()]
        return export(looking_at(request), shown, document["id"])

    @page_handler
    async def start(self, request: Request) -> Response:
        """Let others see who is looking at the review; the review itself stays as it is."""
        reviewer = await read_reviewer(request) or remembered_reviewer(request)
        if fault := name_fault(reviewer):
            raise ApiError(422, "validation_error", fault)
        document = await in_worker(self.reviews.get_review, review_id_of(request))
        self.presence.note(document["id"], reviewer)
        return Response(status_code=204)

    @page_handler
    async def look(self, request: Request) -> Response:
        """Load pictures from a host, or no more, and show the form again with all that was typed and chosen."""
        sent = await read_submission(request, room=await in_worker(self.file_room, review_id_of(request)))
        choose_hosts(request, sent)
        response = await in_worker(self._look, request, sent)
        remember_hosts(request, response)
        return response

    def _look(self, request: Request, sent: Submission) -> Response:
        document = self.reviews.get_review(review_id_of(request))
        if is_final(document):
            return redirect(request, f"/reviews/{document['id']}")
        if self.is_stale(document, sent):
            return self.changed_page(request, document, sent)
        return self.form_page(request, document, sent=sent)
