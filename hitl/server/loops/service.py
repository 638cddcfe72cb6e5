"""The rules of generation B: who may ask, answer and change what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from hitl.server.asking import Policy, SelfApproval
from hitl.server.loops import accounts, lifecycle
from hitl.server.loops.envelope import LoopApiError
from hitl.server.loops.events import record_loop_event, record_request_event
from hitl.server.loops.held_response_store import HeldResponse, HeldResponseStore
from hitl.server.loops.responses import kept_answer, kept_config
from hitl.server.loops.schemas import (
    check_feedback,
    check_loop_create,
    check_loop_update,
    check_request_create,
    updated_body,
)
from hitl.server.loops.store import LoopStore, RequestQuery
from hitl.server.primitives import Actor, Document, Page, from_wire, raise_faults, to_wire
from hitl.server.storage import Audit, Created, Database, IdempotencyStore, Outbox, UnitOfWork, Work


class RequestWatcher(Protocol):
    """Another room that asks people by requests."""

    def owns_request(self, request_id: str) -> bool:
        """Return whether a request is of that room; nobody else may change what it asks."""
        ...

    def request_ended(self, work: Work, request: Document) -> None:
        """Take note of an answer, a timeout or a cancellation, in its transaction."""
        ...


class LoopService:
    """Loops and requests, and everything that can be done with them.

    Methods that take an account are what the API offers to the owner of a key; those without one are what people do:
    they join, claim and answer. A person is a mapping `{email, name?, id?}`. Documents are plain dicts in wire form. A
    refused call raises an ApiError and changes nothing. Any thread may call any method.
    """

    def __init__(
        self,
        database: Database,
        unit_of_work: UnitOfWork,
        outbox: Outbox,
        *,
        self_approval: SelfApproval | None = None,
        audit: Audit | None = None,
    ) -> None:
        """Work on the tables of a database that the caller opened and closes; a team's answers are in its audit."""
        self._self_approval = self_approval or SelfApproval()
        self._audit = audit
        self.clock = unit_of_work.clock
        self.changes = unit_of_work.changes
        self._unit_of_work = unit_of_work
        self._outbox = outbox
        self._idempotency = IdempotencyStore(database)
        self._store = LoopStore(database)
        self._held = HeldResponseStore(database)
        self._watchers: list[RequestWatcher] = []

    def watch_requests(self, watcher: RequestWatcher) -> None:
        """Tell another room of the ends of all requests from now on."""
        self._watchers.append(watcher)

    def tick(self) -> None:
        """Time out what is due and end claims, as every other method does before its own work."""
        with self._work():
            pass

    def next_due(self) -> datetime | None:
        """Return the next timeout or end of a claim, or when the next held answer is given."""
        moments = (self._store.next_due(), self._held.next_settling())
        return min((from_wire(moment) for moment in moments if moment is not None), default=None)

    # Loops

    def create_loop(
        self, account: accounts.Account, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Created:
        """Create a loop with its creator as the first member; the document is `{loop, invite_code}`."""
        check_loop_create(body)
        with self._work() as work:
            create = partial(self._new_loop, work, account, body)
            return self._idempotency.create_once("loop", body, idempotency_key, account.owner, create)

    def list_loops(self, account: accounts.Account) -> list[Document]:
        """Return the loops of an account, the newest first."""
        with self._work():
            return [self._shown(loop) for loop in self._store.loops_of(account.user_id)]

    def newest_loops(self, limit: int) -> list[Document]:
        """Return the newest loops of all accounts, without their members."""
        with self._work():
            return self._store.loops(limit)

    def get_loop(self, account: accounts.Account, loop_id: str) -> Document:
        """Return one loop with its members."""
        with self._work():
            return self._shown(self._own_loop(account, loop_id))

    def update_loop(self, account: accounts.Account, loop_id: str, body: Mapping[str, Any]) -> Document:
        """Replace what the body names."""
        check_loop_update(body)
        with self._work() as work:
            before = self._own_loop(account, loop_id, "Only loop creator can update the loop")
            after = {**before, **body, "updated_at": to_wire(work.now)}
            self._store.save_loop(after)
            record_loop_event(self._outbox, "updated", self._shown(after), work.now)
            return self._shown(after)

    def delete_loop(self, account: accounts.Account, loop_id: str) -> Document:
        """Delete a loop without open requests, with all that belongs to it, and return the receipt."""
        with self._work() as work:
            loop = self._shown(self._own_loop(account, loop_id, "Only loop creator can delete the loop"))
            still_open = self._store.requests(RequestQuery(status=lifecycle.OPEN, loop_id=loop["id"], limit=0)).total
            if still_open:
                raise LoopApiError(400, "Cannot delete loop with active requests", f"{still_open} wait for an answer")
            self._store.delete_loop(loop["id"])
            record_loop_event(self._outbox, "deleted", loop, work.now)
            return {"loop_id": loop["id"]}

    # Members

    def list_members(self, account: accounts.Account, loop_id: str) -> list[Document]:
        """Return the members of a loop, its creator first."""
        with self._work():
            return self._store.members(self._own_loop(account, loop_id)["id"])

    def remove_member(self, account: accounts.Account, loop_id: str, user_id: str) -> Document:
        """Remove a member who is not the creator, and return the receipt."""
        with self._work() as work:
            loop = self._own_loop(account, loop_id, "Only loop creator can remove members")
            member = self._store.member(loop["id"], _id(user_id, "user"))
            if member is None:
                raise LoopApiError(404, "Member not found in this loop")
            if member["user_id"] == loop["creator_id"]:
                raise LoopApiError(400, "Loop creator cannot be removed")
            self._store.delete_member(loop["id"], member["user_id"])
            record_loop_event(self._outbox, "member_left", self._shown(loop), work.now, member)
            return {"loop_id": loop["id"], "user_id": member["user_id"]}

    def invited(self, invite_code: str) -> Document:
        """Return the loop that an invitation leads to."""
        with self._work():
            return self._shown(self._invited(invite_code))

    def join(self, invite_code: str, person: Mapping[str, Any]) -> Document:
        """Make a person an active member of the loop that the code invites to; idempotent."""
        raise_faults(accounts.PERSON("", person))
        with self._work() as work:
            loop, who = self._invited(invite_code), accounts.responder(person)
            member = self._store.member(loop["id"], accounts.person_id(who["email"]))
            if member is None:
                member = accounts.new_member(
                    accounts.person_id(who["email"]), who["email"], who["name"], "member", work.now
                )
                self._store.add_member(loop["id"], member)
                record_loop_event(self._outbox, "member_joined", self._shown(loop), work.now, member)
            return member

    # Requests

    def create_request(
        self,
        account: accounts.Account,
        loop_id: str,
        body: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        fingerprint: bytes = b"",
        then: Callable[[Document], Document] | None = None,
    ) -> Created:
        """Ask the members of a loop; the document is `RequestCreated` of `openapi.yaml`.

        A request for something else has the `fingerprint_of` that, and `then` makes the document of the request, in
        its transaction.
        """
        with self._work() as work:
            loop = self._own_loop(account, loop_id, "Only loop creators can create requests")
            check_request_create(body)
            config = kept_config(body)

            def create() -> Document:
                return (then or _receipt)(self._new_request(work, account, loop["id"], body, config))

            kind, once = f"request of {loop['id']}", self._idempotency.create_once
            return once(kind, body, idempotency_key, account.owner, create, fingerprint=fingerprint)

    def list_requests(self, query: RequestQuery | None = None) -> Page:
        """Return one page of requests, whoever made them."""
        with self._work():
            return self._store.requests(query or RequestQuery())

    def to_answer(self, emails: Sequence[str]) -> dict[str, int]:
        """Return how many requests each of these people can answer: the open ones, without those that he just has."""
        with self._work():
            open_requests = self._store.requests(RequestQuery(status=lifecycle.OPEN, limit=0)).total
            held = self._held.counts()
            return {email: open_requests - held.get(accounts.person_id(email), 0) for email in emails}

    def request_ids(self, query: RequestQuery) -> list[str]:
        """Return the ids of all requests that a query asks for, in its order."""
        with self._work():
            return self._store.request_ids(query)

    def list_loop_requests(self, account: accounts.Account, loop_id: str) -> list[Document]:
        """Return all requests of a loop, the newest first."""
        with self._work():
            loop = self._own_loop(account, loop_id)
            return self._store.requests(RequestQuery(loop_id=loop["id"], limit=None)).items

    def asker_of(self, request_id: str) -> str | None:
        """Return the id of the key that asked for a request; None for an unknown one, or one of no key."""
        with self._work():
            request = self._store.request(request_id)
        asker: Document = (request or {}).get("asked_by") or {}
        key_id: str | None = asker.get("key_id")
        return key_id

    def get_request(self, request_id: str, account: accounts.Account | None = None) -> Document:
        """Return a request as it stands now, to its account or, without one, to a person at the inbox."""
        with self._work():
            return self._request(request_id) if account is None else self._own_request(account, request_id)

    def update_request(self, account: accounts.Account, request_id: str, body: Mapping[str, Any]) -> Document:
        """Change an open request, or cancel it by its status, and return it."""
        if body.get("status", "cancelled") != "cancelled":
            raise LoopApiError(400, "Validation failed", "status can only be set to cancelled")
        with self._work() as work:
            before = self._own_request(account, request_id)
            if set(body) != {"status"} and any(each.owns_request(before["id"]) for each in self._watchers):
                raise LoopApiError(400, "Request cannot be changed", "it asks about a turn, which stays as it is")
            wanted = updated_body(before, body)
            asks_anew = {"response_type", "response_config", "default_response"} & body.keys()
            config = kept_config(wanted) if asks_anew else before["response_config"]
            after = lifecycle.updated(before, wanted, config, work.now)
            if "status" in body:
                after = lifecycle.cancelled(after, work.now)
                self._save(work, after, "cancelled", before["status"])
            else:
                self._put(work, after)
                if lifecycle.shown_digest(after) != lifecycle.shown_digest(before):
                    self._held.drop(after["id"])
            return after

    def cancel_request(self, account: accounts.Account, request_id: str) -> Document:
        """Cancel an open request and return the receipt."""
        with self._work() as work:
            before = self._own_request(account, request_id)
            after = lifecycle.cancelled(before, work.now)
            self._save(work, after, "cancelled", before["status"])
            return {"request_id": after["id"], "status": after["status"]}

    def add_feedback(self, account: accounts.Account, request_id: str, body: Mapping[str, Any]) -> Document:
        """Store feedback on a completed request that has none, and return it."""
        check_feedback(body)
        with self._work():
            request = self._own_request(account, request_id)
            if request["status"] != "completed":
                raise LoopApiError(
                    400, "Feedback can only be added to completed requests", f"it is {request['status']}"
                )
            if self._store.feedback(request["id"]) is not None:
                raise LoopApiError(400, "Feedback has already been added to this request")
            self._store.add_feedback(request["id"], body["feedback"])
            return {"request_id": request["id"], "feedback": body["feedback"]}

    def claim(self, request_id: str, person: Mapping[str, Any]) -> Document:
        """Keep others from answering for a while; claiming again extends it."""
        raise_faults(accounts.PERSON("responder", person))
        with self._work() as work:
            before, who = self._request(request_id), accounts.responder(person)
            self._held.require_free(before["id"], who)
            after = lifecycle.claimed(before, who, work.now)
            self._save(work, after, "claimed")
            return after

    def respond(
        self,
        request_id: str,
        response_data: Any,
        person: Mapping[str, Any],
        *,
        shown: str | None = None,
        actor: Actor | None = None,
        is_confirmed: bool = False,
    ) -> Document:
        """Answer a request, bare or wrapped, and store the wrapped form; the person need not be a member.

        Any `shown` but the present `shown_digest` is refused as `version_conflict`; None skips the check. See
        `ReviewService.complete` for `actor` and `is_confirmed`.
        """
        raise_faults(accounts.PERSON("responder", person))
        with self._work() as work:
            before, who = self._to_answer(request_id, person, shown)
            after = self._answered(work, self._checked(before, who, actor, is_confirmed), response_data, who)
            self._record(work, after, actor or Actor("person", "", who["email"]))
            return after

    def self_approval(self, request: Document, person: str, actor: Actor | None = None) -> Policy:
        """Return what becomes of somebody's answer to a request that he asked himself; "allow" if he did not."""
        return self._self_approval.policy_for(request, actor, person)

    def hold(
        self,
        request_id: str,
        response_data: Any,
        person: Mapping[str, Any],
        *,
        seconds: float,
        batch: str,
        shown: str | None = None,
        form: Mapping[str, Any] | None = None,
        actor: Actor | None = None,
        is_confirmed: bool = False,
    ) -> None:
        """Answer a request in some seconds, unless `undo` takes the batch back before; at once for 0 seconds.

        It is refused as `respond` refuses it; the same answer of the same person is not refused but kept as it is.
        `form` is kept with it, for the page to show it again.
        """
        if not seconds:
            self.respond(request_id, response_data, person, shown=shown, actor=actor, is_confirmed=is_confirmed)
            return
        raise_faults(accounts.PERSON("responder", person))
        with self._work() as work:
            before, who = self._to_answer(request_id, person, shown)
            self._checked(before, who, actor, is_confirmed)
            lifecycle.completed(before, kept_answer(before, response_data), who, work.now)  # is refused as it would be
            answer = HeldResponse(
                batch=batch,
                request_id=request_id,
                person=who,
                response=response_data,
                shown=lifecycle.shown_digest(before),
                form=dict(form or {}),
                given_at=to_wire(work.now),
                settles_at=to_wire(min(work.now + timedelta(seconds=seconds), from_wire(before["timeout_at"]))),
                actor=actor,
                is_confirmed=is_confirmed,
            )
            self._held.hold(work, answer)

    def undo(self, batch: str) -> HeldResponse:
        """Take a held answer back, and return it; 409 if it is given already."""
        with self._work() as work:
            return self._held.undo(work, batch)

    def held_response(self, request_id: str, email: str) -> HeldResponse | None:
        """Return what became of a person's answer that was held, unless it was given."""
        with self._work():
            return self._held.of_person(request_id, accounts.person_id(email))

    def drop_held_of(self, email: str) -> None:
        """Keep all answers of somebody that are held from being given, in the transaction of what ends his rights."""
        self._held.drop_of_person(accounts.person_id(email))

    def held_by_another(self, request_id: str, email: str) -> HeldResponse | None:
        """Return the held answer of somebody else, which will end a request."""
        with self._work():
            return self._held.of_another(request_id, accounts.person_id(email))

    def has_answer(self, request_id: str, response_data: Any, person: Mapping[str, Any]) -> bool:
        """Return whether the request was answered by this person in this way: forms are sent twice."""
        with self._work():
            request, who = self._request(request_id), accounts.responder(person)
            if request["status"] != "completed" or request["response_by"] != who["id"]:
                return False
            return bool(kept_answer(request, response_data) == request["response_data"])

    def seconds_to_change(self, request_id: str) -> float | None:
        """Return how many seconds are left until a request times out or its claim ends; None if it is finished."""
        with self._work() as work:
            due_at = self._store.due_at(request_id)
            return None if due_at is None else (from_wire(due_at) - work.now).total_seconds()

    # For other rooms, each within a transaction of theirs

    def own_loop(self, account: accounts.Account, loop_id: str) -> Document:
        """Return an account's loop, without its members."""
        return self._own_loop(account, loop_id)

    def open_loop(self, work: Work, account: accounts.Account, body: Mapping[str, Any]) -> Document:
        """Create a loop and return it."""
        loop: Document = self._new_loop(work, account, body)["loop"]
        return loop

    def open_request(self, work: Work, account: accounts.Account, loop_id: str, body: Mapping[str, Any]) -> Document:
        """Ask the members of a loop, and return the request."""
        check_request_create(body)
        return self._new_request(work, account, loop_id, body, kept_config(body))

    def settle_request(self, work: Work, request_id: str, account: accounts.Account, answer: Any) -> None:
        """Answer a request in the name of an account, unless it is finished."""
        request = self._request(request_id)
        if request["status"] in lifecycle.OPEN:
            self._answered(work, request, answer, accounts.responder({"email": account.email}))

    def withdraw_request(self, work: Work, request_id: str, at: datetime) -> None:
        """Cancel a request, unless it is finished."""
        request = self._request(request_id)
        if request["status"] in lifecycle.OPEN:
            self._save(work, lifecycle.cancelled(request, at), "cancelled", request["status"])

    # Implementation

    def _work(self) -> AbstractContextManager[Work]:
        return self._unit_of_work.begin(self._settle)

    def _settle(self, work: Work) -> None:
        """Give the held answers whose time has come, which were in time; then end claims and time requests out."""
        self._held.settle(work, partial(self._give, work))
        while (request := self._store.first_due_request(to_wire(work.now))) is not None:
            timeout_at = from_wire(request["timeout_at"])
            if request["status"] == "claimed" and lifecycle.claim_ends_at(request) < timeout_at:
                self._put(work, lifecycle.released(request, lifecycle.claim_ends_at(request)))
            else:
                after = lifecycle.timed_out(request, timeout_at)
                self._save(work, after, "timeout", request["status"])

    def _give(self, work: Work, held: HeldResponse) -> None:
        request = self._request(held.request_id)
        lifecycle.require_shown(request, held.shown)
        request = self._checked(request, held.person, held.actor, held.is_confirmed)
        after = self._answered(work, request, held.response, held.person)
        self._record(work, after, held.actor or Actor("person", "", held.person["email"]))

    def _checked(
        self, request: Document, person: Mapping[str, str], actor: Actor | None, is_confirmed: bool
    ) -> Document:
        """Return a request as it is answered by somebody; 403 or 409 if he asked it himself, and may not."""
        if self._self_approval.check(request, actor, person["email"], is_confirmed=is_confirmed):
            return {**request, "self_approved": True}
        return request

    def _to_answer(
        self, request_id: str, person: Mapping[str, Any], shown: str | None
    ) -> tuple[Document, dict[str, str]]:
        """Return a request that a person may answer now, and the person."""
        request, who = self._request(request_id), accounts.responder(person)
        lifecycle.require_open(request, "answered")
        lifecycle.require_shown(request, shown)
        self._held.require_free(request["id"], who)
        return request, who

    def _save(self, work: Work, request: Document, event: str, previous_status: str | None = None) -> None:
        self._put(work, request)
        loop = self._store.loop(request["loop_id"])
        assert loop is not None  # noqa: S101 - a loop is deleted with its requests
        at = from_wire(request["updated_at"])
        record_request_event(self._outbox, event, request, loop, at, previous_status)
        if request["status"] in lifecycle.FINAL:
            self._held.drop(request["id"])
        for each in self._watchers if request["status"] in lifecycle.FINAL else ():
            each.request_ended(work, request)

    def _put(self, work: Work, request: Document) -> None:
        due_at = lifecycle.due_at(request)
        self._store.save_request(request, None if due_at is None else to_wire(due_at))
        work.changed.append(request["id"])

    def _new_request(
        self,
        work: Work,
        account: accounts.Account,
        loop_id: str,
        body: Mapping[str, Any],
        config: Mapping[str, Any],
    ) -> Document:
        request = lifecycle.new_request(
            accounts.new_object_id(work.now),
            body,
            config=config,
            account=account,
            loop_id=loop_id,
            members=self._store.members(loop_id),
            now=work.now,
        )
        self._save(work, request, "created")
        return request

    def _answered(self, work: Work, request: Document, answer: Any, person: Mapping[str, str]) -> Document:
        after = lifecycle.completed(request, kept_answer(request, answer), person, work.now)
        self._save(work, after, "completed")
        return after

    def _record(self, work: Work, request: Document, actor: Actor) -> None:
        """Note in the audit of a team who answered what; its content is there as a digest only."""
        if self._audit is None:
            return
        own = {"self_approved": True} if request.get("self_approved") else {}
        detail = {"shown": lifecycle.shown_digest(request), **own}
        self._audit.record("request.answered", request["id"], at=to_wire(work.now), actor=actor, detail=detail)

    def _new_loop(self, work: Work, account: accounts.Account, body: Mapping[str, Any]) -> Document:
        loop = accounts.new_loop(accounts.new_object_id(work.now), body, account, work.now)
        self._store.save_loop(loop)
        name = account.email.partition("@")[0]
        self._store.add_member(loop["id"], accounts.new_member(account.user_id, account.email, name, "admin", work.now))
        record_loop_event(self._outbox, "created", self._shown(loop), work.now)
        return {"loop": self._shown(loop), "invite_code": loop["invite_code"]}

    def _shown(self, loop: Document) -> Document:
        return accounts.with_members(loop, self._store.members(loop["id"]))

    def _own_loop(
        self, account: accounts.Account, loop_id: str, otherwise: str = "Access denied to this loop"
    ) -> Document:
        loop = _found(self._store.loop(_id(loop_id, "loop")), "Loop")
        if loop["creator_id"] != account.user_id:
            raise LoopApiError(403, otherwise)
        return loop

    def _invited(self, invite_code: str) -> Document:
        return _found(self._store.loop_of_invitation(invite_code.upper()), "Loop")

    def _own_request(self, account: accounts.Account, request_id: str) -> Document:
        request = self._request(request_id)
        if request["api_key_id"] != account.api_key_id:
            raise LoopApiError(403, "Access denied to this request")
        return request

    def _request(self, request_id: str) -> Document:
        return _found(self._store.request(_id(request_id, "request")), "Request")


def _id(given: str, kind: str) -> str:
    if not accounts.OBJECT_ID.fullmatch(given):
        raise LoopApiError(400, f"Invalid {kind} ID format")
    return given.lower()


def _found(document: Document | None, kind: str) -> Document:
    if document is None:
        raise LoopApiError(404, f"{kind} not found")
    return document


def _receipt(request: Mapping[str, Any]) -> Document:
    asked: list[Document] = request["broadcasted_to"]
    return {
        "request_id": request["id"],
        "id": request["id"],
        **{name: request[name] for name in ("status", "processing_type", "type", "priority", "timeout_at")},
        "broadcasted_to": len(asked),
        "notifications_sent": sum(recipient["notification_sent"] for recipient in asked),
        "polling_url": f"/v1/api/requests/{request['id']}",
    }
