"""What a client can be given to send through, and what it refuses; ids at every door."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hitl_api.api.loops import get_loop
from hitl_api.api.reviews import get_review
from script import review

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import ConfigurationError

KEY = "hitl_secret_0123456789"


def answered(request: httpx.Request) -> httpx.Response:
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    return httpx.Response(200, json={"success": True, "data": review("completed")})


def test_a_client_of_ones_own_is_sent_through_and_left_open():
    with httpx.Client(transport=httpx.MockTransport(answered)) as own:
        with HITLClient(KEY, http_client=own) as client:
            assert client.get_review("rev_1").status == "completed"
        assert not own.is_closed


def test_an_asynchronous_one_as_well():
    async def ask() -> str:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as own:
            async with AsyncHITLClient(KEY, http_client=own) as client:
                status = (await client.get_review("rev_1")).status
            assert not own.is_closed
        return status

    assert asyncio.run(ask()) == "completed"


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        (
            HITLClient,
            {"http_client": httpx.AsyncClient()},
            "must be an httpx.Client; got AsyncClient. .* AsyncHITLClient",
        ),
        (HITLClient, {"http_client": httpx.Client}, "got the class Client"),
        (HITLClient, {"http_client": "http://proxy"}, "must be an httpx.Client; got str"),
        (HITLClient, {"transport": httpx.AsyncHTTPTransport()}, "transport must be an httpx.BaseTransport"),
        (HITLClient, {"transport": "http://proxy"}, "transport must be an httpx.BaseTransport, .*; got str"),
        (AsyncHITLClient, {"http_client": httpx.Client()}, "must be an httpx.AsyncClient; got Client. .* HITLClient"),
        (AsyncHITLClient, {"transport": httpx.HTTPTransport()}, "transport must be an httpx.AsyncBaseTransport"),
    ],
)
def test_the_wrong_kind_is_refused_by_name(kind, given, says):
    with pytest.raises(ConfigurationError, match=says):
        kind(KEY, **given)


@pytest.mark.parametrize("kind", [HITLClient, AsyncHITLClient])
def test_only_one_of_both_is_taken(kind):
    with pytest.raises(ConfigurationError, match="transport or http_client, not both"):
        kind(KEY, transport=httpx.MockTransport(answered), http_client=httpx.Client())


@pytest.mark.parametrize(
    "wrong", ["", ".", "..", "a/b", "a\\b", "%2e%2e", "a?b", "a#b", "a b", "rev_1\n", " rev_1", "é", "x" * 200, None, 7]
)
def test_an_id_that_is_none_is_refused_at_every_door(wrong):
    def fail(_: httpx.Request) -> httpx.Response:
        raise AssertionError("nothing may be sent")

    with HITLClient(KEY, transport=httpx.MockTransport(fail)) as client:
        doors = [
            lambda: client.get_review(wrong),
            lambda: client.update_review(wrong, priority="high"),
            lambda: client.reassign_review(wrong, assignees=["a@company.com"]),
            lambda: client.cancel_review(wrong),
            lambda: client.wait_for_review(wrong),
            lambda: client.update_reviews([{"id": wrong, "priority": "high"}]),
            lambda: client.create_review(wrong, {"a": 1}),
            lambda: client.get_template(wrong),
            lambda: client.update_template(wrong, name="T"),
            lambda: client.delete_template(wrong),
            lambda: client.call(get_review, wrong),
            lambda: client.call(get_review, review_id=wrong),
            lambda: client.call(get_loop, loop_id=wrong),
        ]
        for door in doors:
            with pytest.raises(ConfigurationError, match="must be an id|must be given"):
                door()


@pytest.mark.parametrize("wrong", ["get_review", get_review.sync, None])
def test_what_is_no_endpoint_is_refused(wrong):
    with (
        HITLClient(KEY, transport=httpx.MockTransport(answered)) as client,
        pytest.raises(ConfigurationError, match="endpoint must be a module of hitl_api.api, such as"),
    ):
        client.call(wrong, "rev_1")
