"""Loops, through both clients."""

from __future__ import annotations

import pytest

from hitl import HITLClient
from hitl.exceptions import ConfigurationError, NotFoundError
from hitl.models import Loop, LoopMember


def test_a_loop_lives_from_its_creation_to_its_deletion(client: HITLClient) -> None:
    made = client.loops.create("Moderators", description="They judge posts.")
    assert made.join_url is not None
    assert made.join_url.startswith("http")
    (member,) = client.loops.members(made.id)
    assert (type(member), member.status, member.user_id) == (LoopMember, "active", made.creator_id)
    changed = client.loops.update(made.id, name="Post moderators", icon="star")
    assert (changed.name, changed.icon, changed.description) == ("Post moderators", "star", "They judge posts.")
    assert [each.id for each in client.loops.list()] == [made.id]
    assert client.loops.get(made.id).members == [member]
    client.loops.delete(made.id)
    with pytest.raises(NotFoundError):
        client.loops.get(made.id)
    assert client.loops.list() == []


def test_a_creation_that_is_repeated_with_its_key_makes_one_loop(client: HITLClient) -> None:
    first, second = (client.loops.create("Moderators", idempotency_key="loop-1") for _ in range(2))
    assert (type(first), first.id) == (Loop, second.id)
    assert len(client.loops.list()) == 1


def test_nobody_leaves_a_loop_who_is_not_in_it(client: HITLClient) -> None:
    loop = client.loops.create("Moderators")
    with pytest.raises(NotFoundError):
        client.loops.remove_member(loop.id, "0" * 24)


def test_arguments_are_checked_before_anything_is_sent() -> None:
    client = HITLClient("key", base_url="http://127.0.0.1:1")
    for act, words in (
        (lambda: client.loops.create(""), "name must be a text"),
        (lambda: client.loops.create("x" * 101), "name may have at most 100 characters; got 101"),
        (lambda: client.loops.create("x", description="x" * 501), "description may have at most 500"),
        (lambda: client.loops.create("x", idempotency_key="a b"), "idempotency_key must be"),
        (lambda: client.loops.update("0" * 24), "nothing to change; give at least one of name, icon, description"),
        (lambda: client.loops.get("a/b"), "must be an id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            act()
