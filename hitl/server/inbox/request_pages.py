"""The pages of requests to loops: the list, and the form that answers one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from hitl._json import is_list, is_object
from hitl.server.agent_sessions import SessionService
from hitl.server.asking import SELF_APPROVAL, UNCONFIRMED
from hitl.server.http import in_worker
from hitl.server.inbox.attachments import size_in_words
from hitl.server.inbox.banners import (
    ALREADY_ANSWERED,
    ASKED_YOURSELF,
    CONFIRM_YOURSELF,
    ERASED,
    FAULTY,
    QUESTION_NOT_SENT,
    Banner,
    answered_by,
    changed,
)
from hitl.server.inbox.csv_export import export
from hitl.server.inbox.diffing import Diff
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
from hitl.server.inbox.rendering import Block, Text, block
from hitl.server.inbox.request_handlers import HEADING, RequestHandlers, subject_of
from hitl.server.inbox.request_run import RequestPlace, RequestRun, place_in
from hitl.server.inbox.rows import PRIORITY_BARS
from hitl.server.inbox.submission import Submission, read_form, read_reviewer, read_submission, remembered_reviewer
from hitl.server.inbox.times import age, due, full
from hitl.server.inbox.toasts import Toast, request_toast
from hitl.server.inbox.turns import turn_view
from hitl.server.loops import HeldResponse, shown_digest
from hitl.server.loops.lifecycle import OPEN
from hitl.server.loops.responses import kept_answer
from hitl.server.loops.schemas import SHOWN
from hitl.server.primitives import ApiError, actor_of, name_key
from hitl.server.uploads import UploadService

_CONTEXT: Final = "context"
# A first line that can be taken off a text: no list, table, quote, fence or address, and no heading by its underline.
_ALONE: Final = re.compile(r"(?:#{1,6}\s+)?(?!https?://)[^\W_][^|`]*\Z|[¿¡“‘«「『(][^|`]*\Z")
_UNDERLINE: Final = re.compile(r"\s*(?:=+|-+)\s*(?:\n|\Z)")

_LABELS = {
    "pending": "Open",
    "claimed": "Claimed",
    "completed": "Answered",
    "timeout": "Timed out",
    "cancelled": "Cancelled",
}
# The states of reviews that look the same.
_LIKE = {"pending": "created", "claimed": "in_progress", "timeout": "expired"}


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
        following = _following(self.loops.request_ids(run.query(reviewer, now, with_held=True)), document)
        left = self.loops.request_ids(run.query(reviewer, now))
        chosen = next((each for each in following if each in left), next(iter(left), ""))
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
            return self._page(request, document, sent, banner=_conflict(document, sent, error), status=409)
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
        answer, changes = _answer(document)
        run = RequestRun.read(request.query_params)
        summary = _summary(document, self.reviews.clock())
        about = self.agent_sessions.about_request(document["id"])
        reviewer = sent.reviewer if sent else remembered_reviewer(request)
        own = self.loops.self_approval(document, reviewer, actor_of(request.scope))
        context: dict[str, Any] = {
            "own": own,
            "asked_by": document.get("asked_by"),
            "asked": summary,
            "state": document["status"],
            "fingerprint": shown_digest(document),
            "text": _beyond(summary["subject"], document["request_text"]),
            "turn": turn_view(*about) if about else None,
            "context": block(document["context"], _CONTEXT) if document.get("context") and not about else None,
            "enclosed": block({name: document[name] for name in SHOWN if document.get(name)}),
            "has_enclosed": any(document.get(name) for name in SHOWN),
            "uploads": self._uploads(request, document),
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
            "banner": banner or _standing(document, own) or self._warning(request, document, kept),
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

    def _uploads(self, request: Request, document: Document) -> list[Document]:
        """Return the files of this server that a request shows, with the addresses of this page's own origin."""
        shown = [document.get(name) for name in SHOWN if name.endswith(("_url", "_urls"))]
        addresses = [each for value in shown for each in (value if is_list(value) else (value,))]
        found = {each: self.uploads.at(each) for each in addresses if isinstance(each, str)}
        root = base_of(request).removesuffix("/inbox")
        uploads = {upload.id: upload for upload in found.values() if upload}.values()
        return [{"src": f"{root}{each.path}", "size": size_in_words(each.size), "file": each} for each in uploads]


def _beyond(subject: str, text: str) -> Block | None:
    """Return what a page shows of a question below its title: the rest, or all where a part cannot stand alone."""
    first, _, rest = text.strip().partition("\n")
    said = first.strip()
    if HEADING.sub("", said) == subject and _ALONE.match(said) and not _UNDERLINE.match(rest):
        return block(rest.strip("\r\n")) if rest.strip() else None
    return block(text)


def _following(ids: Sequence[str], document: Document) -> Sequence[str]:
    """Return those that come after a request in the list, whether or not it is still there."""
    return ids[ids.index(document["id"]) + 1 :] if document["id"] in ids else ids


def _kept_draft(kept: HeldResponse | None) -> Draft | None:
    return None if kept is None else Draft(kept.form.get("answers", {}), {}, kept.form.get("stamps", {}))


def _summary(request: Document, now: datetime) -> dict[str, Any]:
    """Describe a request in a line or two, by the names of a review's `Summary` where a page shows the same."""
    status: str = request["status"]
    by = request.get("response_by_user")
    return {
        "request_id": request["id"],
        "subject": subject_of(request),
        "status": _LIKE.get(status, status),
        "status_label": _LABELS[status],
        "is_open": status in OPEN,
        "priority": request["priority"],
        "priority_bars": PRIORITY_BARS.get(request["priority"], 0),
        "created_at": request["created_at"],
        "age": age(request["created_at"], now),
        "due": due(request["timeout_at"], now) if status in OPEN else None,
        "answered_by": f"{by['name']} · {full(request['response_at'])}" if by else "",
    }


def _answer(request: Document) -> tuple[Block, Diff | None]:
    """Return the answer as a person reads it and, for an edited draft, what was changed in it."""
    data = request["response_data"]
    if not is_object(data):
        return block(data), None
    if "revised_text" in data:
        return Text(data["revised_text"]), Diff(request["response_config"]["draft_text"], data["revised_text"])
    names = ("selected_label", "selected_labels", "boolean_label", "formatted_value")
    return block(next((data[name] for name in names if name in data), data)), None


def _request_id(request: Request) -> str:
    return str(request.path_params["request_id"])


def _is_stale(document: Document, sent: Submission) -> bool:
    return bool(sent.shown) and sent.shown != shown_digest(document)


def _conflict(document: Document, sent: Submission, error: ApiError) -> Banner:
    answered_by: Document | None = document["response_by_user"]
    if answered_by and name_key(answered_by["email"]) == name_key(sent.reviewer):
        return ALREADY_ANSWERED
    if document["status"] in OPEN:
        return Banner("warning", "Someone else is answering this", f"Your answer was not submitted: {error.message}.")
    return Banner("warning", "Too late", "Your answer was not submitted. You can copy what you typed below.")


def _standing(document: Document, own: str) -> Banner | None:
    """Return what is said about a question whatever was just done."""
    if document.get("erased"):
        return ERASED
    return ASKED_YOURSELF if own == "refuse" and document["status"] in OPEN else None
