"""The honest half of the hostile server: a small review API."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from hitl.testing import HostileServer, hostile

ASKED = {"template_id": "t", "content": {"text": "Ring!"}}


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


def call(server: HostileServer, method: str, path: str, document: Any = None, **headers: str) -> tuple[int, Any, Any]:
    data = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(server.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, dict(response.headers), json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.load(error)


def test_a_review_is_made_read_listed_changed_decided_and_cancelled(server: HostileServer) -> None:
    status, _, made = call(server, "POST", "/v1/reviews", ASKED)
    assert (status, made["data"]["id"], made["data"]["status"]) == (201, "rev_1", "created")
    changed = call(server, "PATCH", "/v1/reviews/rev_1", {"priority": "high", "content": {"by": "Ann"}})[2]["data"]
    assert (changed["priority"], changed["content"]) == ("high", {"text": "Ring!", "by": "Ann"})
    assert [each["id"] for each in call(server, "GET", "/v1/reviews")[2]["data"]] == ["rev_1"]
    server.decide("rev_1", approved=True)
    assert call(server, "GET", "/v1/reviews/rev_1")[2]["data"]["result"] == {"approved": True}
    assert call(server, "DELETE", "/v1/reviews/rev_1")[0] == 409
    call(server, "POST", "/v1/reviews", ASKED)
    assert call(server, "DELETE", "/v1/reviews/rev_2")[2]["data"]["status"] == "cancelled"
    assert list(server.reviews) == ["rev_1", "rev_2"]


def test_what_is_not_there_or_not_possible_is_refused_in_the_envelope_of_the_api(server: HostileServer) -> None:
    assert call(server, "GET", "/v1/reviews/rev_9")[2]["error"]["code"] == "review_not_found"
    assert call(server, "GET", "/v1/nothing")[0] == 404
    assert call(server, "POST", "/v1/reviews", {"content": {}})[0] == 422
    assert call(server, "POST", "/v1/reviews", [1])[0] == 422
    call(server, "POST", "/v1/reviews", ASKED)
    assert call(server, "PUT", "/v1/reviews/rev_1", {})[0] == 405


def test_a_key_is_honoured_and_shown_by_default() -> None:
    with HostileServer() as server:
        key = {"Idempotency-Key": "bell-1"}
        _, first, one = call(server, "POST", "/v1/reviews", ASKED, **key)
        _, second, other = call(server, "POST", "/v1/reviews", ASKED, **key)
        assert one == other
        assert first["Idempotency-Key"] == second["Idempotency-Key"] == "bell-1"
        assert "Idempotent-Replayed" not in first
        assert second["Idempotent-Replayed"] == "true"
        assert len(server.reviews) == 1


@pytest.mark.parametrize(("settings", "made"), [({"honours_keys": False}, 2), ({"shows_keys": False}, 1)])
def test_a_key_can_be_ignored_or_honoured_in_silence(settings: dict[str, bool], made: int) -> None:
    with HostileServer(**settings) as server:  # type: ignore[arg-type]
        for _ in range(2):
            headers = call(server, "POST", "/v1/reviews", ASKED, **{"Idempotency-Key": "bell-1"})[1]
            assert "Idempotency-Key" not in headers
        assert len(server.reviews) == made


def test_a_change_concerns_the_reviews_that_are_told_of_and_nothing_else(server: HostileServer) -> None:
    for _ in range(2):
        call(server, "POST", "/v1/reviews", ASKED)
    server.next(hostile.change(status="pondered", result=...), times=3)
    assert call(server, "GET", "/v1/reviews/rev_1")[2]["data"]["status"] == "pondered"
    told = call(server, "GET", "/v1/reviews")[2]["data"]
    assert [(each["status"], "result" in each) for each in told] == [("pondered", False)] * 2
    assert call(server, "GET", "/v1/reviews/rev_9")[0] == 404
