"""The inbox's pages: each handler reads, asks the desk, and answers with a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from hitl.sandbox.desk import Desk
from hitl.sandbox.inbox.banners import CONTENT_CHANGED, FAULTY, STATE_CHANGED, Banner, too_late
from hitl.sandbox.inbox.documents import Document, content_of, fields_of, is_final
from hitl.sandbox.inbox.forms import Draft, build_form, read_result
from hitl.sandbox.inbox.paper import Paper
from hitl.sandbox.inbox.rendering import block, pretty
from hitl.sandbox.inbox.submission import (
    MAX_REVIEWER_LENGTH,
    Submission,
    read_reviewer,
    read_submission,
    remember_reviewer,
    remembered_reviewer,
)
from hitl.sandbox.inbox.views import PAGE_SIZE, answers, fingerprint, pager, summary, typed_answers
from hitl.sandbox.refusals import Refusal, invalid
from hitl.sandbox.reviews import FINAL, OPEN
from hitl.sandbox.store import ReviewQuery

_VIEWS = {"open": OPEN, "done": FINAL}


# The desk speaks to programs; a person who follows an old link needs other words.
_MESSAGES = {"review_not_found": "There is no such review. A sandbox in memory forgets its reviews when it stops."}

_TITLES = {403: "Not allowed", 404: "Not found", 413: "Too large"}

Handler: TypeAlias = Callable[["Pages", Request], Awaitable[Response]]


def _refusals_as_pages(handler: Handler) -> Handler:
    """Answer a refusal that the handler does not catch with a page of its own."""

    @wraps(handler)
    async def answer(pages: Pages, request: Request) -> Response:
        try:
            return await handler(pages, request)
        except Refusal as refusal:
            return pages.refused(request, refusal)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it

    return answer


class Pages:
    """The handlers, over one desk."""

    def __init__(self, desk: Desk, paper: Paper) -> None:
        self._desk = desk
        self._paper = paper

    async def overview(self, request: Request) -> Response:
        """List the reviews that wait for an answer, or with `?view=done` those that do not."""
        view = request.query_params.get("view", "open")
        view = view if view in _VIEWS else "open"
        page = _page_number(request)
        query = ReviewQuery(status=_VIEWS[view], limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
        found = self._desk.list_reviews(query)
        if page > 1 and not found.items:
            return RedirectResponse(f"{_base(request)}/?view={view}", status_code=303)
        rows = [summary(review, self._template(review), self._desk.clock()) for review in found.items]
        return self._answer(
            request, "overview.html", {"view": view, "rows": rows, "pager": pager(found.total, page), **self._counts()}
        )

    @_refusals_as_pages
    async def review(self, request: Request) -> Response:
        """Show one review: the form that answers it, or the answer it got."""
        document = self._desk.get_review(_review_id(request))
        return self._finished(request, document) if is_final(document) else self._form(request, document)

    @_refusals_as_pages
    async def done(self, request: Request) -> Response:
        """Confirm the answer that was just given and offer the next review."""
        document = self._desk.get_review(_review_id(request))
        if not is_final(document):
            return await self.back(request)
        return self._finished(request, document, confirmed=True)

    async def back(self, request: Request) -> Response:
        """Lead from the address of a form, which cannot be opened, to its review."""
        return RedirectResponse(f"{_base(request)}/reviews/{_review_id(request)}", status_code=303)

    async def missing(self, request: Request) -> Response:
        """Answer for an address that is no page."""
        return self.refused(request, Refusal(404, "not_found", "There is no such page in the inbox."))

    @_refusals_as_pages
    async def start(self, request: Request) -> Response:
        """Mark the review as being worked on."""
        reviewer = await read_reviewer(request) or remembered_reviewer(request)
        document = self._desk.get_review(_review_id(request))
        if is_final(document):
            return await self.back(request)
        if fault := _reviewer_fault(reviewer):
            return self._form(request, document, reviewer_fault=fault, status=422)
        self._desk.start(document["id"], reviewer)
        return self._lead(request, f"/reviews/{document['id']}", reviewer)

    @_refusals_as_pages
    async def answer(self, request: Request) -> Response:
        """Take the reviewer's answer and lead on; show the form again with what is wrong with it."""
        sent = await read_submission(request)
        # From here on nothing is awaited: what the API is asked meanwhile comes after this answer or before its checks.
        document = self._desk.get_review(_review_id(request))
        if is_final(document):
            return self._too_late(request, document, sent)
        if sent.version != str(document["version"]):
            return self._changed(request, document, sent)
        if fault := _reviewer_fault(sent.reviewer):
            return self._faulty(request, document, sent, reviewer_fault=fault)
        try:
            self._decide(document, sent)
        except Refusal as refusal:
            return self._not_taken(request, document, sent, refusal)
        return self._lead(request, f"/reviews/{document['id']}/done", sent.reviewer)

    def _decide(self, document: Document, sent: Submission) -> None:
        template, content = self._template(document), content_of(document)
        if sent.decision == "complete":
            result = read_result(template, content, sent.answers)
            self._desk.complete(document["id"], result, sent.reviewer)
        elif sent.decision == "reject":
            result = read_result(template, content, sent.answers, changes_only=True)
            self._desk.reject(document["id"], result, sent.reviewer)
        else:
            raise invalid("press “Submit answer” or “Reject”")

    def _not_taken(self, request: Request, document: Document, sent: Submission, refusal: Refusal) -> Response:
        if refusal.status == 409:  # somebody else was faster
            return self._too_late(request, self._desk.get_review(document["id"]), sent)
        return self._faulty(request, document, sent, errors=_faults(refusal, self._template(document)))

    def _faulty(
        self,
        request: Request,
        document: Document,
        sent: Submission,
        *,
        errors: Mapping[str, str] = MappingProxyType({}),
        reviewer_fault: str | None = None,
    ) -> Response:
        return self._form(
            request, document, sent=sent, errors=errors, reviewer_fault=reviewer_fault, banner=FAULTY, status=422
        )

    def _changed(self, request: Request, document: Document, sent: Submission) -> Response:
        same = bool(sent.fingerprint) and sent.fingerprint == fingerprint(document, self._template(document))
        return self._form(request, document, sent=sent, banner=STATE_CHANGED if same else CONTENT_CHANGED, status=409)

    def _too_late(self, request: Request, document: Document, sent: Submission) -> Response:
        template = self._template(document)
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
        template, content = self._template(document), content_of(document)
        form = build_form(template, content, Draft(sent.answers, errors) if sent else None)
        beside = {control.name for control in form.errors}
        context = {
            "review": summary(document, template, self._desk.clock()),
            "version": document["version"],
            "fingerprint": fingerprint(document, template),
            "form": form,
            "rest": block(form.rest),
            "raw": pretty(content),
            "reviewer": sent.reviewer if sent else _suggested_reviewer(request, document),
            "reviewer_error": reviewer_fault,
            "other_errors": [text for name, text in errors.items() if name not in beside],
            "banner": banner,
            "dirty": sent is not None,
        }
        return self._answer(request, "review.html", context, status)

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
        template, content = self._template(document), content_of(document)
        context = {
            "review": summary(document, template, self._desk.clock()),
            "answers": answers(document, template),
            "content": block(content),
            "raw": pretty(content),
            "typed": typed,
            "banner": banner,
            "confirmed": confirmed,
            "next": self._longest_waiting(),
            **self._counts(),
        }
        return self._answer(request, "finished.html", context, status)

    def refused(self, request: Request, refusal: Refusal) -> Response:
        """Show a refusal that no other page can show."""
        title = _TITLES.get(refusal.status, "That did not work")
        message = _MESSAGES.get(refusal.code, refusal.message)
        return self._answer(request, "refused.html", {"title": title, "message": message}, refusal.status)

    def _lead(self, request: Request, path: str, reviewer: str) -> Response:
        response = RedirectResponse(f"{_base(request)}{path}", status_code=303)
        remember_reviewer(response, reviewer)
        return response

    def _answer(self, request: Request, page: str, context: dict[str, Any], status: int = 200) -> Response:
        return self._paper.answer(page, {"base": _base(request), "now": self._desk.clock(), **context}, status)

    def _template(self, review: Document) -> Document | None:
        try:
            return self._desk.get_template(review["template_id"])
        except Refusal:  # deleted: the content can still be judged
            return None

    def _counts(self) -> dict[str, int]:
        counts = self._desk.counts()
        return {f"{view}_count": sum(counts[status] for status in statuses) for view, statuses in _VIEWS.items()}

    def _longest_waiting(self) -> Document | None:
        found = self._desk.list_reviews(ReviewQuery(status=OPEN, limit=1, oldest_first=True))
        return found.items[0] if found.items else None


def _base(request: Request) -> str:
    """Return the path that the inbox is mounted under."""
    return str(request.scope.get("root_path", ""))


def _review_id(request: Request) -> str:
    return str(request.path_params["review_id"])


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _suggested_reviewer(request: Request, document: Document) -> str:
    assignees: list[str] = document.get("assignees") or [""]
    return remembered_reviewer(request) or assignees[0]


def _reviewer_fault(reviewer: str) -> str | None:
    if not reviewer:
        return "Say who you are: your name or e-mail address."
    if len(reviewer) > MAX_REVIEWER_LENGTH:
        return f"Use at most {MAX_REVIEWER_LENGTH} characters."
    return None


def _faults(refusal: Refusal, template: Document | None) -> dict[str, str]:
    """Return what is wrong by field name; what belongs to no field of the template stands under its place."""
    names = {field["name"] for field in fields_of(template)}
    errors: list[dict[str, str]] = (refusal.details or {}).get("errors") or [{"field": "", "issue": refusal.message}]
    faults: dict[str, str] = {}
    for error in errors:
        place = error["field"]
        name = place if place in names else place.partition("[")[0]  # the third of several: colours[2]
        faults.setdefault(name, _sentence(error["issue"]) if name in names else f"{place} {error['issue']}".strip())
    return faults


def _sentence(issue: str) -> str:
    """Write a clause such as "is required" as a sentence; a template's own message is one already."""
    return f"This {issue}." if issue[:1].islower() else issue
