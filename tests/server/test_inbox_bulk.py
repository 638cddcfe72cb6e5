"""What is decided about many reviews at once: what the confirmation says of it, what is done, and what is taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from bulk_form import BulkForm
from fake_clock import NOON, FakeClock
from sent_form import SentForm
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.review_server import ReviewServer

KIM, LEE = "kim@example.com", "lee@example.com"
YES: dict[str, Any] = {"name": "approved", "type": "boolean", "label": "Approve?", "required": True}
TEXT: dict[str, Any] = {"name": "text", "type": "content_display", "editable": True}
NOTE: dict[str, Any] = {"name": "note", "type": "text", "label": "Note"}
WHY: dict[str, Any] = {"name": "why", "type": "text", "label": "Why", "required": True}
FATES = [{"value": "keep", "label": "Keep"}, {"value": "drop", "label": "Drop"}]
REFUND = {"approve_effect": "pays {amount} {currency} to {to}", "reject_effect": "tells the agent", "undo_seconds": 30}
RULE = {"condition": "field('approved') == true", "required_fields": ["note"], "message": "Say for whom."}


def template(name: str, *fields: dict[str, Any], title: str = "", **settings: Any) -> dict[str, Any]:
    return {"id": name, "name": title or name.capitalize(), "fields": list(fields), "settings": settings}


TEMPLATES = [
    template("refund", TEXT, YES, **REFUND),
    template("article", TEXT, YES, approve_effect="publishes the text"),
    template("plain", TEXT, YES, NOTE),
    template("final", TEXT, YES, undo_seconds=0),
    template("two", YES, approval_threshold=2, approve_effect="deletes the account"),
    template("twin", YES, title="Refund", approve_effect="closes the case"),
    {**template("ruled", YES, NOTE), "validation": {"rules": [RULE]}},
    template("asks", YES, {**WHY, "conditional": {"field": "approved", "value": True}}),
    template("spam", {"name": "spam", "type": "boolean", "label": "Is it spam?", "required": True}),
    template("checked", {**YES, "required": False}, {**YES, "name": "pii", "label": "Personal data?"}),
]


@pytest.fixture
def templates() -> Any:
    return TEMPLATES


@pytest.fixture
def app(server: ReviewServer) -> Starlette:
    """An inbox that holds answers for ten seconds."""
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views, 10
    )
    return Starlette(routes=[Mount("/inbox", routes=routes)])


@pytest.fixture
def kim(app: Starlette) -> Iterator[TestClient]:
    with _browser(app, KIM) as browser:
        yield browser


@pytest.fixture
def lee(app: Starlette) -> Iterator[TestClient]:
    with _browser(app, LEE) as browser:
        yield browser


def _browser(app: Starlette, name: str) -> TestClient:
    browser = TestClient(app, base_url="http://127.0.0.1:4010", follow_redirects=False)
    browser.cookies.set("hitl_reviewer", name)
    return browser


def ask(server: ReviewServer, template_id: str = "plain", **content: Any) -> str:
    body = {"template_id": template_id, "content": {"text": "A draft", **content}}
    return str(server.reviews.create_review(body).document["id"])


def refund(server: ReviewServer, amount: str, to: str = "Ann") -> str:
    return ask(server, "refund", amount=amount, currency="EUR", to=to)


def plan(browser: TestClient, server: ReviewServer, *review_ids: str, action: str = "approve") -> BulkForm:
    """Select reviews and press a button of the list."""
    picks = [f"{review_id}:{server.reviews.get_review(review_id)['version']}" for review_id in review_ids]
    return BulkForm(browser.post("/inbox/bulk", data={"action": action, "pick": picks, "back": "?view=open"}).text)


def statuses(server: ReviewServer, *review_ids: str) -> list[str]:
    return [server.reviews.get_review(review_id)["status"] for review_id in review_ids]


# What the confirmation says


def test_it_counts_what_the_button_will_do_in_the_words_of_each_template(kim: TestClient, server: ReviewServer) -> None:
    refunds = [refund(server, "18.40"), refund(server, "1200.00")]
    page = plan(kim, server, *refunds, ask(server, "article"), ask(server))
    assert page.title == "Approve 4 reviews?"
    assert page.told == [
        "2 × pays [amount] EUR to Ann · Refund · 1,218.40 EUR in all · undo for 30 seconds",
        "1 × publishes the text · Article · undo for 10 seconds",
        "1 × Plain · undo for 10 seconds",
    ]
    assert [page.rows[each] for each in refunds] == ["pays 18.40 EUR to Ann", "pays 1200.00 EUR to Ann"]


def test_what_differs_among_reviews_is_named_and_what_is_equal_is_filled(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, refund(server, "5.00", "Ann"), refund(server, "5.00", "Bo"))
    assert page.told == ["2 × pays 5.00 EUR to [to] · Refund · 10.00 EUR in all"]
    assert '<i class="varies">[to]</i>' in page.page
    assert re.search(r'<bdi class="filled"[^>]*>5.00</bdi>', page.page)


def test_a_rejection_has_its_own_words(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, refund(server, "5.00"), ask(server, "article"), action="reject")
    assert page.told == [
        "1 × tells the agent · Refund · 5.00 EUR · undo for 30 seconds",
        "1 × Article · undo for 10 seconds",
    ]


@pytest.mark.parametrize("action", ["reassign", "cancel"])
def test_what_is_no_answer_leads_to_nothing_that_a_template_says(
    kim: TestClient, server: ReviewServer, action: str
) -> None:
    page = plan(kim, server, refund(server, "5.00"), ask(server, "two"), action=action)
    assert page.told == ["1 × Refund · 5.00 EUR", "1 × Two"]
    assert "pays" not in page.page


def test_templates_of_one_name_are_told_apart(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, refund(server, "5.00"), ask(server, "twin"))
    assert len(page.told) == 2


def test_one_kind_of_review_whose_template_says_nothing_needs_no_line(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, ask(server), ask(server))
    assert page.told == []
    assert page.note == "as kim@example.com. You can undo all of them for 10 seconds."


def test_one_of_several_approvals_promises_no_effect_but_the_last_one_does(
    kim: TestClient, server: ReviewServer
) -> None:
    first, second = ask(server, "two"), ask(server, "two")
    server.reviews.complete(second, {"approved": True}, LEE)
    page = plan(kim, server, first, second)
    assert page.told == ["1 × counts as one of 2 approvals · Two", "1 × deletes the account · Two"]
    assert (page.rows[first], page.rows[second]) == ("counts as one of 2 approvals", "deletes the account")
    assert page.confirm(kim).title == "Approved 2 reviews"
    assert statuses(server, first, second) == ["created", "in_progress"]


def test_a_single_no_is_no_part_of_anything(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, ask(server, "two"), action="reject")
    assert "counts as one of" not in page.page


def test_what_fills_a_text_stays_text(kim: TestClient, server: ReviewServer) -> None:
    page = plan(kim, server, refund(server, "<b>5</b>", "\u202ennA"))
    assert "<b>5</b>" not in page.page
    assert page.told[0].startswith("1 × pays <b>5</b> EUR to ⟨U+202E⟩nnA")


def test_what_somebody_is_looking_at_is_told_only_once_it_is_ticked(
    kim: TestClient, lee: TestClient, server: ReviewServer
) -> None:
    mine, busy = ask(server), ask(server, "article")
    lee.post(f"/inbox/reviews/{busy}/start", data={"reviewer": LEE})
    page = plan(kim, server, mine, busy)
    assert page.ticked == [mine]
    assert re.search(r'<li data-group="1" hidden>', page.page)
    assert page.rows[busy] == f"{LEE} is reviewing it · publishes the text"
    page.confirm(kim, [mine, busy])
    assert server.reviews.held_answer(busy, KIM) is not None


@pytest.mark.parametrize(
    ("template_id", "reason"),
    [
        ("ruled", "Note: Say for whom."),
        ("asks", "Why: is required"),
        ("spam", "its form has no question that Approve answers"),
        ("checked", "its form also requires Personal data?"),
    ],
)
def test_what_could_not_be_approved_is_left_out_beforehand(
    kim: TestClient, server: ReviewServer, template_id: str, reason: str
) -> None:
    fine, other = ask(server), ask(server, template_id)
    page = plan(kim, server, fine, other)
    assert (page.ticked, page.rows[other]) == ([fine], reason)


def test_approve_answers_as_the_page_of_the_review_does_if_nothing_is_touched(
    kim: TestClient, server: ReviewServer
) -> None:
    defaults = [
        {**NOTE, "default_value": "As agreed"},
        {"name": "fate", "type": "select", "options": FATES, "default_value": "drop"},
        {"name": "days", "type": "number", "default_value": 3},
        {"name": "tags", "type": "multi_select", "options": FATES, "default_value": ["keep"]},
        {"name": "odd", "type": "select", "options": FATES},
        {"name": "until", "type": "datetime", "default_value": "2027-01-01T10:00:00Z"},
        {**NOTE, "name": "only_no", "default_value": "no", "conditional": {"field": "approved", "value": False}},
        {**NOTE, "name": "only_yes", "default_value": "yes", "conditional": {"field": "approved", "value": True}},
    ]
    server.reviews.update_template("plain", {"fields": [TEXT, YES, *defaults]})
    one, many = (ask(server, text="A\r\nB ", args={"x": [1.0]}) for _ in range(2))
    form = SentForm(kim.get(f"/inbox/reviews/{one}").text)
    kim.post(unescape(form.action), data=form.sent("approve"))
    plan(kim, server, many).confirm(kim)
    server.clock.advance("10s")
    result = server.reviews.get_review(many)["result"]
    assert result == server.reviews.get_review(one)["result"]
    assert result["fate"] == "drop"


def test_a_hidden_question_is_not_answered_by_its_default(kim: TestClient, server: ReviewServer) -> None:
    hidden = {**NOTE, "default_value": "x", "conditional": {"field": "fate", "value": "drop"}}
    fields = [YES, {"name": "fate", "type": "select", "options": FATES}, hidden]
    server.reviews.update_template("final", {"fields": fields})
    review_id = ask(server, "final")
    plan(kim, server, review_id).confirm(kim)
    assert server.reviews.get_review(review_id)["result"] == {"approved": True}


# What is done, and for how long it can be undone


def test_each_answer_is_held_as_long_as_its_template_says(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    at_once, ten, thirty = ask(server, "final"), ask(server), refund(server, "5.00")
    page = plan(kim, server, at_once, ten, thirty)
    assert page.note.endswith("You can undo each for as long as it says above.")
    assert "1 × Final · cannot be undone" in page.told
    done = page.confirm(kim)
    assert statuses(server, at_once, ten, thirty) == ["completed", "created", "created"]
    assert "2 of 3, for up to 30 seconds" in done.page
    clock.advance(seconds=10)
    assert statuses(server, at_once, ten, thirty) == ["completed", "completed", "created"]
    clock.advance(seconds=19.9)
    assert statuses(server, thirty) == ["created"]
    clock.advance(seconds=0.1)
    assert statuses(server, thirty) == ["completed"]


def test_undo_says_what_it_could_not_take_back(kim: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    ids = [ask(server), ask(server), refund(server, "5.00")]
    done = plan(kim, server, *ids).confirm(kim)
    clock.advance(seconds=10)
    page = done.undo(kim)
    assert page.status_code == 200
    assert "Took back 1 answer" in page.text
    assert "2 answers had been sent before." in page.text
    clock.advance(seconds=60)
    assert statuses(server, *ids) == ["completed", "completed", "created"]
    assert done.undo(kim).status_code == 409


def test_an_answer_is_not_held_beyond_the_time_of_its_review(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    body = {"template_id": "plain", "content": {"text": "A"}, "due_date": (NOON + timedelta(seconds=4)).isoformat()}
    hurried, calm = str(server.reviews.create_review(body).document["id"]), ask(server)
    page = plan(kim, server, hurried, calm)
    assert page.note.endswith("You can undo all of them for 4 to 10 seconds.")
    done = page.confirm(kim)
    assert "for 4 to 10 seconds" in done.page
    clock.advance(seconds=4)
    assert statuses(server, hurried, calm) == ["completed", "created"]


def test_what_expired_before_the_press_is_left_out(kim: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    body = {"template_id": "plain", "content": {"text": "A"}, "due_date": (NOON + timedelta(seconds=4)).isoformat()}
    hurried, calm = str(server.reviews.create_review(body).document["id"]), ask(server)
    page = plan(kim, server, hurried, calm)
    clock.advance(seconds=5)
    done = page.confirm(kim)
    assert (done.title, done.rows[hurried]) == ("Approved 1 review", "it is already expired")


@pytest.mark.parametrize("template_id", ["plain", "final"])
def test_a_confirmation_that_is_sent_twice_is_done_once_and_can_still_be_undone(
    kim: TestClient, server: ReviewServer, clock: FakeClock, template_id: str
) -> None:
    ids = [ask(server, template_id), ask(server)]
    page = plan(kim, server, *ids)
    page.confirm(kim)
    again = page.confirm(kim)
    assert again.title == "Approved 2 reviews"
    again.undo(kim)
    clock.advance(seconds=60)
    assert statuses(server, *ids) == ["completed" if template_id == "final" else "created", "created"]
    events = [event.event for event in server.outbox.events_after(0, 20)]
    assert events.count("review.completed") == (template_id == "final")


def test_what_was_undone_can_be_confirmed_by_the_same_page_again(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [ask(server), ask(server)]
    page = plan(kim, server, *ids)
    page.confirm(kim).undo(kim)
    assert page.confirm(kim).title == "Approved 2 reviews"
    clock.advance(seconds=10)
    assert statuses(server, *ids) == ["completed"] * 2


def test_two_tabs_take_back_what_each_of_them_did(kim: TestClient, server: ReviewServer, clock: FakeClock) -> None:
    one, both, other = (ask(server) for _ in range(3))
    tabs = [plan(kim, server, one, both), plan(kim, server, both, other)]
    first, second = (tab.confirm(kim) for tab in tabs)
    assert (first.title, second.title) == ("Approved 2 reviews", "Approved 1 review")
    assert second.rows[both] == "you have answered it already"
    second.undo(kim)
    clock.advance(seconds=10)
    assert statuses(server, one, both, other) == ["completed", "completed", "created"]


def test_another_selection_on_the_same_page_is_undone_by_itself(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [ask(server), ask(server)]
    page = plan(kim, server, *ids)
    page.confirm(kim, ids[:1])
    page.confirm(kim, ids[1:]).undo(kim)
    clock.advance(seconds=10)
    assert statuses(server, *ids) == ["completed", "created"]


def test_one_answer_of_many_is_taken_back_on_its_own_page(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [ask(server) for _ in range(3)]
    plan(kim, server, *ids).confirm(kim)
    page = BulkForm(kim.get(f"/inbox/reviews/{ids[1]}").text)
    assert page.undo(kim).headers["location"].startswith(f"/inbox/reviews/{ids[1]}")
    clock.advance(seconds=10)
    assert statuses(server, *ids) == ["completed", "created", "completed"]


def test_a_failed_confirmation_keeps_what_is_told_and_does_nothing(kim: TestClient, server: ReviewServer) -> None:
    kim.cookies.clear()
    page = plan(kim, server, refund(server, "5.00"))
    for name in ("", "x" * 400):
        again = page.confirm(kim, reviewer=name)
        assert again.told == page.told
        assert again.hidden["form"] == page.hidden["form"]
    assert "at most 254 characters" in again.page
    assert again.confirm(kim, reviewer=KIM).title == "Approved 1 review"


# What others do meanwhile


def test_what_another_person_answered_meanwhile_is_left_alone(
    kim: TestClient, lee: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    given, held, mine = ask(server), ask(server), ask(server)
    page = plan(kim, server, given, held, mine)
    server.reviews.reject(given, {}, LEE)
    plan(lee, server, held, action="reject").confirm(lee)
    done = page.confirm(kim)
    assert (done.title, done.rows[given]) == ("Approved 1 review", "it is already rejected")
    assert done.rows[held].startswith(f"{LEE} has answered")
    clock.advance(seconds=10)
    answered = [server.reviews.get_review(each) for each in (given, held, mine)]
    assert [(each["status"], each["reviewer"]) for each in answered] == [
        ("rejected", LEE),
        ("rejected", LEE),
        ("completed", KIM),
    ]


def test_the_plan_says_that_another_answer_is_about_to_be_sent(
    kim: TestClient, lee: TestClient, server: ReviewServer
) -> None:
    held, mine = ask(server), ask(server)
    plan(lee, server, held).confirm(lee)
    page = plan(kim, server, held, mine)
    assert page.ticked == [mine]
    assert page.rows[held].startswith(f"{LEE} has answered")
    assert plan(lee, server, held).rows[held].endswith("undo that answer first")


def test_two_people_who_approve_the_same_at_once_complete_it(
    kim: TestClient, lee: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    review_id = ask(server, "two")
    pages = [plan(kim, server, review_id), plan(lee, server, review_id)]
    for page, browser in zip(pages, (kim, lee), strict=True):
        assert page.confirm(browser).title == "Approved 1 review"
    clock.advance(seconds=10)
    assert statuses(server, review_id) == ["completed"]


def test_nobody_approves_twice(kim: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, "two")
    server.reviews.complete(review_id, {"approved": True}, KIM)
    page = plan(kim, server, review_id)
    assert page.title == "None of these reviews can be approved here"
    assert "has approved review" in page.rows[review_id]


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {**REFUND, "approve_effect": "deletes the account"}},
        {"settings": {**REFUND, "undo_seconds": 0}},
        {"fields": [TEXT, {**YES, "label": "Destroy?"}]},
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_what_a_template_says_now_was_not_confirmed(
    kim: TestClient, server: ReviewServer, clock: FakeClock, change: dict[str, Any], is_late: bool
) -> None:
    changed, same = refund(server, "5.00"), ask(server)
    page = plan(kim, server, changed, same)
    if is_late:
        page.confirm(kim)
    server.reviews.update_template("refund", change)
    if not is_late:
        assert page.confirm(kim).rows[changed] == "its questions changed after you selected it"
    clock.advance(seconds=60)
    assert statuses(server, changed, same) == ["created", "completed"]


def test_content_that_is_changed_while_answers_are_held_drops_that_answer_only(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    changed, same = refund(server, "5.00"), refund(server, "5.00")
    plan(kim, server, changed, same).confirm(kim)
    server.reviews.update_review(changed, {"content": {"amount": "5000.00"}})
    clock.advance(seconds=30)
    assert statuses(server, changed, same) == ["created", "completed"]
    assert "was not sent" in kim.get(f"/inbox/reviews/{changed}").text


def test_a_thousand_are_told_confirmed_and_taken_back_together(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [refund(server, "0.01") if number % 2 else ask(server, "article") for number in range(1001)]
    everything = {"action": "approve", "all": "yes", "back": "?view=open"}
    page = BulkForm(kim.post("/inbox/bulk", data=everything).text)
    assert page.title == "Approve 1,000 reviews?"
    assert page.told == [
        "500 × publishes the text · Article · undo for 10 seconds",
        "500 × pays 0.01 EUR to Ann · Refund · 5.00 EUR in all · undo for 30 seconds",
    ]
    assert page.confirm(kim, typed="100").title == "Approve 1,000 reviews?"
    done = page.confirm(kim, typed="1,000")
    assert done.title == "Approved 1,000 reviews"
    assert done.undo(kim).status_code == 303
    clock.advance(seconds=60)
    assert set(statuses(server, *ids)) == {"created"}


def test_what_the_disk_does_not_take_is_left_out_and_done_by_the_same_form_later(
    kim: TestClient, server: ReviewServer, clock: FakeClock
) -> None:
    ids = [ask(server) for _ in range(40)]
    page = plan(kim, server, *ids)
    pages = server.database.value("PRAGMA page_count")
    server.database.execute(f"PRAGMA max_page_count = {pages + 1}")
    done = page.confirm(kim)
    kept = [each for each in ids if server.reviews.held_answer(each, KIM)]
    assert 0 < len(kept) < 40
    assert done.title == f"Approved {len(kept)} reviews"
    assert {text for each, text in done.rows.items() if each not in kept} == {
        "the disk is full, so nothing was changed; make room and try again"
    }
    server.database.execute(f"PRAGMA max_page_count = {2 * pages}")
    assert page.confirm(kim).title == "Approved 40 reviews"
    clock.advance(seconds=10)
    assert set(statuses(server, *ids)) == {"completed"}


def test_more_than_a_thousand_boxes_are_not_cut_silently(kim: TestClient) -> None:
    page = kim.post("/inbox/bulk", data={"action": "cancel", "pick": [f"rev_{n}:1" for n in range(1002)]}).text
    assert page.count("it no longer exists") == 1000
