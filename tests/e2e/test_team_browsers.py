"""Five people in five browsers on one server: they are invited, sign in with codes, answer, and are signed out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from incidents import Incidents
from team_process import TeamProcess, team_running

from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

_PATIENCE = 15_000  # milliseconds

ROLES = {"ann": "admin", "lee": "lead", "bo": "reviewer", "cy": "reviewer", "di": "reviewer"}
DRAFTS = ("For both", "For Bo", "For nobody")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TeamProcess, list[str]]]:
    data: Path = tmp_path_factory.mktemp("team") / "team.db"
    with ReviewServer(data=data, team=TeamSettings()) as server:
        assigned = [["bo@example.com", "cy@example.com"], ["bo@example.com"], []]
        ids = [
            str(
                server.reviews.create_review(
                    {"template_id": "template_123", "content": {"text": text}, "assignees": names}
                ).document["id"]
            )
            for text, names in zip(DRAFTS, assigned, strict=True)
        ]
    with team_running(data) as running:
        yield running, ids


@pytest.fixture(scope="module")
def team(process: tuple[TeamProcess, list[str]]) -> TeamProcess:
    return process[0]


@pytest.fixture(scope="module")
def ids(process: tuple[TeamProcess, list[str]]) -> list[str]:
    return process[1]


@pytest.fixture(scope="module")
def seen() -> Incidents:
    return Incidents()


@pytest.fixture(scope="module")
def pages(chromium: Browser, team: TeamProcess, seen: Incidents) -> Iterator[dict[str, Page]]:
    """A page of everybody's, each in a browser of its own, signed in with the link and the code of an invitation."""
    opened: dict[str, Page] = {}
    contexts = []
    for name, role in ROLES.items():
        context = chromium.new_context(locale="en-GB")
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("dialog", seen.on_dialog)
        page.on("pageerror", seen.on_error)
        invitation = team.reviewers("invite", f"{name}@example.com", "--role", role, "--name", name.capitalize())
        enter(page, invitation["link"], invitation["code"])
        opened[name] = page
    yield opened
    for context in contexts:
        context.close()


def enter(page: Page, link: str, code: str) -> None:
    """Open a link, and type its code."""
    page.goto(link)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Mine").wait_for()


def test_everybody_is_signed_in_under_a_name_and_no_token_stays_in_the_address(
    pages: dict[str, Page], team: TeamProcess
) -> None:
    for name, page in pages.items():
        page.get_by_role("link", name=name.capitalize(), exact=False).first.wait_for()
        assert "hlk_" not in page.url
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    states = {each["email"]: (each["state"], each["sessions"]) for each in team.reviewers("list")}
    assert states == {f"{name}@example.com": ("active", 1) for name in ROLES}


def test_a_wrong_code_is_answered_on_the_page(chromium: Browser, team: TeamProcess, pages: dict[str, Page]) -> None:
    assert pages
    link = team.reviewers("link", "di@example.com")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(link["link"])
    page.get_by_label("Code").fill(f"{(int(link['code']) + 1) % 10_000:04d}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("alert").wait_for()
    assert context.cookies() == []
    context.close()


def test_two_answer_at_once_and_the_second_is_told(pages: dict[str, Page], team: TeamProcess, ids: list[str]) -> None:
    bo, cy = pages["bo"], pages["cy"]
    for page in (bo, cy):
        page.goto(f"{team.url}/inbox/reviews/{ids[0]}")
        assert page.get_by_label("Your name or e-mail").count() == 0
        page.get_by_text("Signed as").wait_for()
    bo.get_by_role("button", name="Approve").click()
    bo.get_by_text("by bo@example.com").wait_for()
    cy.get_by_role("button", name="Approve").click()
    cy.get_by_role("alert").get_by_text("bo@example.com").first.wait_for()


def test_what_is_somebody_elses_can_be_read_and_not_answered(
    pages: dict[str, Page], team: TeamProcess, ids: list[str]
) -> None:
    for name, may_answer in (("cy", False), ("bo", True), ("lee", True)):
        page = pages[name]
        page.goto(f"{team.url}/inbox/reviews/{ids[1]}")
        page.get_by_text("For Bo").first.wait_for()
        assert (page.get_by_role("button", name="Approve").count() == 1) == may_answer
        assert (page.get_by_text("You can read this review").count() == 1) != may_answer


def test_a_page_that_is_open_is_signed_out_when_its_session_is_revoked(
    pages: dict[str, Page], team: TeamProcess, ids: list[str]
) -> None:
    page, other = pages["di"], pages["bo"]
    for each in (page, other):
        with each.expect_response(lambda answer: "/inbox/events" in answer.url) as stream:
            each.goto(f"{team.url}/inbox/reviews/{ids[2]}")
        answer: Response = stream.value
        assert answer.status == 200
    assert team.reviewers("revoke", "di@example.com") == {"revoked": 1}
    page.get_by_role("heading", name="Sign in").wait_for()
    assert page.goto(f"{team.url}/inbox/").status == 401  # type: ignore[union-attr]
    assert other.get_by_role("button", name="Approve").is_visible()


def test_an_admin_sees_who_is_signed_in_and_keeps_somebody_out(pages: dict[str, Page], team: TeamProcess) -> None:
    ann, cy = pages["ann"], pages["cy"]
    cy.goto(f"{team.url}/inbox/?view=open")
    ann.get_by_role("link", name="People").click()
    ann.get_by_role("heading", name="People").wait_for()
    ann.get_by_role("button", name="Disable: cy@example.com").click()
    ann.get_by_role("button", name="Enable: cy@example.com").wait_for()
    cy.get_by_role("heading", name="Sign in").wait_for()
    assert {each["email"]: each["state"] for each in team.reviewers("list")}["cy@example.com"] == "disabled"


def test_an_admin_invites_somebody_who_comes_in(chromium: Browser, pages: dict[str, Page]) -> None:
    ann = pages["ann"]
    ann.get_by_role("link", name="People").click()
    ann.get_by_label("E-mail").fill("el@example.com")
    ann.get_by_role("button", name="Create invitation").click()
    link = ann.locator(".once code").inner_text()
    code = ann.locator("[data-code]").inner_text()
    context = chromium.new_context()
    context.set_default_timeout(_PATIENCE)
    enter(context.new_page(), link, code)
    context.close()


def test_signing_out_ends_the_session(pages: dict[str, Page], team: TeamProcess) -> None:
    lee = pages["lee"]
    lee.goto(f"{team.url}/inbox/")
    lee.get_by_role("button", name="Sign out").click()
    lee.get_by_role("heading", name="Sign in").wait_for()
    assert lee.context.cookies() == []
    assert team.reviewers("sessions", "lee@example.com") == []


def test_nothing_happened_that_must_not(seen: Incidents) -> None:
    assert seen.scripts == []
    assert seen.faults == []
