"""How the small classes that namespaces return are read."""

from __future__ import annotations

import pickle
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from hitl._records import record
from hitl.models import Loop, LoopMember, Session, Turn

MEMBER = {"user_id": "u1", "email": "ann@example.com", "status": "active"}
LOOP = {"id": "l1", "name": "Moderators", "members": [MEMBER], "created_at": "2026-01-15T09:30:00Z"}


def test_members_are_read_by_their_annotations() -> None:
    loop = record(Loop, LOOP)
    assert loop.members == [LoopMember("u1", "ann@example.com", "active")]
    assert loop.created_at == datetime(2026, 1, 15, 9, 30, tzinfo=UTC)


def test_null_is_a_member_that_is_missing() -> None:
    assert record(Loop, {**LOOP, "description": None, "members": None}) == record(
        Loop, {name: value for name, value in LOOP.items() if name != "members"}
    )


def test_unknown_words_and_members_are_kept() -> None:
    loop = record(Loop, {**LOOP, "members": [{**MEMBER, "status": "dreaming", "level": 3}], "colour": "red"})
    assert loop.extra == {"colour": "red"}
    assert (loop.members[0].status, loop.members[0].extra) == ("dreaming", {"level": 3})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "expected a Loop, got list"),
        ({"id": "l1"}, "name must be given"),
        ({**LOOP, "name": 3}, "name: expected str, got int"),
        ({**LOOP, "members": {}}, "members: expected a list, got dict"),
        ({**LOOP, "members": [{**MEMBER, "email": True}]}, "members: email: expected str, got bool"),
        ({**LOOP, "created_at": "yesterday"}, "created_at: "),
    ],
)
def test_what_has_another_type_is_refused_by_its_name(document: Any, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}"):
        record(Loop, document)


def test_they_are_hashed_and_pickled_by_their_public_path() -> None:
    loop = record(Loop, {**LOOP, "colour": "red"})
    assert pickle.loads(pickle.dumps(loop)) == loop
    assert (Loop.__module__, len({loop, loop})) == ("hitl.models", 1)


def test_they_are_read_before_their_public_path_has_been_used() -> None:
    program = f"from hitl._records import Loop, record; print(record(Loop, {LOOP!r}).members[0].email)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("ann@example.com\n", "")


@pytest.mark.parametrize("said", [{}, {"human_decision": None, "action_taken": None, "files_modified": None}])
def test_an_undecided_turn_may_leave_out_what_is_not_known_or_send_null(said: dict[str, Any]) -> None:
    turn = record(Turn, {"id": "t1", "session_id": "s1", **said})
    assert (turn, turn.is_decided, turn.verdict) == (Turn("t1", "s1"), False, None)


@pytest.mark.parametrize("said", [{}, {"context": None, "reviewer_id": None}])
def test_a_session_may_leave_out_its_reviewer_and_its_context(said: dict[str, Any]) -> None:
    assert record(Session, {"id": "s1", "status": "sleeping", **said}) == Session("s1", "sleeping")
