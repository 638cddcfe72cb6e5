"""The words of messages: whatever a title holds, a mail stays a mail, and a message a message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any, cast

import pytest
from fake_clock import FakeClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mail_receiver import mail_receiving
from moody_receiver import moody_receiving
from notified_team import Team

from hitl.exceptions import ConfigurationError
from hitl.server.inbox import title, visible
from hitl.server.notifications import Channels, Children, Recorder, Renderer
from hitl.server.notifications.addresses import check, hint
from hitl.server.notifications.child import mail_of
from hitl.server.notifications.renderer import Link, Subject
from hitl.server.primitives import ApiError
from hitl.server.sealing import Sealer, SecretsKeys
from hitl.testing import Sandbox

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title></head><body>",
    "{{ 7*7 }} {% raw %}",
    "a\r\nBcc: everybody@example.com\r\n\r\nbody",
    "a\nb\rc\u2028d\u2029e\x85f\x0bg\x0ch",
    "\x00\x01\x1b[31mred\x7f",
    "\u202egnp.exe",
    "pay\u200bpal",
    "\U000e0041\U000e0042 tags",
    "=?utf-8?q?injected?=",
    "<!channel> <!here> <@U123>",
    "@everyone @here",
    "[link](https://evil.example) **bold** `code`",
    "&lt;b&gt; &amp;amp;",
    "'; DROP TABLE messages; --",
    "%s %(x)s {0} ${HOME}",
    "x" * 5000,
    "𝕋𝕚𝕥𝕝𝕖 ｆｕｌｌ ﷽ 👩‍👩‍👧 עברית العربية",
    "\ud800 half",
    "[Reviews] Ann asks: another",
]


def review_with(text: str) -> dict[str, Any]:
    base = {"id": "rev_1", "template_id": "template_123", "priority": "high", "status": "created", "assignees": []}
    return {**base, "content": {"title": text, "text": text}, "asked_by": {"key_name": text}}


def rendered(text: str, content: Any = "shown") -> Any:
    template = {"name": text, "fields": [{"name": "text", "type": "content_display"}]}
    subject = Subject(review_with(text), template, None)
    link = Link("https://reviews.example.com/m/hlk_token", "0042")
    return Renderer(title, visible).about_review("asked", subject, link, content=content)


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=300))


@given(texts)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_title_is_one_visible_line_and_no_markup(text: str) -> None:
    words = rendered(text)
    assert words.subject.startswith("[Reviews] ")
    assert len(words.subject) <= 130
    assert len(words.subject.splitlines()) == 1
    assert visible(words.subject) == words.subject
    tags = Tags()
    tags.feed(words.html)
    assert tags.seen <= {"html", "meta", "title", "body", "p", "strong", "br", "a", "ul", "li"}
    assert tags.links == ["https://reviews.example.com/m/hlk_token"]
    assert "Open the review: https://reviews.example.com/m/hlk_token\nCode: 0042" in words.text


@given(texts)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mail_has_its_own_headers_and_no_others(text: str) -> None:
    words = rendered(text)
    job = {"id": "ntf_1", "host": "reviews.example.com", "to": "ann@example.com", "at": 0}
    job |= {"url": "smtp://127.0.0.1?from=reviews@example.com", "subject": words.subject, "text": words.text}
    sent = mail_of({**job, "html": words.html}).as_bytes()
    found = cast("EmailMessage", message_from_bytes(sent, policy=policy.default))
    expected = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    assert sorted(found.keys()) == sorted(expected)
    assert found["To"] == "ann@example.com"
    assert "injected" not in text or "=?" in "".join(str(found["Subject"]).split())
    # Folding may lose a space between two encoded words (RFC 2047, section 6.2, gives it no meaning).
    assert "".join(str(found["Subject"]).split()) == "".join(words.subject.split())
    plain = found.get_body(("plain",))
    assert plain is not None
    assert "Code: 0042" in plain.get_content()


def test_a_line_break_in_a_header_is_refused() -> None:
    job = {"id": "ntf_1", "host": "h", "to": "ann@example.com\r\nBcc: all@example.com", "at": 0, "subject": "s"}
    with pytest.raises(ValueError, match=r"(?i)newline|linefeed|carriage"):
        mail_of({**job, "text": "", "html": "", "url": "smtp://127.0.0.1?from=reviews@example.com"})


def test_hostile_titles_arrive_at_real_receivers_as_text() -> None:
    with mail_receiving() as mail, moody_receiving() as service:
        team = Team(FakeClock(), Children)
        team.channels.add("mail", mail.url + "&to=all@example.com")
        for name, scheme in (("json", "json"), ("ntfy", "ntfy")):
            team.channels.add(name, f"{scheme}://127.0.0.1:{service.port}/{name}")
        team.only_rules(*({"kind": "asked", "audience": f"channel:{name}"} for name in ("mail", "json", "ntfy")))
        with team.run():
            for text in HOSTILE[:-2] + HOSTILE[-1:]:  # the API refuses half a character
                team.reviews.create_review({"template_id": "template_123", "content": {"title": text, "text": text}})
                team.finish()
                team.clock.advance("5m")
        states = {state for _, state in team.states()}
        team.close()
    assert states == {"sent"}
    assert len(mail.mails) == len(HOSTILE) - 1
    assert all(set(each["To"].split(",")) == {"all@example.com"} and each["Bcc"] is None for each in mail.mails)
    titles = [json.loads(body).get("title") for body in service.bodies() if body.startswith("{")]
    assert len(titles) == 2 * (len(HOSTILE) - 1)
    assert all("\n" not in each and "\u202e" not in each for each in titles)


# Addresses of channels


@pytest.mark.parametrize(
    "url",
    [
        "syslog://localhost",
        "file:///etc/passwd",
        "https://example.com/hook",
        "no address",
        "",
        "json://",
        "json://127.0.0.1/x\nntfy://topic",
        "json://127.0.0.1/x, ntfy://topic",
        "json://127.0.0.1/x?redirect=yes",
        "json://127.0.0.1/x?a=b&REDIRECT=yes",
        "json://127.0.0.1/x?re%64irect=yes",
        "json://127.0.0.1/x;redirect=yes",
        "json://127.0.0.1/x?verify=no",
        "json://127.0.0.1/x?rto=3600",
        "json://127.0.0.1/x?cto=3600",
        "json://127.0.0.1/x?+X-Forwarded-For=1.2.3.4",
        "json://127.0.0.1/x?%2BX-Forwarded-For=1.2.3.4",
        "json://127.0.0.1/x?:title=other",
        "json://127.0.0.1/x?-x=y",
        "json://127.0.0.1/x?retry=9&wait=60",
        "slack://T1/A1/B1/#room?verify=no",
        "smtp://mail.example.com",
        "smtp://mail.example.com?from=nobody",
        "smtp://mail.example.com?from=a@example.com&to=all",
        "smtp://mail.example.com?from=a@example.com&cc=b@example.com",
        "smtp://mail.example.com:notaport?from=a@example.com",
        "smtp://?from=a@example.com",
        "json://höst/x",
        f"json://{'x' * 3000}",
    ],
)
def test_an_address_that_could_do_more_than_send_is_refused(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(url)
    assert refused.value.status == 400
    assert "1.2.3.4" not in refused.value.message


def test_a_scheme_may_be_added() -> None:
    with pytest.raises(ApiError):
        check("pushbullet://token")
    check("pushbullet://token", more_schemes=["pushbullet"])


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("smtp://user:pa55@mail.example.com:587?from=a@example.com", "smtp://mail.example.com:587"),
        ("smtps://u:p@m.example.com?from=a@example.com&to=b@example.com", "smtps://m.example.com to b@example.com"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#refunds", "slack://… #refunds"),
        ("ntfy://topic-secret", "ntfy://…"),
        ("ntfy://user:pa55@ntfy.example.com/topic-secret", "ntfy://ntfy.example.com/…"),
        ("json://user:pa55@example.com/hook/secret?x=secret", "json://example.com/…"),
        ("tgram://123456:token/42", "tgram://…"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord://…"),
    ],
)
def test_of_an_address_only_what_is_no_secret_is_shown(url: str, shown: str) -> None:
    check(url)
    assert hint(url) == shown


def test_an_address_is_stored_through_the_sealer_and_never_shown_again() -> None:
    team = Team(FakeClock(), lambda host: Recorder())
    sealer = Sealer(SecretsKeys([bytes(32)]))
    channels = Channels(team.database, team.audit, team.clock, sealer)
    added = channels.add("refunds", "json://user:pa55@example.com/secret")
    stored = team.database.value("SELECT url FROM channels")
    team.close()
    assert "pa55" not in stored
    assert sealer.open(stored, f"channels.url:{added.id}") == "json://user:pa55@example.com/secret"
    assert "pa55" not in added.hint


# A sandbox records messages


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    rules = ["asked", {"kind": "reminder", "before_due": "1h"}, {"kind": "escalation", "after": "2h"}, "ended"]
    with Sandbox(notify=rules) as sandbox:
        yield sandbox


def test_a_sandbox_records_what_people_would_have_got(sandbox: Sandbox) -> None:
    client = sandbox.client()
    asked = {"template_id": "template_123", "content": {"text": "Refund order 1042?"}}
    review = client.create_review(**asked, assignees=["ann@example.com", "bob@example.com"])  # type: ignore[arg-type]
    assert [(each.kind, each.to) for each in sandbox.messages] == [
        ("asked", "ann@example.com"),
        ("asked", "bob@example.com"),
    ]
    sandbox.clock.advance("3h")
    sandbox.reviewer.complete(review.id, {"approved": True}, reviewer="ann@example.com")
    kinds = [(each.kind, each.to, each.review_id) for each in sandbox.messages[2:]]
    assert kinds == [
        ("escalation", "leads", review.id),
        ("ended", "ann@example.com", review.id),
        ("ended", "bob@example.com", review.id),
    ]
    assert f"{sandbox.base_url.removesuffix('/v1')}/inbox/reviews/{review.id}" in sandbox.messages[0].text


def test_a_sandbox_without_rules_records_nothing() -> None:
    with Sandbox() as sandbox:
        sandbox.client().create_review(template_id="template_123", content={"text": "Refund order 1042?"})
        assert sandbox.messages == []


def test_a_rule_that_cannot_be_is_refused_where_the_sandbox_is_made() -> None:
    with pytest.raises(ConfigurationError, match="before_due"):
        Sandbox(notify=["reminder"])
