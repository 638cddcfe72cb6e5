"""What `hitl server` refuses to start as, because people, keys or cookies would be exposed, and what it says to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hitl.server.http.exposure import read_secret
from hitl.server.primitives import SetupError
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

HTTPS = "https://reviews.example.com"
SECRET = "s" * 32
NAMED = ("127.0.0.1",)

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("127.0.0.1", {"public_url": HTTPS}, "--trusted-proxy 127.0.0.1"),
    ("0.0.0.0", {}, "--public-url https://reviews.example.com, or listen on 127.0.0.1"),
    ("0.0.0.0", {"public_url": HTTPS}, "give --certfile and --keyfile, or name the proxy"),
    ("127.0.0.1", {"public_url": "http://reviews.example.com"}, "--allow-insecure-public-url"),
    ("127.0.0.1", {"public_url": "http://reviews.example.com", "trusted_proxies": NAMED}, "--public-url https://rev"),
    ("0.0.0.0", {"public_url": "http://127.0.0.1:4010"}, "--allow-insecure-public-url"),
    ("127.0.0.1", {"public_url": HTTPS, "auth_header": "X-Forwarded-Email"}, "--trusted-proxy 127.0.0.1, or --socket"),
    (
        "127.0.0.1",
        {"public_url": HTTPS, "auth_header": "X-Forwarded-Email", "trusted_proxies": NAMED},
        "--proxy-secret-file FILE",
    ),
    ("127.0.0.1", {"auth_header": "X-Forwarded-Email"}, "give that, too"),
    ("127.0.0.1", {"public_url": HTTPS, "auth_header_allow": ("@example.com",)}, "--auth-header names; give that, too"),
    (
        "127.0.0.1",
        {"public_url": HTTPS, "auth_header": "Cookie", "trusted_proxies": NAMED, "proxy_secret": SECRET},
        "such as X-Forwarded-Email",
    ),
    (
        "127.0.0.1",
        {"public_url": HTTPS, "auth_header": "X-Email", "auth_header_allow": ("example.com",)},
        "such as @example.com",
    ),
    ("127.0.0.1", {"trusted_proxies": NAMED}, "give --public-url"),
    ("127.0.0.1", {"public_url": HTTPS, "trusted_proxies": ("proxy.local",)}, "127.0.0.1 or 10.0.0.0/8"),
    ("127.0.0.1", {"public_url": HTTPS, "trusted_proxies": ("10.0.0.1/8",)}, "127.0.0.1 or 10.0.0.0/8"),
    ("127.0.0.1", {"public_url": "http://127.0.0.1", "certificate": ("c", "k")}, "make it https"),
    ("127.0.0.1", {"public_url": "http://127.0.0.1", "hsts": True}, "leave --hsts out"),
    ("127.0.0.1", {"public_url": HTTPS, "certificate": ("missing.pem", None)}, "cannot be loaded from missing.pem"),
    *(
        ("127.0.0.1", {"public_url": url}, "--public-url https://reviews.example.com")
        for url in (
            *("reviews.example.com", "ftp://reviews.example.com", "https://", "https://a b", "https://ä.example"),
            *("https://ann@reviews.example.com", "https://reviews.example.com/?q", "https://reviews.example.com/#x"),
            *("https://reviews.example.com/../x", "https://reviews.example.com//x", "https://reviews.example.com:0"),
            *("https://reviews.example.com:70000", "https://reviews.example.com/a b", "https://[::1"),
        )
    ),
]

STARTED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("127.0.0.1", {}, []),
    ("127.0.0.1", {"public_url": HTTPS, "trusted_proxies": NAMED}, []),
    ("0.0.0.0", {"public_url": HTTPS, "trusted_proxies": ("10.0.0.1",)}, ["is in clear"]),
    ("127.0.0.1", {"public_url": "http://127.0.0.1:4010"}, []),
    ("127.0.0.1", {"public_url": "http://a.example", "allow_insecure_public_url": True}, ["is not encrypted"]),
    ("127.0.0.1", {"public_url": f"{HTTPS}/reviews/", "trusted_proxies": NAMED}, ["a host name of its own"]),
    (
        "127.0.0.1",
        {"public_url": HTTPS, "trusted_proxies": NAMED, "auth_header": "X-Forwarded-Email", "proxy_secret": SECRET},
        [],
    ),
]


@pytest.mark.parametrize(("host", "settings", "advice"), REFUSED)
def test_what_would_expose_somebody_is_refused_with_what_to_do(
    host: str, settings: dict[str, Any], advice: str, tmp_path: Path
) -> None:
    with pytest.raises(SetupError) as refused:
        ReviewServer(data=tmp_path / "team.db", host=host, team=TeamSettings(**settings))
    assert advice in str(refused.value)


@pytest.mark.parametrize(("host", "settings", "warnings"), STARTED)
def test_what_starts_warns_of_what_remains(host: str, settings: dict[str, Any], warnings: list[str]) -> None:
    with ReviewServer(host=host, team=TeamSettings(**settings)) as server:
        assert len(server.warnings) == len(warnings)
        for text, words in zip(server.warnings, warnings, strict=True):
            assert words in text


def test_over_a_unix_socket_whoever_can_open_it_is_the_proxy(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    with ReviewServer(team=TeamSettings(public_url=HTTPS, socket=str(path), auth_header="X-Forwarded-Email")) as server:
        assert server.warnings == []
        assert path.stat().st_mode & 0o777 == 0o660
    assert not path.exists()
    with pytest.raises(SetupError, match="leave --certfile out"):
        ReviewServer(team=TeamSettings(public_url=HTTPS, socket=str(path), certificate=("c", None)))


def test_a_socket_that_another_server_has_is_refused_and_a_dead_one_replaced(tmp_path: Path) -> None:
    team = TeamSettings(public_url=HTTPS, socket=str(tmp_path / "http.sock"))
    with ReviewServer(team=team), pytest.raises(SetupError, match="another server listens"):
        ReviewServer(team=team)
    dead = ReviewServer(team=team)
    dead._listener.socket.close()  # as if its process had been killed
    with ReviewServer(team=team) as server:
        assert server.listens_on == team.socket


def test_a_file_in_the_way_of_a_socket_stays(tmp_path: Path) -> None:
    file = tmp_path / "http.sock"
    file.write_text("mine")
    with pytest.raises(SetupError, match="cannot listen"):
        ReviewServer(team=TeamSettings(public_url=HTTPS, socket=str(file)))
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "mode", "advice"),
    [
        ("short", 0o600, "openssl rand -hex 32"),
        ("s" * 40 + "\n" + "t" * 40, 0o600, "on one line"),
        ("s" * 40, 0o644, "chmod 640"),
        (None, 0o600, "No such file"),
    ],
)
def test_a_secret_that_protects_nothing_is_refused(text: str | None, mode: int, advice: str, tmp_path: Path) -> None:
    file = tmp_path / "proxy.secret"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    with pytest.raises(SetupError, match=advice):
        read_secret(str(file))


def test_a_secret_is_read_without_its_line_break(tmp_path: Path) -> None:
    file = tmp_path / "proxy.secret"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o640)
    assert read_secret(str(file)) == SECRET
    assert SECRET not in repr(TeamSettings(proxy_secret=SECRET))
