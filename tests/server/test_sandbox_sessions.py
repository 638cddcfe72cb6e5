"""Sessions of the inbox and the door in front of it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fake_clock import FakeClock
from starlette.routing import Mount, Route

from hitl.server.inbox import inbox_routes
from hitl.server.inbox.page_renderer import HERE
from hitl.server.inbox.sessions import SESSION_DAYS, Sessions, form_token
from hitl.server.migrations import MIGRATIONS
from hitl.server.review_server import ReviewServer
from hitl.server.storage.database import IN_MEMORY, Database
from hitl.testing import Sandbox

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database(IN_MEMORY, MIGRATIONS)
    yield database
    database.close()


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url) as http:
        yield http


def test_a_link_begins_one_session(database: Database) -> None:
    sessions = Sessions(database)
    token = sessions.new_link()
    session = sessions.begin(token)
    assert session is not None
    assert sessions.is_known(session)
    assert sessions.begin(token) is None


@pytest.mark.parametrize("guess", ["", "guess", "\udcff", "é"])
def test_a_guess_begins_nothing(database: Database, guess: str) -> None:
    sessions = Sessions(database)
    sessions.new_link()
    assert sessions.begin(guess) is None
    assert not sessions.is_known(guess)


def test_a_session_ends_after_its_days_and_is_forgotten(database: Database) -> None:
    clock = FakeClock()
    sessions = Sessions(database, clock)
    session = sessions.begin(sessions.new_link()) or ""
    clock.now += timedelta(days=SESSION_DAYS)
    assert sessions.is_known(session)
    clock.now += timedelta(seconds=1)
    assert not sessions.is_known(session)
    sessions.begin(sessions.new_link())
    assert len(database.rows("SELECT * FROM sessions")) == 1


def test_links_that_nobody_uses_do_not_pile_up(database: Database) -> None:
    sessions = Sessions(database)
    first = sessions.new_link()
    last = [sessions.new_link() for _ in range(1000)][-1]
    assert sessions.begin(first) is None
    assert sessions.begin(last) is not None


def test_every_session_has_a_form_token_of_its_own() -> None:
    assert form_token("one") == form_token("one")
    assert form_token("one") != form_token("two")
    assert "one" not in form_token("one")


def test_the_file_holds_neither_sessions_nor_keys(tmp_path: Path) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(["hitl_test_secret_key"], file) as sandbox, httpx.Client(base_url=sandbox.base_url) as http:
        http.get(sandbox.inbox_url)
        headers = {"Authorization": "Bearer hitl_test_secret_key", "Idempotency-Key": "one"}
        assert http.post("/v1/reviews", json=REVIEW, headers=headers).status_code == 201
        session = next(iter(http.cookies.values()))
    everything = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert session.encode() not in everything
    assert b"hitl_test_secret_key" not in everything
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    connection.close()


def test_a_session_outlives_a_restart_and_a_link_does_not(tmp_path: Path) -> None:
    with Sandbox(data=tmp_path / "sandbox.db") as sandbox, httpx.Client() as http:
        http.get(sandbox.inbox_url)
        cookies = dict(http.cookies)
        unused, port = sandbox.inbox_url, httpx.URL(sandbox.base_url).port
    with Sandbox(data=tmp_path / "sandbox.db", port=port or 0) as sandbox:
        with httpx.Client(cookies=cookies) as http:
            assert http.get(f"{sandbox.base_url}/inbox/").status_code == 200
        assert httpx.get(unused).status_code == 401


# The door


def test_without_a_session_the_inbox_tells_where_the_link_is(http: httpx.Client) -> None:
    for path in ("/inbox/", "/inbox/reviews/rev_1", "/inbox/events", "/inbox/enter/", "/inbox/enter/guess"):
        answer = http.get(path)
        assert answer.status_code == 401
        assert "hitl sandbox" in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
    assert http.post("/inbox/reviews/rev_1/answer", data={"decision": "reject"}).status_code == 401


def test_what_the_locked_page_looks_like_needs_no_session(http: httpx.Client) -> None:
    page = http.get("/inbox/").text
    links = re.findall(r'href="([^"]+)"', page)
    assert [http.get(link).status_code for link in links] == [200, 200]


def test_the_cookie_is_for_this_inbox_only_and_out_of_reach_of_scripts(sandbox: Sandbox, http: httpx.Client) -> None:
    answer = http.get(sandbox.inbox_url)
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith(f"hitl_inbox_{httpx.URL(sandbox.base_url).port}=")
    assert {"HttpOnly", "Path=/inbox", "SameSite=strict"} < set(attributes)


def test_a_link_leads_to_the_page_after_it_by_an_address_without_the_token(
    sandbox: Sandbox, http: httpx.Client
) -> None:
    answer = http.get(f"{sandbox.inbox_url}/reviews/rev_7?view=done")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/inbox/reviews/rev_7?view=done")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["//evil.example", "/%2F%2Fevil.example", "/%5Cevil.example", "/@evil.example"])
def test_a_link_leads_to_this_inbox_only(sandbox: Sandbox, http: httpx.Client, path: str) -> None:
    answer = http.get(f"{sandbox.inbox_url}{path}")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/inbox/")


def test_a_line_break_in_a_link_leads_nowhere(sandbox: Sandbox, http: httpx.Client) -> None:
    answer = http.get(f"{sandbox.inbox_url}/%0d%0aX-Injected:%201")
    assert (answer.status_code, "X-Injected" in answer.headers) == (404, False)


def test_a_used_link_says_so_and_lets_only_its_own_browser_in(sandbox: Sandbox, http: httpx.Client) -> None:
    link = sandbox.inbox_url
    assert http.get(link, follow_redirects=True).status_code == 200
    assert http.get(link, follow_redirects=True).status_code == 200
    stranger = httpx.get(link)
    assert stranger.status_code == 401
    assert "This link is no longer valid" in stranger.text


def test_looking_at_a_link_without_opening_it_does_not_use_it_up(sandbox: Sandbox, http: httpx.Client) -> None:
    link = sandbox.inbox_url
    assert http.head(link).status_code == 401
    assert http.get(link).status_code == 303


def test_a_form_without_the_token_of_its_session_is_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    client = sandbox.client()
    review = client.create_review("template_123", {"text": "A draft"})
    http.get(sandbox.inbox_url)
    with httpx.Client() as other:
        page = other.get(f"{sandbox.inbox_url}/reviews/{review.id}", follow_redirects=True).text
        [foreign] = set(re.findall(r'name="form_token" value="([^"]+)"', page))
    for token in ("", "é", foreign):
        filled = {"form_token": token, "version": "1", "reviewer": "eve", "decision": "reject"}
        answer = http.post(f"/inbox/reviews/{review.id}/answer", data=filled)
        assert answer.status_code == 403
        assert "another session" in answer.text
    assert client.get_review(review.id).status == "created"


def test_every_address_that_takes_a_form_refuses_one_without_the_token(sandbox: Sandbox, http: httpx.Client) -> None:
    server = ReviewServer()
    inner = [
        route
        for mount in inbox_routes(
            server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views
        )
        if isinstance(mount, Mount)
        for route in mount.routes
    ]
    taking = [route.path for route in inner if isinstance(route, Route) and "POST" in (route.methods or ())]
    server.close()
    assert len(taking) > 2
    http.get(sandbox.inbox_url)
    for path in taking:
        answer = http.post(f"/inbox{re.sub('{.*?}', 'thing_1', path)}", data={"reviewer": "eve", "decision": "reject"})
        assert (path, answer.status_code) == (path, 403)


def test_a_link_on_another_site_opens_the_inbox_by_a_page_that_loads_itself_again(http: httpx.Client) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = http.get("/inbox/reviews/rev_1", headers=followed)
    assert (answer.status_code, answer.headers["Refresh"]) == (200, "0")
    framed = {**followed, "Sec-Fetch-Dest": "iframe"}
    assert http.get("/inbox/reviews/rev_1", headers=framed).status_code == 401


def test_every_form_that_changes_something_carries_the_token() -> None:
    forms = [
        form
        for template in (HERE / "templates").glob("*.html")
        for form in re.findall(r'<form method="post".*?</form>', template.read_text(), re.DOTALL)
    ]
    assert len(forms) > 2
    assert [form for form in forms if 'name="form_token" value="{{ form_token }}"' not in form] == []
