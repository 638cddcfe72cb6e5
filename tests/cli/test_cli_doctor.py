"""`hitl account` and `hitl doctor`: before a sandbox, and before what else may stand at an address."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme
from click.testing import CliRunner, Result
from proxy import proxying
from pytest_httpserver import HTTPServer

from hitl.cli.commands import hitl
from hitl.testing import HostileServer, Sandbox, hostile

KEY = f"hitl_test_{'5f' * 24}"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(monthly_quota=500) as sandbox:
        yield sandbox


@pytest.fixture
def httpserver(httpserver: HTTPServer) -> HTTPServer:
    httpserver.no_handler_status_code = 404
    return httpserver


def examine(url: str, *, key: str = KEY, **environment: str) -> tuple[int, dict[str, Mapping[str, Any]]]:
    """Return the exit code of `hitl doctor --json` and the checks by name; the key is nowhere in what it says."""
    env = {"HITL_BASE_URL": url, "HITL_API_KEY": key, "NO_PROXY": "", "SSL_CERT_FILE": "", **environment}
    outcome = CliRunner(env=env).invoke(hitl, ["doctor", "--json"])
    assert not key or key not in outcome.output
    report = json.loads(outcome.stdout)
    assert report["ok"] is (outcome.exit_code == 0) is all(each["ok"] for each in report["checks"])
    return outcome.exit_code, {each["name"]: each for each in report["checks"]}


def test_account_says_whose_key_it_is_and_what_is_left(run: Run) -> None:
    shown = run("account")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert re.search(r"^email +owner-\w+@example\.com$", shown.stdout, re.M)
    assert re.search(r"^hour +\d+ of 1000 requests left, until [\d: -]+Z$", shown.stdout, re.M)
    assert re.search(r"^month +500 of 500 responses left, until \d{4}-\d\d-01 00:00Z$", shown.stdout, re.M)
    document = json.loads(run("account", "--json").stdout)
    assert (document["status"], document["month"]["remaining"]) == ("active", 500)


def test_all_is_well_before_a_sandbox(run: Run, sandbox: Sandbox) -> None:
    outcome = run("doctor")
    assert (outcome.exit_code, outcome.stderr) == (0, "")
    assert [line.split()[:2] for line in outcome.stdout.splitlines()] == [
        ["ok", name] for name in ("key", "proxy", "server", "account", "hour", "month", "clock")
    ]
    assert "HITL_API_KEY has the shape of a key: hitl_test_ and 48 hexadecimal digits." in outcome.stdout
    assert f"(hitl sandbox) at {sandbox.base_url} answers, and serves reviews, templates, loops and" in outcome.stdout
    assert sandbox.api_key not in outcome.output


def test_no_key_is_told_and_the_server_is_looked_at_all_the_same(sandbox: Sandbox) -> None:
    code, checks = examine(sandbox.base_url, key="")
    assert (code, list(checks)) == (1, ["key", "proxy", "server", "clock"])
    assert checks["key"]["says"].startswith("No API key: pass api_key=... or set HITL_API_KEY.")
    assert [checks[name]["ok"] for name in checks] == [False, True, True, True]


def test_a_wrong_key_is_told_as_one(sandbox: Sandbox) -> None:
    code, checks = examine(sandbox.base_url)
    assert (code, checks["key"]["ok"], checks["server"]["ok"], checks["account"]["ok"]) == (1, True, True, False)
    assert checks["account"]["says"].startswith("The server answered 401: Invalid API key.")
    assert "hitl sandbox" in checks["account"]["advice"]


def test_a_setting_that_cannot_be_used_is_told_before_anything_is_sent() -> None:
    code, checks = examine("nonsense")
    assert (code, list(checks)) == (1, ["settings"])
    assert checks["settings"]["says"].startswith("HITL_BASE_URL must look like https://api.hitl.sh")


def test_a_port_where_nobody_listens_is_told_with_what_to_do() -> None:
    code, checks = examine("http://127.0.0.1:9")
    assert (code, list(checks)) == (1, ["key", "proxy", "server"])
    assert checks["server"]["says"] == (
        "No connection to http://127.0.0.1:9 could be made (Connection refused); is the server running there?"
    )
    assert "HITL_BASE_URL" in checks["server"]["advice"]


def test_a_certificate_of_an_unknown_authority_is_told_from_a_dead_server() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with HostileServer(tls=context) as server:
        code, checks = examine(server.url)
    assert (code, checks["server"]["ok"]) == (1, False)
    assert "could not prove who it is" in checks["server"]["says"]
    assert "SSL_CERT_FILE" in checks["server"]["advice"]


def test_a_proxy_is_named_without_its_login_and_its_refusal_is_told() -> None:
    with proxying(9, login="another") as proxy:
        url = proxy.url("ann:open-sesame@")
        for name in ("HTTPS_PROXY", "https_proxy"):
            code, checks = examine("https://review.test", **{name: url})
            assert (code, checks["proxy"]["ok"], checks["server"]["ok"]) == (1, True, False)
            assert checks["proxy"]["says"] == f"Requests go through the proxy {proxy.url()}."
            assert "login" in checks["server"]["says"]
            assert "NO_PROXY" in checks["server"]["advice"]
            assert "open-sesame" not in str(checks)


def test_a_server_that_answers_with_a_page_is_not_the_api(httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_data("<html>Log in</html>", content_type="text/html")
    code, checks = examine(httpserver.url_for(""))
    assert (code, checks["server"]["ok"]) == (1, False)
    assert "<html>Log in</html>" in checks["server"]["says"]
    assert "HITL_BASE_URL" in checks["server"]["advice"]


@pytest.mark.parametrize(
    ("hours", "words"), [(-1, r"is 36\d\d s ahead of the server's"), (1, r"is 3[56]\d\d s behind the server's")]
)
def test_a_clock_that_is_off_by_an_hour_is_told(hours: int, words: str) -> None:
    theirs = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    with HostileServer() as server:
        server.next(hostile.answer(200, ACCOUNT), path="/v1/test")
        server.next(hostile.answer(404, {"error": True}, Date=theirs), path="/v1/templates*")
        code, checks = examine(server.url)
    assert (code, checks["clock"]["ok"]) == (1, False)
    assert re.search(words, checks["clock"]["says"])
    assert "NTP" in checks["clock"]["advice"]


DATA = {
    "api_key_id": "65f1234567890abcdef12349",
    "user_id": "65f1234567890abcdef12346",
    "email": "user@example.com",
    "account_status": "active",
    "permissions": ["requests:read"],
}
ACCOUNT = {"error": False, "msg": "API key is valid", "data": DATA}


def test_the_half_of_the_api_that_is_served_is_told(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/test").respond_with_json(ACCOUNT)
    code, checks = examine(httpserver.url_for(""))
    assert (code, checks["server"]["ok"]) == (0, True)
    assert checks["server"]["says"].endswith("answers, and serves loops and requests.")
    assert "client.requests" in checks["server"]["advice"]
    assert (checks["month"]["ok"], checks["month"]["says"]) == (True, "The server does not say.")


def test_a_server_of_reviews_alone_does_not_say_whose_key_it_is(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/v1/templates").respond_with_json({"success": True, "data": []})
    code, checks = examine(httpserver.url_for(""))
    assert (code, checks["account"]["ok"]) == (0, True)
    assert checks["server"]["says"].endswith("answers, and serves reviews and templates.")
    assert checks["account"]["says"] == "The server does not say whose key it is, nor what is left of its limits."


def test_an_account_or_a_limit_that_ends_the_work_is_wrong(httpserver: HTTPServer) -> None:
    spent = {"limit": 500, "remaining": 0, "reset_at": "2100-01-01T00:00:00Z"}
    data = {**DATA, "account_status": "suspended", "monthly_quota": spent}
    httpserver.expect_request("/v1/test").respond_with_json({**ACCOUNT, "data": data})
    code, checks = examine(httpserver.url_for(""))
    assert (code, checks["account"]["ok"], checks["hour"]["ok"], checks["month"]["ok"]) == (1, False, True, False)
    assert checks["account"]["says"] == "The key is that of user@example.com, suspended; it may: requests:read."
    assert checks["month"]["says"] == "0 of 500 responses left, until 2100-01-01 00:00Z."


@pytest.mark.parametrize(("status", "name"), [(429, "hour"), (403, "account"), (500, "server")])
def test_a_refusal_is_told_as_what_it_is(httpserver: HTTPServer, status: int, name: str) -> None:
    httpserver.expect_request("/v1/test").respond_with_json({"error": True, "msg": "No"}, status)
    code, checks = examine(httpserver.url_for(""))
    assert (code, [each for each in checks if not checks[each]["ok"]]) == (1, [name])
    assert checks[name]["says"].startswith(f"The server answered {status}: No.")
