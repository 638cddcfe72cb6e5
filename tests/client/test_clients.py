"""The two clients as objects: transport, closing, parity, secrets. Their behaviour is in test_core and the contract tests."""

from __future__ import annotations

import asyncio
import enum
import gc
import inspect
import json
import logging
import pickle
import re
import socket
import subprocess
import sys
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest
from script import review
from werkzeug import Response

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    ConfigurationError,
    HITLError,
)

KEY = "hitl_secret_0123456789"


def client(httpserver, **options):
    return HITLClient(KEY, base_url=httpserver.url_for(""), **{"retry_delay": 0, **options})


def unused_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def serve(httpserver, document=None, **options):
    body = {"success": True, "data": document or review("completed")}
    httpserver.expect_request("/v1/reviews/rev_1").respond_with_json(body, **options)


def test_every_request_carries_the_key_and_the_name_of_the_package(httpserver):
    serve(httpserver)
    with client(httpserver) as hitl_client:
        hitl_client.get_review("rev_1")
    headers = httpserver.log[0][0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["User-Agent"].startswith("hitl-python/")
    assert headers["Accept"] == "application/json"
    assert "Content-Type" not in headers


def test_a_chosen_user_agent_is_sent_as_it_is(httpserver):
    serve(httpserver)
    with client(httpserver, user_agent="MyApp/1.0") as hitl_client:
        hitl_client.get_review("rev_1")
    assert httpserver.log[0][0].headers["User-Agent"] == "MyApp/1.0"


def test_an_unreachable_server_is_one_kind_of_error_for_both_clients():
    url = unused_url()
    with HITLClient(KEY, base_url=url, max_retries=0) as hitl_client, pytest.raises(APIConnectionError) as caught:
        hitl_client.get_review("rev_1")
    assert str(caught.value) == (
        f"get_review: no connection to {url} could be made (Connection refused); is the server running there? (1 attempt)."
    )
    assert (caught.value.sent, caught.value.retryable, caught.value.outcome_unknown) == ("no", True, False)

    async def ask() -> None:
        async with AsyncHITLClient(KEY, base_url=url, max_retries=0) as hitl_client:
            await hitl_client.get_review("rev_1")

    with pytest.raises(APIConnectionError, match="Connection refused|could be made"):
        asyncio.run(ask())


def test_a_silent_server_is_a_timeout():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            HITLClient(KEY, base_url=url, timeout=0.05, max_retries=0) as hitl_client,
            pytest.raises(TimeoutError) as caught,
        ):
            hitl_client.create_review("template_123", {"a": 1})
    assert isinstance(caught.value, APITimeoutError)
    assert (caught.value.sent, caught.value.outcome_unknown) == ("maybe", True)


@pytest.mark.parametrize(
    ("raw", "sent"),
    [(b"", "maybe"), (b"nonsense\r\n\r\n", "yes"), (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "yes")],
)
def test_a_broken_answer_is_a_connection_error(raw, sent):
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(raw)

        serving = pool.submit(answer)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with HITLClient(KEY, base_url=url, max_retries=0) as hitl_client, pytest.raises(APIConnectionError) as caught:
            hitl_client.get_review("rev_1")
        serving.result()
    assert caught.value.sent == sent


def test_a_redirect_is_not_followed(httpserver):
    httpserver.expect_request("/v1/reviews/rev_1").respond_with_data(
        "", 302, headers={"Location": httpserver.url_for("/elsewhere")}
    )
    with client(httpserver) as hitl_client, pytest.raises(APIStatusError, match="Redirects are not followed"):
        hitl_client.get_review("rev_1")
    assert len(httpserver.log) == 1


def test_a_proxy_of_the_environment_is_no_way_to_this_machine(httpserver, monkeypatch):
    serve(httpserver)
    monkeypatch.setenv("HTTP_PROXY", unused_url())
    with client(httpserver) as hitl_client:
        assert hitl_client.get_review("rev_1").status == "completed"


def test_a_proxy_that_cannot_be_used_is_a_configuration_error(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "nonsense://here")
    with pytest.raises(ConfigurationError, match="ALL_PROXY"):
        HITLClient(KEY)


def test_the_proxy_is_the_one_that_was_named_when_the_client_was_made(httpserver, monkeypatch):
    serve(httpserver)
    monkeypatch.setenv("HTTP_PROXY", httpserver.url_for(""))
    with HITLClient(KEY, base_url="http://review.test") as hitl_client:
        monkeypatch.delenv("HTTP_PROXY")
        assert hitl_client.get_review("rev_1").status == "completed"


@pytest.mark.parametrize("made", [HITLClient, AsyncHITLClient])
def test_an_address_that_cannot_be_used_is_refused_with_the_client(made):
    with pytest.raises(ConfigurationError, match="base_url cannot be used"):
        made(KEY, base_url="http://ä_ö.test")


def test_a_client_is_safe_to_share_between_threads(httpserver):
    def answer(request):
        review_id = request.path.rpartition("/")[2]
        return Response(
            json.dumps({"success": True, "data": review("completed", review_id)}), 200, mimetype="application/json"
        )

    httpserver.expect_request(re.compile("/v1/reviews/.*")).respond_with_handler(answer)
    with client(httpserver) as hitl_client, ThreadPoolExecutor(16) as pool:
        ids = [f"rev_{number}" for number in range(200)]
        assert [each.id for each in pool.map(hitl_client.get_review, ids)] == ids


def test_a_batch_runs_its_items_together(httpserver):
    httpserver.expect_request("/v1/reviews", method="POST").respond_with_json({"success": True, "data": review()}, 201)
    with client(httpserver) as hitl_client:
        made = hitl_client.create_reviews(({"template_id": "t", "content": {"n": n}} for n in range(20)), concurrency=4)
    assert len(made) == 20


def test_an_interrupted_batch_begins_nothing_more():
    begun = []

    class Interrupted(httpx.BaseTransport):
        def handle_request(self, request):
            begun.append(request)
            raise KeyboardInterrupt

    items = [{"template_id": "t", "content": {"n": n}} for n in range(100)]
    with HITLClient(KEY, transport=Interrupted()) as hitl_client, pytest.raises(KeyboardInterrupt):
        hitl_client.create_reviews(items, concurrency=2)
    assert len(begun) <= 4


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_client_runs_on_asyncio_and_trio(httpserver, backend):
    httpserver.expect_request("/v1/reviews", method="POST").respond_with_json({"success": True, "data": review()}, 201)

    async def create() -> int:
        async with AsyncHITLClient(KEY, base_url=httpserver.url_for("")) as hitl_client:
            return len(await hitl_client.create_reviews([{"template_id": "t", "content": {}}] * 10, concurrency=3))

    assert anyio.run(create, backend=backend) == 10


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_client_sleeps_and_tries_again(httpserver, backend):
    httpserver.expect_ordered_request("/v1/reviews/rev_1").respond_with_data("", 503)
    httpserver.expect_ordered_request("/v1/reviews/rev_1").respond_with_json({"success": True, "data": review()})

    async def get() -> str:
        async with AsyncHITLClient(KEY, base_url=httpserver.url_for(""), retry_delay=0) as hitl_client:
            return (await hitl_client.get_review("rev_1")).id

    assert anyio.run(get, backend=backend) == "rev_1"
    assert len(httpserver.log) == 2


def test_an_async_list_tells_how_to_read_it():
    async def describe() -> str:
        async with AsyncHITLClient(KEY) as hitl_client:
            return repr(hitl_client.list_reviews())

    assert asyncio.run(describe()) == "<0 fetched; walk it with `async for`, or `await` it for a list>"


def test_cancellation_passes_through_unwrapped():
    async def wait() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with AsyncHITLClient(KEY, base_url=url) as hitl_client:
                async with asyncio.timeout(0.05):
                    await hitl_client.get_review("rev_1")

    with pytest.raises(TimeoutError) as caught:
        asyncio.run(wait())
    assert not isinstance(caught.value, HITLError)


class TestClosing:
    def test_a_client_that_leaks_its_connections_warns(self, httpserver):
        serve(httpserver)
        leaking = client(httpserver)
        leaking.get_review("rev_1")
        with pytest.warns(ResourceWarning, match="unclosed HITLClient"):
            del leaking
            gc.collect()

    def test_an_async_client_that_leaks_warns_too(self, httpserver):
        serve(httpserver)

        async def leak() -> None:
            leaking = AsyncHITLClient(KEY, base_url=httpserver.url_for(""))
            await leaking.get_review("rev_1")

        with pytest.warns(ResourceWarning, match="unclosed AsyncHITLClient.*async with"):
            asyncio.run(leak())
            gc.collect()

    def test_a_client_that_was_never_used_does_not(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            HITLClient(KEY)
            gc.collect()

    def test_closing_may_be_repeated(self):
        hitl_client = HITLClient(KEY)
        hitl_client.close()
        hitl_client.close()

    def test_a_constructor_that_fails_leaves_nothing_to_close(self):
        with pytest.raises(ConfigurationError):
            HITLClient("")
        gc.collect()


class TestSecrets:
    def test_no_repr_shows_the_key(self):
        with HITLClient(KEY) as made:
            for shown in (made, made.api, made._methods, made._methods.settings, made._transport, vars(made)):
                assert KEY not in repr(shown)

    def test_an_error_does_not_repeat_a_key_that_the_server_repeats(self, httpserver, caplog):
        caplog.set_level(logging.DEBUG)
        refusal = {"success": False, "error": {"code": "unauthorized", "message": f"{KEY} is no key"}}
        httpserver.expect_request("/v1/reviews/rev_1").respond_with_json(refusal, 401)
        with client(httpserver) as hitl_client, pytest.raises(AuthenticationError, match=r"\*\*\* is no key") as caught:
            hitl_client.get_review("rev_1")
        error = caught.value
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
        for place in (str(error), repr(vars(error)), told, caplog.text, repr(pickle.dumps(error))):
            assert KEY not in place

    def test_no_error_of_the_http_library_hangs_on(self):
        with HITLClient(KEY, base_url=unused_url(), max_retries=0) as hitl_client, pytest.raises(HITLError) as caught:
            hitl_client.get_review("rev_1")
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


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
    def test_it_shares_connections_key_and_timeouts(self, httpserver):
        from hitl_api.api.reviews import get_review

        serve(httpserver)
        with client(httpserver, timeout=7) as hitl_client:
            envelope = get_review.sync("rev_1", client=hitl_client.api)
            assert hitl_client.api.get_httpx_client().timeout == httpx.Timeout(7)
        assert envelope.data.id == "rev_1"
        assert httpserver.log[0][0].headers["Authorization"] == f"Bearer {KEY}"

    def test_any_endpoint_runs_with_the_clients_retries_and_errors(self, httpserver):
        from hitl_api.api.loops import get_loop, list_loops

        httpserver.expect_ordered_request("/v1/api/loops").respond_with_data("", 503)
        httpserver.expect_ordered_request("/v1/api/loops").respond_with_json(
            {"error": False, "msg": "ok", "data": {"loops": [], "count": 0}}
        )
        httpserver.expect_ordered_request("/v1/api/loops/65f1234567890abcdef12349").respond_with_json(
            {"error": True, "msg": "Loop not found"}, 404
        )
        with client(httpserver) as hitl_client:
            assert hitl_client.call(list_loops).data.count == 0
            with pytest.raises(HITLError, match="get_loop: .* 404: Loop not found"):
                hitl_client.call(get_loop, "65f1234567890abcdef12349")

    def test_its_ids_are_checked_like_all_others(self):
        from hitl_api.api.loops import get_loop

        with HITLClient(KEY) as hitl_client, pytest.raises(ConfigurationError, match="argument 1 of get_loop"):
            hitl_client.call(get_loop, "../../admin")
