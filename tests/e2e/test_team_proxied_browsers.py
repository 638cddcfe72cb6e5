"""Five people in five browsers, with TLS through nginx, and through Caddy under a path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from incidents import Incidents
from public_team import Public, behind
from team_processes import REVIEW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_PATIENCE = 15_000  # milliseconds
_PEOPLE = {"ann": "admin", "lee": "lead", "bo": "reviewer", "cy": "reviewer", "di": "reviewer"}


@pytest.fixture(scope="module", params=["nginx", "Caddy under a path"])
def public(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with behind(request.param, tmp_path_factory.mktemp("p")) as public:
        yield public


@pytest.fixture(scope="module")
def seen() -> Incidents:
    return Incidents()


@pytest.fixture(scope="module")
def pages(chromium: Browser, public: Public, seen: Incidents) -> Iterator[dict[str, Page]]:
    """A page of everybody's, signed in with the link and the code of an invitation."""
    opened: dict[str, Page] = {}
    contexts = []
    for name, role in _PEOPLE.items():
        context = chromium.new_context(locale="en-GB", ignore_https_errors=True)  # the authority is the test's own
        contexts.append(context)
        context.set_default_timeout(_PATIENCE)
        page = opened[name] = context.new_page()
        page.on("dialog", seen.on_dialog)
        page.on("pageerror", seen.on_error)
        invitation = public.reviewers("invite", f"{name}@example.com", "--role", role, "--name", name.capitalize())
        assert invitation["link"].startswith(f"{public.url}/enter/hlk_")
        page.goto(invitation["link"])
        page.get_by_label("Code").fill(invitation["code"])
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="Mine").wait_for()
    yield opened
    for context in contexts:
        context.close()


def asked(public: Public, text: str, **more: object) -> str:
    with public.client() as program:
        made = program.post(f"{public.prefix}/v1/reviews", json={**REVIEW, "content": {"text": text}, **more})
        return str(made.json()["data"]["url"])


def test_everybody_is_signed_in_by_a_cookie_that_only_this_server_gets(public: Public, pages: dict[str, Page]) -> None:
    for page in pages.values():
        assert page.url.startswith(f"{public.url}/inbox/")
        (cookie,) = page.context.cookies()
        name, path = ("__Secure-hitl", public.prefix) if public.prefix else ("__Host-hitl", "/")
        assert (cookie["name"], cookie["path"]) == (name, path)
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")


def test_an_answer_is_held_given_and_seen_by_the_others(public: Public, pages: dict[str, Page]) -> None:
    url = asked(public, "For everybody")
    assert url.startswith(f"{public.url}/inbox/reviews/")
    bo, cy = pages["bo"], pages["cy"]
    for page in (bo, cy):
        page.goto(url)
        page.get_by_text("Signed as").wait_for()
    bo.get_by_role("button", name="Approve").click()
    bo.get_by_role("button", name="Undo").first.click()
    bo.get_by_text("Signed as").wait_for()  # the answer is back, and can be changed
    bo.get_by_role("button", name="Approve").click()
    bo.get_by_role("button", name="Undo").first.wait_for()
    cy.get_by_role("button", name="Approve").click()
    cy.get_by_role("alert").get_by_text("bo@example.com").first.wait_for()
    with public.client() as program:
        review = program.get(
            f"{public.prefix}/v1/reviews/{url.rpartition('/')[2]}", headers={"Prefer": "wait=30"}
        ).json()["data"]
    assert (review["status"], review["reviewer"]) == ("completed", "bo@example.com")


def test_what_is_asked_arrives_in_open_lists(public: Public, pages: dict[str, Page]) -> None:
    people = [pages["ann"], pages["lee"]]
    for page in people:
        with page.expect_response(lambda answer: "/inbox/events" in answer.url):
            page.goto(f"{public.url}/inbox/?view=open")
    asked(public, "Fresh from the agent")
    for page in people:
        page.get_by_text("new", exact=False).first.wait_for()


def test_who_is_disabled_is_out_at_once(public: Public, pages: dict[str, Page]) -> None:
    di = pages["di"]
    with di.expect_response(lambda answer: "/inbox/events" in answer.url):
        di.goto(f"{public.url}/inbox/?view=open")
    public.reviewers("disable", "di@example.com")
    di.get_by_role("heading", name="Sign in").wait_for()


def test_nothing_happened_that_must_not(seen: Incidents, pages: dict[str, Page]) -> None:
    assert pages
    assert seen.scripts == []
    assert seen.faults == []
