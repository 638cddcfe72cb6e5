"""The pages of one review: each handler reads the request, calls the service, and renders a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hitl.server.access import READ_ONLY
from hitl.server.asking import SELF_APPROVAL, UNCONFIRMED
from hitl.server.http import in_worker
from hitl.server.inbox.attachments import form_room
from hitl.server.inbox.banners import (
    ASKED_YOURSELF,
    CONFIRM_YOURSELF,
    ERASED,
    FAULTY,
    NOT_SENT,
    Banner,
    answered_by,
    changed,
    counted,
    not_kept,
    too_late,
)
from hitl.server.inbox.consequences import consequences
from hitl.server.inbox.csv_export import export
from hitl.server.inbox.diffing import Changed, content_diff
from hitl.server.inbox.documents import Document, content_of, fields_of, is_final
from hitl.server.inbox.evidence import matter_of
from hitl.server.inbox.forms import Form, build_form, json_faults, read_result
from hitl.server.inbox.json_form import form_document, texts_of, wants_json
from hitl.server.inbox.merging import Draft
from hitl.server.inbox.page_handlers import (
    PageHandlers,
    choose_hosts,
    looking_at,
    name_fault,
    new_batch,
    page_handler,
    redirect,
)
from hitl.server.inbox.picture_hosts import remember_hosts
from hitl.server.inbox.refusal import Refusal, explained, reason_faults
from hitl.server.inbox.rendering import block
from hitl.server.inbox.rows import summary
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import FORM_TOKEN, Submission, read_reviewer, read_submission, remembered_reviewer
from hitl.server.inbox.toasts import Toast, toast
from hitl.server.inbox.verdict import button_field, decided, layout, refusal_faults
from hitl.server.inbox.views import answers, steps, typed_answers
from hitl.server.primitives import ApiError, Fault, actor_of, invalid, name_key, raise_faults
from hitl.server.results import approvals_needed, undo_seconds
from hitl.server.reviews import OPEN, HeldAnswer, ReviewQuery, shown_digest
from hitl.server.reviews.lifecycle import Decision, visible
from hitl.server.storage import StorageError

_DECISIONS: Final[Mapping[str, Decision]] = {"complete": "completed", "reject": "rejected"}
_BUTTONS: Final[Mapping[str, Decision]] = {"approve": "completed", **_DECISIONS}


class Pages(PageHandlers):
    """The handlers of the pages of one review."""

    @page_handler
    def review(self, request: Request) -> Response:
        """Show one review: the form that answers it, or the answer it got."""
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return self._finished(request, document)
        if held := self._held(request, document):
            return self._sending(request, document, held)
        return self._form(request, document)

    @page_handler
    def done(self, request: Request) -> Response:
        """Confirm the answer and offer the next review."""
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return self._finished(request, document, confirmed=True)
        if held := self._held(request, document):
            return self._sending(request, document, held)
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
    def table(self, request: Request) -> Response:
        """Download a table of the content."""
        document = self.reviews.get_review(_review_id(request))
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
        document = await in_worker(self.reviews.get_review, _review_id(request))
        self.presence.note(document["id"], reviewer)
        return Response(status_code=204)

    @page_handler
    async def look(self, request: Request) -> Response:
        """Load pictures from a host, or no more, and show the form again with all that was typed and chosen."""
        sent = await read_submission(request, room=await in_worker(self._room, _review_id(request)))
        choose_hosts(request, sent)
        response = await in_worker(self._look, request, sent)
        remember_hosts(request, response)
        return response

    def _look(self, request: Request, sent: Submission) -> Response:
        document = self.reviews.get_review(_review_id(request))
        if is_final(document):
            return redirect(request, f"/reviews/{document['id']}")
        if self._is_stale(document, sent):
            return self._changed(request, document, sent)
        return self._form(request, document, sent=sent)

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
            self._decide_by_button(document, sent)
        except ApiError as error:
            return self._not_accepted(request, document, sent, error)
        except StorageError as error:
            return self._form(request, document, sent=sent, banner=not_kept(str(error)), status=503)
        self.presence.forget(document["id"], sent.reviewer)
        return self.redirect(request, self._onward(request, document, sent.reviewer), sent.reviewer)

    def _onward(self, request: Request, document: Document, reviewer: str) -> str:
        """Return the path to the next review of the list that this one was opened from."""
        run = Run.read(request.query_params)
        if run is None:
            return f"/reviews/{document['id']}/done"
        run = run.after_answers(1)
        query, last = run.query(reviewer, self.reviews.clock()), f"&last={quote(document['id'])}"
        following = self.reviews.place(query, document["id"]).next or self._first(query)
        if following is None or following == document["id"]:
            return f"/{run.filters.link()}{last}"
        return f"/reviews/{quote(following)}{run.address}{last}"

    def _first(self, query: ReviewQuery) -> str | None:
        """Return the first review of a list: what was passed over comes again at its end."""
        found = self.reviews.list_reviews(replace(query, limit=1))
        return found.items[0]["id"] if found.items else None

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
            return self._too_late(request, latest, sent)
        if self._is_stale(latest, sent):
            return self._changed(request, latest, sent)
        if other := self.reviews.held_by_another(document["id"], sent.reviewer):
            return self._form(request, document, sent=sent, banner=answered_by(other.reviewer), status=409)
        if error.code == SELF_APPROVAL:
            return self._form(request, document, sent=sent, banner=ASKED_YOURSELF, status=403)
        if error.code == UNCONFIRMED:
            return self._form(request, document, sent=sent, banner=CONFIRM_YOURSELF, status=409)
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
        typed = typed_answers(template, explained(template, sent.answers, sent.refusal), content_of(document))
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
        kept = None if sent else self._kept(request, document)
        draft = self._draft(document, sent, errors) if sent else _kept_draft(kept)
        form = build_form(template, content, draft)
        verdict = button_field(template)
        about = summary(document, template, self.reviews.clock(), self.reviews.seconds_to_expiry(document["id"]))
        run = Run.read(request.query_params)
        arranged, matter = layout(template, form), matter_of(form)
        reviewer = sent.reviewer if sent else _suggested_reviewer(request, document)
        own = self.reviews.self_approval(document, reviewer, actor_of(request.scope))
        effects = consequences(
            template, _as_edited(form, content), has_verdict=arranged.has_verdict, has_deadline=about.due is not None
        )
        beside = {control.name for control in form.errors if control.name != verdict}
        context = {
            "review": about,
            "version": document["version"],
            "fingerprint": shown_digest(document, template),
            "form": form,
            "layout": arranged,
            "refusal": sent.refusal if sent else Refusal.kept(kept.form if kept else {}),
            "consequences": effects,
            "undo_seconds": undo_seconds(template, self.undo_seconds),
            "present": self.presence.others(remembered_reviewer(request)).get(document["id"], ""),
            "needs_name": not remembered_reviewer(request) or reviewer_fault is not None,
            "remaining": self._approvals_left(document, template),
            **self._run(request, document),
            "looking": looking_at(request, f"/reviews/{quote(document['id'])}", run.address if run else ""),
            "matter": matter,
            "rest": block(matter.rest),
            "raw": content,
            "reviewer": reviewer,
            "own": own,
            "asked_by": document.get("asked_by"),
            "reviewer_error": reviewer_fault,
            "other_errors": [text for name, text in errors.items() if name not in beside],
            "banner": banner or (ASKED_YOURSELF if own == "refuse" else self._warning(request, document, kept)),
            "dirty": draft is not None,
            "is_read_only": READ_ONLY in request.scope,
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
        held: Toast | None = None,
        status: int = 200,
    ) -> Response:
        template, content = self.template_of(document), content_of(document)
        context = {
            "review": summary(document, template, self.reviews.clock()),
            "asked_by": document.get("asked_by"),
            "self_approved": bool(document.get("self_approved")),
            "answers": answers(document, template),
            "content": block(content),
            "raw": content,
            "typed": typed,
            "banner": banner or (ERASED if document.get("erased") else None),
            "confirmed": confirmed,
            "held": held,
            "next": None if Run.read(request.query_params) or _is_alone(request) else self._longest_waiting(request),
            "looking": looking_at(request, f"/reviews/{quote(document['id'])}"),
            **self._run(request, document),
            **self._past(document),
        }
        return self.render(request, "finished.html", context, status)

    def _held(self, request: Request, document: Document) -> HeldAnswer | None:
        """Return the reviewer's answer that is about to be given."""
        held = self.reviews.held_answer(document["id"], remembered_reviewer(request))
        return held if held is not None and held.state == "held" else None

    def _sending(self, request: Request, document: Document, held: HeldAnswer) -> Response:
        """Show an answer that can be taken back as if it were given."""
        given = {"status": held.decision, "result": held.result, "reviewer": held.reviewer}
        after = {**document, **given, "completed_at": held.given_at}
        now, me = self.reviews.clock(), remembered_reviewer(request)
        return self._finished(
            request, after, held=toast(document, self.template_of(document), held, me, now), confirmed=True
        )

    def _kept(self, request: Request, document: Document) -> HeldAnswer | None:
        """Return the reviewer's answer that was taken back or dropped."""
        kept = self.reviews.held_answer(document["id"], remembered_reviewer(request))
        return kept if kept is not None and kept.state != "held" else None

    def _warning(self, request: Request, document: Document, kept: HeldAnswer | None) -> Banner | None:
        if (why := request.scope.get(READ_ONLY)) is not None:
            return Banner("warning", "You can read this review", str(why))
        if kept is not None:
            return NOT_SENT if kept.state == "dropped" else None
        other = self.reviews.held_by_another(document["id"], remembered_reviewer(request))
        return None if other is None else answered_by(other.reviewer)

    def _approvals_left(self, document: Document, template: Document | None) -> int:
        """Return how many people must still approve, if it takes several."""
        needed = approvals_needed(template) if template else 1
        return 0 if needed == 1 else needed - len(self.reviews.approvals(document["id"]))

    def _run(self, request: Request, document: Document) -> dict[str, Any]:
        """Return where the review stands in the list that it was opened from."""
        run = Run.read(request.query_params)
        if run is None:
            return {"run": None, "place": None}
        query = run.query(remembered_reviewer(request), self.reviews.clock())
        return {"run": run, "place": self.reviews.place(query, document["id"])}

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

    def _longest_waiting(self, request: Request) -> str | None:
        me = remembered_reviewer(request)
        return self._first(ReviewQuery(status=OPEN, oldest_first=True, not_answered_by=me))


def _as_edited(form: Form, content: Document) -> Document:
    """Return the content with what a reviewer has typed into it."""
    edited = {**content}
    for control in form.displays:
        if control.arguments:
            typed = {each.key: each.text for each in control.arguments if each.is_changed}
            edited[control.name] = {**content[control.name], **typed}
        elif control.reads == "edited" and control.kind != "edit_json":
            edited[control.name] = control.value
    return edited


def _is_alone(request: Request) -> bool:
    """Return whether the session is for this review only."""
    actor = actor_of(request.scope)
    return actor is not None and actor.review_id is not None


def _kept_draft(kept: HeldAnswer | None) -> Draft | None:
    return None if kept is None else Draft(kept.form.get("answers", {}), {}, kept.form.get("stamps", {}))


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
