"""The table of routes and roles: a case for each cell, and no page without a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.testclient import TestClient
from team import Team, running_team

from hitl.server.access import RULES, Rule, rule_of
from hitl.server.inbox import inbox_routes

VISITORS: Final = ("stranger", "link", "reviewer", "lead", "admin")
MINE, OTHERS = "ann@example.com", "bo@example.com"

CELLS: Final = [(method, rule, visitor) for rule in RULES for method in rule.methods for visitor in VISITORS]


def may(rule: Rule, visitor: str) -> bool:
    """Read a cell as SERVER's reader does: each role may do what the one before it may, and a link what is marked."""
    if rule.least == "anyone":
        return True
    if visitor == "link":
        return rule.by_link
    order = ("reviewer", "lead", "admin")
    return visitor in order and order.index(visitor) >= order.index(rule.least)


@pytest.fixture(scope="module")
def team() -> Iterator[Team]:
    with running_team(undo_seconds=10) as team:
        yield team


@pytest.fixture(scope="module")
def review_id(team: Team) -> str:
    return team.review(MINE)


@pytest.fixture(scope="module")
def names(team: Team, review_id: str) -> Mapping[str, str]:
    """What stands for the parameters of paths: Ann's own, so that only her role decides."""
    held = team.review(MINE)
    team.server.reviews.hold(held, "rejected", {}, MINE, seconds=10, batch="batch", version=1)
    return {
        "review_id": review_id,
        "batch": "nobody's",
        "token": "hlk_invented",
        "path": "inbox.css",
        "person_id": team.person(OTHERS).id,
        "key_id": team.server.keys.create("agent", owner=None)[0].id,
        **dict.fromkeys(("number", "request_id", "delivery_id", "session_id"), "1"),
    }


@pytest.fixture(scope="module")
def browsers(team: Team, review_id: str) -> Mapping[str, TestClient]:
    return {
        "stranger": team.browser(),
        "link": team.linked(MINE, review_id),
        "reviewer": team.signed_in(MINE),
        "lead": team.signed_in("lee@example.com", "lead"),
        "admin": team.signed_in("kim@example.com", "admin"),
    }


@pytest.mark.parametrize(
    ("method", "rule", "visitor"), CELLS, ids=lambda value: value.path if isinstance(value, Rule) else str(value)
)
def test_a_page_opens_for_whom_the_table_says(
    method: str, rule: Rule, visitor: str, browsers: Mapping[str, TestClient], names: Mapping[str, str]
) -> None:
    browser, path = browsers[visitor], rule.path.replace(":path", "").format(**names)
    if rule.path == "/signout" or (rule.path == "/inbox/events" and may(rule, visitor)):
        return  # it would end what other cells need; or never end
    nowhere = browser.get("/inbox/nowhere")
    answer = browser.request(method, path)
    if may(rule, visitor):
        assert answer.status_code != 401
        assert (answer.status_code, answer.text) != (404, nowhere.text)
    elif visitor == "stranger":
        assert answer.status_code == nowhere.status_code == 401
        assert "Sign in" in answer.text
    else:
        assert (answer.status_code, answer.text) == (404, nowhere.text)


def test_signing_out_and_the_stream_are_for_who_the_table_says(team: Team, review_id: str) -> None:
    assert may(rule_of("POST", "/signout")[0], "link")  # type: ignore[index]
    for browser in (team.linked(MINE, review_id), team.signed_in(MINE)):
        page = browser.get(f"/inbox/reviews/{review_id}").text
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        assert browser.post("/signout", data={"form_token": "guess"}).status_code == 403
        assert browser.get(f"/inbox/reviews/{review_id}").status_code == 200
        assert browser.post("/signout", data={"form_token": token}).status_code == 303
        assert browser.get(f"/inbox/reviews/{review_id}").status_code == 401


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/inbox/people", "/inbox/", "/inbox/nothing", "/signout"])
def test_what_is_not_in_the_table_nobody_may_do(browsers: Mapping[str, TestClient], method: str, path: str) -> None:
    browser = browsers["admin"]
    assert (browser.request(method, path).status_code) == 404
    assert browser.request(method, path).text == browser.get("/inbox/nowhere").text


def paths_of(routes: Iterable[BaseRoute], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the methods and the patterns of routes."""
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            yield from paths_of(route.routes, before + route.path)
        elif isinstance(route, Mount):
            yield "GET", f"{before}{route.path}/{{path:path}}"
        elif isinstance(route, Route) and not route.path.startswith("/{path"):
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, before + route.path


def test_every_page_of_the_inbox_has_a_row_and_every_row_a_page(team: Team) -> None:
    server = team.server
    services = (server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions)
    routes = inbox_routes(*services, server.saved_views, 10, server.admission, server.keys)
    pages = set(paths_of(routes, "/inbox"))
    rows = {(method, rule.path) for rule in RULES for method in rule.methods if rule.path.startswith("/inbox/")}
    assert pages == rows


@pytest.mark.parametrize("assignees", [(), (MINE,), (MINE, OTHERS), (OTHERS,)], ids=str)
@pytest.mark.parametrize("visitor", ["link", "reviewer", "lead", "admin"])
@pytest.mark.parametrize("what", ["answer", "start"])
def test_a_reviewer_answers_what_is_assigned_to_him_or_to_nobody(
    team: Team, browsers: Mapping[str, TestClient], assignees: tuple[str, ...], visitor: str, what: str
) -> None:
    review_id = team.review(*assignees)
    browser = team.linked(MINE, review_id) if visitor == "link" else browsers[visitor]
    page = browser.get(f"/inbox/reviews/{review_id}")
    assert page.status_code == 200
    token = page.text.partition('name="form_token" value="')[2].partition('"')[0]
    form = {"form_token": token, "version": "1", "decision": "reject", "field.approved": "false"}
    answer = browser.post(f"/inbox/reviews/{review_id}/{what}", data=form)
    is_own = visitor in ("lead", "admin") or not assignees or MINE in assignees
    assert (answer.status_code == 403) != is_own
    assert ("assigned to" in answer.text) != is_own
    assert ("You can read this review" in page.text) != is_own
    assert ('name="decision"' in page.text) == is_own
    if what == "answer":
        held = team.server.reviews.held_answer(review_id, team.person(MINE).email)
        assert (held is not None) == (is_own and visitor in ("link", "reviewer"))


@pytest.mark.parametrize(("visitor", "may_undo"), [("link", False), ("reviewer", False), ("lead", True)])
def test_a_reviewer_takes_back_his_own_answers_only(
    team: Team, browsers: Mapping[str, TestClient], visitor: str, may_undo: bool
) -> None:
    review_id, batch = team.review(OTHERS), f"of {visitor}"
    team.server.reviews.hold(review_id, "rejected", {}, OTHERS, seconds=10, batch=batch, version=1)
    browser = browsers[visitor]
    token = browser.get(f"/inbox/reviews/{team.review(MINE)}").text.partition('name="form_token" value="')[2]
    browser.post(f"/inbox/undo/{batch}", data={"form_token": token.partition('"')[0]})
    held = team.server.reviews.held_answer(review_id, OTHERS)
    assert held is not None
    assert (held.state == "undone") == may_undo
