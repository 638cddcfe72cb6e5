"""The rules of sessions: who may start, propose and decide what."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Any

from hitl.server.agent_sessions import lifecycle
from hitl.server.agent_sessions.schemas import check_create, check_decision, check_outcome, check_turn, check_update
from hitl.server.agent_sessions.store import SessionQuery, SessionStore
from hitl.server.loops import LoopService
from hitl.server.loops.accounts import Account, new_object_id
from hitl.server.loops.envelope import LoopApiError
from hitl.server.primitives import Document, conflict, from_wire, to_wire
from hitl.server.storage import Created, Database, IdempotencyStore, Outbox, UnitOfWork, Work


class SessionService:
    """Sessions and turns, and everything that can be done with them.

    Methods take the account of an API key, to which the session must belong; documents are plain dicts in wire form. A
    refused call raises an ApiError and changes nothing. Any thread may call any method.
    """

    def __init__(self, database: Database, unit_of_work: UnitOfWork, outbox: Outbox, loops: LoopService) -> None:
        """Work on the tables of a database that the caller opened and closes; `loops` tells of each answer."""
        self.changes = unit_of_work.changes
        self._unit_of_work = unit_of_work
        self._outbox = outbox
        self._loops = loops
        self._idempotency = IdempotencyStore(database)
        self._store = SessionStore(database)
        loops.watch_requests(self)

    def tick(self) -> None:
        """Abandon and delete what is due, as every other method does before its own work."""
        with self._work():
            pass

    def next_due(self) -> datetime | None:
        """Return when the next session is abandoned or deleted."""
        due_at = self._store.next_due()
        return None if due_at is None else from_wire(due_at)

    # Sessions

    def create(self, account: Account, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Created:
        """Start a session, in a loop of its own unless the body names one."""
        check_create(body)
        with self._work() as work:
            create = partial(self._new_session, work, account, body)
            return self._idempotency.create_once("session", body, idempotency_key, account.owner, create)

    def list_sessions(self, query: SessionQuery) -> list[Document]:
        """Return one page of a key's sessions."""
        with self._work():
            return self._store.sessions(query).items

    def get(self, account: Account, session_id: str) -> Document:
        """Return one session."""
        with self._work():
            return self._own(account, session_id)

    def update(self, account: Account, session_id: str, body: Mapping[str, Any]) -> Document:
        """Replace what the body names in a session that is not finished."""
        check_update(body)
        with self._work() as work:
            return self._save(work, lifecycle.updated(self._own(account, session_id), body, work.now))

    def pause(self, account: Account, session_id: str) -> Document:
        """Let an active session take no new turns."""
        with self._work() as work:
            return self._save(work, lifecycle.moved(self._own(account, session_id), "active", "paused", work.now))

    def resume(self, account: Account, session_id: str) -> Document:
        """Let a paused session take turns again."""
        with self._work() as work:
            return self._save(work, lifecycle.moved(self._own(account, session_id), "paused", "active", work.now))

    def complete(self, account: Account, session_id: str) -> Document:
        """End a session for good, and withdraw what it still asks; repeatable."""
        with self._work() as work:
            before = self._own(account, session_id)
            after = lifecycle.completed(before, work.now)
            return before if after is before else self._end(work, after)

    # Turns

    def propose(
        self, account: Account, session_id: str, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> Created:
        """Ask the session's loop about an action."""
        check_turn(body)
        with self._work() as work:
            session = self._own(account, session_id)
            create = partial(self._new_turn, work, account, session, body)
            kind = f"turn of {session['id']}"
            return self._idempotency.create_once(kind, body, idempotency_key, account.owner, create)

    def turns(self, account: Account, session_id: str) -> list[Document]:
        """Return the turns of a session, in the order in which they were proposed."""
        with self._work():
            return self._store.turns(self._own(account, session_id)["id"])

    def turn(self, account: Account, session_id: str, turn_id: str) -> Document:
        """Return one turn."""
        with self._work():
            return self._turn(account, session_id, turn_id)

    def decide(self, account: Account, session_id: str, turn_id: str, body: Mapping[str, Any]) -> Document:
        """Decide a turn, and answer its request by that."""
        check_decision(body)
        with self._work() as work:
            session, turn = self._own(account, session_id), self._turn(account, session_id, turn_id)
            after = lifecycle.decided(turn, body["decision"], body.get("comment"))
            if session["status"] not in lifecycle.OPEN:
                raise conflict(f"session {session['id']} is {session['status']}, so nothing is decided in it")
            self._resolve(work, after)
            self._loops.settle_request(work, turn["request_id"], account, body["decision"])
            return after

    def record_outcome(self, account: Account, session_id: str, turn_id: str, body: Mapping[str, Any]) -> Document:
        """Add to a decided turn what came of it; a second record replaces the first."""
        check_outcome(body)
        with self._work() as work:
            after = lifecycle.done(self._turn(account, session_id, turn_id), body)
            self._put_turn(work, after)
            return after

    # What the requests of turns do

    def about_request(self, request_id: str) -> tuple[Document, list[Document]] | None:
        """Return the session that a request belongs to, and its turns up to the one that it asks about."""
        with self._work():
            turn = self._store.turn_of_request(request_id)
            session = None if turn is None else self._store.session(turn["session_id"])
            if turn is None or session is None:
                return None
            turns = self._store.turns(session["id"])
            return session, [each for each in turns if each["turn_number"] <= turn["turn_number"]]

    def owns_request(self, request_id: str) -> bool:
        """Return whether a request asks about a turn, so that nobody may change what it asks."""
        return self._store.turn_of_request(request_id) is not None

    def request_ended(self, work: Work, request: Document) -> None:
        """Decide the turn that a request asks about by its answer, in the same transaction."""
        turn, decision = self._store.turn_of_request(request["id"]), lifecycle.decision_of(request)
        if turn is not None and turn["human_decision"] is None and decision is not None:
            self._resolve(work, lifecycle.decided(turn, decision, None))

    # Implementation

    def _work(self) -> AbstractContextManager[Work]:
        return self._unit_of_work.begin(self._settle)

    def _settle(self, work: Work) -> None:
        """Abandon idle sessions and delete old ones, in the order of their moments."""
        while (session := self._store.first_due_session(to_wire(work.now))) is not None:
            due_at = lifecycle.due_at(session)
            if session["status"] == "abandoned" or due_at is None:
                self._store.delete_session(session["id"])
            else:
                self._end(work, lifecycle.abandoned(session, due_at))

    def _new_session(self, work: Work, account: Account, body: Mapping[str, Any]) -> Document:
        if "loop_id" in body:
            loop = self._loops.own_loop(account, body["loop_id"])
        else:
            loop = self._loops.open_loop(work, account, lifecycle.loop_of(body))
        session = lifecycle.new_session(new_object_id(work.now), body, loop["id"], work.now)
        self._store.add_session(session, account.api_key_id, to_wire(work.now + lifecycle.IDLE))
        return session

    def _new_turn(self, work: Work, account: Account, session: Document, body: Mapping[str, Any]) -> Document:
        if session["status"] != "active":
            raise conflict(f"session {session['id']} is {session['status']} and takes no turns")
        number = session["turn_count"] + 1
        turn = lifecycle.new_turn(new_object_id(work.now), number, body, session, work.now)
        request = self._loops.open_request(work, account, session["loop_id"], lifecycle.request_of(turn, session))
        turn["request_id"] = request["id"]
        self._store.save_turn(turn)
        self._save(work, lifecycle.touched({**session, "turn_count": number}, work.now))
        return turn

    def _resolve(self, work: Work, turn: Document) -> None:
        self._put_turn(work, turn)
        self._outbox.emit("turn.resolved", turn["id"], lifecycle.resolution(turn, work.now), at=work.now)

    def _put_turn(self, work: Work, turn: Document) -> None:
        self._store.save_turn(turn)
        work.changed.append(turn["id"])
        session = self._store.session(turn["session_id"])
        if session is not None and session["status"] in lifecycle.OPEN:  # it is not idle
            self._save(work, lifecycle.touched(session, work.now))

    def _end(self, work: Work, session: Document) -> Document:
        for turn in self._store.turns(session["id"]):
            if turn["human_decision"] is None:
                self._loops.withdraw_request(work, turn["request_id"], from_wire(session["updated_at"]))
        return self._save(work, session)

    def _save(self, work: Work, session: Document) -> Document:
        due_at = lifecycle.due_at(session)
        self._store.save_session(session, None if due_at is None else to_wire(due_at))
        work.changed.append(session["id"])
        return session

    def _own(self, account: Account, session_id: str) -> Document:
        owner = self._store.owner_of(session_id)
        session = self._store.session(session_id)
        if session is None:
            raise LoopApiError(404, "Session not found")
        if owner != account.api_key_id:
            raise LoopApiError(403, "Access denied to this session")
        return session

    def _turn(self, account: Account, session_id: str, turn_id: str) -> Document:
        turn = self._store.turn(self._own(account, session_id)["id"], turn_id)
        if turn is None:
            raise LoopApiError(404, "Turn not found")
        return turn
