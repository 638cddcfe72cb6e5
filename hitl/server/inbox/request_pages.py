"""The pages of requests to loops: the list, and the form that answers one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from hitl._json import is_list
from hitl.server.agent_sessions import SessionService
from hitl.server.asking import SELF_APPROVAL, UNCONFIRMED
from hitl.server.http import in_worker
from hitl.server.inbox.banners import (
    ASKED_YOURSELF,
    CONFIRM_YOURSELF,
    FAULTY,
    QUESTION_NOT_SENT,
    Banner,
    answered_by,
    changed,
    request_standing,
    request_too_late,
)
from hitl.server.inbox.csv_export import export
from hitl.server.inbox.documents import Document
from hitl.server.inbox.merging import Draft
from hitl.server.inbox.page_handlers import (
    base_of,
    choose_hosts,
    looking_at,
    name_fault,
    new_batch,
    page_handler,
    redirect,
)
from hitl.server.inbox.picture_hosts import remember_hosts
from hitl.server.inbox.questions import ANSWER, controls, read_answer
from hitl.server.inbox.rendering import block
from hitl.server.inbox.request_handlers import RequestHandlers, subject_of
from hitl.server.inbox.request_run import RequestPlace, RequestRun, following, place_in
from hitl.server.inbox.request_views import beyond_files, drawn_files, request_heading, shown_answer
from hitl.server.inbox.submission import Submission, read_form, read_reviewer, read_submission, remembered_reviewer
from hitl.server.inbox.titles import beyond_title
from hitl.server.inbox.toasts import Toast, request_toast
from hitl.server.inbox.turns import turn_view
from hitl.server.loops import HeldResponse, shown_digest
from hitl.server.loops.lifecycle import OPEN
from hitl.server.loops.responses import kept_answer
from hitl.server.loops.schemas import SHOWN
from hitl.server.primitives import ApiError, actor_of
from hitl.server.uploads import Upload, UploadService

_CONTEXT: Final = "context"


@dataclass(frozen=True, slots=True)
class RequestPages(RequestHandlers):
    """The handlers of the pages of requests."""

    uploads: UploadService
    agent_sessions: SessionService

    @page_handler
    def show(self, request: Request) -> Response:
        """Show one request: the form that answers it, or the answer it got."""
        document = self.loops.get_request(_request_id(request))
        held = self.held(request, document)
        if held is not None and held.state == "held" and document["status"] in OPEN:
            return self._sending(request, document, held)
        return self._page(request, document)

    @page_handler
    def table(self, request: Request) -> Response:
        """Download a table of the context or of what the request shows."""
        document = self.loops.get_request(_request_id(request))
        shown = [block(document["context"], _CONTEXT), *(block({name: document.get(name)}) for name in SHOWN)]
        return export(looking_at(request), shown, document["id"])

    @page_handler
    async def look(self, request: Request) -> Response:
        """Load pictures from a host, or no more, and show the form again with what was typed."""
        sent = await read_submission(request)
        choose_hosts(request, sent)
        response = await in_worker(self._look, request, sent)
        remember_hosts(request, response)
        return response

    def _look(self, request: Request, sent: Submission) -> Response:
        document = self.loops.get_request(_request_id(request))
        if document["status"] in OPEN and _is_stale(document, sent):
            return self._stale(request, document, sent)
        return self._page(request, document, sent)

    @page_handler
    async def undo(self, request: Request) -> Response:
        """Take an answer back and show its request again."""
        return await in_worker(self._undo, request, await read_form(request))

    def _undo(self, request: Request, sent: Mapping[str, Sequence[str]]) -> Response:
        run = RequestRun.read(dict(parse_qsl(sent.get("back", [""])[0].removeprefix("?"))))
        try:
            taken = self.loops.undo(str(request.path_params["batch"]))
        except ApiError:
            context = {"title": "Too late to undo", "message": "The answer was sent.", "last": ""}
            return self.render(request, "refused.html", context, 409)
        address = run.after_answers(-1).address if run else ""
        return redirect(request, f"/requests/{taken.request_id}{address}")

    @page_handler
    async def claim(self, request: Request) -> Response:
        """Keep others from answering for a while."""
        reviewer = await read_reviewer(request) or remembered_reviewer(request)
        return await in_worker(self._claim, request, reviewer)

    def _claim(self, request: Request, reviewer: str) -> Response:
        document = self.loops.get_request(_request_id(request))
        if fault := name_fault(reviewer):
            return self._page(request, document, reviewer_fault=fault, status=422)
        try:
            self.loops.claim(document["id"], {"email": reviewer})
        except ApiError as error:
            return self._page(request, document, banner=Banner("warning", "Not claimed", error.message), status=409)
        return self.redirect(request, f"/requests/{document['id']}", reviewer)

    @page_handler
    async def answer(self, request: Request) -> Response:
        """Take the answer and lead on; show the form again with what is wrong with it."""
        sent = await read_submission(request)
        return await in_worker(self._take, request, sent)

    def _take(self, request: Request, sent: Submission) -> Response:
        document = self.loops.get_request(_request_id(request))
        if fault := name_fault(sent.reviewer):
            if document["status"] in OPEN and _is_stale(document, sent):
                return self._stale(request, document, sent)
            return self._page(request, document, sent, reviewer_fault=fault, banner=FAULTY, status=422)
        try:
            answer, person = read_answer(document, sent.answers), {"email": sent.reviewer}
            self.loops.hold(
                document["id"],
                answer,
                person,
                seconds=self.undo_seconds,
                batch=new_batch(),
                shown=sent.shown or None,
                form={"answers": sent.answers, "stamps": sent.stamps},
                actor=sent.actor,
                is_confirmed=sent.is_confirmed,
            )
        except ApiError as error:
            if error.status == 409 and self._is_stored(document, sent):
                return self.redirect(request, self._onward(request, document, sent.reviewer), sent.reviewer)
            return self._not_accepted(request, sent, error)
        return self.redirect(request, self._onward(request, document, sent.reviewer), sent.reviewer)

    def _onward(self, request: Request, document: Document, reviewer: str) -> str:
        """Return the path to the next request of the list that this one was opened from."""
        run = RequestRun.read(request.query_params)
        if run is None:
            return f"/requests/{document['id']}?sent"
        now = self.reviews.clock()
        later = following(self.loops.request_ids(run.query(reviewer, now, with_held=True)), document["id"])
        left = self.loops.request_ids(run.query(reviewer, now))
        chosen = next((each for each in later if each in left), next(iter(left), ""))
        if not chosen:
            return f"/{run.filters.link()}&last={document['id']}"
        return f"/requests/{chosen}{run.after_answers(1).address}&last={document['id']}"

    def _is_stored(self, document: Document, sent: Submission) -> bool:
        try:
            answer = read_answer(document, sent.answers)
            return self.loops.has_answer(document["id"], answer, {"email": sent.reviewer})
        except ApiError:  # not even an answer
            return False

    def _stale(self, request: Request, document: Document, sent: Submission) -> Response:
        banner = changed(sent.shown, shown_digest(document), approved=False)
        return self._page(request, document, sent, banner=banner, status=409)

    def _not_accepted(self, request: Request, sent: Submission, error: ApiError) -> Response:
        document = self.loops.get_request(_request_id(request))
        if document["status"] in OPEN and _is_stale(document, sent):
            return self._stale(request, document, sent)
        if error.code == SELF_APPROVAL:
            return self._page(request, document, sent, banner=ASKED_YOURSELF, status=403)
        if error.code == UNCONFIRMED:
            return self._page(request, document, sent, banner=CONFIRM_YOURSELF, status=409)
        if error.status == 409 and (other := self.loops.held_by_another(document["id"], sent.reviewer)):
            banner = answered_by(other.person["name"], "request")
            return self._page(request, document, sent, banner=banner, status=409)
        if error.status == 409:
            return self._page(
                request, document, sent, banner=request_too_late(document, sent.reviewer, error.message), status=409
            )
        details: dict[str, str] = error.details or {}
        issue = details.get("issue", error.message)
        if details.get("field", "").startswith("responder"):
            return self._page(request, document, sent, reviewer_fault=f"This {issue}.", banner=FAULTY, status=422)
        return self._page(request, document, sent, error=f"This {issue}.", banner=FAULTY, status=422)

    def _page(
        self,
        request: Request,
        document: Document,
        sent: Submission | None = None,
        *,
        error: str = "",
        reviewer_fault: str | None = None,
        banner: Banner | None = None,
        held: Toast | None = None,
        status: int = 200,
    ) -> Response:
        kept = None if sent or document["status"] not in OPEN else self.held(request, document)
        draft = Draft(sent.answers, {ANSWER: error} if error else {}, sent.stamps) if sent else _kept_draft(kept)
        answer, changes = shown_answer(document)
        run = RequestRun.read(request.query_params)
        heading = request_heading(document, self.reviews.clock())
        about = self.agent_sessions.about_request(document["id"])
        reviewer = sent.reviewer if sent else remembered_reviewer(request)
        own = self.loops.self_approval(document, reviewer, actor_of(request.scope))
        uploads = self._uploads(document)
        enclosed = beyond_files(document, uploads)
        context: dict[str, Any] = {
            "own": own,
            "asked_by": document.get("asked_by"),
            "asked": heading,
            "state": document["status"],
            "fingerprint": shown_digest(document),
            "text": block(rest) if (rest := beyond_title(heading["subject"], document["request_text"])) else None,
            "turn": turn_view(*about) if about else None,
            "context": block(document["context"], _CONTEXT) if document.get("context") and not about else None,
            "enclosed": block(enclosed) if enclosed else None,
            "uploads": drawn_files(uploads.values(), base_of(request).removesuffix("/inbox")),
            "raw": {name: document[name] for name in (*SHOWN, "context") if document.get(name)} if not about else None,
            "guidelines": str(document["response_config"].get("guidelines") or ""),
            "default": block(document["default_response"]),
            "controls": controls(document, draft),
            "answer": answer,
            "changes": changes,
            "typed": block([text for texts in sent.answers.values() for text in texts]) if sent else None,
            "reviewer": reviewer,
            "reviewer_error": reviewer_fault,
            "needs_name": not remembered_reviewer(request) or reviewer_fault is not None,
            "banner": banner or request_standing(document, own) or self._warning(request, document, kept),
            "held": held,
            "dirty": draft is not None,
            "looking": looking_at(request, f"/requests/{document['id']}", run.address if run else ""),
            "run": run,
            "place": self._place(request, document, run),
            "confirmed": "sent" in request.query_params and document["status"] == "completed",
        }
        return self.render(request, "request.html", context, status)

    def _sending(self, request: Request, document: Document, held: HeldResponse) -> Response:
        """Show an answer that can be taken back as if it were given."""
        answer = kept_answer(document, held.response)
        given = {"status": "completed", "response_data": answer, "response_at": held.given_at}
        now, me = self.reviews.clock(), remembered_reviewer(request)
        told = request_toast(document, subject_of(document), held, me, now)
        return self._page(request, {**document, **given, "response_by_user": held.person}, held=told)

    def _warning(self, request: Request, document: Document, kept: HeldResponse | None) -> Banner | None:
        if kept is not None:
            return QUESTION_NOT_SENT if kept.state == "dropped" else None
        other = self.loops.held_by_another(document["id"], remembered_reviewer(request))
        return answered_by(other.person["name"], "request") if other and document["status"] in OPEN else None

    def _place(self, request: Request, document: Document, run: RequestRun | None) -> RequestPlace | None:
        if run is None:
            return None
        query = run.query(remembered_reviewer(request), self.reviews.clock())
        return place_in(self.loops.request_ids(query), document["id"])

    def _uploads(self, document: Document) -> dict[str, Upload]:
        """Return the files of this server that a request shows, by their addresses in it."""
        shown = [document.get(name) for name in SHOWN if name.endswith(("_url", "_urls"))]
        addresses = [each for value in shown for each in (value if is_list(value) else (value,))]
        found = {each: self.uploads.at(each) for each in addresses if isinstance(each, str)}
        return {address: upload for address, upload in found.items() if upload}


def _kept_draft(kept: HeldResponse | None) -> Draft | None:
    return None if kept is None else Draft(kept.form.get("answers", {}), {}, kept.form.get("stamps", {}))


def _request_id(request: Request) -> str:
    return str(request.path_params["request_id"])


def _is_stale(document: Document, sent: Submission) -> bool:
    return bool(sent.shown) and sent.shown != shown_digest(document)
