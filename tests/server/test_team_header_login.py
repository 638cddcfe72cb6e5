"""Whom an authenticating proxy can sign in, and how else somebody might try, straight at the server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from starlette.testclient import TestClient

from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

URL = "https://reviews.example.com"
SECRET = "s3cret-" * 6
PROXY, OTHER = "127.0.0.1", "127.0.0.2"
ANN, ADMIN = "ann@example.com", "admin@example.com"
Headers = list[tuple[str, str]]


@contextmanager
def signed(
    headers: Headers, *, peer: str | None = PROXY, allow: tuple[str, ...] = (), path: str = "/inbox/sessions"
) -> Iterator[Any]:
    """Yield the answer to a request, and the server; a connection without a peer comes over a socket."""
    team = TeamSettings(
        public_url=URL,
        trusted_proxies=(PROXY,),
        auth_header="X-Forwarded-Email",
        auth_header_allow=allow,
        proxy_secret=SECRET,
    )
    with ReviewServer(team=team) as server:
        server.people.add(ANN)
        server.people.add(ADMIN, role="admin")
        gone = server.people.add("bob@example.com")
        server.people.disable(gone.id)
        client = TestClient(server.app, base_url=URL, client=(peer or "", 1), follow_redirects=False)
        if peer is None:
            client = TestClient(_without_peer(server.app), base_url=URL, follow_redirects=False)
        yield client.get(path, headers=[(name.encode(), text.encode()) for name, text in headers]), server, client


def _without_peer(app: Any) -> Any:
    async def over_socket(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": None}, receive, send)

    return over_socket


def named(*names: str, secret: str | None = SECRET, header: str = "X-Forwarded-Email") -> Headers:
    """Return the headers of a proxy that names somebody."""
    of_proxy = [] if secret is None else [("X-Hitl-Proxy-Secret", secret)]
    return [*of_proxy, *((header, name) for name in names)]


def test_the_proxy_signs_in_whom_it_names() -> None:
    with signed(named(ANN)) as (answer, server, client):
        assert answer.status_code == 200
        assert "__Host-hitl=" in answer.headers["Set-Cookie"]
        assert server.people.by_email(ANN).state == "active"
        again = client.get("/inbox/sessions", headers=named(ANN))
        assert "Set-Cookie" not in again.headers  # its session goes on


def test_the_name_is_found_in_every_spelling() -> None:
    with signed(named("Ann@EXAMPLE.com")) as (answer, _, _):
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "peer"),
    [
        (named(ADMIN, secret=None), PROXY),  # another account of the machine
        (named(ADMIN, secret=SECRET[:-1]), PROXY),
        (named(ADMIN, secret=f"{SECRET}x"), PROXY),
        (named(ADMIN, secret=""), PROXY),
        (named(ADMIN, secret="Ä"), PROXY),
        ([*named(ADMIN), ("X-Hitl-Proxy-Secret", SECRET)], PROXY),
        (named(ADMIN), OTHER),  # no named proxy, though it knows the secret
        ([*named(ADMIN), ("X-Forwarded-For", PROXY)], OTHER),
        (named(ANN, ADMIN), PROXY),
        (named(f"{ANN}, {ADMIN}"), PROXY),
        (named(f"{ANN},{ADMIN}"), PROXY),
        (named(f"{ANN};{ADMIN}"), PROXY),
        (named(f"<{ADMIN}>"), PROXY),
        (named(f"Admin <{ADMIN}>"), PROXY),
        (named(""), PROXY),
        (named("{http.reverse_proxy.header.X-Forwarded-Email}"), PROXY),  # as Caddy leaves it where there is none
        (named(f"{'a' * 250}@example.com"), PROXY),
        (named(ADMIN, header="X_Forwarded_Email"), PROXY),
        (named(ADMIN, header="X-Forwarded-Email-"), PROXY),
        (named(ADMIN, header="X-Forwarded-User"), PROXY),
        (named(ADMIN, header="Remote-User"), PROXY),
        (named("bob@example.com"), PROXY),  # disabled
        (named("eve@example.com"), PROXY),  # invited by nobody
    ],
)
def test_nobody_else_signs_anybody_in(headers: Headers, peer: str) -> None:
    with signed(headers, peer=peer) as (answer, server, _), signed([]) as (stranger, _, _):
        assert (answer.status_code, answer.content) == (stranger.status_code, stranger.content)
        assert "Set-Cookie" not in answer.headers
        assert server.people.by_email(ADMIN).state == "invited"


def test_over_a_unix_socket_no_secret_is_needed() -> None:
    with signed(named(ANN, secret=None), peer=None) as (answer, _, _):
        assert answer.status_code == 200


def test_the_reason_is_in_the_log_and_nothing_secret_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "hitl.server"), signed(named(ADMIN, secret="wrong-secret-1234")) as _:
        assert "is not what --proxy-secret-file holds" in caplog.text
        assert not any(word in caplog.text for word in (ADMIN, SECRET, "wrong-secret-1234"))


@pytest.mark.parametrize(
    ("address", "comes"),
    [
        ("eve@example.com", True),
        ("EVE@Example.COM", True),
        ("eve@sub.example.com", False),
        ("eve@notexample.com", False),
        ("eve@example.com.evil.test", False),
        ("bob@example.com", False),  # disabled, and not let in again by this
    ],
)
def test_people_of_an_allowed_domain_come_in_as_reviewers(address: str, *, comes: bool) -> None:
    with signed(named(address), allow=("@Example.com",)) as (answer, server, _):
        assert (answer.status_code == 200) is comes
        found = server.people.by_email(address)
        assert (found is not None and found.state == "active") is comes
        assert found is None or found.role == "reviewer"


def test_another_name_ends_the_session_of_the_browser() -> None:
    with signed(named(ANN)) as (_, server, client):
        ann = server.people.by_email(ANN)
        assert len(server.admission.sessions.of(ann.id)) == 1
        assert client.get("/inbox/sessions", headers=named(ADMIN)).status_code == 200
        assert server.admission.sessions.of(ann.id) == []


def test_signing_out_at_the_provider_ends_the_session() -> None:
    with signed(named(ANN)) as (_, server, client):
        assert client.cookies
        assert client.get("/inbox/sessions").status_code == 401
        assert server.admission.sessions.of(server.people.by_email(ANN).id) == []


def test_a_cookie_signs_nobody_in_without_the_proxy() -> None:
    with signed(named(ANN)) as (_, _, client):
        thief = client.get("/inbox/sessions", headers=[("Cookie", client.headers.get("Cookie", ""))])
        assert thief.status_code == 401


def test_the_api_takes_no_notice_of_it() -> None:
    with signed(named(ADMIN), path="/v1/reviews") as (answer, _, _):
        assert answer.status_code == 401
