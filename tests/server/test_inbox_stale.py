"""An answer counts for what was shown only, and one that is sent twice is stored once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from hitl.server.review_server import ReviewServer

KEEP = {"value": "keep", "label": "Keep"}
DELETE = {"value": "delete", "label": "Delete"}
ASKED: list[dict[str, Any]] = [
    {"name": "text", "type": "content_display", "editable": True},
    {"name": "approved", "type": "boolean", "label": "Approve?", "required": True},
    {"name": "fate", "type": "select", "label": "Fate", "options": [KEEP, DELETE]},
    {"name": "why", "type": "text", "label": "Why?", "conditional": {"field": "approved", "value": False}},
]


@pytest.fixture
def templates() -> Any:
    return [
        {"id": "asked", "name": "Asked", "fields": ASKED, "settings": {"timeout_hours": 10}},
        {"id": "two", "name": "Two", "fields": ASKED[1:2], "settings": {"approval_threshold": 2}},
    ]


def ask(server: ReviewServer, template: str = "asked", **content: Any) -> str:
    body = {"template_id": template, "content": {"text": "A draft", **content}}
    return str(server.reviews.create_review(body).document["id"])


def opened(browser: TestClient, review_id: str, **typed: Any) -> dict[str, Any]:
    """Return what a browser sends from the page as it is now, with what was typed."""
    page = browser.get(f"/inbox/reviews/{review_id}").text
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition('class="judge"')[2])
    filled = {"reviewer": "kim", "field.text": "A draft", "field.approved": "true", "decision": "complete"}
    return {**dict(hidden), **filled, **{f"field.{name}": value for name, value in typed.items()}}


def send(browser: TestClient, review_id: str, form: dict[str, Any]) -> Any:
    return browser.post(f"/inbox/reviews/{review_id}/answer", data=form)


def changed(**changes: Any) -> list[dict[str, Any]]:
    return [{**field, **changes.get(field["name"], {})} for field in ASKED]


TEMPLATE_CHANGES: list[dict[str, Any]] = [
    {"fields": changed(fate={"options": [DELETE, KEEP]})},
    {"fields": changed(fate={"options": [{**KEEP, "label": "Delete"}, {**DELETE, "label": "Keep"}]})},
    {"fields": changed(fate={"options": [KEEP]})},
    {"fields": changed(approved={"label": "Destroy?"})},
    {"fields": changed(approved={"required": False})},
    {"fields": changed(why={"conditional": {"field": "approved", "value": True}})},
    {"fields": changed(why={"placeholder": "An instruction"})},
    {"fields": changed(fate={"default_value": "delete"})},
    {"fields": ASKED[::-1]},
    {"fields": ASKED[:3]},
    {"name": "Another name"},
    {"description": "Say yes to destroy"},
    {"settings": {"timeout_hours": 1}},
    {"validation": {"rules": [{"condition": "approved == true", "required_fields": ["fate"]}]}},
]


@pytest.mark.parametrize("change", TEMPLATE_CHANGES)
@pytest.mark.parametrize("decision", ["complete", "reject"])
def test_a_changed_template_is_read_before_the_answer_counts(
    browser: TestClient, server: ReviewServer, change: dict[str, Any], decision: str
) -> None:
    review_id = ask(server)
    form = {**opened(browser, review_id), "decision": decision}
    server.reviews.update_template("asked", change)
    again = send(browser, review_id, form)
    assert again.status_code == 409
    assert "The questions changed while you were reading" in again.text
    assert server.reviews.get_review(review_id)["status"] == "created"


@pytest.mark.parametrize("change", [{"tags": ["x"]}, {"category": "x"}, {"version": "2"}])
def test_a_change_that_no_form_shows_is_none(browser: TestClient, server: ReviewServer, change: dict[str, Any]) -> None:
    review_id = ask(server)
    form = opened(browser, review_id)
    server.reviews.update_template("asked", change)
    assert send(browser, review_id, form).status_code == 303


@pytest.mark.parametrize("change", TEMPLATE_CHANGES)
def test_a_json_form_is_answered_as_it_was_read(
    browser: TestClient, server: ReviewServer, change: dict[str, Any]
) -> None:
    review_id = ask(server)
    path, json = f"/inbox/reviews/{review_id}/answer", {"accept": "application/json"}
    form = browser.get(path, headers=json).json()
    body = {name: form[name] for name in ("form_token", "version")}
    body |= {"reviewer": "kim", "decision": "complete", "answers": {"approved": True}}
    server.reviews.update_template("asked", change)
    refused = browser.post(path, json=body, headers=json)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "version_conflict")


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_a_bulk_confirmation_counts_for_what_it_was_given_for(
    browser: TestClient, server: ReviewServer, action: str
) -> None:
    review_id = ask(server)
    pick = re.findall(r'name="pick" value="([^"]*)"', browser.get("/inbox/").text)
    plan = browser.post("/inbox/bulk", data={"pick": pick, "action": action}).text
    confirmed = {"pick": re.findall(r'name="pick" value="([^"]*)"', plan), "action": action, "confirmed": "yes"}
    server.reviews.update_template("asked", {"fields": changed(approved={"label": "Destroy?"})})
    refused = browser.post("/inbox/bulk", data={**confirmed, "reviewer": "kim"})
    assert refused.status_code == 409
    assert "its questions changed after you selected it" in refused.text
    assert server.reviews.get_review(review_id)["status"] == "created"
    plan = browser.post("/inbox/bulk", data={"pick": pick, "action": action})
    assert "its questions changed after you selected it" in plan.text


@pytest.mark.parametrize("decision", ["complete", "reject"])
def test_a_form_sent_twice_is_stored_once_and_says_so(browser: TestClient, server: ReviewServer, decision: str) -> None:
    review_id = ask(server)
    form = {**opened(browser, review_id), "decision": decision}
    first = send(browser, review_id, form)
    after = server.reviews.get_review(review_id)
    again = send(browser, review_id, form)
    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["location"] == first.headers["location"]
    assert server.reviews.get_review(review_id) == after
    other_spelling = send(browser, review_id, {**form, "reviewer": " KIM\u200b"})
    assert other_spelling.status_code == 303


def test_a_json_form_sent_twice_is_stored_once(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    path, json = f"/inbox/reviews/{review_id}/answer", {"accept": "application/json"}
    form = browser.get(path, headers=json).json()
    body = {"form_token": form["form_token"], "version": form["version"], "reviewer": "kim", "decision": "complete"}
    first = browser.post(path, json={**body, "answers": {"approved": True}}, headers=json)
    again = browser.post(path, json={**body, "answers": {"approved": True}}, headers=json)
    assert (again.status_code, again.json()) == (200, first.json())
    other = browser.post(path, json={**body, "answers": {"approved": False}}, headers=json)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")


def test_another_answer_of_the_same_person_is_told_truthfully(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id)
    send(browser, review_id, form)
    again = send(browser, review_id, {**form, "field.approved": "false"})
    assert again.status_code == 409
    assert "You have already answered this review" in again.text
    assert "kim has already" not in again.text
    other = send(browser, review_id, {**form, "reviewer": "lee"})
    assert other.status_code == 409
    assert "kim has already answered this review" in other.text


def test_one_of_several_approvals_may_be_sent_twice(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, "two")
    form = opened(browser, review_id)
    assert [send(browser, review_id, form).status_code for _ in range(2)] == [303, 303]
    assert len(server.reviews.approvals(review_id)) == 1
    assert send(browser, review_id, {**form, "reviewer": "lee"}).status_code == 409  # it changed meanwhile
    no = send(browser, review_id, {**form, "field.approved": "false"})
    assert no.status_code == 409
    assert "You have already approved this review" in no.text
    assert send(browser, review_id, opened(browser, review_id) | {"reviewer": "lee"}).status_code == 303
    assert server.reviews.get_review(review_id)["status"] == "completed"
    assert send(browser, review_id, form).status_code == 303  # kim's approval counted


def test_approvals_of_other_questions_do_not_count(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, "two")
    assert send(browser, review_id, opened(browser, review_id)).status_code == 303
    server.reviews.update_template("two", {"name": "Renamed"})
    assert len(server.reviews.approvals(review_id)) == 1
    server.reviews.update_template("two", {"fields": [{**ASKED[1], "label": "Destroy?"}]})
    assert send(browser, review_id, {**opened(browser, review_id), "reviewer": "lee"}).status_code == 303
    assert server.reviews.get_review(review_id)["status"] == "in_progress"
    assert [each["reviewer"] for each in server.reviews.approvals(review_id)] == ["lee"]


@pytest.mark.parametrize("action", ["approve", "reject", "reassign", "cancel"])
def test_a_bulk_confirmation_sent_twice_is_done_once(browser: TestClient, server: ReviewServer, action: str) -> None:
    ids = [ask(server), ask(server, "two")]
    pick = re.findall(r'name="pick" value="([^"]*)"', browser.get("/inbox/").text)
    confirmed = {"pick": pick, "action": action, "confirmed": "yes", "reviewer": "kim", "assignee": "lee"}
    first = browser.post("/inbox/bulk", data=confirmed)
    after = [server.reviews.get_review(review_id) for review_id in ids]
    again = browser.post("/inbox/bulk", data=confirmed)
    assert (first.status_code, again.status_code) == (200, 200)
    assert "ed 2 reviews" in again.text
    assert [server.reviews.get_review(review_id) for review_id in ids] == after
    if action in ("approve", "reject"):
        assert browser.post("/inbox/bulk", data={**confirmed, "reviewer": "lee"}).status_code == 409


def test_a_json_form_that_is_read_again_confirms_the_same_answer_only(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server)
    path, json = f"/inbox/reviews/{review_id}/answer", {"accept": "application/json"}

    def answer(approved: bool) -> Any:
        form = browser.get(path, headers=json).json()
        body = {name: form[name] for name in ("form_token", "version")}
        body |= {"reviewer": "kim", "decision": "complete", "answers": {"approved": approved}}
        return browser.post(path, json=body, headers=json)

    assert [answer(True).status_code, answer(True).status_code, answer(False).status_code] == [200, 200, 409]


def test_what_arrives_after_the_end_is_not_taken_for_a_repetition(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id)
    server.reviews.cancel_review(review_id)
    assert send(browser, review_id, form).status_code == 409


def boxes(page: str) -> dict[str, str]:
    """Return what stands in the boxes of a page, by field."""
    areas = re.findall(r'<textarea[^>]* name="field\.([^"]*)"[^>]*>\n([^<]*)</textarea>', page)
    lines = re.findall(r'<input type="text"[^>]* name="field\.([^"]*)"[^>]* value="([^"]*)"', page)
    return dict([*areas, *lines])


def test_a_box_that_nobody_touched_shows_the_correction(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server, text="Pay 10 euros\r\nat once".replace("\r\n", "\n"))
    form = opened(browser, review_id, text="Pay 10 euros\r\nat once", why="")
    server.reviews.update_review(review_id, {"content": {"text": "Pay 10 cents"}})
    again = send(browser, review_id, form)
    assert again.status_code == 409
    assert boxes(again.text)["text"] == "Pay 10 cents"
    assert "What you typed is kept above" not in again.text


def test_a_box_follows_the_correction_also_for_a_client_that_sends_no_stamps(
    browser: TestClient, server: ReviewServer
) -> None:
    review_id = ask(server)
    form = {name: text for name, text in opened(browser, review_id).items() if not name.startswith("stamp.")}
    server.reviews.update_review(review_id, {"content": {"text": "A corrected draft"}})
    assert boxes(send(browser, review_id, form).text)["text"] == "A corrected draft"
    assert boxes(send(browser, review_id, {**form, "field.text": "Mine"}).text)["text"] == "Mine"


def test_what_was_typed_is_kept_and_the_change_stands_beside_it(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id, text="My text")
    server.reviews.update_review(review_id, {"content": {"text": "Their text"}})
    again = send(browser, review_id, form)
    assert boxes(again.text)["text"] == "My text"
    assert "What stood here changed while you were reading" in again.text
    assert again.text.count("Their text") >= 2  # beside the box, and in the differences


def test_a_second_change_is_told_as_well(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id)
    server.reviews.update_review(review_id, {"content": {"text": "Second"}})
    page = send(browser, review_id, form).text
    hidden = dict(
        re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition('class="judge"')[2])
    )
    server.reviews.update_review(review_id, {"content": {"text": "Third"}})
    again = send(browser, review_id, {**form, **hidden, "field.text": "Second"})
    assert (again.status_code, boxes(again.text)["text"]) == (409, "Third")


def test_a_stale_form_without_a_name_is_told_to_be_stale(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id) | {"reviewer": ""}
    server.reviews.update_review(review_id, {"content": {"text": "Corrected"}})
    again = send(browser, review_id, form)
    assert (again.status_code, boxes(again.text)["text"]) == (409, "Corrected")


def test_new_defaults_reach_untouched_controls_only(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id)  # nothing chosen
    chosen = form | {"field.fate": "keep"}
    server.reviews.update_template("asked", {"fields": changed(fate={"default_value": "delete"})})
    untouched = send(browser, review_id, form).text
    assert re.search(r'value="delete"[^>]* checked', untouched)
    typed = send(browser, review_id, chosen).text
    assert re.search(r'value="keep"[^>]* checked', typed)
    assert not re.search(r'value="delete"[^>]* checked', typed)
    assert "What you typed is kept above" in typed


def test_a_choice_whose_question_changed_is_made_again(browser: TestClient, server: ReviewServer) -> None:
    review_id = ask(server)
    form = opened(browser, review_id, fate="keep")
    swapped = changed(fate={"options": [{**KEEP, "label": "Delete"}, {**DELETE, "label": "Keep"}]})
    server.reviews.update_template("asked", {"fields": swapped})
    again = send(browser, review_id, form).text
    assert not re.search(r'value="(keep|delete)"[^>]* checked', again)
    assert boxes(again)["text"] == "A draft"  # this question is the same
    assert "Your choice was cleared" in again


def test_the_default_of_a_hidden_question_survives_a_refusal(browser: TestClient, server: ReviewServer) -> None:
    server.reviews.update_template("asked", {"fields": changed(why={"default_value": "Because"})})
    review_id = ask(server)
    form = {name: value for name, value in opened(browser, review_id).items() if not name.endswith(".why")}
    again = send(browser, review_id, form | {"reviewer": ""})
    assert (again.status_code, boxes(again.text)["why"]) == (422, "Because")
