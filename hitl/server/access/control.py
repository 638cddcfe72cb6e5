"""What the command on the server's machine does with people, their links and their sessions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.routing import Route

from hitl.server.access.admission import Admission, Invitation
from hitl.server.access.session_store import PersonSession
from hitl.server.people import Person
from hitl.server.primitives import MACHINE, invalid, to_wire

Control: TypeAlias = Callable[[Callable[[dict[str, Any]], Any]], Any]
"""Makes an endpoint of a function of the body's and the path's fields, as `operations.handler` does."""

OpenReviews: TypeAlias = Callable[[str], int]
"""Returns how many open reviews are assigned to an address."""


def reviewer_control_routes(
    admission: Admission, address: Callable[[], str | None], open_reviews: OpenReviews, handler: Control
) -> list[Route]:
    """Return the routes of the control application; `address` returns where browsers reach the server, if it runs."""
    people = admission.people

    def invited(invitation: Invitation) -> dict[str, Any]:
        return {
            **person_document(invitation.person),
            "path": f"/enter/{invitation.ticket.token}",
            "address": address(),
            "code": invitation.ticket.code,
            "expires_at": to_wire(invitation.expires_at),
        }

    def invite(sent: Mapping[str, Any]) -> dict[str, Any]:
        return invited(admission.invite(_email(sent), name=sent.get("name") or "", role=sent.get("role")))

    def disable(sent: Mapping[str, Any]) -> dict[str, Any]:
        person = people.disable(people.named(_email(sent)).id)
        return {**person_document(person), "open_reviews": open_reviews(person.email)}

    def listed(_sent: Mapping[str, Any]) -> dict[str, Any]:
        counts = admission.sessions.counts()
        return {"reviewers": [{**person_document(each), **_use(counts.get(each.id))} for each in people.all()]}

    def sessions(sent: Mapping[str, Any]) -> dict[str, Any]:
        person = people.named(_email(sent))
        return {"sessions": [session_document(each) for each in admission.sessions.of(person.id)]}

    def revoke(sent: Mapping[str, Any]) -> dict[str, Any]:
        person = people.named(_email(sent))
        ids: list[str] = sent.get("sessions") or []
        for session_id in ids:
            admission.revoke(session_id, by=MACHINE, of=person.id)
        return {"revoked": len(ids) if ids else admission.revoke_all(person.id, by=MACHINE)}

    def changing(change: Callable[[Person, Mapping[str, Any]], Person]) -> Any:
        return handler(lambda sent: person_document(change(people.named(_email(sent)), sent)))

    return [
        Route("/reviewers", handler(invite), methods=["POST"]),
        Route("/reviewers", handler(listed), methods=["GET"]),
        Route("/reviewers/link", handler(lambda sent: invited(admission.link(_email(sent)))), methods=["POST"]),
        Route("/reviewers/role", changing(lambda each, sent: people.set_role(each.id, sent["role"])), methods=["POST"]),
        Route("/reviewers/disable", handler(disable), methods=["POST"]),
        Route("/reviewers/enable", changing(lambda each, _sent: people.enable(each.id)), methods=["POST"]),
        Route("/reviewers/erase", changing(lambda each, _sent: people.erase(each.id)), methods=["POST"]),
        Route("/reviewers/sessions", handler(sessions), methods=["POST"]),
        Route("/reviewers/revoke", handler(revoke), methods=["POST"]),
    ]


def person_document(person: Person) -> dict[str, Any]:
    """Return a person as the command prints it."""
    names = ("id", "email", "name", "role", "state", "created_at", "changed_at")
    return {name: getattr(person, name) for name in names}


def session_document(session: PersonSession) -> dict[str, Any]:
    """Return a session as the command prints it."""
    names = ("id", "scope", "review_id", "how", "begun_at", "seen_at", "ends_at", "address", "agent")
    return {name: getattr(session, name) for name in names}


def _use(count: tuple[int, str] | None) -> dict[str, Any]:
    return {"sessions": count[0] if count else 0, "seen_at": count[1] if count else None}


def _email(sent: Mapping[str, Any]) -> str:
    email = sent.get("email")
    if not isinstance(email, str):
        raise invalid("must be an address, such as ann@example.com", "email")
    return email
