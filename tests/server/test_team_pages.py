"""The pages about people and sessions, and what the rail says of who is signed in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient
from team import HERE, Team, running_team, token_in

from hitl.server.primitives import Role


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


@pytest.fixture
def admin(team: Team) -> TestClient:
    return team.signed_in("kim@example.com", "admin")


def sent(browser: TestClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form of the page about people and return the answer."""
    token = token_in(browser.get("/inbox/sessions").text)
    answer = browser.post(f"/inbox{path}", data={"form_token": token, **fields})
    return answer.status_code, answer.text


def shown_once(page: str) -> tuple[str, str]:
    link = re.search(rf"{re.escape(HERE)}(/enter/hlk_[\w-]{{32}})<", page)
    code = re.search(r"data-code>(\d{4})<", page)
    assert link
    assert code
    return link[1], code[1]


def test_an_admin_invites_somebody_who_comes_in_with_link_and_code(team: Team, admin: TestClient) -> None:
    status, page = sent(admin, "/people/invite", email="ann@example.com", name="Ann", role="lead")
    assert status == 200
    path, code = shown_once(page)
    for secret in (path, code):
        assert f">{secret}<" not in admin.get("/inbox/people").text
    browser = team.entered(path, code)
    assert browser.get("/inbox/deliveries").status_code == 200
    rail = browser.get("/inbox/").text.partition('<div class="name">')[2].partition("</div>")[0]
    assert ">Ann</a>" in rail
    assert "Lead ·" in rail
    assert "1 invited" not in admin.get("/inbox/people").text


def test_who_is_invited_again_gets_a_new_link_in_place_of_the_first(team: Team, admin: TestClient) -> None:
    first = shown_once(sent(admin, "/people/invite", email="ann@example.com")[1])
    person = team.server.people.named("ann@example.com")
    second = shown_once(sent(admin, f"/people/{person.id}/link")[1])
    assert team.browser().post(first[0], data={"code": first[1]}).status_code == 410
    team.entered(*second)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"email": ""}, 400, "e-mail address"),
        ({"email": "kim@example.com"}, 409, "has joined already"),
        ({"email": "bo@example.com", "role": "admin"}, 403, "machine only"),
        ({"email": "bo@example.com", "role": "owner"}, 400, "must be one of"),
    ],
)
def test_what_cannot_be_is_said_on_the_page_and_what_was_typed_stays(
    admin: TestClient, fields: dict[str, str], status: int, words: str
) -> None:
    answered, page = sent(admin, "/people/invite", **fields)
    assert (answered, words in page) == (status, True)
    assert f'value="{fields["email"]}"' in page


def test_an_admin_changes_roles_and_keeps_people_out(team: Team, admin: TestClient) -> None:
    browser, ann = team.signed_in("ann@example.com"), team.person("ann@example.com")
    assert sent(admin, f"/people/{ann.id}/role", role="lead")[0] == 303
    assert team.server.people.get(ann.id).role == "lead"
    assert browser.get("/inbox/").status_code == 401
    browser = team.signed_in("ann@example.com")
    assert sent(admin, f"/people/{ann.id}/signout")[0] == 303
    assert browser.get("/inbox/").status_code == 401
    assert sent(admin, f"/people/{ann.id}/disable")[0] == 303
    assert "Disabled" in admin.get("/inbox/people").text
    assert sent(admin, f"/people/{ann.id}/link")[0] == 409
    assert sent(admin, f"/people/{ann.id}/enable")[0] == 303
    assert team.server.people.get(ann.id).state == "active"


def test_the_last_admin_is_told_so(team: Team, admin: TestClient) -> None:
    kim = team.person("kim@example.com")
    for path, fields in ((f"/people/{kim.id}/disable", {}), (f"/people/{kim.id}/role", {"role": "lead"})):
        status, page = sent(admin, path, **fields)
        assert (status, "only admin" in page) == (409, True)


def test_somebody_sees_and_ends_his_own_sessions_and_no_others(team: Team) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    here = team.signed_in("ann@example.com")
    there = team.browser(**{"user-agent": agent})
    link = team.server.admission.link("ann@example.com").ticket
    there.post(f"/enter/{link.token}", data={"code": link.code})
    other = team.signed_in("bo@example.com")
    page = here.get("/inbox/sessions").text
    assert "Firefox on Linux" in page
    assert page.count("this one") == 1
    (session_id,) = re.findall(r"/sessions/(ses_\w+)/end", page)
    theirs = team.server.admission.sessions.of(team.person("bo@example.com").id)[0].id
    assert sent(here, f"/sessions/{theirs}/end")[0] == 404
    assert other.get("/inbox/").status_code == 200
    assert sent(here, f"/sessions/{session_id}/end")[0] == 303
    assert (here.get("/inbox/").status_code, there.get("/inbox/").status_code) == (200, 401)


def test_everywhere_but_here(team: Team) -> None:
    browsers = [team.signed_in("ann@example.com") for _ in range(3)]
    assert sent(browsers[1], "/sessions/others/end")[0] == 303
    assert [each.get("/inbox/").status_code for each in browsers] == [401, 200, 401]


def test_an_admin_sees_and_ends_the_sessions_of_others(team: Team, admin: TestClient) -> None:
    browser, ann = team.signed_in("ann@example.com"), team.person("ann@example.com")
    page = admin.get(f"/inbox/people/{ann.id}/sessions").text
    (session_id,) = re.findall(r"/sessions/(ses_\w+)/end", page)
    assert sent(admin, f"/people/{ann.id}/sessions/{session_id}/end")[0] == 303
    assert browser.get("/inbox/").status_code == 401


def test_the_rail_has_what_a_role_may_open(team: Team) -> None:
    found = {
        role: set(re.findall(r'data-go="(people|deliveries)"', team.signed_in(f"{role}@x", role).get("/inbox/").text))
        for role in ("reviewer", "lead", "admin")
    }
    assert found == {"reviewer": set(), "lead": {"deliveries"}, "admin": {"deliveries", "people"}}


def test_a_reviewer_has_no_bulk_actions(team: Team) -> None:
    team.review()
    pages = {role: team.signed_in(f"{role}@x", role).get("/inbox/?view=open").text for role in ("reviewer", "lead")}
    assert {role: 'name="action"' in page for role, page in pages.items()} == {"reviewer": False, "lead": True}
    assert {role: 'name="pick"' in page for role, page in pages.items()} == {"reviewer": False, "lead": True}


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "' onfocus=alert(1) x='"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_text(team: Team, admin: TestClient, name: str) -> None:
    team.server.admission.invite("ann@example.com", name=name)
    entry = team.server.admission.link("ann@example.com").ticket
    browser = team.browser(**{"user-agent": name})
    browser.post(f"/enter/{entry.token}", data={"code": entry.code})
    review_id, ann = team.review(), team.person("ann@example.com")
    for page in (
        admin.get("/inbox/people").text,
        admin.get(f"/inbox/people/{ann.id}/sessions").text,
        browser.get("/inbox/").text,
        browser.get("/inbox/sessions").text,
        browser.get(f"/inbox/reviews/{review_id}").text,
    ):
        found = Markup()
        found.feed(page)
        assert found.strange == []
        assert ">49<" not in page


class Markup(HTMLParser):
    """Collects what no page of ours has: scripts of its own, handlers, and pictures from nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (tag == "script" and "src" not in given) or tag == "img" or any(name.startswith("on") for name in given):
            self.strange.append(tag)


@pytest.mark.parametrize(("how", "is_told"), [("linked", True), ("signed in", False)])
def test_a_decision_says_that_it_came_by_the_link_of_a_message(team: Team, admin: TestClient, how: str, is_told: bool):
    review_id = team.review("ann@example.com")
    ann = team.linked("ann@example.com", review_id) if how == "linked" else team.signed_in("ann@example.com")
    page = f"/inbox/reviews/{review_id}"
    form = {"form_token": token_in(ann.get(page).text), "version": "1", "decision": "approve"}
    assert ann.post(f"{page}/answer", data=form).status_code == 303
    outcome, _, history = admin.get(page).text.partition("<summary>History")
    words = "signed in by the link of a message"
    assert (words in outcome, words in history.partition("</details>")[0]) == (is_told, is_told)
    assert team.server.reviews.get_review(review_id).get("answered_via") == ("link" if is_told else None)
    (row,) = csv.DictReader(io.StringIO(admin.get("/inbox/export.csv?view=done").text.removeprefix("\ufeff")))
    assert row["answered via"] == ("link" if is_told else "")


def fail(team: Team, name: str, *, to: str = "", since: str | None = None, error: str | None = None) -> None:
    """Add a channel by which nothing reaches anybody any more."""
    assert team.server.notifications is not None
    channel = team.server.notifications.channels.add(name, f"smtp://mail.example.com?from=reviews@example.com{to}")
    team.server.database.execute(
        "UPDATE channels SET state = 'failing', last_ok_at = ?, last_error = ? WHERE id = ?", (since, error, channel.id)
    )


@pytest.mark.parametrize("role", ["lead", "admin"])
def test_who_can_mend_a_failing_channel_is_told_since_when_why_and_what_to_do(team: Team, role: Role) -> None:
    fail(team, "ops & <mail>", to="&to=ops@example.com", since="2026-11-22T09:30:00Z", error="550 no such user")
    browser = team.signed_in("lee@example.com", role)
    for path in ("", "requests", "deliveries", "sessions"):
        page = (
            browser.get(f"/inbox/{path}").text.partition('aria-label="Failing channels"')[2].partition("</section>")[0]
        )
        assert "A notification channel is failing" in page
        assert '<b dir="auto">ops &amp; &lt;mail&gt;</b>: nothing has got through since' in page
        assert "22 Nov 2026, 09:30 UTC" in page
        assert "Last attempt: 550 no such user." in page
        assert "hitl notify test --channel &#39;ops &amp; &lt;mail&gt;&#39;</code>" in page


def test_the_test_of_a_mail_server_for_everybody_goes_to_who_reads_of_it(team: Team, admin: TestClient) -> None:
    fail(team, "mail")
    assert "<code>hitl notify test --channel mail --to kim@example.com</code>" in admin.get("/inbox/").text


def test_nobody_else_is_told_of_failing_channels(team: Team) -> None:
    fail(team, "ops")
    review_id = team.review()
    for browser in (team.signed_in("ann@example.com"), team.linked("kim@example.com", review_id, "admin")):
        for path in ("", "requests", "nowhere", f"reviews/{review_id}"):
            assert "channel" not in browser.get(f"/inbox/{path}").text


def test_of_many_failing_channels_five_are_named(team: Team, admin: TestClient) -> None:
    for number in range(7):
        fail(team, f"way {number}")
    page = admin.get("/inbox/").text
    assert "7 notification channels are failing" in page
    assert "way 4</b>: nothing has ever got through; it was added" in page
    assert ("way 5" in page, "<code>hitl notify channels list</code> has 2 more." in page) == (False, True)


def test_a_channel_that_works_is_not_told_of(team: Team, admin: TestClient) -> None:
    fail(team, "ops")
    assert "Failing channels" in admin.get("/inbox/").text
    team.server.database.execute("UPDATE channels SET state = 'ok'")
    assert "Failing channels" not in admin.get("/inbox/").text
