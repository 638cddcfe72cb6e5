"""What a team's server believes of a request: its public URL, and named proxies about their clients."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from hitl.server.http.proxies import Peer, TrustedProxies
from hitl.server.http.public_url import PublicUrl
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}
PROXY, SOMEBODY = "10.0.0.1", "192.0.2.7"


@contextmanager
def called(
    url: str = "https://reviews.example.com", *, peer: str = PROXY, host: str = "127.0.0.1", **settings: object
) -> Iterator[TestClient]:
    """A client whose connections come from an address to the server of a public URL."""
    team = TeamSettings(public_url=url, trusted_proxies=(PROXY,), **settings)  # type: ignore[arg-type]
    with (
        ReviewServer(host=host, team=team) as server,
        TestClient(
            server.app, base_url=PublicUrl.parse(url).origin, client=(peer, 4000), follow_redirects=False
        ) as client,
    ):
        client.headers["Host"] = PublicUrl.parse(url).netloc
        _, key = server.keys.create("a program", owner=None, scopes=("ask:all", "read", "admin"))
        client.headers["Authorization"] = f"Bearer {key}"
        yield client


# --- the host --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "hitl",
        "evil.example",
        "reviews.example.com:8443",
        "reviews.example.com.",
        "reviews.example.com@a",
        "",
    ],
)
def test_another_host_is_misdirected_and_told_the_missing_line(host: str) -> None:
    with called() as client:
        page = client.get("/inbox/", headers={"Host": host})
        assert (page.status_code, "proxy_set_header Host $http_host;" in page.text) == (421, True)
        answer = client.get("/v1/reviews", headers={"Host": host})
        assert (answer.status_code, answer.json()["error"]["code"]) == (421, "misdirected_request")


def test_two_host_headers_are_one_too_many() -> None:
    with called() as client:
        hosts = [("Host", "reviews.example.com"), ("Host", "evil.example")]
        assert "several Host headers" in client.get("/healthz", headers=hosts).text


@pytest.mark.parametrize("host", ["reviews.example.com", "REVIEWS.example.com", "reviews.example.com:443"])
def test_the_public_host_is_answered_in_every_spelling(host: str) -> None:
    with called() as client:
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("forged", ["X-Forwarded-Host", "Forwarded", "X-Forwarded-Prefix", "X-Original-Host"])
def test_no_forwarding_header_builds_an_address(forged: str) -> None:
    with called("https://reviews.example.com:8443/in") as client:
        review = client.post("/in/v1/reviews", json=REVIEW, headers={forged: "host=evil.example"}).json()
        assert review["data"]["url"].startswith("https://reviews.example.com:8443/in/inbox/reviews/")


def test_the_public_url_is_in_everything_that_leads_somewhere() -> None:
    url = "https://reviews.example.com/in"
    with called(url) as client:
        invited = client.post("/in/v1/api/loops", json={"name": "Editors", "icon": "bell"}).json()["data"]
        for name in ("join_url", "qr_code_url"):
            assert invited[name].startswith(f"{url}/")
            assert client.get(invited[name].removeprefix("https://reviews.example.com")).status_code == 200
        assert client.get("/in").headers["Location"] == "/in/"
        assert client.get("/in/").headers["Location"] == "/in/inbox"


# --- the prefix -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/inbox/", "/v1/reviews", "/inn/inbox/", "/x/in/inbox/", "/healthz"])
def test_what_is_not_below_the_prefix_is_not_there(path: str) -> None:
    with called("https://reviews.example.com/in") as client:
        assert client.get(path).status_code == 404


def test_the_api_works_below_a_prefix_in_both_generations() -> None:
    with called("https://reviews.example.com/in") as client:
        made = client.post("/in/v1/reviews", json=REVIEW)
        assert made.status_code == 201
        assert client.get(f"/in/v1/reviews/{made.json()['data']['id']}").json()["success"] is True
        assert client.get("/in/v1/nothing").json()["error"]["code"] == "not_found"
        assert client.get("/in/v1/api/requests/nothing").json()["error"] is True
        assert client.get("/in/healthz").json() == {"status": "ok"}


def test_an_uploaded_file_is_handed_out_below_the_prefix() -> None:
    with called("https://reviews.example.com/in") as client:
        text = {"file": ("a.txt", b"A text", "text/plain")}
        sent = client.post("/in/v1/upload/document", files=text).json()["data"]
        address = next(value for value in sent.values() if isinstance(value, str) and "/uploads/" in value)
        assert address.startswith("https://reviews.example.com/in/uploads/")
        assert client.get(address.removeprefix("https://reviews.example.com")).content == b"A text"


# --- the scheme -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proto", ["http", "HTTP", "https, http"])
def test_what_came_to_the_proxy_in_clear_is_sent_to_https(proto: str) -> None:
    with called() as client:
        page = client.get("/inbox/reviews/rev_1?a=%20b", headers={"X-Forwarded-Proto": proto})
        assert page.status_code == 308
        assert page.headers["Location"] == "https://reviews.example.com/inbox/reviews/rev_1?a=%20b"
        answer = client.get("/v1/reviews", headers={"X-Forwarded-Proto": proto})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "https_only")
        answer = client.get("/v1/api/requests", headers={"X-Forwarded-Proto": proto})
        assert (answer.status_code, answer.json()["error"]) == (400, True)


def test_only_a_named_proxy_is_believed_about_the_scheme() -> None:
    with called(peer=SOMEBODY) as client:
        assert client.get("/v1/reviews", headers={"X-Forwarded-Proto": "http"}).status_code == 200


@pytest.mark.parametrize(
    ("url", "hsts", "expected"),
    [
        ("https://reviews.example.com", None, "max-age=15552000"),
        ("https://reviews.example.com", False, None),
        ("https://reviews.example.com:8443", None, None),
        ("https://reviews.example.com:8443", True, "max-age=15552000"),
        ("https://reviews.example.com/in", None, None),
        ("http://127.0.0.1:4010", None, None),
    ],
)
def test_browsers_are_bound_to_https_where_that_binds_nothing_else(
    url: str, hsts: bool | None, expected: str | None
) -> None:
    with called(url, hsts=hsts) as client:
        path = PublicUrl.parse(url).prefix
        assert client.get(f"{path}/healthz").headers.get("Strict-Transport-Security") == expected


# --- the peer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (SOMEBODY, ["198.51.100.1"], SOMEBODY),  # nobody who is believed
        (PROXY, [], PROXY),
        (PROXY, ["198.51.100.1"], "198.51.100.1"),
        (PROXY, ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),  # a client wrote the left one
        (PROXY, ["203.0.113.9", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),  # past another named proxy
        (PROXY, ["203.0.113.9, garbage, 10.0.0.2"], "10.0.0.2"),
        (PROXY, ["garbage"], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["198.51.100.1:4000"], PROXY),
        (PROXY, ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.3", ["198.51.100.1"], "10.0.0.3"),
    ],
)
def test_the_address_of_a_client_is_the_first_that_no_named_proxy_has(
    peer: str, forwarded: list[str], address: str
) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    found = TrustedProxies([PROXY, "10.0.0.2/32"]).peer({"type": "http", "client": (peer, 1), "headers": headers})
    assert found.address == address


def test_over_a_unix_socket_the_proxy_is_believed() -> None:
    headers = [(b"x-forwarded-for", b"198.51.100.1")]
    found = TrustedProxies().peer({"type": "http", "client": None, "headers": headers})
    assert found == Peer("198.51.100.1", is_proxy=True, is_socket=True)


def test_an_address_that_others_reach_answers_named_proxies_only() -> None:
    with called(host="0.0.0.0") as client:
        assert client.get("/healthz").status_code == 200
    with called(host="0.0.0.0", peer=SOMEBODY) as client:
        assert client.get("/healthz").status_code == 403
        assert client.get("/v1/reviews").json()["success"] is False


def test_an_operator_asks_from_this_machine_without_the_public_host() -> None:
    with called(peer="127.0.0.1") as client:
        assert client.get("/healthz", headers={"Host": "127.0.0.1:4010"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "rebound.example"}).status_code == 421
        forwarded = {"Host": "127.0.0.1:4010", "X-Forwarded-For": "198.51.100.1"}
        assert client.get("/healthz", headers=forwarded).status_code == 421
        assert client.get("/inbox/", headers={"Host": "127.0.0.1:4010"}).status_code == 421


# --- waiting --------------------------------------------------------------------------------------------------------


def test_a_long_poll_ends_before_a_proxy_gives_up() -> None:
    with called() as client:
        made = client.post("/v1/reviews", json=REVIEW).json()["data"]["id"]
        client.delete(f"/v1/reviews/{made}")
        headers = {"Prefer": "wait=60"}
        answer = client.get(f"/v1/reviews/{made}", headers=headers)
        assert answer.headers["Preference-Applied"] == "wait=50"


def test_no_proxy_keeps_a_stream_back() -> None:
    team = TeamSettings(public_url="https://reviews.example.com", trusted_proxies=(PROXY,))
    with ReviewServer(team=team) as server:
        _, key = server.keys.create("a program", owner=None)
        headers = [(b"host", b"reviews.example.com"), (b"authorization", f"Bearer {key}".encode())]
        started: list[dict[bytes, bytes]] = []

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                started.append(dict(message["headers"]))  # type: ignore[call-overload]
                server.changes.close()

        async def receive() -> dict[str, object]:
            await asyncio.Event().wait()
            raise AssertionError

        scope = {"type": "http", "method": "GET", "path": "/v1/events", "query_string": b"", "headers": headers}
        asyncio.run(server.app({**scope, "client": (PROXY, 1)}, receive, send))  # type: ignore[arg-type]
        assert started[0][b"x-accel-buffering"] == b"no"
