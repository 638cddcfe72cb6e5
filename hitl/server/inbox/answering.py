"""Taking the answer to a review: from the form of its page, or as JSON from a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.asking import SELF_APPROVAL, UNCONFIRMED
from hitl.server.http import in_worker
from hitl.server.http.page_answers import wants_json
from hitl.server.inbox.banners import (
    ASKED_YOURSELF,
    CONFIRM_YOURSELF,
    FAULTY,
    answered_by,
    not_kept,
)
from hitl.server.inbox.documents import Document, content_of, fields_of, is_final
from hitl.server.inbox.forms import build_form, json_faults, read_result
from hitl.server.inbox.json_form import texts_of
from hitl.server.inbox.page_handlers import name_fault, new_batch, page_handler
from hitl.server.inbox.refusal import explained, reason_faults
from hitl.server.inbox.review_handlers import ReviewHandlers, review_id_of
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import Submission, read_submission
from hitl.server.inbox.verdict import button_field, decided, refusal_faults
from hitl.server.primitives import ApiError, Fault, invalid, raise_faults
from hitl.server.results import undo_seconds
from hitl.server.reviews.lifecycle import Decision
from hitl.server.storage import StorageError

_DECISIONS: Final[Mapping[str, Decision]] = {"complete": "completed", "reject": "rejected"}
_BUTTONS: Final[Mapping[str, Decision]] = {"approve": "completed", **_DECISIONS}


class Answers(ReviewHandlers):
    """The handler of the form that answers a review."""

    @page_handler
    async def answer(self, request: Request) -> Response:
        """Accept the reviewer's answer and redirect, or show the form again with its errors."""
        sent = await read_submission(request, room=await in_worker(self.file_room, review_id_of(request)))
        return await in_worker(self._take, request, sent)

    def _take(self, request: Request, sent: Submission) -> Response:
        # An API call may come between the checks and the answer: what was shown is checked again with the answer.
        document = self.reviews.get_review(review_id_of(request))
        if wants_json(request):
            return self._answer_as_json(document, sent)
        if fault := name_fault(sent.reviewer):
            if is_final(document):
                return self.too_late_page(request, document, sent)
            if self.is_stale(document, sent):
                return self.changed_page(request, document, sent)
            return self.form_page(request, document, sent=sent, reviewer_fault=fault, banner=FAULTY, status=422)
        try:
            self._decide_by_button(document, sent)
        except ApiError as error:
            return self._not_accepted(request, document, sent, error)
        except StorageError as error:
            return self.form_page(request, document, sent=sent, banner=not_kept(str(error)), status=503)
        self.presence.forget(document["id"], sent.reviewer)
        return self.redirect(request, self._onward(request, document, sent.reviewer), sent.reviewer)

    def _onward(self, request: Request, document: Document, reviewer: str) -> str:
        """Return the path to the next review of the list that this one was opened from."""
        run = Run.read(request.query_params)
        if run is None:
            return f"/reviews/{document['id']}/done"
        run = run.after_answers(1)
        query, last = run.query(reviewer, self.reviews.clock()), f"&last={quote(document['id'])}"
        following = self.reviews.place(query, document["id"]).next or self.first_of(query)
        if following is None or following == document["id"]:
            return f"/{run.filters.link()}{last}"
        return f"/reviews/{quote(following)}{run.address}{last}"

    def _answer_as_json(self, document: Document, sent: Submission) -> Response:
        """Take the answer and return the review; a refusal is raised, and answered as JSON like any other."""
        try:
            form = build_form(self.template_of(document), content_of(document))
            return JSONResponse(self._decide(document, replace(sent, answers=texts_of(sent.given, form))), 200)
        except StorageError as error:
            raise error.api_error() from error

    def _decide(self, document: Document, sent: Submission) -> Document:
        """Give an answer of a program, at once."""
        template, content = self.template_of(document), content_of(document)
        decision = _DECISIONS.get(sent.decision)
        if decision is None:
            raise invalid("press “Submit answer” or “Reject”")
        result = read_result(template, content, sent.answers, changes_only=decision == "rejected")
        self._hold(document, sent, decision, result, seconds=0)
        return self.reviews.get_review(document["id"])

    def _decide_by_button(self, document: Document, sent: Submission) -> None:
        """Give the answer of a page; it may be held for a while."""
        template, content = self.template_of(document), content_of(document)
        decision = _BUTTONS.get(sent.decision)
        if decision is None:
            raise invalid("press one of the buttons")
        is_verdict = sent.decision != "complete" and button_field(template) is not None
        raise_faults(Fault(name, issue) for name, issue in sent.misread.items())
        answers: Mapping[str, list[str]] = sent.answers
        verdict: Document = {}
        if decision == "rejected":
            raise_faults(reason_faults(template, sent.refusal))
            answers = explained(template, answers, sent.refusal)
        if is_verdict:
            answers, verdict = decided(template, answers, approves=decision == "completed")
        result = {**read_result(template, content, answers, changes_only=decision == "rejected"), **verdict}
        if is_verdict and decision == "rejected":
            raise_faults(refusal_faults(template, result))
        self._hold(document, sent, decision, result, seconds=undo_seconds(template, self.undo_seconds))

    def _hold(
        self, document: Document, sent: Submission, decision: Decision, result: Document, *, seconds: float
    ) -> None:
        version = int(sent.version) if sent.version.isascii() and sent.version.isdecimal() else 0  # 0 is nobody's
        try:
            self.reviews.hold(
                document["id"],
                decision,
                result,
                sent.reviewer,
                seconds=seconds,
                batch=new_batch(),
                version=version,
                shown=sent.shown or None,
                actor=sent.actor,
                is_confirmed=sent.is_confirmed,
                form={"answers": sent.answers, "stamps": sent.stamps, "refusal": sent.refusal.to_keep},
            )
        except ApiError as error:
            better = json_faults(self.template_of(document), content_of(document), sent.answers)
            found: list[dict[str, str]] = (error.details or {}).get("errors") or []
            raise_faults(Fault(each["field"], better.get(each["field"], each["issue"])) for each in found)
            raise

    def _not_accepted(self, request: Request, document: Document, sent: Submission, error: ApiError) -> Response:
        latest = self.reviews.get_review(document["id"])
        if is_final(latest):  # another reviewer was faster
            return self.too_late_page(request, latest, sent)
        if self.is_stale(latest, sent):
            return self.changed_page(request, latest, sent)
        if other := self.reviews.held_by_another(document["id"], sent.reviewer):
            return self.form_page(request, document, sent=sent, banner=answered_by(other.reviewer), status=409)
        if error.code == SELF_APPROVAL:
            return self.form_page(request, document, sent=sent, banner=ASKED_YOURSELF, status=403)
        if error.code == UNCONFIRMED:
            return self.form_page(request, document, sent=sent, banner=CONFIRM_YOURSELF, status=409)
        errors = _faults(error, self.template_of(document))
        return self.form_page(request, document, sent=sent, errors=errors, banner=FAULTY, status=422)


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
