"""The two clients as objects: what they send, closing, parity. Their behaviour is in test_core and the contract tests."""

from __future__ import annotations

import asyncio
import enum
import gc
import inspect
import re
import socket
import subprocess
import sys
import warnings

import httpx
import pytest
from script import answer, review
from scripted import scripted

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import APIConnectionError, APIStatusError, ConfigurationError, HITLError

KEY = "hitl_secret_0123456789"


def client(httpserver, **options):
    return HITLClient(KEY, base_url=httpserver.url_for(""), **{"retry_delay": 0, **options})


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def serve(httpserver):
    body = {"success": True, "data": review("completed")}
    httpserver.expect_request("/v1/reviews/rev_1").respond_with_json(body)


def test_every_request_carries_the_key_and_the_name_of_the_package_or_of_the_program(httpserver):
    serve(httpserver)
    for chosen in (None, "MyApp/1.0"):
        with client(httpserver, user_agent=chosen) as hitl_client:
            hitl_client.get_review("rev_1")
    first, second = (request.headers for request, _ in httpserver.log)
    assert first["Authorization"] == f"Bearer {KEY}"
    assert first["User-Agent"].startswith("hitl-python/")
    assert first["Accept"] == "application/json"
    assert "Content-Type" not in first
    assert second["User-Agent"] == "MyApp/1.0"


def test_a_redirect_says_that_it_is_not_followed():
    with pytest.raises(APIStatusError, match="Redirects are not followed"):
        scripted(answer(302, b"", location="http://elsewhere.test")).get_review("rev_1")


def test_an_unreachable_server_is_named_with_what_to_do_about_it():
    url = unused_url()
    with HITLClient(KEY, base_url=url, max_retries=0) as hitl_client, pytest.raises(APIConnectionError) as caught:
        hitl_client.get_review("rev_1")
    assert str(caught.value) == (
        f"get_review: no connection to {url} could be made (Connection refused); is the server running there? (1 attempt)."
    )
    assert (caught.value.sent, caught.value.retryable, caught.value.outcome_unknown) == ("no", True, False)


def test_the_proxy_is_the_one_that_was_named_when_the_client_was_made(httpserver, monkeypatch):
    serve(httpserver)
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for(""))
    with HITLClient(KEY, base_url="http://review.test") as hitl_client:
        monkeypatch.delenv("HTTP_PROXY")
        assert hitl_client.get_review("rev_1").status == "completed"


@pytest.mark.parametrize("made", [HITLClient, AsyncHITLClient])
def test_an_address_or_a_proxy_that_cannot_be_used_is_refused_with_the_client(made, monkeypatch):
    with pytest.raises(ConfigurationError, match="base_url cannot be used"):
        made(KEY, base_url="http://ä_ö.test")
    monkeypatch.setenv("ALL_PROXY", "nonsense://here")
    with pytest.raises(ConfigurationError, match="ALL_PROXY"):
        made(KEY)


def test_an_async_list_tells_how_to_read_it():
    async def describe() -> str:
        async with AsyncHITLClient(KEY) as hitl_client:
            return repr(hitl_client.list_reviews())

    assert asyncio.run(describe()) == "<0 fetched; walk it with `async for`, or `await` it for a list>"


class TestClosing:
    def test_a_client_that_leaks_its_connections_warns(self, httpserver):
        serve(httpserver)
        leaking = client(httpserver)
        leaking.get_review("rev_1")
        with pytest.warns(ResourceWarning, match="unclosed HITLClient"):
            del leaking
            gc.collect()

        async def leak() -> None:
            await AsyncHITLClient(KEY, base_url=httpserver.url_for("")).get_review("rev_1")

        with pytest.warns(ResourceWarning, match="unclosed AsyncHITLClient.*async with"):
            asyncio.run(leak())
            gc.collect()

    def test_a_client_that_was_never_used_does_not(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            HITLClient(KEY)
            gc.collect()

    def test_a_constructor_that_fails_leaves_nothing_to_close(self):
        with pytest.raises(ConfigurationError):
            HITLClient("")
        gc.collect()


def _plain(signature):
    """Return what a part of a signature of the asynchronous client is in the other one."""
    text = str(signature).replace("AsyncGenerator[Outcome, None]", "Generator[Outcome, None, None]")
    return re.sub(r" \| AsyncIterable\[[^]]*\]", "", text).replace("Async", "")


class TestParity:
    METHODS = sorted(name for name in vars(HITLClient) if not name.startswith("_") and name != "close")

    def test_both_clients_have_the_same_methods(self):
        other = {name for name in vars(AsyncHITLClient) if not name.startswith("_")} - {"aclose"}
        assert set(self.METHODS) == other

    @pytest.mark.parametrize("name", METHODS)
    def test_a_method_has_the_same_signature_in_both(self, name):
        blocking, awaiting = inspect.getattr_static(HITLClient, name), inspect.getattr_static(AsyncHITLClient, name)
        if isinstance(blocking, property):
            blocking, awaiting = blocking.fget, awaiting.fget
        first, second = inspect.signature(blocking), inspect.signature(awaiting)
        assert _plain(first.parameters) == _plain(second.parameters)
        assert _plain(second.return_annotation) == first.return_annotation

    def test_the_async_client_is_what_the_translation_writes(self):
        subprocess.run([sys.executable, "codegen/async_client.py", "--check"], check=True)


class Ids(str, enum.Enum):  # noqa: UP042 - its str() is "Ids.FIRST", that of a StrEnum "rev_1"
    FIRST = "rev_1"


def test_an_id_from_an_enumeration_is_its_value(httpserver):
    from hitl_api.api.reviews import get_review

    serve(httpserver)
    with client(httpserver) as hitl_client:
        assert hitl_client.get_review(Ids.FIRST).id == "rev_1"
        assert hitl_client.call(get_review, Ids.FIRST).data.id == "rev_1"
        assert hitl_client.call(get_review, review_id=Ids.FIRST).data.id == "rev_1"
    assert {request.path for request, _ in httpserver.log} == {"/v1/reviews/rev_1"}


class TestGeneratedClient:
    def test_it_has_the_clients_timeout(self):
        with HITLClient(KEY, timeout=7) as hitl_client:
            assert hitl_client.api.get_httpx_client().timeout == httpx.Timeout(7)

    def test_any_endpoint_runs_with_the_clients_retries_and_errors(self):
        from hitl_api.api.loops import get_loop, list_loops

        loops = answer(200, {"error": False, "msg": "ok", "data": {"loops": [], "count": 0}})
        hitl_client = scripted(answer(503), loops, answer(404, {"error": True, "msg": "Loop not found"}))
        assert hitl_client.call(list_loops).data.count == 0
        with pytest.raises(HITLError, match="get_loop: .* 404: Loop not found"):
            hitl_client.call(get_loop, "65f1234567890abcdef12349")
        assert [request.path for request in hitl_client.sent][:2] == ["/v1/api/loops"] * 2

    def test_its_ids_are_checked_like_all_others(self):
        from hitl_api.api.loops import get_loop

        with HITLClient(KEY) as hitl_client, pytest.raises(ConfigurationError, match="argument 1 of get_loop"):
            hitl_client.call(get_loop, "../../admin")
