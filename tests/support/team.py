"""A team's server in this process, on a clock of the test's, and browsers whose people are signed in."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from fake_clock import FakeClock
from starlette.testclient import TestClient

from hitl.server.people import Person
from hitl.server.primitives import MACHINE, Role
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

HERE = "http://127.0.0.1:4010"
REVIEW = {"template_id": "template_123", "content": {"text": "A draft"}}


class Team:
    """The server, and who uses it; browsers send no form from another origin than their page's."""

    def __init__(self, server: ReviewServer, clock: FakeClock, address: str, opened: ExitStack) -> None:
        self.server = server
        self.clock = clock
        self.address = address
        self._opened = opened

    def browser(self, **headers: str) -> TestClient:
        """Return a browser that nobody is signed in with; its `headers` go with every request."""
        origin = "/".join(self.address.split("/")[:3])
        client = TestClient(
            self.server.app,
            base_url=self.address,
            follow_redirects=False,
            headers={"origin": origin, **headers},
            client=("127.0.0.1", 50_000),
        )
        return self._opened.enter_context(client)

    def person(self, email: str, role: Role = "reviewer") -> Person:
        """Return somebody who has accepted an invitation."""
        people = self.server.people
        if known := people.by_email(email):
            return known
        return people.activate(people.add(email, role=role).id, by=MACHINE)

    def signed_in(self, email: str, role: Role = "reviewer") -> TestClient:
        """Return a new browser in which somebody is signed in."""
        self.person(email, role)
        link = self.server.admission.link(email)
        return self.entered(f"/enter/{link.ticket.token}", link.ticket.code)

    def linked(self, email: str, review_id: str, role: Role = "reviewer") -> TestClient:
        """Return a new browser in which somebody came by the link of a message about a review."""
        ticket = self.server.admission.tickets.issue("message", self.person(email, role).id, review_id)
        return self.entered(f"/m/{ticket.token}", ticket.code)

    def entered(self, path: str, code: str) -> TestClient:
        """Return a new browser in which a link's code was typed."""
        browser = self.browser()
        answer = browser.post(path, data={"code": code})
        assert answer.status_code == 303, answer.text
        return browser

    def review(self, *assignees: str, **fields: Any) -> str:
        """Create a review and return its id."""
        body = {**REVIEW, "assignees": list(assignees), **fields}
        return str(self.server.reviews.create_review(body).document["id"])

    def events(self) -> list[str]:
        """Return what the audit tells, in order."""
        return [each.event for each in self.server.audit.entries()]


@contextmanager
def running_team(
    public_url: str | None = None, *, undo_seconds: float = 0, templates: Sequence[Any] = ()
) -> Generator[Team, None, None]:
    """Open a team's server in memory."""
    clock = FakeClock()
    address = public_url or HERE
    names = [address.split("/")[2].partition(":")[0]]
    proxies = ("127.0.0.1",) if public_url else ()
    settings = TeamSettings(public_url=public_url, trusted_proxies=proxies)
    with (
        ReviewServer(
            clock=clock, team=settings, host_names=names, undo_seconds=undo_seconds, templates=templates
        ) as server,
        ExitStack() as opened,
    ):
        yield Team(server, clock, address, opened)


def token_in(page: str) -> str:
    """Return the token of a page's forms."""
    return page.partition('name="form_token" value="')[2].partition('"')[0]
