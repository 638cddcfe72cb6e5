"""What the pages show: summaries, times, answers and page numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hitl.server.inbox.diffing import Diff
from hitl.server.inbox.rendering import Code, Items, Text, Word
from hitl.server.inbox.rows import pager, summary
from hitl.server.inbox.times import age, due, full, span
from hitl.server.inbox.views import ShownAnswer, answers, typed_answers
from hitl.server.primitives import Page
from hitl.server.reviews import shown_digest

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
COLOURS = [{"value": "r", "label": "Red"}, {"value": "g", "label": "Green"}]


def review(**changes: Any) -> dict[str, Any]:
    base = {
        "id": "rev_1",
        "template_id": "tpl_1",
        "content": {"text": "A title\nand more"},
        "status": "created",
        "created_at": "2026-11-23T11:00:00.000000Z",
        "updated_at": "2026-11-23T11:00:00.000000Z",
    }
    return {**base, **changes}


def template(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": "tpl_1", "name": "Content review", "fields": list(fields)}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 1 min"),
        (59, "under 1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 d"),
        (-7200, "2 h"),
    ],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_age_is_told_from_the_moment_of_creation() -> None:
    assert age("2026-11-23T11:59:30Z", NOW) == "just now"
    assert age("2026-11-23T11:30:00Z", NOW) == "30 min ago"


@pytest.mark.parametrize(
    ("hours", "text", "urgency"),
    [(30, "due in 30 h", "later"), (2, "due in 2 h", "soon"), (-5, "5 h overdue", "overdue")],
)
def test_a_due_date_tells_how_urgent_it_is(hours: int, text: str, urgency: str) -> None:
    told = due((NOW + timedelta(hours=hours)).isoformat(), NOW)
    assert told is not None
    assert (told.text, told.urgency) == (text, urgency)


def test_without_a_due_date_nothing_is_due() -> None:
    assert due(None, NOW) is None


def test_a_time_without_an_offset_is_utc() -> None:
    assert due("2026-11-23T12:00:00", NOW).moment == NOW
    assert full("2026-11-03T14:00:00+02:00") == "3 Nov 2026, 12:00 UTC"


def test_a_summary_tells_what_the_review_is_about() -> None:
    told = summary(review(assignees=["a@example.com"], priority="high"), template(), NOW)
    assert (told.subject, told.template, told.status_label) == ("A title", "Content review", "New")
    assert (told.assignees, told.priority_bars, told.due) == (["a@example.com"], 3, None)


def test_a_summary_without_texts_or_template_falls_back_to_names() -> None:
    assert summary(review(content={"n": 1}), template(), NOW).subject == "Content review, rev_1"
    assert summary(review(content={"n": 1}), None, NOW).subject == "tpl_1, rev_1"


def test_answers_stand_in_the_order_of_the_template_with_its_labels() -> None:
    fields: list[dict[str, Any]] = [
        {"name": "text", "type": "content_display", "editable": True, "label": "Article"},
        {"name": "approved", "type": "boolean", "label": "Approve?"},
        {"name": "colour", "type": "select", "label": "Colour", "options": COLOURS},
        {"name": "all", "type": "multi_select", "options": COLOURS},
        {"name": "stars", "type": "rating", "scale": 3, "labels": ["Bad", "Fair", "Good"]},
        {"name": "plain_stars", "type": "rating", "scale": 3},
        {"name": "code", "type": "code_display", "language": "python"},
        {"name": "unanswered", "type": "text"},
    ]
    result = {
        "extra": "kept",
        "plain_stars": 1,
        "stars": 3,
        "code": "x = 1",
        "all": ["r", "g"],
        "colour": "g",
        "approved": False,
        "text": "Better",
    }
    assert answers(review(status="completed", result=result), template(*fields)) == [
        ShownAnswer("Article", Text("Better"), "edited by the reviewer", Diff("A title\nand more", "Better")),
        ShownAnswer("Approve?", Word("No")),
        ShownAnswer("Colour", Text("Green")),
        ShownAnswer("all", Items([Text("Red"), Text("Green")])),
        ShownAnswer("stars", Word("3 of 3 – Good")),
        ShownAnswer("plain_stars", Word("1 of 3")),
        ShownAnswer("code", Code("x = 1", "python")),
        ShownAnswer("extra", Text("kept")),
    ]


def test_content_that_was_not_edited_has_no_note() -> None:
    field = {"name": "text", "type": "content_display", "editable": True}
    (answer,) = answers(review(result={"text": "A title\nand more"}), template(field))
    assert answer.note == ""


def test_a_review_without_a_result_has_no_answers() -> None:
    assert answers(review(result=None), template()) == []


def test_a_result_that_does_not_fit_its_field_is_shown_as_it_is() -> None:
    assert answers(review(result={"c": 5}), template({"name": "c", "type": "code_display"})) == [
        ShownAnswer("c", Word("5", number=True))
    ]


def test_typed_answers_are_told_with_labels_and_without_what_was_not_touched() -> None:
    fields: list[dict[str, Any]] = [
        {"name": "text", "type": "content_display", "editable": True},
        {"name": "colour", "type": "select", "label": "Colour", "options": COLOURS},
        {"name": "why", "type": "text"},
    ]
    typed = {"text": ["A title\r\nand more"], "colour": ["g"], "why": [""], "gone": ["x", "y"]}
    assert typed_answers(template(*fields), typed, {"text": "A title\nand more"}) == [
        ShownAnswer("Colour", Text("Green")),
        ShownAnswer("gone", Items([Text("x"), Text("y")])),
    ]


def test_a_fingerprint_changes_with_the_content_and_the_questions_only() -> None:
    before = shown_digest(review(), template())
    assert shown_digest(review(status="in_progress", version=2), template()) == before
    assert shown_digest(review(content={"text": "other"}), template()) != before
    hidden = {**review()["content"], "_hitl": {"metadata": {"run": "r-1"}}}
    assert shown_digest(review(content=hidden), template()) == before
    assert shown_digest(review(), template({"name": "f", "type": "text"})) != before


def test_a_pager_knows_its_neighbours() -> None:
    items: list[Any] = [{}] * 25
    first, middle = pager(Page(items, 60, "a"), 1), pager(Page(items, 60, "b", 25), 2)
    last = pager(Page(items[:10], 60, None, 50), 3)
    assert (first.first, first.last, first.newer, first.older) == (1, 25, None, 2)
    assert (middle.first, middle.last, middle.newer, middle.older) == (26, 50, 1, 3)
    assert (last.first, last.last, last.newer, last.older) == (51, 60, 2, None)
