"""The pages about the team: who belongs to it, and where each is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response

from hitl.server.access import ADDRESS, Admission, Invitation, PersonSession, session_of
from hitl.server.http import in_worker
from hitl.server.inbox.browsers import browser_name
from hitl.server.inbox.page_handlers import PageHandlers, page_handler, redirect
from hitl.server.inbox.submission import read_form
from hitl.server.inbox.times import age
from hitl.server.people import ROLES, Person
from hitl.server.primitives import Actor, ApiError, Role, actor_of, to_wire

_STATES = {"invited": "Invited", "active": "", "disabled": "Disabled", "erased": "Erased"}


@dataclass(frozen=True, slots=True)
class PeoplePages(PageHandlers):
    """Their handlers; who may call which is in the table of `access`."""

    admission: Admission

    @page_handler
    def overview(self, request: Request) -> Response:
        """List the people."""
        return self._overview(request)

    @page_handler
    async def invite(self, request: Request) -> Response:
        """Invite somebody, and show the link and the code, this once."""
        sent = await _first_texts(request)
        return await in_worker(self._invite, request, sent)

    def _invite(self, request: Request, sent: dict[str, str]) -> Response:
        try:
            invitation = self.admission.invite(
                sent.get("email", ""), name=sent.get("name", ""), role=_role(sent), by=_actor(request)
            )
        except ApiError as error:
            return self._overview(request, fault=_sentence(error), typed=sent, status=error.status)
        return self._overview(request, invitation)

    @page_handler
    async def link(self, request: Request) -> Response:
        """Make a new link for somebody, and show it and its code, this once."""
        await read_form(request)
        return await in_worker(self._link, request)

    def _link(self, request: Request) -> Response:
        try:
            person = self.admission.people.get(_person_id(request))
            return self._overview(request, self.admission.link(person.email, by=_actor(request)))
        except ApiError as error:
            return self._overview(request, fault=_sentence(error), status=error.status)

    @page_handler
    async def set_role(self, request: Request) -> Response:
        """Give somebody another role."""
        role = _role(await _first_texts(request))
        return await self._changed(request, lambda by: self.admission.people.set_role(_person_id(request), role, by=by))

    @page_handler
    async def disable(self, request: Request) -> Response:
        """Keep somebody out."""
        await read_form(request)
        return await self._changed(request, lambda by: self.admission.people.disable(_person_id(request), by=by))

    @page_handler
    async def enable(self, request: Request) -> Response:
        """Let somebody in again."""
        await read_form(request)
        return await self._changed(request, lambda by: self.admission.people.enable(_person_id(request), by=by))

    @page_handler
    async def sign_out(self, request: Request) -> Response:
        """End all sessions of somebody; of who asks for it, all but this one."""
        await read_form(request)
        session = session_of(request.scope)
        but = None if session is None else session.id
        return await self._changed(request, lambda by: self.admission.revoke_all(_person_id(request), by=by, but=but))

    async def _changed(self, request: Request, change: Callable[[Actor], object]) -> Response:
        try:
            await in_worker(change, _actor(request))
        except ApiError as error:
            return await in_worker(self._overview, request, fault=_sentence(error), status=error.status)
        return redirect(request, "/people")

    @page_handler
    def sessions(self, request: Request) -> Response:
        """List where the reviewer is signed in."""
        return self._sessions(request, self.admission.people.get(_actor(request).id), "/sessions", is_own=True)

    @page_handler
    def sessions_of(self, request: Request) -> Response:
        """List where somebody is signed in."""
        person = self.admission.people.get(_person_id(request))
        return self._sessions(request, person, f"/people/{person.id}/sessions", is_own=False)

    @page_handler
    async def end_own(self, request: Request) -> Response:
        """End one of the reviewer's own sessions."""
        await read_form(request)
        actor = _actor(request)
        await in_worker(self.admission.revoke, _session_id(request), by=actor, of=actor.id)
        return redirect(request, "/sessions")

    @page_handler
    async def end_others(self, request: Request) -> Response:
        """End the reviewer's sessions everywhere but here."""
        await read_form(request)
        actor, session = _actor(request), session_of(request.scope)
        but = None if session is None else session.id
        await in_worker(self.admission.revoke_all, actor.id, by=actor, but=but)
        return redirect(request, "/sessions")

    @page_handler
    async def end_theirs(self, request: Request) -> Response:
        """End a session of somebody."""
        await read_form(request)
        person_id = _person_id(request)
        await in_worker(self.admission.revoke, _session_id(request), by=_actor(request), of=person_id)
        return redirect(request, f"/people/{person_id}/sessions")

    def _overview(
        self,
        request: Request,
        invitation: Invitation | None = None,
        *,
        fault: str = "",
        typed: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        counts, now = self.admission.sessions.counts(), self.reviews.clock()
        people = [each for each in self.admission.people.all() if each.state != "erased"]
        rows = [
            {
                "person": each,
                "state": _STATES[each.state],
                "sessions": counts.get(each.id, (0, ""))[0],
                "seen": age(counts[each.id][1], now) if each.id in counts else "",
                "is_me": each.id == _actor(request).id,
            }
            for each in people
        ]
        shown = None if invitation is None else _shown_once(request, invitation)
        context = {
            "view": "people",
            "rows": rows,
            "invited": sum(each.state == "invited" for each in people),
            "roles": ROLES,
            "once": shown,
            "fault": fault,
            "typed": typed or {},
        }
        return self.render(request, "people.html", context, status)

    def _sessions(self, request: Request, person: Person, path: str, *, is_own: bool) -> Response:
        now, here = self.reviews.clock(), session_of(request.scope)
        rows = [_row(each, here) | {"seen": age(each.seen_at, now)} for each in self.admission.sessions.of(person.id)]
        context = {
            "view": "sessions" if is_own else "people",
            "whose": person,
            "rows": rows,
            "path": path,
            "is_own": is_own,
        }
        return self.render(request, "sessions.html", context)


def _row(session: PersonSession, here: PersonSession | None) -> dict[str, Any]:
    return {
        "session": session,
        "browser": browser_name(session.agent),
        "is_here": here is not None and session.id == here.id,
    }


def _shown_once(request: Request, invitation: Invitation) -> dict[str, str]:
    return {
        "email": invitation.person.email,
        "link": f"{request.scope[ADDRESS]}/enter/{invitation.ticket.token}",
        "code": invitation.ticket.code,
        "expires_at": to_wire(invitation.expires_at),
        "what": "accept the invitation" if invitation.kind == "invite" else "sign in",
    }


async def _first_texts(request: Request) -> dict[str, str]:
    return {name: texts[0].strip() for name, texts in (await read_form(request)).items()}


def _actor(request: Request) -> Actor:
    actor = actor_of(request.scope)
    if actor is None:
        raise ApiError(401, "no_session", "Sign in first.")
    return actor


def _role(sent: dict[str, str]) -> Role:
    return cast("Role", sent.get("role", "reviewer"))  # `People` refuses what is none


def _person_id(request: Request) -> str:
    return str(request.path_params["person_id"])


def _session_id(request: Request) -> str:
    return str(request.path_params["session_id"])


def _sentence(error: ApiError) -> str:
    message = error.message.replace("email: ", "The e-mail address ", 1).replace("name: ", "The name ", 1)
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."
