"""Ids of requests in upper case: the service takes them, and writes them in lower case."""

from __future__ import annotations

import pytest

from hitl import HITLClient
from hitl.testing import Reviewer


@pytest.fixture
def request_id(hitl_client: HITLClient, reviewer: Reviewer) -> str:
    loop_id = hitl_client.loops.create(name="Moderators").id
    reviewer.on_request().respond(True)
    return hitl_client.requests.create(loop_id, "May it?").id.upper()


def test_it_is_read_rated_and_waited_for(hitl_client: HITLClient, request_id: str) -> None:
    assert hitl_client.requests.get(request_id).id == request_id
    hitl_client.requests.add_feedback(request_id, rating=5)
    assert hitl_client.requests.wait(request_id).answer is True


def test_waits_for_both_spellings_are_one(hitl_client: HITLClient, request_id: str) -> None:
    both = hitl_client.requests.wait_many([request_id, request_id.lower()])
    assert [each.id for each in both] == [request_id.lower()] * 2


def test_it_is_cancelled(hitl_client: HITLClient, reviewer: Reviewer) -> None:
    reviewer.on_request().never()
    loop_id = hitl_client.loops.create(name="Moderators").id
    asked = hitl_client.requests.create(loop_id, "May it?")
    assert hitl_client.requests.cancel(asked.id.upper()).status == "cancelled"
