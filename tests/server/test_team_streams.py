"""Streams that are open when their session ends: each is told so and closed, at once or at the next look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from team import Team, running_team

from hitl.server.access import PersonSession
from hitl.server.access.watched_stream import watched
from hitl.server.primitives import MACHINE

SIGNED_OUT = "event: signed-out"


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


class Stream:
    """One request for the stream, at the ASGI application itself: the test client reads answers to their end."""

    def __init__(self, team: Team, cookie: str) -> None:
        headers = [(b"host", b"127.0.0.1:4010"), (b"cookie", cookie.encode())]
        self._scope = {
            "type": "http",
            "method": "GET",
            "path": "/inbox/events",
            "raw_path": b"/inbox/events",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "http_version": "1.1",
            "headers": headers,
            "server": ("127.0.0.1", 4010),
            "client": ("127.0.0.1", 50_000),
        }
        self._app = team.server.app
        self.status = 0
        self.text = ""
        self.began = asyncio.Event()

    async def run(self) -> None:
        """Read the stream to its end."""

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            self.text += message.get("body", b"").decode()
            if self.text:
                self.began.set()

        await self._app(dict(self._scope), receive, send)  # type: ignore[arg-type]


def cookie_of(team: Team, email: str) -> str:
    browser = team.signed_in(email)
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


ENDS: dict[str, Callable[[Team, PersonSession], object]] = {
    "revoked": lambda team, session: team.server.admission.revoke(session.id, by=MACHINE),
    "disabled": lambda team, session: team.server.people.disable(session.person_id),
    "raised": lambda team, session: team.server.people.set_role(session.person_id, "lead"),
    "signed out": lambda team, session: team.server.admission.sessions.sign_out(session, by=MACHINE),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_hundred_open_streams_end_with_their_session(
    team: Team, end: Callable[[Team, PersonSession], object]
) -> None:
    cookie, others = cookie_of(team, "ann@example.com"), cookie_of(team, "bo@example.com")
    (session,) = team.server.admission.sessions.of(team.person("ann@example.com").id)

    async def play() -> tuple[list[Stream], bool, Stream]:
        streams, other = [Stream(team, cookie) for _ in range(100)], Stream(team, others)
        tasks = [asyncio.create_task(each.run()) for each in streams]
        going_on = asyncio.create_task(other.run())
        async with asyncio.timeout(60):
            for each in (*streams, other):
                await each.began.wait()
            await asyncio.to_thread(end, team, session)
            await asyncio.gather(*tasks)
        is_open = not going_on.done()
        going_on.cancel()
        late = Stream(team, cookie)
        await late.run()
        return streams, is_open, late

    streams, is_open, late = asyncio.run(play())
    assert {each.status for each in streams} == {200}
    assert all(each.text.count(SIGNED_OUT) == 1 and each.text.endswith("data: {}\n\n") for each in streams)
    assert is_open
    assert late.status == 401
    assert team.server.exchanges.count(session.id) == 0


def test_a_revocation_that_is_undone_ends_no_stream(team: Team) -> None:
    cookie = cookie_of(team, "ann@example.com")
    (session,) = team.server.admission.sessions.of(team.person("ann@example.com").id)

    def revoke_and_fail() -> None:
        with team.server.database.transaction():
            team.server.admission.revoke(session.id, by=MACHINE)
            raise RuntimeError

    async def play() -> tuple[bool, str]:
        stream = Stream(team, cookie)
        task = asyncio.create_task(stream.run())
        async with asyncio.timeout(60):
            await stream.began.wait()
            with pytest.raises(RuntimeError):
                await asyncio.to_thread(revoke_and_fail)
            open_after = [team.server.exchanges.count(session.id), not task.done()]
            await asyncio.to_thread(team.server.admission.revoke, session.id, by=MACHINE)
            await task
        return open_after == [1, True], stream.text

    stayed, text = asyncio.run(play())
    assert stayed
    assert SIGNED_OUT in text


def test_each_stream_looks_again_now_and_then() -> None:
    looks: list[str] = []
    pieces: list[object] = []

    async def play() -> None:
        async def send(message: Any) -> None:
            pieces.append(message)

        eager = watched(send, lambda: looks.append("eager"), every=0)
        lazy = watched(send, lambda: looks.append("lazy"), every=3600)
        for _ in range(3):
            await eager({"type": "http.response.body"})
            await lazy({"type": "http.response.body"})

    asyncio.run(play())
    assert looks == ["eager"] * 3
    assert len(pieces) == 6
