"""Links with codes, and the sessions that they begin, under a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from team import Team, running_team

from hitl.server.access import Admission, Browser, PersonSessions, Tickets
from hitl.server.primitives import MACHINE, ApiError, Role

NOBODY = Browser()


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


@pytest.fixture
def admission(team: Team) -> Admission:
    return team.server.admission


@pytest.fixture
def tickets(admission: Admission) -> Tickets:
    return admission.tickets


@pytest.fixture
def sessions(admission: Admission) -> PersonSessions:
    return admission.sessions


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10_000:04d}"


def test_a_link_and_its_code_sign_in_once(admission: Admission) -> None:
    invitation = admission.invite("ann@example.com")
    token, code = invitation.ticket
    entry = admission.enter(token, code, NOBODY)
    assert entry.person is not None
    assert (entry.person.email, entry.person.state) == ("ann@example.com", "active")
    assert admission.sessions.find(entry.secret) == entry.session
    again = admission.enter(token, code, NOBODY)
    assert again.session is None
    assert again.ended is not None  # so that a new one can be asked for


def test_neither_half_is_worth_anything(admission: Admission) -> None:
    one, two = admission.invite("ann@example.com").ticket, admission.invite("bo@example.com").ticket
    for token, code in [(one.token, wrong(one.code)), ("hlk_", one.code), (one.token, ""), ("\udcff", one.code)]:
        assert admission.enter(token, code, NOBODY) == (None, None, "", None)
    if one.code != two.code:
        assert admission.enter(one.token, two.code, NOBODY).session is None


def test_the_fifth_wrong_code_ends_a_link(admission: Admission) -> None:
    token, code = admission.invite("ann@example.com").ticket
    for _ in range(4):
        admission.enter(token, wrong(code), NOBODY)
    spoiled = admission.invite("bo@example.com").ticket
    for _ in range(5):
        admission.enter(spoiled.token, wrong(spoiled.code), NOBODY)
    assert admission.enter(token, code, NOBODY).session is not None
    late = admission.enter(spoiled.token, spoiled.code, NOBODY)
    assert late.session is None
    assert late.ended is not None
    assert late.ended.ended_why == "codes"


@pytest.mark.parametrize(("kind", "hours"), [("invite", 72), ("signin", 1), ("message", 72)])
def test_a_link_ends_after_its_time(team: Team, tickets: Tickets, kind: str, hours: int) -> None:
    ann = team.person("ann@example.com")
    early, late = (tickets.issue(kind, ann.id, f"rev_{n}") for n in range(2))  # type: ignore[arg-type]
    team.clock.advance(hours=hours, seconds=-1)
    if kind == "message":
        assert tickets.use(*early).is_admitted
    team.clock.advance(seconds=1)
    assert not tickets.use(*late).is_admitted


def test_a_link_may_end_earlier_and_never_later_than_its_kind(team: Team, tickets: Tickets) -> None:
    ann, now = team.person("ann@example.com"), team.clock()
    short = tickets.issue("message", ann.id, "rev_1", now + timedelta(minutes=1))
    long = tickets.issue("message", ann.id, "rev_1", now + timedelta(days=30))
    team.clock.advance(minutes=1)
    assert not tickets.use(*short).is_admitted
    team.clock.advance(hours=72)
    assert not tickets.use(*long).is_admitted


def test_a_second_invitation_ends_the_first(admission: Admission) -> None:
    first = admission.invite("ann@example.com").ticket
    second = admission.invite("ann@example.com").ticket
    assert admission.enter(*first, NOBODY).session is None
    assert admission.enter(*second, NOBODY).session is not None


def test_a_reminder_leaves_the_first_message_as_it_is(team: Team, tickets: Tickets) -> None:
    ann = team.person("ann@example.com")
    first, second = (tickets.issue("message", ann.id, "rev_1") for _ in range(2))
    assert tickets.use(*first).is_admitted
    assert tickets.use(*second).is_admitted


def test_the_links_of_a_review_end_with_it_and_sign_in_links_do_not(team: Team, tickets: Tickets) -> None:
    ann, bo = team.person("ann@example.com"), team.person("bo@example.com")
    message, other = tickets.issue("message", ann.id, "rev_1"), tickets.issue("message", ann.id, "rev_2")
    hers, signin = tickets.issue("message", bo.id, "rev_1"), tickets.issue("signin", ann.id, "rev_1")
    tickets.end_of_review("rev_1", "reassigned", person_id=ann.id)
    assert [tickets.use(*each).is_admitted for each in (message, other, hers, signin)] == [False, True, True, True]
    late = tickets.issue("message", bo.id, "rev_1")
    tickets.end_of_review("rev_1")
    assert not tickets.use(*late).is_admitted


def test_the_file_holds_no_token_code_or_secret(team: Team, admission: Admission) -> None:
    ticket = admission.invite("ann@example.com").ticket
    secret = admission.enter(*ticket, NOBODY).secret
    rows = [
        *team.server.database.rows("SELECT * FROM tickets"),
        *team.server.database.rows("SELECT * FROM person_sessions"),
        *team.server.database.rows("SELECT * FROM audit"),
    ]
    assert ticket.token not in repr(rows)
    assert secret not in repr(rows)
    assert ticket.code not in [value for row in rows for value in row]


@pytest.mark.parametrize(
    ("role", "idle", "whole"),
    [
        ("reviewer", timedelta(days=7), timedelta(days=30)),
        ("lead", timedelta(days=7), timedelta(days=30)),
        ("admin", timedelta(hours=24), timedelta(days=7)),
    ],
)
def test_a_session_ends_after_its_rest_and_at_the_latest_after_its_life(
    team: Team, role: Role, idle: timedelta, whole: timedelta
) -> None:
    rests, works = team.signed_in("ann@example.com", role), team.signed_in("ann@example.com", role)
    ends = team.clock() + whole
    team.clock.advance(seconds=(idle - timedelta(seconds=1)).total_seconds())
    assert works.get("/inbox/").status_code == 200
    team.clock.advance(seconds=1)
    assert rests.get("/inbox/").status_code == 401
    while team.clock() + idle / 2 < ends:
        assert works.get("/inbox/").status_code == 200
        team.clock.advance(seconds=(idle / 2).total_seconds())
    assert works.get("/inbox/").status_code == 200
    team.clock.now = ends
    assert works.get("/inbox/").status_code == 401


def test_a_session_for_one_review_ends_after_twelve_hours_and_soon_after_the_review(team: Team) -> None:
    first, second = team.review(), team.review()
    one, other = team.linked("ann@example.com", first), team.linked("ann@example.com", second)
    team.server.admission.end_of_review(first)
    team.clock.advance(minutes=10)
    assert one.get(f"/inbox/reviews/{first}").status_code == 401
    assert other.get(f"/inbox/reviews/{second}").status_code == 200
    team.clock.advance(hours=11, minutes=50)
    assert other.get(f"/inbox/reviews/{second}").status_code == 401


def test_reading_costs_a_commit_every_five_minutes_only(team: Team) -> None:
    browser = team.signed_in("ann@example.com")

    def written() -> int:
        before = team.server.database.rows_written
        assert browser.get("/inbox/sessions").status_code == 200
        return team.server.database.rows_written - before

    assert written() == 0
    team.clock.advance(minutes=4, seconds=59)
    assert written() == 0
    team.clock.advance(seconds=1)
    assert written() == 1
    assert written() == 0


def test_a_new_role_holds_at_once_and_a_raise_begins_anew(team: Team, sessions: PersonSessions) -> None:
    ann = team.person("ann@example.com", "lead")
    browser = team.signed_in("ann@example.com")
    assert browser.get("/inbox/deliveries").status_code == 200
    team.server.people.set_role(ann.id, "reviewer")
    assert browser.get("/inbox/deliveries").status_code == 404
    assert browser.get("/inbox/").status_code == 200
    team.server.people.set_role(ann.id, "admin")
    assert browser.get("/inbox/").status_code == 401
    assert sessions.of(ann.id) == []


def test_signing_in_again_ends_the_session_that_the_browser_had(team: Team, sessions: PersonSessions) -> None:
    ann = team.person("ann@example.com")
    browser = team.signed_in("ann@example.com")
    stolen = dict(browser.cookies)
    link = team.server.admission.link("ann@example.com").ticket
    browser.cookies.clear()
    cookie = "; ".join(f"{name}={value}" for name, value in stolen.items())
    answer = browser.post(f"/enter/{link.token}", data={"code": link.code}, headers={"cookie": cookie})
    assert answer.status_code == 303
    assert len(sessions.of(ann.id)) == 1
    assert team.browser().get("/inbox/", headers={"cookie": cookie}).status_code == 401


def test_sessions_are_listed_and_revoked_by_their_ids(team: Team, admission: Admission) -> None:
    ann = team.person("ann@example.com")
    browsers = [team.signed_in("ann@example.com") for _ in range(3)]
    found = admission.sessions.of(ann.id)
    assert len({each.id for each in found}) == 3
    admission.revoke(found[0].id, by=MACHINE)
    assert sorted(each.get("/inbox/").status_code for each in browsers) == [200, 200, 401]
    kept = admission.sessions.of(ann.id)[0].id
    assert admission.revoke_all(ann.id, by=MACHINE, but=kept) == 1
    assert [each.id for each in admission.sessions.of(ann.id)] == [kept]
    for gone in (found[0].id, "ses_0"):
        with pytest.raises(ApiError) as refused:
            admission.revoke(gone, by=MACHINE)
        assert refused.value.status == 404


def test_who_is_disabled_loses_sessions_links_and_answers_of_the_last_seconds() -> None:
    with running_team(undo_seconds=10) as team:
        browser, review_id = team.signed_in("ann@example.com"), team.review()
        reviews, ann = team.server.reviews, team.person("ann@example.com")
        link = team.server.admission.link("ann@example.com").ticket
        message = team.server.admission.tickets.issue("message", ann.id, review_id)
        reviews.hold(review_id, "rejected", {}, ann.email, seconds=10, batch="b", version=1)
        team.server.people.disable(ann.id)
        assert browser.get("/inbox/").status_code == 401
        for ticket in (link, message):
            assert team.server.admission.enter(*ticket, NOBODY).session is None
        team.clock.advance(seconds=11)
        team.server.tick()
        assert reviews.get_review(review_id)["status"] != "rejected"
        with pytest.raises(ApiError, match="enable"):
            team.server.admission.link("ann@example.com")


def test_nobody_but_an_active_person_is_sent_a_sign_in_link(team: Team, admission: Admission) -> None:
    admission.invite("new@example.com")
    out = team.person("out@example.com")
    team.server.people.disable(out.id)
    team.person("ann@example.com")
    known = ["new@example.com", "out@example.com", "no@example.com", "ANN@example.com"]
    assert [admission.sign_in_ticket(each, None) is not None for each in known] == [False, False, False, True]
