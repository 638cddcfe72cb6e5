"""Whether somebody may answer what he asks himself: one table, and the ways around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from fake_clock import FakeClock
from server_calls import refusal_of
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient
from team_server import MakeServer

from hitl.server.inbox import inbox_routes
from hitl.server.people import Person
from hitl.server.primitives import ACTOR, Actor
from hitl.server.primitives.names import name_key
from hitl.server.review_server import ReviewServer

YES = {"approved": True}
TWO = {
    "id": "tpl_two",
    "name": "Two people",
    "fields": [{"name": "approved", "type": "boolean", "label": "Approve?", "required": True}],
    "settings": {"approval_threshold": 2},
}
STRICT = {**TWO, "id": "tpl_strict", "name": "Strict", "settings": {"self_approval": "refuse"}}
LAX = {**TWO, "id": "tpl_lax", "name": "Lax", "settings": {"self_approval": "allow"}}
TEMPLATES = ({**TWO, "id": "tpl_ok", "settings": {}}, TWO, STRICT, LAX)


class World:
    """A team of Ann, who owns the key that asks, and Bob."""

    def __init__(self, server: ReviewServer, clock: FakeClock) -> None:
        self.server = server
        self.clock = clock
        self.ann = server.people.add("ann@example.com")
        self.bob = server.people.add("bob@example.com", role="lead")
        server.keys.create("hers", owner="ann@example.com")
        server.keys.create("nobody's", owner=None)

    def ask(self, key: str = "hers", template: str = "tpl_ok", claimed: str | None = None) -> str:
        known = self.server.keys.find(key)
        body: dict[str, Any] = {"template_id": template, "content": {"text": "please"}}
        if claimed is not None:
            body["metadata"] = {"on_behalf_of": claimed}
        actor = Actor("key", known.id, known.name, known.person_id)
        return str(self.server.reviews.create_review(body, actor=actor).document["id"])

    def answer(self, review_id: str, who: Person, **more: Any) -> dict[str, Any]:
        return self.server.reviews.complete(review_id, YES, who.email, actor=actor_of(who), **more)

    def hold(self, review_id: str, who: Person, **more: Any) -> None:
        self.server.reviews.hold(
            review_id, "completed", YES, who.email, seconds=10, batch=review_id, actor=actor_of(who), **more
        )


def actor_of(person: Person) -> Actor:
    return Actor("person", person.id, person.email, person.id, person.role)


MakeWorld = Callable[[str], World]


@pytest.fixture
def world_with(make_server: MakeServer, clock: FakeClock) -> MakeWorld:
    return lambda policy: World(make_server(self_approval=policy, templates=TEMPLATES), clock)


@pytest.fixture
def world(world_with: MakeWorld) -> World:
    return world_with("refuse")


OK, REFUSED, UNCONFIRMED = None, (403, "self_approval"), (409, "self_approval_unconfirmed")


@pytest.mark.parametrize(
    ("policy", "key", "claimed", "confirmed", "outcome"),
    [
        ("refuse", "hers", None, False, REFUSED),
        ("refuse", "hers", None, True, REFUSED),
        ("refuse", "hers", "carl@example.com", False, REFUSED),
        ("refuse", "nobody's", None, False, OK),
        ("refuse", "nobody's", "ANN@example.com ", False, REFUSED),
        ("refuse", "nobody's", "bob@example.com", False, OK),
        ("refuse", "nobody's", "nobody@example.com", False, OK),
        ("warn", "hers", None, False, UNCONFIRMED),
        ("warn", "hers", None, True, OK),
        ("warn", "nobody's", "ann@example.com", False, UNCONFIRMED),
        ("warn", "nobody's", None, False, OK),
        ("allow", "hers", "ann@example.com", False, OK),
    ],
)
def test_who_may_answer(
    world_with: MakeWorld, policy: str, key: str, claimed: str | None, confirmed: bool, outcome: Any
) -> None:
    world = world_with(policy)
    review_id = world.ask(key, claimed=claimed)
    for act in (world.answer, world.hold):
        if outcome is not OK:
            error = refusal_of(act, review_id, world.ann, is_confirmed=confirmed)
            assert (error.status, error.code) == outcome
    if outcome is OK:
        done = world.answer(review_id, world.ann, is_confirmed=confirmed)
        assert done.get("self_approved", False) is (policy == "warn" and confirmed)
    else:
        assert world.answer(review_id, world.bob)["status"] == "completed"


def test_rejecting_is_answering_too(world: World) -> None:
    review_id = world.ask()
    error = refusal_of(world.server.reviews.reject, review_id, {}, "ann@example.com", actor=actor_of(world.ann))
    assert error.code == "self_approval"


def test_without_sessions_the_typed_address_counts(world: World) -> None:
    review_id = world.ask()
    assert refusal_of(world.server.reviews.complete, review_id, YES, "Ann@Example.com").code == "self_approval"


def test_no_role_may_answer_its_own(world: World) -> None:
    world.server.keys.create("bob's", owner="bob@example.com")
    assert refusal_of(world.answer, world.ask("bob's"), world.bob).code == "self_approval"


@pytest.mark.parametrize("policy", ["refuse", "warn"])
def test_the_asker_counts_for_none_of_several(world_with: MakeWorld, policy: str) -> None:
    world = world_with(policy)
    review_id = world.ask(template="tpl_two")
    world.answer(review_id, world.bob)
    assert refusal_of(world.answer, review_id, world.ann, is_confirmed=True).code == "self_approval"
    assert world.server.reviews.get_review(review_id)["status"] == "in_progress"


@pytest.mark.parametrize(
    ("policy", "template", "effective"),
    [
        ("warn", "tpl_strict", REFUSED),
        ("allow", "tpl_strict", REFUSED),
        ("refuse", "tpl_lax", REFUSED),
        ("warn", "tpl_lax", UNCONFIRMED),
    ],
)
def test_a_template_can_only_be_stricter(world_with: MakeWorld, policy: str, template: str, effective: Any) -> None:
    world = world_with(policy)
    error = refusal_of(world.answer, world.ask(template=template), world.ann)
    assert (error.status, error.code) == effective


def test_what_is_confirmed_is_said_everywhere(world_with: MakeWorld) -> None:
    world = world_with("warn")
    review_id = world.ask()
    world.answer(review_id, world.ann, is_confirmed=True)
    server = world.server
    assert server.reviews.get_review(review_id)["self_approved"] is True
    assert [each.get("self_approved") for each in server.reviews.history(review_id)] == [None, True]
    events = {each.event: each.payload["review"] for each in server.outbox.events_after(0, 10)}
    assert events["review.completed"]["self_approved"] is True
    assert "self_approved" not in events["review.created"]
    entry = server.audit.entries()[-1]
    assert (entry.event, entry.subject, entry.actor_id) == ("review.answered", review_id, world.ann.id)
    assert entry.detail["self_approved"] is True


def test_the_audit_says_who_answered_and_nothing_of_what(world: World) -> None:
    review_id = world.ask()
    shown = world.answer(review_id, world.bob)
    entry = world.server.audit.entries()[-1]
    assert (entry.actor_kind, entry.actor_id, entry.event) == ("person", world.bob.id, "review.answered")
    assert entry.detail.keys() == {"decision", "verdict", "shown", "version"}
    assert (entry.detail["verdict"], entry.detail["version"]) == ("approved", 1)
    assert "please" not in str(entry)
    assert shown["status"] == "completed"


@pytest.mark.parametrize("seconds", [0, 10])
def test_the_audit_says_that_an_answer_came_by_the_link_of_a_message(world: World, seconds: float) -> None:
    review_id, by = world.ask(), replace(actor_of(world.bob), via="message")
    world.server.reviews.hold(review_id, "completed", YES, world.bob.email, seconds=seconds, batch=review_id, actor=by)
    world.clock.advance(seconds=seconds)
    world.server.tick()
    assert world.server.audit.entries()[-1].detail["via"] == "message"
    assert world.server.reviews.get_review(review_id)["answered_via"] == "link"
    events = {each.event: each.payload["review"] for each in world.server.outbox.events_after(0, 10)}
    assert events["review.completed"]["answered_via"] == "link"
    assert "answered_via" not in events["review.created"]


class TestHeldAnswers:
    def test_they_are_in_the_audit_when_they_are_given(self, world: World) -> None:
        world.hold(world.ask(), world.bob)
        assert world.server.audit.entries()[-1].event == "key.created"
        world.clock.advance(seconds=10)
        world.server.tick()
        assert world.server.audit.entries()[-1].actor_id == world.bob.id

    def test_a_confirmed_one_stays_confirmed(self, world_with: MakeWorld) -> None:
        world = world_with("warn")
        review_id = world.ask()
        world.hold(review_id, world.ann, is_confirmed=True)
        world.clock.advance(seconds=10)
        assert world.server.reviews.get_review(review_id)["self_approved"] is True

    def test_they_are_looked_at_again_when_they_are_given(
        self, make_server: MakeServer, world_with: MakeWorld, clock: FakeClock
    ) -> None:
        world = world_with("allow")
        review_id = world.ask()
        world.hold(review_id, world.ann)
        server = make_server(self_approval="refuse", templates=TEMPLATES)  # started anew within the ten seconds
        clock.advance(seconds=10)
        assert server.reviews.get_review(review_id)["status"] == "created"
        held = server.reviews.held_answer(review_id, "ann@example.com")
        assert held is not None
        assert held.state == "dropped"

    def test_the_person_counts_and_not_the_address_that_he_had(self, world: World, clock: FakeClock) -> None:
        """The claimed address becomes that of the person whose answer is held."""
        review_id = world.ask("nobody's", claimed="new@example.com")
        world.hold(review_id, world.ann)
        with world.server.database.transaction():
            world.server.database.execute(
                "UPDATE people SET email = ?, email_key = ? WHERE id = ?",
                ("new@example.com", name_key("new@example.com"), world.ann.id),
            )
        clock.advance(seconds=10)
        assert world.server.reviews.get_review(review_id)["status"] == "created"


class TestRequests:
    BODY: Mapping[str, Any] = {
        "processing_type": "deferred",
        "type": "markdown",
        "priority": "high",
        "request_text": "May I?",
        "platform": "api",
        "response_type": "boolean",
        "response_config": {"true_label": "Yes", "false_label": "No"},
        "default_response": False,
        "context": {"on_behalf_of": "bob@example.com"},
    }

    def ask(self, world: World) -> str:
        from hitl.server.loops.accounts import account_of

        key = world.server.keys.find("hers")
        account = account_of("0" * 64, Actor("key", key.id, key.name, key.person_id))
        loop = world.server.loops.create_loop(account, {"name": "Loop", "icon": "x"}).document["loop"]
        return str(world.server.loops.create_request(account, loop["id"], self.BODY).document["request_id"])

    def test_they_say_who_asked_and_refuse_his_answer(self, world: World) -> None:
        request_id, loops = self.ask(world), world.server.loops
        asked_by = loops.get_request(request_id)["asked_by"]
        assert (asked_by["key_name"], asked_by["claimed"]) == ("hers", "bob@example.com")
        for person in (world.ann, world.bob):
            answer = {"email": person.email}
            assert refusal_of(loops.respond, request_id, True, answer, actor=actor_of(person)).code == "self_approval"
        carl = world.server.people.add("carl@example.com")
        loops.respond(request_id, True, {"email": carl.email}, actor=actor_of(carl))
        entry = world.server.audit.entries()[-1]
        assert (entry.event, entry.actor_id) == ("request.answered", carl.id)
        events = [each for each in world.server.outbox.events_after(0, 20) if each.subject_id == request_id]
        assert {each.payload["data"]["request"]["asked_by"]["key_name"] for each in events} == {"hers"}

    def hold(self, world: World, request_id: str, person: Person, **more: Any) -> None:
        world.server.loops.hold(
            request_id, True, {"email": person.email}, seconds=10, batch=request_id, actor=actor_of(person), **more
        )

    def test_an_answer_that_is_held_is_refused_and_recorded_as_one_that_is_given(self, world: World) -> None:
        request_id = self.ask(world)
        assert refusal_of(self.hold, world, request_id, world.ann).code == "self_approval"
        carl = world.server.people.add("carl@example.com")
        self.hold(world, request_id, carl)
        world.clock.advance(seconds=10)
        assert world.server.loops.get_request(request_id)["status"] == "completed"
        entry = world.server.audit.entries()[-1]
        assert (entry.event, entry.actor_id) == ("request.answered", carl.id)

    def test_a_held_answer_is_looked_at_again_when_it_is_given(
        self, make_server: MakeServer, world_with: MakeWorld, clock: FakeClock
    ) -> None:
        world = world_with("allow")
        request_id = self.ask(world)
        self.hold(world, request_id, world.ann)
        server = make_server(self_approval="refuse", templates=TEMPLATES)
        clock.advance(seconds=10)
        assert server.loops.get_request(request_id)["status"] == "pending"

    def test_a_confirmed_one_stays_confirmed(self, world_with: MakeWorld) -> None:
        world = world_with("warn")
        request_id = self.ask(world)
        self.hold(world, request_id, world.ann, is_confirmed=True)
        world.clock.advance(seconds=10)
        assert world.server.loops.get_request(request_id)["self_approved"] is True

    def test_who_is_disabled_answers_nothing_any_more(self, world: World) -> None:
        request_id = self.ask(world)
        carl = world.server.people.add("carl@example.com")
        self.hold(world, request_id, carl)
        world.server.people.disable(carl.id)
        world.clock.advance(seconds=10)
        assert world.server.loops.get_request(request_id)["status"] == "pending"


class AsPerson:
    """What `access` does: it puts the person of the session into the scope."""

    def __init__(self, app: Any, who: list[Person]) -> None:
        self.app, self.who = app, who

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        scope[ACTOR] = actor_of(self.who[0])
        await self.app(scope, receive, send)


class TestPages:
    @pytest.fixture
    def who(self) -> list[Person]:
        return []

    @pytest.fixture
    def warning(self, world_with: MakeWorld) -> World:
        return world_with("warn")

    def browser(self, world: World, who: Person) -> TestClient:
        server = world.server
        routes = inbox_routes(
            server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views
        )
        app = Starlette(routes=[Mount("/inbox", routes=routes, middleware=[Middleware(AsPerson, who=[who])])])
        return TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False)

    def sent(self, world: World, review_id: str, **more: str) -> dict[str, str]:
        version = world.server.reviews.get_review(review_id)["version"]
        return {"version": str(version), "field.approved": "true", "decision": "approve", **more}

    def test_the_page_is_read_only_and_its_post_is_refused(self, world: World) -> None:
        review_id = world.ask()
        with self.browser(world, world.ann) as browser:
            page = browser.get(f"/inbox/reviews/{review_id}").text
            answer = browser.post(f"/inbox/reviews/{review_id}/answer", data=self.sent(world, review_id))
        assert "You asked for this yourself" in page
        assert "fieldset" in page
        assert 'name="decision"' not in page
        assert "by <bdi>hers</bdi>" in page
        assert answer.status_code == 403
        assert world.server.reviews.get_review(review_id)["status"] == "created"

    def test_others_see_who_asked_and_answer(self, world: World) -> None:
        review_id = world.ask(claimed="carl@example.com")
        with self.browser(world, world.bob) as browser:
            page = browser.get(f"/inbox/reviews/{review_id}").text
            answer = browser.post(f"/inbox/reviews/{review_id}/answer", data=self.sent(world, review_id))
        assert "by <bdi>hers</bdi>, which names <bdi>carl@example.com</bdi>" in page
        assert 'name="decision"' in page
        assert answer.status_code == 303

    def test_a_warning_takes_a_second_step(self, warning: World) -> None:
        review_id = warning.ask()
        with self.browser(warning, warning.ann) as browser:
            path = f"/inbox/reviews/{review_id}/answer"
            first = browser.post(path, data=self.sent(warning, review_id))
            second = browser.post(path, data=self.sent(warning, review_id, confirm_self="yes"))
            done = browser.get(f"/inbox/reviews/{review_id}").text
        assert first.status_code == 409
        assert 'name="confirm_self"' in first.text
        assert second.status_code == 303
        assert "who asked for it" in done

    def test_json_is_refused_in_the_same_way(self, world: World) -> None:
        review_id = world.ask()
        body = {"version": "1", "decision": "complete", "answers": YES}
        with self.browser(world, world.ann) as browser:
            answer = browser.post(
                f"/inbox/reviews/{review_id}/answer", json=body, headers={"Accept": "application/json"}
            )
        assert answer.status_code == 403
        assert "self_approval" in answer.text

    @pytest.mark.parametrize("policy", ["refuse", "warn"])
    def test_bulk_actions_leave_it_out(self, world_with: MakeWorld, policy: str) -> None:
        world = world_with(policy)
        own, other = world.ask(), world.ask("nobody's")
        picks = [f"{own}:1", f"{other}:1"]
        with self.browser(world, world.ann) as browser:
            plan = browser.post("/inbox/bulk", data={"pick": picks, "action": "approve"})
            done = browser.post("/inbox/bulk", data={"pick": picks, "action": "approve", "confirmed": "yes"})
        assert "you asked for it yourself" in plan.text
        assert "you asked for it yourself" in done.text
        assert [world.server.reviews.get_review(each)["status"] for each in (own, other)] == ["created", "completed"]

    def test_a_request_is_read_only_too(self, world: World) -> None:
        request_id = TestRequests().ask(world)
        with self.browser(world, world.ann) as browser:
            page = browser.get(f"/inbox/requests/{request_id}").text
            sent = {"field.answer": "true", "decision": "complete"}
            answer = browser.post(f"/inbox/requests/{request_id}/answer", data=sent)
        assert 'name="decision"' not in page
        assert answer.status_code == 403
        assert world.server.loops.get_request(request_id)["status"] == "pending"


def test_a_sandbox_allows_it_and_names_nobody(clock: FakeClock) -> None:
    with ReviewServer(clock=clock, templates=TEMPLATES) as server:
        body = {"template_id": "tpl_ok", "content": {}, "metadata": {"on_behalf_of": "ann@example.com"}}
        review = server.reviews.create_review(body).document
        assert "asked_by" not in review
        done = server.reviews.complete(review["id"], YES, "ann@example.com")
        assert "self_approved" not in done
        assert server.audit.entries() == []
