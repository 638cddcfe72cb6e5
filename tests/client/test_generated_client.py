"""The generated client: it goes where the client goes, over the same connections and with the same key."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from hitl_api.api.reviews import get_review
from sockets import Serve, answering, serving, silent, url_of

from hitl import AsyncHITLClient, HITLClient

KEY = "an-api-key"


REVIEW = (
    b'{"success": true, "data": {"id": "rev_1", "template_id": "t", "content": {}, "status": "created", '
    b'"created_at": "2026-01-15T10:30:00Z"}}'
)


class Reviewing:
    """Answers with a review; counts the connections."""

    def __init__(self) -> None:
        self.connections = 0

    def __call__(self, sock: socket.socket) -> None:
        self.connections += 1
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(REVIEW)}\r\n\r\n"
        answering(head.encode() + REVIEW)(sock)


def test_it_goes_over_the_same_connections_when_awaited() -> None:
    async def run(base_url: str) -> Any:
        async with AsyncHITLClient(KEY, base_url=base_url) as client:
            return await get_review.asyncio("rev_1", client=client.api)

    with serving(Reviewing()) as address:
        assert anyio.run(run, url_of(address)).data.id == "rev_1"


@pytest.mark.parametrize("own", [True, False])
def test_it_goes_through_what_the_user_injected(own: bool) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, content=REVIEW)

    mock = httpx.MockTransport(answer)
    injected: Any = {"transport": mock} if own else {"http_client": httpx.Client(transport=mock)}
    with HITLClient(KEY, base_url="http://here.test", **injected) as client:
        assert get_review.sync("rev_1", client=client.api) is not None

    async def run() -> Any:
        given: Any = {"transport": mock} if own else {"http_client": httpx.AsyncClient(transport=mock)}
        async with AsyncHITLClient(KEY, base_url="http://here.test", **given) as awaiting:
            return await get_review.asyncio("rev_1", client=awaiting.api)

    assert anyio.run(run) is not None


@pytest.mark.parametrize(
    "derive",
    [
        lambda api: api,
        lambda api: api.with_headers({"X-Mine": "1"}),
        lambda api: api.with_timeout(httpx.Timeout(3)),
        lambda api: api.with_cookies({"a": "b"}),
    ],
)
def test_it_and_what_is_derived_from_it_go_over_the_same_connections(
    derive: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nobody is there
    server = Reviewing()
    with serving(server) as address, HITLClient(KEY, base_url=url_of(address)) as client:
        client.get_review("rev_1")
        api = derive(client.api)
        answer = api.get_httpx_client().get("/v1/reviews/rev_1")
        assert answer.status_code == 200
        assert server.connections == 1
        assert KEY not in f"{api!r} {api.get_httpx_client().headers!r} {dict(answer.request.headers)}"
        assert "x-mine" not in client.api.get_httpx_client().headers


def test_closing_it_leaves_the_client_open() -> None:
    with serving(Reviewing()) as address, HITLClient(KEY, base_url=url_of(address)) as client:
        for _ in range(2):
            with client.api as api:
                assert get_review.sync("rev_1", client=api) is not None


@pytest.mark.parametrize("injected", [{}, {"transport": httpx.MockTransport(lambda _: httpx.Response(200))}])
def test_it_reaches_no_other_server(injected: Any) -> None:
    with HITLClient(KEY, base_url="http://here.test", **injected) as client:
        http = client.api.get_httpx_client()
        with pytest.raises(httpx.UnsupportedProtocol, match="talks to http://here.test only"):
            http.get("http://elsewhere.test/")


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (silent, httpx.ReadTimeout),
        (answering(b"nonsense\r\n\r\n"), httpx.RemoteProtocolError),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"), httpx.DecodingError),
    ],
)
def test_its_errors_are_those_of_httpx(serve: Serve, error: type[Exception]) -> None:
    with (
        serving(serve) as address,
        HITLClient(KEY, base_url=url_of(address), timeout=0.2) as client,
        pytest.raises(error),
    ):
        get_review.sync("rev_1", client=client.api)
