"""The pages of one review: each handler reads the request, calls the service, and renders a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.inbox.attachments import form_room
from hitl.server.inbox.banners import CONTENT_CHANGED, FAULTY, STATE_CHANGED, Banner, counted, not_kept, too_late
from hitl.server.inbox.diffing import Changed, content_diff
from hitl.server.inbox.documents import Document, content_of, fields_of, is_final
from hitl.server.inbox.forms import Draft, build_form, json_faults, read_result
from hitl.server.inbox.json_form import form_document, texts_of, wants_json
from hitl.server.inbox.page_handlers import PageHandlers, errors_as_pages, name_fault, redirect
from hitl.server.inbox.rendering import block
from hitl.server.inbox.submission import FORM_TOKEN, Submission, read_reviewer, read_submission, remembered_reviewer
from hitl.server.inbox.views import answers, fingerprint, steps, summary, typed_answers
from hitl.server.primitives import ApiError, Fault, invalid, raise_faults
from hitl.server.reviews import OPEN, ReviewQuery
from hitl.server.reviews.lifecycle import visible
from hitl.server.storage import StorageError


class Pages(PageHandlers):
    """The handlers of the pages of one review."""

    @errors_as_pages
    async def review(self, request: Request) -> Response:
        """Show one review: the form that answers it, or the answer it got."""
        document = self.reviews.get_review(_review_id(request))
        return self._finished(request, document) if is_final(document) else self._form(request, document)

    @errors_as_pages
    async def done(self, request: Request) -> Response:
        """Confirm the answer and offer the next review."""
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return self._finished(request, document, confirmed=True)
        if approvals := self.reviews.approvals(document["id"]):
            return self._form(request, document, banner=counted(approvals))
        return redirect(request, f"/reviews/{document['id']}")

    @errors_as_pages
    async def form(self, request: Request) -> Response:
        """Describe the form to a program that asks for JSON; lead a browser to the review's page."""
        if not wants_json(request):
            return redirect(request, f"/reviews/{_review_id(request)}")
        document = self.reviews.get_review(_review_id(request))
        form = build_form(self.template_of(document), content_of(document))
        reviewer, token = _suggested_reviewer(request, document), request.scope.get(FORM_TOKEN, "")
        described = form_document(document, form, reviewer=reviewer, token=token)
        return JSONResponse(described, 200, {"cache-control": "no-store"})

    @errors_as_pages
    async def start(self, request: Request) -> Response:
        """Mark the review as being worked on."""
        reviewer = await read_reviewer(request) or remembered_reviewer(request)
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return redirect(request, f"/reviews/{document['id']}")
        if fault := name_fault(reviewer):
            return self._form(request, document, reviewer_fault=fault, status=422)
        self.reviews.start(document["id"], reviewer)
        return self.redirect(request, f"/reviews/{document['id']}", reviewer)

    @errors_as_pages
    async def answer(self, request: Request) -> Response:
        """Accept the reviewer's answer and redirect, or show the form again with its errors."""
        sent = await read_submission(request, room=self._room(_review_id(request)))
        # Nothing is awaited from here on, so that no API call comes between the checks and the answer.
        document = self.reviews.get_review(_review_id(request))
        if wants_json(request):
            return self._answer_as_json(document, sent)
        if is_final(document):
            return self._too_late(request, document, sent)
        if sent.version != str(document["version"]):
            return self._changed(request, document, sent)
        if fault := name_fault(sent.reviewer):
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
            return decide(document["id"], result, sent.reviewer, version=version)
        except ApiError as error:
            better = json_faults(template, content, sent.answers)
            found: list[dict[str, str]] = (error.details or {}).get("errors") or []
            raise_faults(Fault(each["field"], better.get(each["field"], each["issue"])) for each in found)
            raise

    def _not_accepted(self, request: Request, document: Document, sent: Submission, error: ApiError) -> Response:
        latest = self.reviews.get_review(document["id"])
        if is_final(latest):  # another reviewer was faster
            return self._too_late(request, latest, sent)
        if error.code == "version_conflict":
            return self._changed(request, latest, sent)
        errors = _faults(error, self.template_of(document))
        return self._form(request, document, sent=sent, errors=errors, banner=FAULTY, status=422)

    def _changed(self, request: Request, document: Document, sent: Submission) -> Response:
        same = bool(sent.fingerprint) and sent.fingerprint == fingerprint(document, self.template_of(document))
        return self._form(request, document, sent=sent, banner=STATE_CHANGED if same else CONTENT_CHANGED, status=409)

    def _too_late(self, request: Request, document: Document, sent: Submission) -> Response:
        template = self.template_of(document)
        typed = typed_answers(template, sent.answers, content_of(document))
        return self._finished(request, document, typed=typed, banner=too_late(document), status=409)

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
        form = build_form(template, content, Draft(sent.answers, errors) if sent else None)
        beside = {control.name for control in form.errors}
        context = {
            "review": summary(document, template, self.reviews.clock(), self.reviews.seconds_to_expiry(document["id"])),
            "version": document["version"],
            "fingerprint": fingerprint(document, template),
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
