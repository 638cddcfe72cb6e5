"""The pages of one review: each handler reads the request, calls the service, and renders a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.http import in_worker
from hitl.server.inbox.attachments import form_room
from hitl.server.inbox.banners import FAULTY, Banner, changed, counted, not_kept, too_late
from hitl.server.inbox.diffing import Changed, content_diff
from hitl.server.inbox.documents import Document, content_of, fields_of, is_final
from hitl.server.inbox.forms import build_form, json_faults, read_result
from hitl.server.inbox.json_form import form_document, texts_of, wants_json
from hitl.server.inbox.merging import Draft
from hitl.server.inbox.page_handlers import PageHandlers, name_fault, page_handler, redirect
from hitl.server.inbox.rendering import block
from hitl.server.inbox.submission import FORM_TOKEN, Submission, read_reviewer, read_submission, remembered_reviewer
from hitl.server.inbox.views import answers, steps, summary, typed_answers
from hitl.server.primitives import ApiError, Fault, invalid, name_key, raise_faults
from hitl.server.reviews import OPEN, ReviewQuery, shown_digest
from hitl.server.reviews.lifecycle import visible
from hitl.server.storage import StorageError


class Pages(PageHandlers):
    """The handlers of the pages of one review."""

    @page_handler
    def review(self, request: Request) -> Response:
        """Show one review: the form that answers it, or the answer it got."""
        document = self.reviews.get_review(_review_id(request))
        return self._finished(request, document) if is_final(document) else self._form(request, document)

    @page_handler
    def done(self, request: Request) -> Response:
        """Confirm the answer and offer the next review."""
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return self._finished(request, document, confirmed=True)
        if approvals := self.reviews.approvals(document["id"]):
            return self._form(request, document, banner=counted(approvals))
        return redirect(request, f"/reviews/{document['id']}")

    @page_handler
    def form(self, request: Request) -> Response:
        """Describe the form to a program that asks for JSON; lead a browser to the review's page."""
        if not wants_json(request):
            return redirect(request, f"/reviews/{_review_id(request)}")
        document = self.reviews.get_review(_review_id(request))
        template = self.template_of(document)
        form, shown = build_form(template, content_of(document)), shown_digest(document, template)
        reviewer, token = _suggested_reviewer(request, document), request.scope.get(FORM_TOKEN, "")
        described = form_document(document, form, reviewer=reviewer, token=token, shown=shown)
        return JSONResponse(described, 200, {"cache-control": "no-store"})

    @page_handler
    async def start(self, request: Request) -> Response:
        """Mark the review as being worked on."""
        reviewer = await read_reviewer(request) or remembered_reviewer(request)
        return await in_worker(self._start, request, reviewer)

    def _start(self, request: Request, reviewer: str) -> Response:
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return redirect(request, f"/reviews/{document['id']}")
        if fault := name_fault(reviewer):
            return self._form(request, document, reviewer_fault=fault, status=422)
        self.reviews.start(document["id"], reviewer)
        return self.redirect(request, f"/reviews/{document['id']}", reviewer)

    @page_handler
    async def answer(self, request: Request) -> Response:
        """Accept the reviewer's answer and redirect, or show the form again with its errors."""
        sent = await read_submission(request, room=await in_worker(self._room, _review_id(request)))
        return await in_worker(self._take, request, sent)

    def _take(self, request: Request, sent: Submission) -> Response:
        # An API call may come between the checks and the answer: what was shown is checked again with the answer.
        document = self.reviews.get_review(_review_id(request))
        if wants_json(request):
            return self._answer_as_json(document, sent)
        if fault := name_fault(sent.reviewer):
            if is_final(document):
                return self._too_late(request, document, sent)
            if self._is_stale(document, sent):
                return self._changed(request, document, sent)
            return self._form(request, document, sent=sent, reviewer_fault=fault, banner=FAULTY, status=422)
        try:
            self._decide(document, sent)
        except ApiError as error:
            return self._not_accepted(request, document, sent, error)
        except StorageError as error:
            return self._form(request, document, sent=sent, banner=not_kept(str(error)), status=503)
        return self.redirect(request, f"/reviews/{document['id']}/done", sent.reviewer)

    def _room(self, review_id: str) -> int:
        """Return the bytes that the review's files may add, 0 for an unknown review, which is reported later.

        A form without its token is refused before the answer reveals anything about the review.
        """
        try:
            return form_room(self.template_of(self.reviews.get_review(review_id)))
        except ApiError:
            return 0

    def _answer_as_json(self, document: Document, sent: Submission) -> Response:
        """Take the answer and return the review; a refusal is raised, and answered as JSON like any other."""
        try:
            form = build_form(self.template_of(document), content_of(document))
            return JSONResponse(self._decide(document, replace(sent, answers=texts_of(sent.given, form))), 200)
        except StorageError as error:
            raise error.api_error() from error

    def _decide(self, document: Document, sent: Submission) -> Document:
        template, content = self.template_of(document), content_of(document)
        version = int(sent.version) if sent.version.isascii() and sent.version.isdecimal() else 0  # 0 is nobody's
        decide = {"complete": self.reviews.complete, "reject": self.reviews.reject}.get(sent.decision)
        if decide is None:
            raise invalid("press “Submit answer” or “Reject”")
        result = read_result(template, content, sent.answers, changes_only=sent.decision == "reject")
        try:
            return decide(document["id"], result, sent.reviewer, version=version, shown=sent.shown or None)
        except ApiError as error:
            better = json_faults(template, content, sent.answers)
            found: list[dict[str, str]] = (error.details or {}).get("errors") or []
            raise_faults(Fault(each["field"], better.get(each["field"], each["issue"])) for each in found)
            raise

    def _not_accepted(self, request: Request, document: Document, sent: Submission, error: ApiError) -> Response:
        latest = self.reviews.get_review(document["id"])
        if is_final(latest):  # another reviewer was faster
            return self._too_late(request, latest, sent)
        if self._is_stale(latest, sent):
            return self._changed(request, latest, sent)
        errors = _faults(error, self.template_of(document))
        return self._form(request, document, sent=sent, errors=errors, banner=FAULTY, status=422)

    def _is_stale(self, document: Document, sent: Submission) -> bool:
        present = shown_digest(document, self.template_of(document))
        return sent.version != str(document["version"]) or (sent.shown or present) != present

    def _changed(self, request: Request, document: Document, sent: Submission) -> Response:
        approvals = self.reviews.approvals(document["id"])
        mine = next((each for each in approvals if name_key(each["reviewer"]) == name_key(sent.reviewer)), None)
        banner = changed(sent.shown, shown_digest(document, self.template_of(document)), approved=mine is not None)
        return self._form(request, document, sent=sent, banner=banner, status=409)

    def _too_late(self, request: Request, document: Document, sent: Submission) -> Response:
        template = self.template_of(document)
        typed = typed_answers(template, sent.answers, content_of(document))
        return self._finished(request, document, typed=typed, banner=too_late(document, sent.reviewer), status=409)

    def _form(
        self,
        request: Request,
        document: Document,
        *,
        sent: Submission | None = None,
        errors: Mapping[str, str] = MappingProxyType({}),
        reviewer_fault: str | None = None,
        banner: Banner | None = None,
        status: int = 200,
    ) -> Response:
        template, content = self.template_of(document), content_of(document)
        form = build_form(template, content, self._draft(document, sent, errors) if sent else None)
        beside = {control.name for control in form.errors}
        context = {
            "review": summary(document, template, self.reviews.clock(), self.reviews.seconds_to_expiry(document["id"])),
            "version": document["version"],
            "fingerprint": shown_digest(document, template),
            "form": form,
            "rest": block(form.rest),
            "raw": content,
            "reviewer": sent.reviewer if sent else _suggested_reviewer(request, document),
            "reviewer_error": reviewer_fault,
            "other_errors": [text for name, text in errors.items() if name not in beside],
            "banner": banner,
            "dirty": sent is not None,
            "changed": self._changed_content(document),
            **self._past(document),
        }
        return self.render(request, "review.html", context, status)

    def _finished(
        self,
        request: Request,
        document: Document,
        *,
        typed: Sequence[Any] = (),
        banner: Banner | None = None,
        confirmed: bool = False,
        status: int = 200,
    ) -> Response:
        template, content = self.template_of(document), content_of(document)
        context = {
            "review": summary(document, template, self.reviews.clock()),
            "answers": answers(document, template),
            "content": block(content),
            "raw": content,
            "typed": typed,
            "banner": banner,
            "confirmed": confirmed,
            "next": self._longest_waiting(),
            **self._past(document),
            **self.counts(request),
        }
        return self.render(request, "finished.html", context, status)

    def _draft(self, document: Document, sent: Submission, errors: Mapping[str, str]) -> Draft:
        return Draft(sent.answers, errors, sent.stamps or self._earlier_stamps(document, sent))

    def _earlier_stamps(self, document: Document, sent: Submission) -> Mapping[str, str]:
        """Return the stamps of the content before its last change, for a client that sends none."""
        earlier = self.reviews.earlier_content(document["id"])
        if earlier is None or sent.version == str(document["version"]):
            return {}
        form = build_form(self.template_of(document), earlier)
        return {control.name: control.stamp for control in (*form.displays, *form.inputs)}

    def _changed_content(self, document: Document) -> list[Changed]:
        earlier = self.reviews.earlier_content(document["id"])
        return [] if earlier is None else content_diff(visible(earlier), content_of(document))

    def _past(self, document: Document) -> dict[str, Any]:
        """Return the review's history, and the name of its draft in the browser.

        The creation time is part of the name, because a sandbox in memory reuses ids.
        """
        return {
            "history": steps(self.reviews.history(document["id"])),
            "draft": f"{document['id']} {document['created_at']}",
        }

    def _longest_waiting(self) -> Document | None:
        found = self.reviews.list_reviews(ReviewQuery(status=OPEN, limit=1, oldest_first=True))
        return found.items[0] if found.items else None


def _review_id(request: Request) -> str:
    return str(request.path_params["review_id"])


def _suggested_reviewer(request: Request, document: Document) -> str:
    assignees: list[str] = document.get("assignees") or [""]
    return remembered_reviewer(request) or assignees[0]


def _faults(error: ApiError, template: Document | None) -> dict[str, str]:
    """Return the issues by field name, or by place for those that belong to no field of the template."""
    names = {field["name"] for field in fields_of(template)}
    errors: list[dict[str, str]] = (error.details or {}).get("errors") or [{"field": "", "issue": error.message}]
    faults: dict[str, str] = {}
    for each in errors:
        place = each["field"]
        inside = (name for name in names if place.startswith((f"{name}[", f"{name}.")))  # colours[2], picture.decision
        name = place if place in names else next(inside, place)
        faults.setdefault(name, _sentence(each["issue"]) if name in names else f"{place} {each['issue']}".strip())
    return faults


def _sentence(issue: str) -> str:
    """Write a clause such as "is required" as a sentence; a template's own message is one already."""
    return f"This {issue}." if issue[:1].islower() else issue
