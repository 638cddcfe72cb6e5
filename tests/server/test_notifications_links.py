"""From a message to the page: links and codes on a whole server of a team, and the command beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from click.testing import CliRunner, Result
from mail_receiver import MailReceiver, mail_receiving
from moody_receiver import moody_receiving
from team import Team, running_team

from hitl.cli.commands import hitl
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiving() as receiver:
        yield receiver


@contextmanager
def sending(server: ReviewServer) -> Iterator[Callable[[], None]]:
    """Let the worker work; call what it yields to wait until everything due was attempted."""
    worker = server.message_worker
    assert worker is not None

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0)
        return task

    async def stop(task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    with start_blocking_portal() as portal:
        task = portal.call(start)
        try:
            yield lambda: worker.settle(60)
        finally:
            portal.call(stop, task)


def link_of(found: EmailMessage) -> tuple[str, str]:
    body = found.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    path = re.search(r"http://[^/\s]+(/\w+/hlk_[\w-]+)", text)
    code = re.search(r"Code: (\d{4})", text)
    assert path is not None
    assert code is not None
    return path[1], code[1]


@pytest.fixture
def team(mail: MailReceiver) -> Iterator[Team]:
    with running_team() as team:
        assert team.server.notifications is not None
        team.server.notifications.channels.add("mail", mail.url)
        yield team


def test_a_scanner_gets_nothing_from_a_message_and_its_person_gets_the_review(team: Team, mail: MailReceiver) -> None:
    team.person("ann@example.com")
    with sending(team.server) as finish:
        review_id = team.review("ann@example.com")
        finish()
    path, code = link_of(mail.mails[0])
    scanner = team.browser()
    for _ in range(10):
        for method in ("HEAD", "GET"):
            answer = scanner.request(method, path)
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
            assert "A draft" not in answer.text
    assert team.server.reviews.get_review(review_id)["status"] == "assigned"
    browser = team.entered(path, code)
    assert browser.get(f"/inbox/reviews/{review_id}").status_code == 200


def test_a_link_dies_with_its_review(team: Team, mail: MailReceiver) -> None:
    team.person("ann@example.com")
    with sending(team.server) as finish:
        review_id = team.review("ann@example.com")
        finish()
    team.server.reviews.cancel_review(review_id)
    path, code = link_of(mail.mails[0])
    answer = team.browser().post(path, data={"code": code})
    assert answer.status_code != 303
    assert "set-cookie" not in answer.headers


def test_who_loses_a_review_cannot_come_by_his_link(team: Team, mail: MailReceiver) -> None:
    team.person("ann@example.com")
    with sending(team.server) as finish:
        review_id = team.review("ann@example.com")
        finish()
    team.server.reviews.update_review(review_id, {"assignees": ["bob@example.com"]})
    path, code = link_of(mail.mails[0])
    assert team.browser().post(path, data={"code": code}).status_code != 303


def test_the_sign_in_form_sends_a_link_that_signs_in(team: Team, mail: MailReceiver) -> None:
    team.person("ann@example.com")
    with sending(team.server) as finish:
        for email in ("nobody@example.com", "ann@example.com"):
            team.browser().post("/signin", data={"email": email})
        finish()
    assert mail.recipients == ["ann@example.com"]
    path, code = link_of(mail.mails[0])
    assert team.entered(path, code).get("/inbox").status_code in (200, 303, 307)


def test_the_address_of_a_channel_is_sealed_in_the_file(team: Team) -> None:
    stored = team.server.database.value("SELECT url FROM channels")
    assert stored.startswith("v1.")


# The command


def notify(data: Path, *arguments: str, given: str = "") -> Result:
    return CliRunner(env={"HITL_DATA": str(data)}).invoke(hitl, ["notify", *arguments], input=given)


def test_the_command_adds_lists_tests_and_removes(tmp_path: Path, mail: MailReceiver) -> None:
    data = tmp_path / "team.db"
    with ReviewServer(data=data, team=TeamSettings()) as server:
        server.people.add("ann@example.com")
    with moody_receiving() as service:
        secret = f"json://user:pa55w0rd@127.0.0.1:{service.port}/s3cret"
        outputs = [
            notify(data, "channels", "add", "mail", given=mail.url + "\n"),
            notify(data, "channels", "add", "hook", given=secret),
            notify(data, "rules", "add", "escalation", "--after", "4h", "--audience", "channel:hook"),
            notify(data, "hours", "ann@example.com", "--zone", "Europe/Berlin", "--quiet", "22:00-07:00"),
            notify(data, "test", "--to", "ann@example.com"),
            notify(data, "channels", "list"),
            notify(data, "rules", "list"),
        ]
        assert [each.exit_code for each in outputs] == [0] * len(outputs), outputs
        everything = "".join(each.output for each in outputs)
        assert "pa55w0rd" not in everything
        assert "s3cret" not in everything
        assert "mail: sent\nhook: sent\n" in everything
        assert "escalation to channel:hook, after 14400 s" in everything
        assert "ann@example.com: Europe/Berlin, quiet 22:00-07:00" in everything
        assert len(mail.mails) == len(service.received) == 1
        service.mood = "500"
        assert notify(data, "test", "--channel", "hook").exit_code == 1
    rule_id = outputs[2].output.split()[0]
    assert notify(data, "channels", "remove", "hook").exit_code == 1
    assert notify(data, "rules", "remove", rule_id).exit_code == 0
    assert notify(data, "channels", "remove", "hook").exit_code == 0
    assert b"pa55w0rd" not in data.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("channels", "add", "x"), "must be an address"),
        (("channels", "add", "x", "--person", "nobody@example.com"), "nobody of the team"),
        (("channels", "remove", "x"), "there is no channel"),
        (("rules", "add", "reminder"), "--before-due: is required"),
        (("rules", "remove", "x"), "there is no rule"),
        (("hours", "nobody@example.com"), "nobody of the team"),
        (("test",), "there is no channel"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    outcome = notify(tmp_path / "team.db", *arguments, given="nonsense")
    assert outcome.exit_code != 0
    assert why in outcome.output


def test_the_command_escapes_what_it_prints(tmp_path: Path) -> None:
    data = tmp_path / "team.db"
    added = notify(data, "channels", "add", "red\x1b[31m", given="json://127.0.0.1:9/hook")
    listed = notify(data, "channels", "list")
    assert (added.exit_code, added.output) == (0, listed.output)
    assert r"red\x1b[31m" in listed.output
    assert "\x1b" not in listed.output


def test_an_address_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_bytes(b"\xff\xfe")
    outcome = notify(tmp_path / "team.db", "channels", "add", "x", "--url-file", str(tmp_path / "url"))
    assert outcome.exit_code == 2
    assert "'--url-file'" in outcome.output
    assert "is no text in UTF-8" in outcome.output
