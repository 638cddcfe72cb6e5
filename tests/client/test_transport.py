"""What the transports add to an exchange: a line in the log, and an end when the client is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from sockets import answering, serving, url_of

from hitl import AsyncHITLClient, HITLClient
from hitl.exceptions import ConfigurationError, HITLError

KEY = "an-api-key"


def get_blocking(base_url: str) -> None:
    with HITLClient(KEY, base_url=base_url, max_retries=0) as client:
        client.get_review("rev_1")


def get_awaiting(base_url: str) -> None:
    async def get() -> None:
        async with AsyncHITLClient(KEY, base_url=base_url, max_retries=0) as client:
            await client.get_review("rev_1")

    anyio.run(get)


@pytest.mark.parametrize("get", [get_blocking, get_awaiting])
def test_an_exchange_leaves_one_line_in_the_log_without_query_or_key(
    get: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(missing)) as address, caplog.at_level(logging.DEBUG), pytest.raises(HITLError):
        get(url_of(address))
    lines = [record.getMessage() for record in caplog.records if record.name == "hitl"]
    assert [line.partition(" in ")[0] for line in lines] == ["get_review: GET /v1/reviews/rev_1 -> 404"]
    assert KEY not in caplog.text


def test_a_closed_client_says_so_and_may_be_closed_again() -> None:
    async def get() -> None:
        awaiting = AsyncHITLClient(KEY)
        await awaiting.aclose()
        await awaiting.aclose()
        await awaiting.get_review("rev_1")

    client = HITLClient(KEY)
    client.close()
    client.close()
    for call in (lambda: client.get_review("rev_1"), lambda: anyio.run(get)):
        with pytest.raises(ConfigurationError, match="get_review: this client was closed"):
            call()
