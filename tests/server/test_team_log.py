"""The log of a team's server: one object a line, with ids, and without secrets, contents, queries and addresses."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hitl.server.http.server import BackgroundServer
from hitl.server.operations import configure_log
from hitl.server.operations.log import FACTS
from hitl.server.review_server import ReviewServer
from hitl.server.storage import StorageError
from hitl.server.team_settings import TeamSettings

_log = logging.getLogger("hitl.server")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """The JSON log of this process, as long as a test runs."""
    root, package = logging.getLogger(), logging.getLogger("hitl")
    before = root.handlers[:], root.level, package.level
    stream = io.StringIO()
    configure_log("json", stream)
    yield stream
    root.handlers[:], root.level, package.level = before


def told(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(each) for each in lines.getvalue().splitlines()]


SECRETS = {
    "token": "hlk_" + "t0k3n-_x" * 4,
    "api key": "hitl_live_" + "0123456789abcdef" * 3,
    "sandbox key": "hitl_test_" + "fedcba9876543210" * 3,
    "webhook secret": "whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQ=",
    "address": "ann.smith@example.com",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("text", ["{}", "failed for {}, again", "key={}", '"{}"', "(<{}>)"])
def test_what_slips_into_a_message_is_blotted_out(lines: io.StringIO, secret: str, text: str):
    _log.warning("%s", text.format(secret))
    _log.warning("fact", extra={FACTS: {"error": text.format(secret), "review_id": "rev_1"}})
    assert secret[6:] not in lines.getvalue()
    assert told(lines)[1]["review_id"] == "rev_1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /m/abcdefgh123 gave 404", "GET /m/*** gave 404"),
        ("GET /reviews/enter/abc?next=/x", "GET /reviews/enter/***?***"),
        ("https://ann:pa55@host/hook?token=1", "https://***host/hook?***"),
        ("rev_1 was answered by usr_0123", "rev_1 was answered by usr_0123"),
    ],
)
def test_links_queries_and_passwords_are_blotted_out(lines: io.StringIO, text: str, expected: str):
    _log.error(text)
    assert told(lines)[0]["event"] == expected


def test_an_exception_is_told_by_its_type_and_place_not_by_its_words(lines: io.StringIO):
    try:
        json.loads('"a draft about Ann')
        raise AssertionError
    except ValueError:
        _log.exception("a request failed")
    (line,) = told(lines)
    assert line["error"].startswith("JSONDecodeError < ")
    assert "tests/server/test_team_log.py:" in line["error"]
    assert "draft" not in lines.getvalue()


def test_trouble_of_the_disk_is_told_every_ten_seconds_only(lines: io.StringIO):
    def fail(code: str) -> None:
        _log.error("%s: %s", code, StorageError("storage_full", "the disk is full"))

    for each in range(5):
        fail(f"req_{each}")
    _log.error("another: %s", StorageError("storage_full", "the disk is full"))
    for each in range(3):
        _log.error("something else %s", each)
    assert [line["event"].partition(":")[0] for line in told(lines)] == [
        "req_0",
        "another",
        *(f"something else {each}" for each in range(3)),
    ]


def test_a_line_is_one_line_whatever_is_in_it(lines: io.StringIO):
    _log.warning("a\nb\r\u2028c \ud800")
    configure_log("text", lines)
    _log.warning("a\nb\x1b[31m", extra={FACTS: {"route": "/x"}})
    json_line, text_line = lines.getvalue().split("\n")[:2]
    assert json.loads(json_line)["level"] == "warning"
    assert text_line.endswith(r"WARNING a\nb\x1b[31m route=/x")


def test_the_warnings_of_libraries_are_told_and_their_chatter_is_not(lines: io.StringIO):
    logging.getLogger("httpx").info("GET https://example.com/?secret")
    logging.getLogger("asyncio").warning("slow")
    assert [each["event"] for each in told(lines)] == ["slow"]


def test_every_request_is_a_line_with_its_ids_and_without_its_query(lines: io.StringIO, tmp_path: Path):
    with ReviewServer(data=tmp_path / "team.db", team=TeamSettings()) as site:
        background = BackgroundServer(site.server())
        background.start()
        answer = httpx.get(f"{site.url}/healthz?who=ann", headers={"Authorization": "Bearer secret"})
        httpx.get(f"{site.url}/m/t0k3n?next=secret")
        background.stop()
    healthy, unknown = (each for each in told(lines) if each["event"] == "request")
    assert healthy == {
        "at": healthy["at"],
        "level": "info",
        "event": "request",
        "request_id": answer.headers["X-Request-Id"],
        "route": "/healthz",
        "method": "GET",
        "status": 200,
        "ms": healthy["ms"],
        "address": "127.0.0.1",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", healthy["at"])
    assert not re.search("ann|secret|t0k3n", lines.getvalue())
    assert unknown["route"] == "/m/{token}"


def test_a_program_is_told_by_the_id_of_its_key_and_a_review_by_its_own(lines: io.StringIO, tmp_path: Path):
    with ReviewServer(data=tmp_path / "team.db", team=TeamSettings()) as site:
        key, text = site.keys.create("billing agent", owner=None, scopes=("read",), expires=None)
        site.reviews.create_review({"template_id": "template_123", "content": {}})
        background = BackgroundServer(site.server())
        background.start()
        with httpx.Client(base_url=site.url, headers={"Authorization": f"Bearer {text}"}) as http:
            assert http.get("/v1/reviews/rev_1").status_code == 200
            assert http.get("/inbox/static/inbox.css").status_code == 200
        background.stop()
    api, static = (each for each in told(lines) if each["event"] == "request")
    names = ("route", "review_id", "actor_kind", "key_id")
    assert [api[name] for name in names] == ["/v1/reviews/{review_id}", "rev_1", "key", key.id]
    assert static["route"] == "/inbox/static"
    assert "billing" not in lines.getvalue()


def test_nothing_that_was_made_in_a_session_is_in_its_log(lines: io.StringIO, tmp_path: Path):
    title, answer, address = "A very private draft", "no, because of Bob", "ann@example.com"
    with ReviewServer(data=tmp_path / "team.db", team=TeamSettings(metrics=True)) as site:
        background = BackgroundServer(site.server())
        background.start()
        link = site.inbox_url
        site.reviews.create_review({"template_id": "template_123", "content": {"title": title}, "assignees": [address]})
        with httpx.Client(follow_redirects=True) as http:
            http.get(link)
            http.get(link)
            http.get(f"{site.url}/inbox/reviews/rev_1?q={title}")
            http.get(f"{site.url}/v1/reviews/rev_1", headers={"Authorization": f"Bearer {site.api_key}"})
            http.get(f"{site.url}/v1/reviews?assignee={address}", headers={"Authorization": "Bearer wrong-secret"})
            cookies = list(http.cookies.values())
        site.reviews.complete("rev_1", {"approved": False, "feedback": answer}, address)
        background.stop()
    log = lines.getvalue()
    assert log.count('"event":"request"') >= 5
    for secret in (title, answer, address, site.api_key, link.rpartition("/")[2], "wrong-secret", *cookies):
        assert secret not in log


def test_the_stream_is_standard_error_unless_another_is_named(
    lines: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    configure_log("text")
    _log.info("here")
    assert capsys.readouterr().err.endswith(" here\n")
