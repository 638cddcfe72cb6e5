"""A team's server behind nginx and Caddy, with TLS, as docs/how-to/behind-a-proxy.md configures them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from public_team import Public, behind
from team_processes import HOST, REVIEW, headers_of

PEOPLE = 5
WAYS = ["nginx", "nginx under a path", "nginx to a socket", "Caddy", "Caddy under a path", "Caddy to a socket"]


@pytest.fixture(scope="module", params=WAYS)
def public(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with behind(request.param, tmp_path_factory.mktemp("p")) as public:
        yield public


def test_five_programs_ask_wait_and_follow_at_the_same_time(public: Public) -> None:
    def one(number: int) -> tuple[int, str, str]:
        with public.client() as http, http.stream("GET", f"{public.prefix}/v1/events") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith(":")
            made = http.post(f"{public.prefix}/v1/reviews", json=REVIEW).json()["data"]
            with ThreadPoolExecutor() as pool:
                held = {"Prefer": "wait=65"}
                wait = pool.submit(http.get, f"{public.prefix}/v1/reviews/{made['id']}", headers=held)
                assert http.delete(f"{public.prefix}/v1/reviews/{made['id']}").status_code == 200
                answer = wait.result()
            assert answer.headers.get("Preference-Applied") == "wait=50"
            told = next(line for line in lines if made["id"] in line)
        return number, answer.json()["data"]["status"], told

    with ThreadPoolExecutor(PEOPLE) as pool:
        found = list(pool.map(one, range(PEOPLE)))
    assert [status for _, status, _ in found] == ["cancelled"] * PEOPLE
    assert all(told.startswith("data:") for _, _, told in found)


def test_addresses_lead_back_through_the_proxy(public: Public) -> None:
    with public.client() as http:
        made = http.post(f"{public.prefix}/v1/reviews", json=REVIEW).json()["data"]
        assert made["url"] == f"https://{HOST}:{public.port}{public.prefix}/inbox/reviews/{made['id']}"
        entered = http.get(f"{public.prefix}/")
        assert entered.headers["Location"] == f"{public.prefix}/inbox"
        page = http.get(f"{public.prefix}/inbox/")
        assert f'href="{public.prefix}/inbox/static/' in page.text
        assert http.get(f"{public.prefix}/inbox/static/inbox.css").status_code == 200


def test_a_person_signs_in_and_works_through_the_proxy(public: Public) -> None:
    with public.client() as program, public.trust.client(public.port) as browser:
        review = program.post(f"{public.prefix}/v1/reviews", json=REVIEW).json()["data"]
        entered = browser.post(
            public.link, data={"code": public.code}, headers={"Origin": f"https://{HOST}:{public.port}"}
        )
        assert (entered.status_code, entered.headers["Location"]) == (303, f"{public.prefix}/inbox/")
        name, path = ("__Secure-hitl", public.prefix) if public.prefix else ("__Host-hitl", "/")
        cookie = entered.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert {f"Path={path}", "Secure", "HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
        # httpx keeps cookies by the address that it connects to, which is this machine's.
        browser.headers["Cookie"] = cookie.partition(";")[0]
        for page in ("/inbox/", "/inbox/people", "/inbox/sessions", f"/inbox/reviews/{review['id']}"):
            answer = browser.get(f"{public.prefix}{page}")
            links = re.findall(r' (?:href|src|action|data-base)="(/[^"]*)"', answer.text)
            assert links
            assert [link for link in links if not link.startswith(f"{public.prefix}/")] == []
        with browser.stream("GET", f"{public.prefix}/inbox/events?after=0") as live:
            assert live.headers["Content-Type"].startswith("text/event-stream")
            assert next(line for line in live.iter_lines() if review["id"] in line)
        sessions = browser.get(f"{public.prefix}/inbox/sessions").text
        assert "127.0.0.1" in sessions  # what the proxy says of its client


def test_a_large_review_gets_through(public: Public) -> None:
    large = {**REVIEW, "content": {"text": "x" * 3_000_000}}
    with public.client() as http:
        assert http.post(f"{public.prefix}/v1/reviews", json=large).status_code == 201


def test_another_host_gets_nothing_of_the_server(public: Public) -> None:
    with public.client() as http:
        assert http.get(f"{public.prefix}/healthz").json() == {"status": "ok"}
        other = http.get(f"{public.prefix}/healthz", headers={"Host": "evil.example"})
        assert "ok" not in other.text
        assert other.status_code == 421 or not other.content  # Caddy has no such site, and says nothing


def test_tokens_of_links_stay_out_of_the_log_of_nginx(public: Public) -> None:
    token = "hlk_abcdefghijklmnopqrstuvwxyz012345"
    with public.client() as http:
        http.get(f"{public.prefix}/inbox/m/{token}")
        http.get(f"{public.prefix}/enter/{token}?next=/")
    log = public.folder / "access.log"
    if log.exists():  # nginx writes one by default, and Caddy does not
        assert "/enter/***" in log.read_text()
        assert token not in log.read_text()
    key = headers_of(public.folder / "team.db")["Authorization"].removeprefix("Bearer ")
    assert key not in "".join(file.read_text() for file in public.folder.glob("*.log"))
