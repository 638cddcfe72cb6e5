"""What keys may call: each cell of the table in SERVER, section 2.3, and each route of the API, is one case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from server_calls import refusal_of
from starlette.routing import Route
from team_server import CallAs

from hitl.server.http.long_poll import LongPollSlots
from hitl.server.keys.scopes import RULES, SCOPES, Rule
from hitl.server.review_server import ReviewServer
from hitl.server.routes import api_routes

# What a key of each scope may do: with what it has asked itself, and with what another key has asked.
OWN, ALL, NOTHING = "own", "all", "nothing"
TABLE = {
    "create": {"ask": ALL, "ask:all": ALL, "read": NOTHING, "admin": ALL},
    "read": {"ask": OWN, "ask:all": ALL, "read": ALL, "admin": ALL},
    "wait": {"ask": OWN, "ask:all": ALL, "read": ALL, "admin": ALL},
    "update": {"ask": OWN, "ask:all": ALL, "read": NOTHING, "admin": ALL},
    "consume": {"ask": OWN, "ask:all": ALL, "read": NOTHING, "admin": ALL},
    "cancel": {"ask": OWN, "ask:all": ALL, "read": NOTHING, "admin": ALL},
    "read template": {"ask": ALL, "ask:all": ALL, "read": ALL, "admin": ALL},
    "create template": {"ask": NOTHING, "ask:all": NOTHING, "read": NOTHING, "admin": ALL},
    "read deliveries": {"ask": NOTHING, "ask:all": NOTHING, "read": NOTHING, "admin": ALL},
    "subscribe": {"ask": NOTHING, "ask:all": NOTHING, "read": NOTHING, "admin": ALL},
    "decide a turn": {"ask": NOTHING, "ask:all": NOTHING, "read": NOTHING, "admin": NOTHING},
}
CALLS: dict[str, tuple[str, str, dict[str, str], Any]] = {
    "create": ("POST", "/v1/reviews", {}, {"template_id": "tpl_ok", "content": {"text": "new"}}),
    "read": ("GET", "/v1/reviews/{}", {}, None),
    "wait": ("GET", "/v1/reviews/{}", {"Prefer": "wait=0"}, None),
    "update": ("PATCH", "/v1/reviews/{}", {}, {"priority": "high"}),
    "consume": ("PUT", "/v1/reviews/{}/consumption", {}, {"claim": "c", "call": "c"}),
    "cancel": ("DELETE", "/v1/reviews/{}", {}, None),
    "read template": ("GET", "/v1/templates/tpl_ok", {}, None),
    "create template": (
        "POST",
        "/v1/templates",
        {},
        {"name": "t", "fields": [{"name": "a", "type": "text", "label": "A"}]},
    ),
    "read deliveries": ("GET", "/v1/webhooks/deliveries", {}, None),
    "subscribe": ("POST", "/v1/webhooks", {}, {"url": "http://127.0.0.1:9/", "events": ["review.created"]}),
    "decide a turn": ("PUT", "/v1/api/sessions/x/turns/y", {}, {"decision": "approve"}),
}


def cells() -> Iterator[Any]:
    for act, row in TABLE.items():
        for scope, reach in row.items():
            for asked in (OWN, "another's"):
                yield pytest.param(act, scope, asked, reach in (ALL, asked), id=f"{act}-{scope}-{asked}")


def ask(server: ReviewServer, text: str) -> str:
    caller = server.keys.caller(f"Bearer {text}")
    assert caller is not None
    body = {"template_id": "tpl_ok", "content": {"text": "please"}}
    return str(server.reviews.create_review(body, owner=caller.owner, actor=caller.actor).document["id"])


def test_the_table_names_every_scope() -> None:
    assert all(row.keys() == SCOPES.keys() for row in TABLE.values())


@pytest.mark.parametrize(("act", "scope", "asked", "may"), [*cells()])
def test_each_cell(team: ReviewServer, call_as: CallAs, act: str, scope: str, asked: str, may: bool) -> None:
    _, mine = team.keys.create("mine", owner=None, scopes=[scope])
    _, other = team.keys.create("other", owner=None)
    review_id = ask(team, mine if asked == OWN else other)
    if act == "consume":
        team.reviews.complete(review_id, {"approved": True}, "ann@example.com")
    method, path, headers, body = CALLS[act]
    answer = call_as(mine).request(method, path.format(review_id), headers=headers, json=body)
    assert (answer.status_code < 300) is may, answer.text
    if not may:
        assert answer.status_code == 404


def test_what_is_anothers_looks_like_what_is_not_there(team: ReviewServer, call_as: CallAs) -> None:
    _, mine = team.keys.create("mine", owner=None)
    _, other = team.keys.create("other", owner=None)
    of_another = ask(team, other)
    there = call_as(mine).get(f"/v1/reviews/{of_another}").json()["error"]
    nowhere = call_as(mine).get("/v1/reviews/rev_999").json()["error"]
    assert there["code"] == nowhere["code"] == "review_not_found"
    assert there["message"].replace(of_another, "rev_999") == nowhere["message"]


def test_lists_hold_what_a_key_may_see(team: ReviewServer, call_as: CallAs) -> None:
    _, mine = team.keys.create("mine", owner=None)
    _, other = team.keys.create("other", owner=None, scopes=["ask:all"])
    own, of_another = ask(team, mine), ask(team, other)

    def listed(text: str, query: str = "") -> set[str]:
        return {each["id"] for each in call_as(text).get(f"/v1/reviews{query}").json()["data"]}

    assert listed(mine) == listed(mine, "?changes_after=0") == {own}
    assert listed(mine, f"?ids={own},{of_another}") == {own}
    assert listed(other) == {own, of_another}


def test_two_scopes_reach_as_far_as_both(team: ReviewServer, call_as: CallAs) -> None:
    _, mine = team.keys.create("mine", owner=None, scopes=["ask", "read"])
    _, other = team.keys.create("other", owner=None)
    review_id = ask(team, other)
    assert call_as(mine).get(f"/v1/reviews/{review_id}").status_code == 200
    assert call_as(mine).delete(f"/v1/reviews/{review_id}").status_code == 404
    assert call_as(mine).delete(f"/v1/reviews/{ask(team, mine)}").status_code == 200


def routes(server: ReviewServer) -> set[tuple[str, str]]:
    found = [each for each in api_routes(server, LongPollSlots(1)) if isinstance(each, Route)]
    return {(method, each.path) for each in found for method in each.methods or () if method != "HEAD"}


def test_every_route_has_a_rule_and_every_rule_a_route(team: ReviewServer) -> None:
    ruled = [(method, rule.path) for rule in RULES for method in rule.methods.split()]
    assert len(ruled) == len(set(ruled))
    assert set(ruled) == routes(team)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.methods} {rule.path}")
@pytest.mark.parametrize("scope", SCOPES)
def test_every_route_refuses_whom_its_rule_refuses(team: ReviewServer, call_as: CallAs, rule: Rule, scope: str) -> None:
    _, text = team.keys.create("mine", owner=None, scopes=[scope])
    refused = rule.reach([scope]) == NOTHING
    path = re.sub(r"\{[^}]+\}", "0" * 24, rule.path)
    for method in rule.methods.split():
        if path == "/v1/events" and not refused:
            continue  # a stream, of which test_key_revocation has its own
        answer = call_as(text).request(method, path)
        assert ("whose scope is" in answer.text) is refused, answer.text


@pytest.mark.parametrize("path", ["/v1/reviews\n", "/v1/reviews/", "/v1//reviews", "/v1/nothing", "/v1/reviews/a/b"])
def test_paths_without_a_rule_are_refused(team: ReviewServer, call_as: CallAs, path: str) -> None:
    _, text = team.keys.create("mine", owner=None)
    _, other = team.keys.create("other", owner=None)
    ask(team, other)
    answer = call_as(text).get(path.replace("\n", "%0A"))
    assert answer.status_code == 404
    assert "please" not in answer.text


def test_another_method_than_a_route_has_is_no_secret(team: ReviewServer, call_as: CallAs) -> None:
    _, text = team.keys.create("mine", owner=None)
    assert call_as(text).put("/v1/reviews").status_code == 405


def test_what_belongs_to_another_account_is_not_there(team: ReviewServer, call_as: CallAs) -> None:
    _, mine = team.keys.create("mine", owner=None)
    _, other = team.keys.create("other", owner=None, scopes=["admin"])
    loop = call_as(mine).post("/v1/api/loops", json={"name": "Loop", "icon": "x"}).json()["data"]["loop"]
    assert call_as(mine).get(f"/v1/api/loops/{loop['id']}").status_code == 200
    for text in (other, team.keys.create("reader", owner=None, scopes=["read"])[1]):
        assert call_as(text).get(f"/v1/api/loops/{loop['id']}").status_code == 404


def test_a_sandbox_knows_no_scopes() -> None:
    with ReviewServer(templates=()) as sandbox:
        assert refusal_of(sandbox.reviews.get_review, "rev_1").status == 404
        assert sandbox.team is None
