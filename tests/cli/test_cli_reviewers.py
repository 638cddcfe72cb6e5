"""`hitl reviewers`, over a file that no server has; a running server is asked in the tests of the browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hitl.cli.commands import hitl
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "team.db")


def run(data: str, *arguments: str, **environment: str) -> Result:
    return CliRunner(env={"HITL_DATA": data, "HITL_PUBLIC_URL": "", **environment}).invoke(
        hitl, ["reviewers", *arguments]
    )


def document(data: str, *arguments: str, **environment: str) -> Any:
    outcome = run(data, *arguments, "--json", **environment)
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.output)


def test_an_invitation_is_a_link_and_a_code(data: str) -> None:
    outcome = run(data, "invite", "ann@example.com", "--role", "admin", "--name", "Ann")
    assert outcome.exit_code == 0
    assert "ann@example.com is invited as admin." in outcome.output
    assert re.search(r"  Link  http://127\.0\.0\.1:4010/enter/hlk_[\w-]{32}\n  Code  \d{4}\n", outcome.output)


def test_an_invitation_is_sent_where_a_channel_reaches_the_person(data: str) -> None:
    outcome = run(data, "invite", "ann@example.com", "--send")
    assert "No channel reaches ann@example.com" in outcome.output
    assert "  Code  " in outcome.output
    with ReviewServer(data=data, team=TeamSettings()) as server:
        assert server.notifications is not None
        server.notifications.channels.add("mail", "smtp://mail.example.com:587?from=reviews@example.com")
    outcome = run(data, "invite", "ann@example.com", "--send")
    assert "on their way" in outcome.output
    assert "hlk_" not in outcome.output
    with ReviewServer(data=data, team=TeamSettings()) as server:
        assert server.notifications is not None
        assert ("invite", "planned", 1) in server.notifications.counts()


@pytest.mark.parametrize("url", ["reviews.example.com", "ftp://reviews.example.com", "https://a.example/?x=1"])
def test_nobody_is_invited_with_an_address_that_no_link_can_begin_with(data: str, url: str) -> None:
    outcome = run(data, "invite", "ann@example.com", "--public-url", url)
    assert outcome.exit_code == 1
    assert f"the public URL {url!r} cannot be used" in outcome.stderr
    assert document(data, "list") == []


@pytest.mark.parametrize("how", ["option", "environment"])
def test_a_link_begins_with_the_public_url(data: str, how: str) -> None:
    url = "https://reviews.example.com/team/"
    arguments = ["--public-url", url] if how == "option" else []
    environment = {} if how == "option" else {"HITL_PUBLIC_URL": url}
    found = document(data, "invite", "ann@example.com", *arguments, **environment)
    assert found["link"].startswith("https://reviews.example.com/team/enter/hlk_")


def test_people_are_listed_changed_and_erased(data: str) -> None:
    for email in ("ann@example.com", "bo@example.com"):
        document(data, "invite", email)
    assert document(data, "role", "bo@example.com", "lead")["role"] == "lead"
    disabled = document(data, "disable", "BO@example.com")
    assert (disabled["state"], disabled["open_reviews"]) == ("disabled", 0)
    assert run(data, "link", "bo@example.com").exit_code == 1
    assert document(data, "enable", "bo@example.com")["state"] == "active"
    assert document(data, "link", "bo@example.com")["code"].isdecimal()
    gone = document(data, "erase", "bo@example.com", "--yes")
    assert gone["email"].startswith("former reviewer ")
    assert [(each["email"], each["state"]) for each in document(data, "list")] == [
        ("ann@example.com", "invited"),
        (gone["email"], "erased"),
    ]
    assert "ann@example.com" in run(data, "list").output


def test_nobody_is_erased_by_mistake(data: str) -> None:
    document(data, "invite", "ann@example.com")
    outcome = CliRunner(env={"HITL_DATA": data}).invoke(hitl, ["reviewers", "erase", "ann@example.com"], input="n\n")
    assert outcome.exit_code == 1
    assert document(data, "list")[0]["state"] == "invited"


@pytest.mark.parametrize("command", ["link", "disable", "enable", "sessions", "revoke"])
def test_an_unknown_person_is_not_found(data: str, command: str) -> None:
    outcome = run(data, command, "no@example.com")
    assert outcome.exit_code == 3
    assert "there is no reviewer 'no@example.com'" in outcome.output


def test_sessions_are_listed_and_revoked(data: str) -> None:
    document(data, "invite", "ann@example.com")
    with ReviewServer(data=data, team=TeamSettings()) as server:
        from hitl.server.access import Browser

        for agent in ("Firefox", "\x1b[2Jbad", "Safari"):
            ticket = server.admission.link("ann@example.com").ticket
            assert server.admission.enter(*ticket, Browser("192.0.2.7", agent)).session is not None
    found = document(data, "sessions", "ann@example.com")
    assert {each["address"] for each in found} == {"192.0.2.7"}
    assert "\x1b" not in run(data, "sessions", "ann@example.com").output
    assert document(data, "revoke", "ann@example.com", found[0]["id"]) == {"revoked": 1}
    assert run(data, "revoke", "ann@example.com", found[0]["id"]).exit_code == 3
    assert run(data, "revoke", "ann@example.com").output == "2 sessions ended.\n"
    assert document(data, "sessions", "ann@example.com") == []
