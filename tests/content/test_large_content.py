"""Large content, and what is answered to it, keeps no event loop waiting."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import httpx
import numpy
import pandas
import pytest
from one_call import exchange, get
from script import Script, answer, review

from hitl import AsyncHITLClient, Review
from hitl._content import LARGE, is_large
from hitl._flows import Act
from hitl.exceptions import ContentError

Call = Callable[[AsyncHITLClient, Any], Coroutine[Any, Any, Review]]


class Told(os.PathLike[str]):
    """A path that notes which threads ask for its text."""

    def __init__(self) -> None:
        self.threads: set[int] = set()

    def __fspath__(self) -> str:
        self.threads.add(threading.get_ident())
        return "a.txt"


class Recorded(Script):
    """A script that notes what is carried out apart."""

    def __init__(self, outcomes: list[Any]) -> None:
        super().__init__(outcomes)
        self.acts: list[Act] = []

    def _do(self, step: Any) -> Any:
        if isinstance(step, Act):
            self.acts.append(step)
        return super()._do(step)


class Server:
    """Returns what it was sent: reviews, and one template."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._template: dict[str, Any] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        sent = json.loads(request.content or b"{}")
        data: Any = {**review(), **sent}
        if request.url.path.startswith("/v1/templates"):
            self._template.update(sent, id="tpl_1")
            data = self._template if sent or request.url.path != "/v1/templates" else []
        pages = {"pagination": {"total": 0, "limit": 100, "offset": 0, "has_more": False}} if data == [] else {}
        return httpx.Response(200, json={"success": True, "data": data, **pages})


CALLS: dict[str, Call] = {
    "create_review": lambda client, content: client.create_review("tpl_1", content),
    "update_review": lambda client, content: client.update_review("rev_1", content=content),
    "create_question": lambda client, content: client.create_question("Good?", context=content),
}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("values", [LARGE // 2, LARGE])
def test_the_event_loop_converts_small_content_only(name: str, backend: str, values: int) -> None:
    told = Told()

    async def main() -> None:
        async with AsyncHITLClient(api_key="k", transport=httpx.MockTransport(Server())) as client:
            made = await CALLS[name](client, {"told": told, "values": [0] * values})
        assert "a.txt" in json.dumps(made.content)

    anyio.run(main, backend=backend)
    is_own = told.threads == {threading.get_ident()}
    assert is_own == (values < LARGE)


@pytest.mark.parametrize("name", CALLS)
def test_large_content_that_is_refused_is_refused_before_anything_is_sent(name: str) -> None:
    server = Server()

    async def main() -> None:
        async with AsyncHITLClient(api_key="k", transport=httpx.MockTransport(server)) as client:
            await CALLS[name](client, {"values": [0] * LARGE, "bytes": b""})

    with pytest.raises(ContentError, match=r"\['bytes'\] is of type bytes"):
        anyio.run(main)
    assert server.requests == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"a": [0] * (LARGE - 1)}, False),
        ({"a": [0] * LARGE}, True),
        ({"a": [{"b": (1, 2)}] * 4000}, True),
        ({"a": numpy.zeros((100, 100))}, False),
        ({"a": numpy.zeros((100, 101))}, True),
        ({"a": pandas.DataFrame({"b": range(LARGE + 1)})}, True),
        ({"a": pandas.Series(range(LARGE))}, False),
        ({"a": pandas.NaT, "b": numpy.float32(1), "c": pandas.Timestamp(0)}, False),
        ({"a": pandas.DataFrame({"b": [1]}).groupby("b"), "b": numpy.array(3)}, False),
        ("text" * LARGE, False),
        (None, False),
        (3, False),
    ],
)
def test_values_are_counted(content: Any, *, expected: bool) -> None:
    assert is_large(content) is expected


def test_a_circle_is_large_and_found_by_whoever_converts_it() -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert is_large({"a": circle})


@pytest.mark.parametrize(("characters", "is_apart"), [(1000, False), (300_000, True)])
def test_a_large_response_is_read_where_that_stops_no_event_loop(characters: int, *, is_apart: bool) -> None:
    document = {"success": True, "data": {**review("completed"), "content": {"text": "x" * characters}}}
    script = Recorded([answer(200, document)])
    assert script.play(exchange()(get())).status == "completed"
    assert [step.blocks for step in script.acts] == [True] * is_apart
