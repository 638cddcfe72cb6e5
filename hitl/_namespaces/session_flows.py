"""What `client.sessions` does, as flows; `turn_wait` waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from hitl_api.api.sessions import (
    complete_session,
    create_session,
    create_turn,
    decide_turn,
    get_session,
    list_sessions,
    list_turns,
    pause_session,
    record_turn_outcome,
    resume_session,
    update_session,
)
from hitl_api.api.sessions import get_turn as read_turn
from hitl_api.models.session_create import SessionCreate
from hitl_api.models.session_update import SessionUpdate
from hitl_api.models.turn_create import TurnCreate
from hitl_api.models.turn_decision import TurnDecision
from hitl_api.models.turn_outcome import TurnOutcome
from hitl_api.types import UNSET

from hitl._api import arguments
from hitl._config import seconds
from hitl._flows import Flow
from hitl._methods import Methods
from hitl._namespaces import session_arguments as checks
from hitl._namespaces.namespace import fetched
from hitl._namespaces.turn_wait import TurnWait
from hitl._records import Session, Turn, record
from hitl.exceptions import ConfigurationError, ConflictError

PAGE = 100


def create(methods: Methods, given: dict[str, Any], idempotency_key: str | None) -> Flow[Session]:
    body = SessionCreate.from_dict(arguments.checked(checks.SESSION, given))
    return fetched(methods, _session, create_session, body=body, idempotency_key=idempotency_key or UNSET)


def all_of(methods: Methods, given: dict[str, Any], limit: int | None) -> Flow[list[Session]]:
    query = arguments.checked(checks.FILTERS, given)
    most = None if limit is None else arguments.count("limit", limit, at_most=1_000_000)
    return _pages(methods, query, most)


def _pages(methods: Methods, query: dict[str, Any], most: int | None) -> Flow[list[Session]]:
    found: dict[str, Session] = {}
    while True:
        size = PAGE if most is None else min(PAGE, most - len(found))
        page = yield from fetched(methods, _sessions, list_sessions, limit=size, offset=len(found), **query)
        before = len(found)
        found |= {each.id: each for each in page}
        # A server that ignores the offset sends the same again.
        if len(page) < size or len(found) == before or (most is not None and len(found) >= most):
            return list(found.values())[:most]


def get(methods: Methods, session_id: str) -> Flow[Session]:
    return fetched(methods, _session, get_session, session_id)


def update(methods: Methods, session_id: str, given: dict[str, Any]) -> Flow[Session]:
    body = SessionUpdate.from_dict(arguments.changes("sessions.update", checks.CHANGES, given))
    return fetched(methods, _session, update_session, session_id, body=body)


def pause(methods: Methods, session_id: str) -> Flow[Session]:
    return fetched(methods, _session, pause_session, session_id)


def resume(methods: Methods, session_id: str) -> Flow[Session]:
    return fetched(methods, _session, resume_session, session_id)


def complete(methods: Methods, session_id: str) -> Flow[Session]:
    return fetched(methods, _session, complete_session, session_id)


def propose(methods: Methods, session: object, given: dict[str, Any], idempotency_key: str | None) -> Flow[Turn]:
    session_id, fields = _id_of(session), arguments.required("sessions.propose", checks.TURN, given, "action_type")

    def read(data: Any) -> Turn:
        turn = _turn(session_id)(data)
        # A proxy or a connection out of step may deliver the answer to another proposal.
        for name in ("action_type", "proposed_tool"):
            if name in fields and getattr(turn, name) not in (None, fields[name]):
                raise ValueError(f"it is the answer to another proposal, whose {name} is not what was sent")
        return turn

    body = TurnCreate.from_dict(fields)
    return fetched(methods, read, create_turn, session_id, body=body, idempotency_key=idempotency_key or UNSET)


def turns(methods: Methods, session: object) -> Flow[list[Turn]]:
    session_id = _id_of(session)
    read = _turn(session_id)
    return fetched(methods, lambda data: [read({"turn": each}) for each in data["turns"]], list_turns, session_id)


def get_turn(methods: Methods, session: object, turn_id: str) -> Flow[Turn]:
    session_id = _id_of(session)
    return fetched(methods, _turn(session_id), read_turn, session_id, turn_id)


def wait(methods: Methods, turn: object, timeout: float | timedelta | None) -> Flow[Turn]:
    given = _given(turn)
    until = None if timeout is None else seconds("timeout", timeout)
    return TurnWait(methods, given, until, lambda: get_turn(methods, given.session_id, given.id)).run()


def decide(methods: Methods, turn: object, given: dict[str, Any]) -> Flow[Turn]:
    known, fields = _given(turn), arguments.required("sessions.decide", checks.DECISION, given, "decision")
    place, body = (known.session_id, known.id), TurnDecision.from_dict(fields)
    deciding = fetched(methods, _turn(known.session_id), decide_turn, *place, body=body)

    def carry_out() -> Flow[Turn]:
        try:
            return (yield from deciding)
        except ConflictError as error:
            if error.attempts == 1:
                raise
            # It was sent twice, so the decision that stands in its way may be its own.
            found = yield from get_turn(methods, *place)
            if (found.human_decision, found.human_comment) != (fields["decision"], fields.get("comment")):
                raise
            return found

    return carry_out()


def record_outcome(
    methods: Methods, turn: object, action: Mapping[str, Any], files: Iterable[str] | None
) -> Flow[Turn]:
    known = _given(turn)
    fields: dict[str, Any] = {"action": arguments.required("sessions.record_outcome", checks.ACTION, action, "success")}
    if files is not None:
        fields["files_modified"] = arguments.texts("files_modified", files)
    body = TurnOutcome.from_dict(fields)
    return fetched(methods, _turn(known.session_id), record_turn_outcome, known.session_id, known.id, body=body)


def _id_of(session: object) -> str:
    return arguments.identifier("session", session.id if isinstance(session, Session) else session)


def _given(turn: object) -> Turn:
    if not isinstance(turn, Turn):
        raise ConfigurationError(f"turn must be a Turn, as propose or get_turn returns it; got {turn!r:.80}")
    return turn


def _session(data: Any) -> Session:
    return record(Session, data["session"])


def _sessions(data: Any) -> list[Session]:
    return [record(Session, each) for each in data["sessions"]]


def _turn(session_id: str) -> Callable[[Any], Turn]:
    def read(data: Any) -> Turn:
        turn = record(Turn, {"session_id": session_id, **data["turn"]})
        if turn.session_id != session_id:
            raise ValueError(f"it is about session {turn.session_id!r}, not about {session_id!r}")
        return turn

    return read
