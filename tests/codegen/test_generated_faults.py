"""The generated client alone: what is no id goes nowhere, and a response that does not fit raises one error."""

from __future__ import annotations

import functools
import importlib
import inspect
import json
from typing import Any

import anyio
import httpx
import pytest
from hitl_api import AuthenticatedClient, errors
from hitl_api.api.events import stream_events
from hitl_api.api.loops import get_loop, remove_loop_member
from hitl_api.api.reviews import get_review
from openapi_yaml import SPEC

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import ConfigurationError

FUNCTIONS = ("sync", "sync_detailed", "asyncio", "asyncio_detailed")
WITH_IDS = [
    (operation["tags"][0], operation["operationId"])
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method != "parameters" and "{" in path
]

NO_IDS: list[Any] = [
    "", " ", "\t", ".", "..", "...", "/", "a/b", "../a", "a\\b", "..\\", "a\n", "\x00", "a\x7f", "%2e%2e", "%2E", "a%2Fb",
    "a?b", "a#b", "a;b", "\uff0e\uff0e", "\u2215", "caf\u00e9", "a b", "x" * 129, None, 5, b"abc", ["a"],
]  # fmt: skip

MISFITS = [
    b"[]", b'"no"', b"5", b"null", b"true", b"{}", b'{"error": true}', b"<html>Bad gateway</html>", b"", b"\xff\xfe\x00",
    b"[[1, 2]]", b"[" * 5000 + b"]" * 5000, b'{"data": [], "error": 1}', b'{"success": false, "error": "no"}',
]  # fmt: skip


def _call(module: Any, function: str, client: Any, *ids: Any) -> Any:
    call = functools.partial(getattr(module, function), *ids, client=client)
    return anyio.run(call) if function.startswith("asyncio") else call()


def _answering(status: int, body: bytes, **settings: Any) -> AuthenticatedClient:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return AuthenticatedClient("https://hitl.example", token="a-key", httpx_args={"transport": transport}, **settings)


def _nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"{request.url} was asked")


@pytest.mark.parametrize("given", NO_IDS, ids=repr)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_no_id_is_refused_before_anything_is_sent(given: Any, function: str) -> None:
    client = AuthenticatedClient("https://h.example", token="a", httpx_args={"transport": httpx.MockTransport(_nobody)})
    with pytest.raises(ValueError, match=r"^user_id must be an id as the server gave it; got "):
        _call(remove_loop_member, function, client, "65f1234567890abcdef12345", given)
    with pytest.raises(ValueError, match=r"^loop_id must be an id as the server gave it; got "):
        _call(remove_loop_member, function, client, given, "65f1234567890abcdef12345")


@pytest.mark.parametrize(("tag", "operation"), WITH_IDS)
def test_every_operation_refuses_what_is_no_id(tag: str, operation: str) -> None:
    module: Any = importlib.import_module(f"hitl_api.api.{tag}.{operation}")
    parameters = inspect.signature(module._get_kwargs).parameters.values()
    ids = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD]
    others = {each.name: None for each in parameters if each.name == "body"}
    for name in ids:
        with pytest.raises(ValueError, match=rf"^{name} must be an id"):
            module._get_kwargs(**{**dict.fromkeys(ids, "an-id"), name: ".."}, **others)


@pytest.mark.parametrize("given", NO_IDS, ids=repr)
def test_the_client_refuses_the_same(given: Any) -> None:
    with HITLClient("a-key", transport=httpx.MockTransport(_nobody)) as client:
        with pytest.raises(ConfigurationError, match="argument 1 of get_loop must be an id as the server gave it"):
            client.call(get_loop, given)
        with pytest.raises(ValueError, match="^loop_id must be an id as the server gave it"):
            get_loop.sync(given, client=client.api)


@pytest.mark.parametrize("body", MISFITS, ids=lambda body: repr(body[:20]))
@pytest.mark.parametrize("status", [200, 400, 404, 429, 500])
@pytest.mark.parametrize("module", [get_loop, get_review])
def test_a_body_that_does_not_fit_its_status_raises_one_error(module: Any, status: int, body: bytes) -> None:
    if module is get_loop and status != 200 and body.startswith(b'{"data"'):
        body = b'{"data": []}'
    for function in FUNCTIONS:
        with _answering(status, body) as client, pytest.raises(errors.UnexpectedStatus) as caught:
            _call(module, function, client, "an-id")
        assert (caught.value.status_code, caught.value.content) == (status, body)
        assert str(caught.value).startswith(f"Unexpected body with status code: {status} (")


@pytest.mark.parametrize("status", [299, 520, 599, 799])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_status_that_http_does_not_name_raises_the_same_error(status: int, function: str) -> None:
    with _answering(status, b"<html>") as client, pytest.raises(errors.UnexpectedStatus) as caught:
        _call(get_loop, function, client, "an-id")
    assert caught.value.status_code == status


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_status_that_is_not_described_raises_it_if_wished(function: str) -> None:
    with _answering(418, b"{}", raise_on_unexpected_status=True) as client, pytest.raises(errors.UnexpectedStatus):
        _call(get_loop, function, client, "an-id")
    with _answering(418, b"{}") as client:
        parsed = _call(get_loop, function, client, "an-id")
    assert (parsed if function in ("sync", "asyncio") else parsed.parsed) is None


def test_what_the_description_allows_is_still_returned() -> None:
    body = json.dumps({"error": True, "msg": "Loop not found", "data": ["more"]}).encode()
    with _answering(404, body) as client:
        answer: Any = get_loop.sync("an-id", client=client)
    assert answer.msg == "Loop not found"


def _is_stream(operation: dict[str, Any]) -> bool:
    answers = [
        SPEC["components"]["responses"][each["$ref"].rpartition("/")[2]] for each in operation["responses"].values()
    ]
    return any("text/event-stream" in answer.get("content", {}) for answer in answers)


def test_a_stream_is_refused_at_once_and_the_error_names_the_way() -> None:
    streams = {
        operation["operationId"]: path
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and _is_stream(operation)
    }
    assert streams == {"stream_events": "/v1/events"}
    said = r'never ends.* httpx\.stream\("GET", base_url \+ "/v1/events"'
    with (
        HITLClient("a-key", transport=httpx.MockTransport(_nobody)) as client,
        pytest.raises(ConfigurationError, match=said),
    ):
        client.call(stream_events)

    async def run() -> None:
        async with AsyncHITLClient("a-key", transport=httpx.MockTransport(_nobody)) as client:
            await client.call(stream_events, after=3)

    with pytest.raises(ConfigurationError, match="never ends"):
        anyio.run(run)
