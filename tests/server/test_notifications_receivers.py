"""Messages at real receivers: a mail server and web services on this machine, in moods."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest
from fake_clock import FakeClock
from mail_receiver import MailReceiver, mail_receiving
from moody_receiver import MoodyReceiver, moody_receiving
from notified_team import URL, Team

from hitl.server.notifications import Children

SLACK_CHILD = Path(__file__).parents[1] / "support" / "slack_child.py"


class Tokens:
    """Links as `access` makes them, which keeps what it gave."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str | None]] = []
        self.ended: list[tuple[str, str, str | None]] = []

    def issue(
        self, kind: str, person_id: str, review_id: str | None = None, expires_at: datetime | None = None
    ) -> tuple[str, str]:
        self.given.append((kind, review_id))
        return f"hlk_{secrets.token_urlsafe(24)}", f"{len(self.given):04d}"

    def end_of_review(self, review_id: str, why: str = "review_ended", *, person_id: str | None = None) -> None:
        self.ended.append((review_id, why, person_id))


@pytest.fixture
def mail() -> Iterator[MailReceiver]:
    with mail_receiving() as receiver:
        yield receiver


@pytest.fixture
def service() -> Iterator[MoodyReceiver]:
    with moody_receiving() as receiver:
        yield receiver


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def deadline() -> float:
    return 30.0


@pytest.fixture
def team(clock: FakeClock, tokens: Tokens, deadline: float) -> Iterator[Team]:
    team = Team(clock, lambda host: Children(host, deadline=deadline), tickets=tokens)  # type: ignore[arg-type]
    yield team
    team.close()


ADDRESSES: dict[str, Callable[[int], str]] = {
    "json": lambda port: f"json://user:pa55w0rdX@127.0.0.1:{port}/hook-t0kenX",
    "ntfy": lambda port: f"ntfy://127.0.0.1:{port}/t0picXsecret",
}


def last_error(team: Team) -> str:
    return str(team.database.value("SELECT last_error FROM messages WHERE last_error IS NOT NULL"))


# Mail


def test_a_mail_has_link_and_code_in_both_its_forms_and_says_that_a_machine_sent_it(
    team: Team, mail: MailReceiver
) -> None:
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        review = team.ask(assignees=["ann@example.com"])
        team.finish()
    (found,) = mail.mails
    assert mail.recipients == ["ann@example.com"]
    assert found["Subject"] == "[Reviews] A program asks: Refund order 1042?"
    assert found["From"] == "reviews@example.com"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Message-ID"].startswith("<ntf_")
    assert found["Message-ID"].endswith("@reviews.example.com>")
    for form in ("plain", "html"):
        body = found.get_body((form,))
        assert body is not None
        text = body.get_content()
        assert f"{URL}/m/hlk_" in text
        assert "0001" in text
        assert review["id"] not in text


def test_a_reminder_is_an_answer_to_the_first_mail(team: Team, mail: MailReceiver) -> None:
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        team.ask(due_date="2026-11-23T18:00:00Z")
        team.clock.advance("5h30m")
        team.finish()
    first, second = mail.mails
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Message-ID"] != first["Message-ID"]


def test_mail_that_is_refused_for_good_has_failed(team: Team, mail: MailReceiver) -> None:
    mail.mood = "550"
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        team.ask()
        team.clock.advance("1h")
        team.finish()
    assert mail.attempts == 1
    assert team.states() == [("asked", "failed")]
    assert "550 no such user" in last_error(team)
    assert "ann@example.com" not in last_error(team)


def test_mail_that_is_refused_for_now_is_sent_again(team: Team, mail: MailReceiver) -> None:
    mail.mood = "451"
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        team.ask()
        team.finish()
        assert team.states() == [("asked", "planned")]
        mail.mood = "ok"
        team.clock.advance("15s")
        team.finish()
    assert team.states() == [("asked", "sent")]
    assert len(mail.mails) == 1


def test_mail_whose_fate_is_unknown_is_sent_again_under_the_same_id(team: Team, mail: MailReceiver) -> None:
    mail.mood = "lost"
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        team.ask()
        team.finish()
        mail.mood = "ok"
        team.clock.advance("15s")
        team.finish()
    first, second = mail.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert team.states() == [("asked", "sent")]


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{port}?from=reviews@example.com", "json://127.0.0.1:{port}/x"])
def test_nobody_listens_and_nothing_is_lost(team: Team, mail: MailReceiver, url: str) -> None:
    port = 9  # discard, where nothing listens
    team.channel(name="shared")
    team.channels.add("gone", url.format(port=port), person_id=team.person("ann@example.com").id)
    with team.run():
        team.ask()
        team.finish()
    assert team.states() == [("asked", "planned")]


# Web services


@pytest.mark.parametrize("mood", ["404", "429", "500", "307"])
@pytest.mark.parametrize("scheme", ADDRESSES)
def test_a_service_that_refuses_gets_the_message_later(
    team: Team, service: MoodyReceiver, scheme: str, mood: str
) -> None:
    service.mood = mood
    team.channels.add("service", ADDRESSES[scheme](service.port), person_id=team.person("ann@example.com").id)
    with team.run():
        team.ask()
        team.finish()
        assert team.states() == [("asked", "planned")]
        assert len(service.received) == 1  # and no redirect was followed
        service.mood = "200"
        team.clock.advance("15s")
        team.finish()
    assert team.states() == [("asked", "sent")]
    assert len(service.received) == 2
    assert "elsewhere" not in [path for path, _ in service.received]
    assert "Refund order 1042?" in service.bodies()[-1]
    shown = json.dumps([last_error(team), [(each.hint, each.last_error) for each in team.channels.all()]])
    for secret in ("pa55w0rdX", "t0kenX", "t0picX"):
        assert secret not in shown


@pytest.mark.parametrize("deadline", [3.0])
@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_service_that_never_ends_its_answer_is_left(team: Team, service: MoodyReceiver, mood: str) -> None:
    service.mood = mood
    team.channels.add("service", ADDRESSES["json"](service.port), person_id=team.person("ann@example.com").id)
    with team.run():
        team.ask()
        team.finish()
        assert team.states() == [("asked", "planned")]
        service.mood = "200"
        team.clock.advance("15s")
        team.finish()
        team.clock.advance("10m")
        team.finish()
    assert team.states() == [("asked", "sent")]


@pytest.mark.parametrize("deadline", [2.0])
def test_a_healthy_channel_is_served_while_forty_others_drip_and_nobody_who_asks_waits(
    team: Team, service: MoodyReceiver
) -> None:
    service.mood = "drip"
    for number in range(40):
        person = team.person(f"slow{number}@example.com")
        team.channels.add(f"slow{number}", ADDRESSES["json"](service.port), person_id=person.id)
    with moody_receiving() as healthy, team.run():
        team.ask()  # to all who drip
        team.channels.add("healthy", ADDRESSES["json"](healthy.port), person_id=team.person("ann@example.com").id)
        asked = [team.ask(f"Question {number}", assignees=["ann@example.com"]) for number in range(5)]
        assert all(state == "planned" for _, state in team.states()[:40])  # creating waited for none of them
        team.finish()
        assert len(healthy.received) == len(asked)
    assert {state for _, state in team.states()} == {"planned", "sent"}


def test_slack_gets_text_that_mentions_nobody(tokens: Tokens, service: MoodyReceiver) -> None:
    command = (sys.executable, "-I", str(SLACK_CHILD), str(service.port))
    team = Team(FakeClock(), lambda host: Children(host, command=command, deadline=30), tickets=tokens)  # type: ignore[arg-type]
    team.channels.add("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#refunds")
    team.only_rules({"kind": "asked", "audience": "channel:slack"})
    with team.run():
        team.ask("<!channel> & <https://evil.example|your bank>")
        team.finish()
    (body,) = service.bodies()
    assert team.channels.all()[0].hint == "slack://… #refunds"
    team.close()
    assert "<!channel>" not in body
    assert "<https://evil" not in body
    assert "&lt;!channel&gt;" in body


# Nothing lost


def test_a_channel_that_fails_is_tried_now_and_then_and_what_waited_comes_as_one(
    team: Team, service: MoodyReceiver
) -> None:
    service.mood = "500"
    team.channels.add("service", ADDRESSES["json"](service.port), person_id=team.person("ann@example.com").id)
    team.only_rules({"kind": "asked"})
    with team.run():
        for number in range(10):
            team.ask(f"Question {number}")
            team.clock.advance("1m")
        assert [each.name for each in team.channels.failing()] == ["service"]
        seen = len(service.received)
        team.clock.advance("30m")
        assert 2 <= len(service.received) - seen <= 4
        service.mood = "200"
        team.clock.advance("20m")
        team.finish()
        assert team.channels.failing() == []
    assert {state for _, state in team.states()} == {"sent", "merged"}
    assert any("reviews wait for you" in body for body in service.bodies())


def test_a_channel_that_fails_is_tried_again_though_the_clock_was_set_back(
    clock: FakeClock, team: Team, service: MoodyReceiver
) -> None:
    service.mood = "500"
    team.channels.add("service", ADDRESSES["json"](service.port), person_id=team.person("ann@example.com").id)
    team.only_rules({"kind": "asked"})
    with team.run():
        for number in range(3):
            team.ask(f"Question {number}")
        team.clock.advance("1m")
        assert [each.name for each in team.channels.failing()] == ["service"]
        clock.advance(days=-1)
        service.mood = "200"
        team.ask("Another question")
        team.finish()
        assert team.channels.failing() == []


def test_a_message_is_given_up_after_a_day(team: Team) -> None:
    team.channels.add("gone", "json://127.0.0.1:9/x", person_id=team.person("ann@example.com").id)
    with team.run():
        team.ask()
        team.clock.advance("25h")
        team.finish()
    assert team.states() == [("asked", "failed")]


def test_a_link_is_made_for_the_attempt_and_ends_with_the_review(
    team: Team, tokens: Tokens, mail: MailReceiver
) -> None:
    mail.mood = "451"
    team.channels.add("mail", mail.url)
    ann = team.person("ann@example.com")
    with team.run():
        review = team.ask(assignees=["ann@example.com"])
        team.finish()
        team.reviews.update_review(review["id"], {"assignees": ["bob@example.com"]})
        assert tokens.ended == [(review["id"], "reassigned", ann.id)]
        team.reviews.cancel_review(review["id"])
    assert tokens.given == [("message", review["id"])]
    assert tokens.ended[1:] == [(review["id"], "review_ended", None)]
    assert team.states() == [("asked", "dropped")]


def test_a_sign_in_link_goes_to_its_person_and_an_unknown_address_is_dropped(
    team: Team, tokens: Tokens, mail: MailReceiver
) -> None:
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        team.notifications.send_link("signin", "ann@example.com")
        team.notifications.send_link("signin", "nobody@example.com")
        team.finish()
    assert team.states() == [("signin", "sent"), ("signin", "dropped")]
    assert tokens.given == [("signin", None)]
    assert f"{URL}/enter/hlk_" in mail.mails[0].as_string()


def test_a_server_that_sends_plain_links_gives_nobody_a_ticket(tokens: Tokens, mail: MailReceiver) -> None:
    team = Team(FakeClock(), Children, tickets=tokens, links="plain")  # type: ignore[arg-type]
    team.channels.add("mail", mail.url)
    team.person("ann@example.com")
    with team.run():
        review = team.ask()
        team.finish()
    team.close()
    assert tokens.given == []
    assert f"{URL}/inbox/reviews/{review['id']}" in mail.mails[0].as_string()


# The child


def test_the_child_sees_nothing_of_the_environment(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITL_SECRETS_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    script = (
        "import json, os, sys\n"
        "print(1, flush=True)\n"
        "for line in sys.stdin:\n"
        "    names = ' '.join(sorted(os.environ))\n"
        "    print(json.dumps({'id': json.loads(line)['id'], 'result': 'retry', 'error': names}), flush=True)\n"
    )
    team.notifications = Team(
        FakeClock(), lambda host: Children(host, command=(sys.executable, "-I", "-c", script))
    ).notifications
    team.notifications.channels.add("any", "json://127.0.0.1:9/x")
    with ExitStack() as stack:
        portal = stack.enter_context(team.run())
        outcome = portal.call(team.notifications.test, "any")
    assert {"HTTPS_PROXY", "PATH"} <= set(outcome.error.split()) <= {"HTTPS_PROXY", "PATH", "LC_CTYPE"}
    assert os.environ["HITL_SECRETS_KEY"] == "secret"


def test_a_child_that_dies_costs_an_attempt(tokens: Tokens, service: MoodyReceiver) -> None:
    lives = iter([(sys.executable, "-I", "-c", "print(1, flush=True); input()"), None])

    def sender(host: str) -> Children:
        command = next(lives)
        return Children(host) if command is None else Children(host, command=command)

    team = Team(FakeClock(), sender)
    team.channels.add("service", ADDRESSES["json"](service.port), person_id=team.person("ann@example.com").id)
    with team.run():
        team.ask()
        team.finish()
        assert last_error(team) == "the process that sends has died"
    team.clock.advance("15s")
    with team.run():
        team.finish()
    assert team.states() == [("asked", "sent")]
    team.close()
