"""What the pages of one review have in common: its form, its answer, and what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.access import READ_ONLY
from hitl.server.inbox.attachments import form_room
from hitl.server.inbox.banners import (
    ASKED_YOURSELF,
    ERASED,
    NOT_SENT,
    Banner,
    answered_by,
    changed,
    changed_by,
    too_late,
)
from hitl.server.inbox.consequences import consequences
from hitl.server.inbox.diffing import Changed, content_diff
from hitl.server.inbox.documents import Document, content_of, fields_of
from hitl.server.inbox.evidence import matter_of
from hitl.server.inbox.forms import Form, build_form, is_editable
from hitl.server.inbox.merging import Draft
from hitl.server.inbox.page_handlers import PageHandlers, looking_at
from hitl.server.inbox.refusal import Refusal, explained
from hitl.server.inbox.rendering import block
from hitl.server.inbox.rows import summary
from hitl.server.inbox.run import Run
from hitl.server.inbox.submission import Submission, remembered_reviewer
from hitl.server.inbox.titles import QUESTION, without_title
from hitl.server.inbox.toasts import Toast, toast
from hitl.server.inbox.verdict import button_field, layout
from hitl.server.inbox.views import answers, signed_in, steps, typed_answers
from hitl.server.primitives import ApiError, actor_of, name_key
from hitl.server.primitives.validation import same
from hitl.server.results import approvals_needed, undo_seconds
from hitl.server.reviews import OPEN, HeldAnswer, ReviewQuery, shown_digest
from hitl.server.reviews.approvals import as_approved
from hitl.server.reviews.lifecycle import visible


class ReviewHandlers(PageHandlers):
    """Shows one review in each of its states."""

    def form_page(
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
        """Show the form that answers a review: as it is, with a draft, or with what was `sent` and is wrong with it."""
        template, content = self.template_of(document), content_of(document)
        kept = None if sent else self._kept(request, document)
        draft = self._draft(document, sent, errors) if sent else _kept_draft(kept)
        about = summary(document, template, self.reviews.clock(), self.reviews.seconds_to_expiry(document["id"]))
        approvals = self.reviews.approvals(document["id"])
        approved = as_approved(content, approvals)
        form = build_form(template, _below_title(content, template, about.subject), draft, approved)
        verdict = button_field(template)
        run = Run.read(request.query_params)
        arranged, matter = layout(template, form), matter_of(form)
        reviewer = sent.reviewer if sent else suggested_reviewer(request, document)
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
            "banner": banner
            or (ASKED_YOURSELF if own == "refuse" else self._warning(request, document, kept))
            or (None if same(approved, content) else changed_by(approvals)),
            "dirty": draft is not None,
            "is_read_only": READ_ONLY in request.scope,
            "changed": self._changed_content(document),
            **self._past(document),
        }
        return self.render(request, "review.html", context, status)

    def finished_page(
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
        """Show the answer that a review got; `typed` was sent too late, and `held` says how to take it back."""
        template, content = self.template_of(document), content_of(document)
        about = summary(document, template, self.reviews.clock())
        below = _below_title(content, template, about.subject)
        context = {
            "review": about,
            "asked_by": document.get("asked_by"),
            "self_approved": bool(document.get("self_approved")),
            "signed_in": signed_in(document),
            "answers": answers(document, template),
            "content": block(below) if below or not content else None,
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

    def held(self, request: Request, document: Document) -> HeldAnswer | None:
        """Return the reviewer's answer that is about to be given."""
        held = self.reviews.held_answer(document["id"], remembered_reviewer(request))
        return held if held is not None and held.state == "held" else None

    def sending_page(self, request: Request, document: Document, held: HeldAnswer) -> Response:
        """Show an answer that can be taken back as if it were given."""
        given = {"status": held.decision, "result": held.result, "reviewer": held.reviewer}
        after = {**document, **given, "completed_at": held.given_at}
        now, me = self.reviews.clock(), remembered_reviewer(request)
        return self.finished_page(
            request, after, held=toast(document, self.template_of(document), held, me, now), confirmed=True
        )

    def is_stale(self, document: Document, sent: Submission) -> bool:
        """Return whether the form that was sent showed something else than what the review holds now."""
        present = shown_digest(document, self.template_of(document))
        return sent.version != str(document["version"]) or (sent.shown or present) != present

    def changed_page(self, request: Request, document: Document, sent: Submission) -> Response:
        """Say what changed since the form was read, and show it again with all that was typed."""
        approvals = self.reviews.approvals(document["id"])
        mine = next((each for each in approvals if name_key(each["reviewer"]) == name_key(sent.reviewer)), None)
        banner = changed(sent.shown, shown_digest(document, self.template_of(document)), approved=mine is not None)
        return self.form_page(request, document, sent=sent, banner=banner, status=409)

    def too_late_page(self, request: Request, document: Document, sent: Submission) -> Response:
        """Say why a finished review takes no answer, with what was typed, to be copied."""
        template = self.template_of(document)
        typed = typed_answers(template, explained(template, sent.answers, sent.refusal), content_of(document))
        return self.finished_page(request, document, typed=typed, banner=too_late(document, sent.reviewer), status=409)

    def file_room(self, review_id: str) -> int:
        """Return the bytes that the review's files may add, 0 for an unknown review, which is reported later.

        A form without its token is refused before the answer reveals anything about the review.
        """
        try:
            return form_room(self.template_of(self.reviews.get_review(review_id)))
        except ApiError:
            return 0

    def first_of(self, query: ReviewQuery) -> str | None:
        """Return the first review of a list: what was passed over comes again at its end."""
        found = self.reviews.list_reviews(replace(query, limit=1))
        return found.items[0]["id"] if found.items else None

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
            "history": steps(self.reviews.history(document["id"]), document),
            "draft": f"{document['id']} {document['created_at']}",
        }

    def _longest_waiting(self, request: Request) -> str | None:
        me = remembered_reviewer(request)
        return self.first_of(ReviewQuery(status=OPEN, oldest_first=True, not_answered_by=me))


def review_id_of(request: Request) -> str:
    """Return the id of the review that a request's path names."""
    return str(request.path_params["review_id"])


def suggested_reviewer(request: Request, document: Document) -> str:
    """Return the name that a form begins with: the reviewer's own, or the first assignee's."""
    assignees: list[str] = document.get("assignees") or [""]
    return remembered_reviewer(request) or assignees[0]


def _below_title(content: Document, template: Document | None, title: str) -> Document:
    """Return a content without the question that is its title, unless the question is edited."""
    if any(field["name"] == QUESTION and is_editable(field, content) for field in fields_of(template)):
        return content
    return without_title(content, title)


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
