"""The door in front of a team's pages: what strangers learn, forms of other sites, limits, cookies, theft."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from starlette.testclient import TestClient
from team import Team, running_team, token_in

from hitl.server.access import Ticket
from hitl.server.primitives import MACHINE

PUBLIC = "https://reviews.example.com"
LINK_CLICK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


def spoiled(team: Team, how: str) -> Ticket:
    """Return a link in one of the states that a link may be in."""
    ann = team.person("ann@example.com")
    tickets = team.server.admission.tickets
    ticket = tickets.issue("message", ann.id, team.review())
    if how == "invented":
        return Ticket(f"hlk_{'x' * 32}", "0000")
    if how == "used":
        tickets.use(*ticket)
    if how == "ended":
        tickets.end_of_person(ann.id, "disabled")
    return ticket


def told(answer: object) -> tuple[int, str, dict[str, str]]:
    """Return all that a client sees of an answer but its number."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}  # type: ignore[attr-defined]
    return answer.status_code, answer.text, headers  # type: ignore[attr-defined]


STATES = ("live", "used", "ended", "invented")


def test_links_of_all_states_look_the_same(team: Team) -> None:
    browser = team.browser()
    tickets = [spoiled(team, each) for each in STATES]
    for path in ("/m", "/enter"):
        for method in ("GET", "HEAD"):
            seen = [told(browser.request(method, f"{path}/{each.token}")) for each in tickets]
            assert seen == [seen[0]] * 4
            assert seen[0][0] == 200
    wrong = [f"{(int(each.code) + 1) % 10_000:04d}" for each in tickets]
    seen = [told(browser.post(f"/m/{t.token}", data={"code": code})) for t, code in zip(tickets, wrong, strict=True)]
    assert seen == [seen[0]] * 4
    assert seen[0][0] == 403


def test_a_page_in_front_tells_no_title_name_or_address(team: Team) -> None:
    ann = team.person("ann@example.com")
    review_id = team.review("ann@example.com", content={"text": "Secret merger"})
    link = team.server.admission.tickets.issue("message", ann.id, review_id)
    page = team.browser().get(f"/m/{link.token}")
    for secret in ("Secret", "ann", "example.com", review_id, link.token, link.code):
        assert secret not in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_the_sign_in_form_says_the_same_to_every_address(team: Team) -> None:
    asked: list[tuple[str, str | None]] = []
    team.server.admission.send_link = lambda email, review_id: asked.append((email, review_id))
    team.person("ann@example.com")
    out = team.person("out@example.com")
    team.server.people.disable(out.id)
    team.server.admission.invite("new@example.com")
    addresses = ["ann@example.com", "out@example.com", "new@example.com", "no@example.com", "no address"]
    seen = [told(team.browser().post("/signin", data={"email": each})) for each in addresses]
    assert seen == [seen[0]] * 5
    assert seen[0][0] == 200
    assert asked == [(each, None) for each in addresses]


def test_a_stranger_is_asked_to_sign_in_on_pages_that_exist_and_on_others(team: Team) -> None:
    browser, review_id = team.browser(), team.review()
    for path in ("/inbox/", "/inbox/people", "/inbox/nothing", "/inbox/deliveries"):
        assert told(browser.get(path)) == told(browser.get("/inbox/"))
    page = browser.get(f"/inbox/reviews/{review_id}")
    other = browser.get(f"/inbox/reviews/{'x' * len(review_id)}")
    assert page.text.replace(review_id, "x" * len(review_id)) == other.text
    as_json = browser.get(f"/inbox/reviews/{review_id}/answer", headers={"accept": "application/json"})
    assert (as_json.status_code, as_json.json()["error"]["code"]) == (401, "no_session")


def test_a_sign_in_link_leads_to_the_review_that_was_asked_for(team: Team) -> None:
    asked: list[tuple[str, str | None]] = []
    team.server.admission.send_link = lambda email, review_id: asked.append((email, review_id))
    team.person("ann@example.com")
    review_id, browser = team.review(), team.browser()
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert f'name="review" value="{review_id}"' in page
    browser.post("/signin", data={"email": "ann@example.com", "review": review_id})
    invitation = team.server.admission.sign_in_ticket(*asked[0])
    assert invitation is not None
    answer = browser.post(f"/enter/{invitation.ticket.token}", data={"code": invitation.ticket.code})
    assert answer.headers["location"] == f"/inbox/reviews/{review_id}"
    assert browser.get("/inbox/").status_code == 200  # a sign-in link opens everything


def test_a_link_from_another_site_finds_the_session(team: Team) -> None:
    browser = team.signed_in("ann@example.com")
    ticket = team.server.admission.tickets.issue("message", team.person("ann@example.com").id, review := team.review())
    stranger = team.browser()
    for path in (f"/m/{ticket.token}", f"/inbox/reviews/{review}"):
        first = stranger.get(path, headers=LINK_CLICK)  # the browser withholds the cookie
        assert (first.status_code, first.headers["refresh"]) == (200, "0")
    assert browser.get(f"/m/{ticket.token}").headers["location"] == f"/inbox/reviews/{review}"


def test_a_link_of_somebody_else_is_said_to_be_so_and_stays_alive(team: Team) -> None:
    browser = team.signed_in("bo@example.com")
    ticket = team.server.admission.tickets.issue("message", team.person("ann@example.com").id, team.review())
    page = browser.get(f"/m/{ticket.token}")
    assert (page.status_code, "somebody else" in page.text) == (403, True)
    assert team.server.admission.tickets.use(*ticket).is_admitted


def test_a_link_that_has_ended_offers_a_new_one_to_who_knows_its_code(team: Team) -> None:
    asked: list[tuple[str, str | None]] = []
    team.server.admission.send_link = lambda email, review_id: asked.append((email, review_id))
    ticket = spoiled(team, "used")
    page = team.browser().post(f"/m/{ticket.token}", data={"code": ticket.code})
    assert (page.status_code, "Send a new one" in page.text) == (410, True)
    other = f"{(int(ticket.code) + 1) % 10_000:04d}"
    for code in (other, ticket.code):
        answer = team.browser().post(f"/m/{ticket.token}/again", data={"code": code})
        assert (answer.status_code, "Look at your messages" in answer.text) == (200, True)
    assert [email for email, _ in asked] == ["ann@example.com"]


# Forms that another site makes a browser send; the last two come from no browser of a person.
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "cross-site": {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    "same-site": {"sec-fetch-site": "same-site", "origin": "https://other.example.com"},
    "lying origin": {"sec-fetch-site": "cross-site"},
    "old browser": {"origin": "https://evil.example"},
    "in clear": {"origin": "http://reviews.example.com"},
    "other port": {"origin": "https://reviews.example.com:8443"},
    "prefix of the name": {"origin": "https://reviews.example.com.evil.example"},
    "sandboxed frame": {"origin": "null"},
    "typed address": {"sec-fetch-site": "none", "origin": "https://reviews.example.com"},
    "no browser": {"origin": ""},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_forms_of_other_sites_do_nothing(headers: Mapping[str, str]) -> None:
    with running_team(PUBLIC) as team:
        asked: list[str] = []
        team.server.admission.send_link = lambda email, _review_id: asked.append(email)
        browser, review_id = team.signed_in("ann@example.com"), team.review()
        ticket = team.server.admission.tickets.issue("message", team.person("bo@example.com").id, review_id)
        token = token_in(browser.get(f"/inbox/reviews/{review_id}").text)
        sent = {"form_token": token, "version": "1", "decision": "reject", "field.approved": "false"}
        before = team.events()
        foreign = {"origin": PUBLIC, **headers}
        for path, form in (
            (f"/inbox/reviews/{review_id}/answer", sent),
            (f"/m/{ticket.token}", {"code": ticket.code}),
            ("/signin", {"email": "ann@example.com"}),
            ("/signout", {"form_token": token}),
        ):
            answer = browser.post(path, data=form, headers=foreign)
            assert (answer.status_code, "another site" in answer.text) == (403, True)
        assert (asked, team.events()) == ([], before)
        assert team.server.reviews.get_review(review_id)["status"] == "created"
        assert browser.get("/inbox/").status_code == 200
        assert browser.post(f"/inbox/reviews/{review_id}/answer", data=sent).status_code == 303


def test_a_form_needs_the_token_of_its_session(team: Team) -> None:
    ann, bo = team.signed_in("ann@example.com"), team.signed_in("bo@example.com")
    review_id = team.review()
    theirs = token_in(bo.get(f"/inbox/reviews/{review_id}").text)
    sent = {"version": "1", "decision": "reject", "field.approved": "false"}
    for token in ("", "guess", theirs):
        answer = ann.post(f"/inbox/reviews/{review_id}/answer", data={**sent, "form_token": token})
        assert answer.status_code == 403
    assert bo.post(f"/inbox/reviews/{review_id}/answer", data={**sent, "form_token": theirs}).status_code == 303


def test_the_name_on_an_answer_is_the_sessions(team: Team) -> None:
    browser, review_id = team.signed_in("ann@example.com"), team.review()
    page = browser.get(f"/inbox/reviews/{review_id}").text
    assert 'name="reviewer"' not in page
    sent = {"form_token": token_in(page), "version": "1", "decision": "reject", "field.approved": "false"}
    browser.post(f"/inbox/reviews/{review_id}/answer", data={**sent, "reviewer": "boss@example.com"})
    assert team.server.reviews.get_review(review_id)["reviewer"] == "ann@example.com"


def test_a_bulk_action_is_the_sessions_too(team: Team) -> None:
    browser, review_id = team.signed_in("lee@example.com", "lead"), team.review()
    page = browser.get("/inbox/?view=open").text
    pick = page.partition('name="pick" value="')[2].partition('"')[0]
    sent = {"form_token": token_in(page), "pick": pick, "action": "reject", "reviewer": "boss@example.com"}
    assert browser.post("/inbox/bulk", data={**sent, "confirmed": "yes"}).status_code == 200
    assert team.server.reviews.get_review(review_id)["reviewer"] == "lee@example.com"


@pytest.mark.parametrize(
    ("public_url", "cookie", "path", "secure"),
    [
        (None, "hitl_inbox_4010", "/", False),
        (PUBLIC, "__Host-hitl", "/", True),
        (f"{PUBLIC}:8443", "__Host-hitl", "/", True),
        (f"{PUBLIC}/reviews", "__Secure-hitl", "/reviews", True),
    ],
)
def test_the_cookie_follows_from_the_public_url(public_url: str | None, cookie: str, path: str, secure: bool) -> None:
    with running_team(public_url) as team:
        ticket = team.server.admission.invite("ann@example.com").ticket
        browser = team.browser()
        answer = browser.post(f"/enter/{ticket.token}", data={"code": ticket.code})
        assert answer.headers["location"] == f"{path.rstrip('/')}/inbox/"
        assert browser.get("/inbox/").status_code == 200
        name, *attributes = answer.headers["set-cookie"].split("; ")
        assert name.partition("=")[0] == cookie
        wanted = {"HttpOnly", "SameSite=strict", f"Path={path}", *(["Secure"] if secure else [])}
        assert {each for each in attributes if not each.startswith("Max-Age")} == wanted


def test_a_prefix_has_a_cookie_of_its_own() -> None:
    from starlette.requests import Request

    from hitl.server.access import SessionCookie
    from hitl.server.http.public_url import PublicUrl

    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "server": ("10.0.0.1", 4010)})
    header = SessionCookie(PublicUrl.parse(f"{PUBLIC}/reviews/")).header(request, "secret", 60)
    assert header == "__Secure-hitl=secret; HttpOnly; Max-Age=60; Path=/reviews; SameSite=strict; Secure"


def test_sign_in_forms_of_one_address_are_limited(team: Team) -> None:
    browser = team.browser()

    def ask() -> int:
        return browser.post("/signin", data={"email": "ann@example.com"}).status_code

    assert [ask() for _ in range(6)] == [200] * 5 + [429]
    for _ in range(3):
        team.clock.advance(minutes=1)
        assert [ask() for _ in range(5)] == [200] * 5
    team.clock.advance(minutes=1)
    limited = browser.post("/signin", data={"email": "ann@example.com"})
    assert (limited.status_code, "retry-after" in limited.headers) == (429, True)
    team.clock.advance(hours=1)
    assert ask() == 200


def test_one_person_is_sent_three_links_an_hour_and_nobody_learns_of_it(team: Team) -> None:
    asked: list[str] = []
    team.server.admission.send_link = lambda email, _review_id: asked.append(email)
    browser = team.browser()
    seen = [told(browser.post("/signin", data={"email": each})) for each in ["ANN@example.com", "ann@example.com"] * 2]
    assert seen == [seen[0]] * 4
    assert len(asked) == 3
    team.clock.advance(hours=1)
    browser.post("/signin", data={"email": "ann@example.com"})
    assert len(asked) == 4


def test_the_forms_of_a_session_are_limited(team: Team) -> None:
    browser = team.signed_in("ann@example.com")
    token = token_in(browser.get("/inbox/").text)
    answers = [browser.post("/inbox/me", data={"form_token": token}).status_code for _ in range(61)]
    assert answers == [303] * 60 + [429]
    team.clock.advance(minutes=1)
    assert browser.post("/inbox/me", data={"form_token": token}).status_code == 303


def test_a_large_form_is_refused_before_it_is_read(team: Team) -> None:
    assert team.browser().post("/signin", data={"email": "x" * 20_000}).status_code == 413


THEFTS: Mapping[str, Callable[[Team], object]] = {
    "revoked": lambda team: team.server.admission.revoke_all(team.person("ann@example.com").id, by=MACHINE),
    "disabled": lambda team: team.server.people.disable(team.person("ann@example.com").id),
    "erased": lambda team: team.server.people.erase(team.person("ann@example.com").id),
    "raised": lambda team: team.server.people.set_role(team.person("ann@example.com").id, "admin"),
}


@pytest.mark.parametrize("event", THEFTS.values(), ids=THEFTS)
def test_a_stolen_cookie_ends_with_its_session(team: Team, event: Callable[[Team], object]) -> None:
    owner = team.signed_in("ann@example.com", "lead")
    thief = team.browser()
    thief.cookies.update(owner.cookies)
    assert thief.get("/inbox/deliveries").status_code == 200
    event(team)
    for path in ("/inbox/", "/inbox/deliveries", "/inbox/events"):
        assert thief.get(path).status_code == 401


def test_a_stolen_cookie_is_worth_what_its_owners_role_is_now(team: Team) -> None:
    thief = team.signed_in("ann@example.com", "lead")
    team.server.people.set_role(team.person("ann@example.com").id, "reviewer")
    assert thief.get("/inbox/deliveries").status_code == 404
    assert thief.post("/inbox/bulk", data={"form_token": token_in(thief.get("/inbox/").text)}).status_code == 404


def test_a_stolen_cookie_ends_when_its_owner_signs_out(team: Team) -> None:
    owner, thief = team.signed_in("ann@example.com"), team.browser()
    thief.cookies.update(owner.cookies)
    answer = owner.post("/signout", data={"form_token": token_in(owner.get("/inbox/").text)})
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert thief.get("/inbox/").status_code == 401


def links_of_others(page: str) -> list[str]:
    return [each.partition('"')[0] for each in page.split('href="')[1:] if "/inbox/reviews/" in each.partition('"')[0]]


def test_a_session_for_one_review_learns_nothing_of_others(team: Team) -> None:
    other = team.review(content={"text": "Secret merger"})
    review_id = team.review("ann@example.com")
    browser = team.linked("ann@example.com", review_id)
    for query in ("", f"?view=open&last={other}", "?view=open&at=2030-01-01T00:00:00Z&n=3", "?view=done&here=x"):
        page = browser.get(f"/inbox/reviews/{review_id}{query}")
        assert page.status_code == 200
        assert "Secret" not in page.text
        assert other not in page.text
        assert 'data-count="open"' not in page.text
        assert links_of_others(page.text) == []
    nowhere = browser.get("/inbox/nowhere")
    assert told(browser.get(f"/inbox/reviews/{other}")) == told(browser.get("/inbox/reviews/no")) == told(nowhere)
    assert 'data-count="open"' not in nowhere.text
    token = token_in(browser.get(f"/inbox/reviews/{review_id}").text)
    sent = {"form_token": token, "version": "1", "decision": "reject", "field.approved": "false"}
    answered = browser.post(f"/inbox/reviews/{review_id}/answer?view=open", data=sent)
    assert answered.headers["location"].startswith(f"/inbox/reviews/{review_id}")
    done = browser.get(answered.headers["location"])
    assert done.status_code == 200
    assert other not in done.text
    assert team.server.reviews.get_review(review_id)["reviewer"] == "ann@example.com"


SEVERAL = {
    "id": "pairs",
    "name": "Two people",
    "fields": [{"name": "approved", "type": "boolean", "required": True, "label": "Approved?"}],
    "settings": {"approval_threshold": 2},
}


def test_a_link_does_not_count_where_several_people_must_approve() -> None:
    with running_team(templates=(SEVERAL,)) as team:
        review_id = team.review(template_id="pairs")
        by_link, signed_in = team.linked("ann@example.com", review_id), team.signed_in("bo@example.com")
        statuses: list[int] = []
        for browser in (by_link, signed_in):
            page = browser.get(f"/inbox/reviews/{review_id}").text
            sent = {"form_token": token_in(page), "version": "1", "decision": "complete", "field.approved": "true"}
            statuses.append(browser.post(f"/inbox/reviews/{review_id}/answer", data=sent).status_code)
        assert statuses == [403, 303]
        assert [each["reviewer"] for each in team.server.reviews.approvals(review_id)] == ["bo@example.com"]


def test_a_page_of_an_unknown_name_is_not_answered(team: Team) -> None:
    browser: TestClient = team.browser()
    assert browser.get("/robots.txt").status_code == 404
    assert browser.get("/healthz").status_code == 200
