"""Programs that follow links before people do: mail gateways, previews, scanners that press every button."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from starlette.testclient import TestClient
from team import HERE, Team, running_team

AGENTS = (
    "Mozilla/5.0 (compatible; SafeLinks/1.0)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
)
TIMES = 10


class Forms(HTMLParser):
    """Reads the links and the forms of a page; what a person would type stays empty, or is `filling`."""

    def __init__(self, filling: str) -> None:
        super().__init__()
        self._filling = filling
        self.links: list[str] = []
        self.forms: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append((given.get("method", "get"), given.get("action", ""), {}))
        elif tag in ("input", "button", "select", "textarea") and self.forms and "name" in given:
            self.forms[-1][2][given["name"]] = given.get("value", self._filling)


class Scanner:
    """Opens an address in every way, follows what is there, keeps cookies, and submits every form that it sees."""

    def __init__(self, browser: TestClient, filling: str) -> None:
        self._browser = browser
        self._filling = filling
        self.seen: set[str] = set()

    def scan(self, address: str) -> None:
        """Look at an address and, once, at all that can be reached from it."""
        self._browser.request("HEAD", address)
        self._browser.request("OPTIONS", address)
        answer = self._browser.get(address, follow_redirects=True)
        page = Forms(self._filling)
        page.feed(answer.text)
        for method, action, fields in page.forms:
            where = urljoin(address, action)
            if method == "post":
                answer = self._browser.post(where, data=fields, follow_redirects=True)
            else:
                answer = self._browser.get(where, params=fields)
            page.feed(answer.text)
        for link in page.links:
            self._follow(urljoin(address, link))

    def _follow(self, address: str) -> None:
        if urlsplit(address).netloc == urlsplit(HERE).netloc and address not in self.seen:
            self.seen.add(address)
            self.scan(address)


@pytest.fixture
def team() -> Iterator[Team]:
    with running_team() as team:
        yield team


def messages(team: Team) -> dict[str, tuple[str, str]]:
    """Return the address and the code of one message of each kind."""
    admission, review_id = team.server.admission, team.review()
    invitation, signin = admission.invite("new@example.com").ticket, admission.link("ann@example.com").ticket
    message = admission.tickets.issue("message", team.person("ann@example.com").id, review_id)
    return {
        "invite": (f"{HERE}/enter/{invitation.token}", invitation.code),
        "signin": (f"{HERE}/enter/{signin.token}", signin.code),
        "message": (f"{HERE}/m/{message.token}", message.code),
        "plain": (f"{HERE}/inbox/reviews/{review_id}", ""),
    }


def everything(team: Team) -> list[object]:
    database = team.server.database
    tables = [row[0] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return [database.rows(f'SELECT * FROM "{table}"') for table in tables]


@pytest.mark.parametrize("fetches", [{}, {"sec-fetch-site": "same-origin"}], ids=["no browser", "browser"])
def test_a_scanner_changes_nothing_and_signs_nobody_in(team: Team, fetches: dict[str, str]) -> None:
    team.person("ann@example.com")
    found = messages(team)
    asked: list[str] = []
    team.server.admission.send_link = lambda email, _review_id: asked.append(email)
    before = everything(team)
    for turn in range(TIMES):
        browser = team.browser(**{"user-agent": AGENTS[turn % len(AGENTS)], **fetches})
        for address, _code in found.values():
            Scanner(browser, "").scan(address)
            team.clock.advance(minutes=1)  # the limit of forms is not what protects the links
        assert dict(browser.cookies) == {}
    assert everything(team) == before
    assert asked == []
    for kind in ("invite", "signin", "message"):
        address, code = found[kind]
        assert team.browser().post(address, data={"code": code}).status_code == 303


def test_a_scanner_that_guesses_spoils_a_link_and_uses_none(team: Team) -> None:
    team.person("ann@example.com")
    found = messages(team)
    # An honest chance of one in ten thousand for each guess is no fault of the server's.
    guess = next(code for code in ("0000", "1111", "2222", "3333") if code not in [each[1] for each in found.values()])
    browser = team.browser()
    for _ in range(TIMES):
        Scanner(browser, guess).scan(found["message"][0])
        team.clock.advance(minutes=1)
    assert dict(browser.cookies) == {}
    address, code = found["message"]
    assert team.browser().post(address, data={"code": code}).status_code == 410
    assert "session.begun" not in team.events()


def test_who_has_used_a_link_leaves_nothing_to_a_scanner(team: Team) -> None:
    team.person("ann@example.com")
    address, code = messages(team)["message"]
    person = team.browser()
    landed = person.post(address, data={"code": code})
    assert person.get(landed.headers["location"]).status_code == 200
    before = everything(team)
    scanner = team.browser()
    for _ in range(TIMES):
        Scanner(scanner, "").scan(address)
    assert everything(team) == before
    assert scanner.get(landed.headers["location"]).status_code == 401
