"""A team's server: with its file, two people, and keys for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_clock import FakeClock
from starlette.testclient import TestClient
from team_server import TEMPLATE, CallAs, MakeServer

from hitl.server.people import Person
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "team.db"


@pytest.fixture
def make_server(clock: FakeClock, data: Path) -> Iterator[MakeServer]:
    """Open the team's file, once at a time."""
    opened: list[ReviewServer] = []

    def make(*, templates: Any = (TEMPLATE,), **settings: Any) -> ReviewServer:
        for each in opened:
            each.close()
        server = ReviewServer(data=data, clock=clock, templates=templates, team=TeamSettings(**settings))
        opened.append(server)
        return server

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def team(make_server: MakeServer) -> ReviewServer:
    return make_server()


@pytest.fixture
def ann(team: ReviewServer) -> Person:
    return team.people.add("ann@example.com")


@pytest.fixture
def call_as(team: ReviewServer) -> Iterator[CallAs]:
    """Return the API for whoever has a key's text."""
    clients: list[TestClient] = []

    def as_key(text: str) -> TestClient:
        headers = {"Authorization": f"Bearer {text}"}
        clients.append(TestClient(team.app, base_url="http://127.0.0.1:4010", headers=headers, follow_redirects=False))
        return clients[-1]

    yield as_key
    for each in clients:
        each.close()
