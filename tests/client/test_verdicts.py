"""What an answer means: the table of docs/reference/verdicts.md, and that whatever is unclear is no approval."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from script import review

from hitl import Review
from hitl.models import Edit

NO_YES = ["true", "yes", 1, 1.0, None, "", [True], {"approved": True}, 0]
ANSWERS = [..., True, False, *NO_YES]
FIELDS = [None, "approved", "approval", "publish", "missing", ""]


def read(status: str = "completed", field: str | None = None, **result: Any) -> Review:
    given = {name: value for name, value in result.items() if value is not ...}
    return Review.from_json(review(status, result=given, verdict_field=field))


@pytest.mark.parametrize(
    ("status", "field", "result", "verdict"),
    [
        ("rejected", None, {"approved": True}, "rejected"),
        ("expired", None, {"approved": True}, "expired"),
        ("cancelled", "approved", {"approved": True}, "cancelled"),
        ("completed", None, {"approved": True}, "approved"),
        ("completed", None, {"approval": True}, "approved"),
        ("completed", None, {"approved": False}, "rejected"),
        ("completed", None, {"approved": True, "approval": False}, "rejected"),
        ("completed", None, {"approved": True, "approval": True}, "answered"),
        ("completed", "publish", {"publish": True}, "approved"),
        ("completed", "publish", {"publish": True, "approved": True}, "approved"),
        ("completed", "publish", {"publish": True, "approved": False}, "rejected"),
        ("completed", "publish", {"publish": True, "approved": "true"}, "answered"),
        ("completed", "publish", {"publish": False}, "rejected"),
        ("completed", "publish", {"approved": True}, "answered"),
        ("completed", None, {"publish": True}, "answered"),
        ("completed", None, {}, "answered"),
        ("in_progress", None, {"approved": True}, None),
        ("COMPLETED", None, {"approved": True}, None),
        ("approved", None, {"approved": True}, None),
    ],
)
def test_the_verdict_is_that_of_the_table(
    status: str, field: str | None, result: dict[str, Any], verdict: str | None
) -> None:
    assert read(status, field, **result).verdict == verdict


def test_only_a_clear_yes_of_a_completed_review_is_an_approval() -> None:
    statuses = ["completed", "rejected", "expired", "cancelled", "created", "Completed", "done"]
    for status, field, approved, approval, publish in itertools.product(statuses, FIELDS, ANSWERS, ANSWERS, ANSWERS):
        verdict = read(status, field, approved=approved, approval=approval, publish=publish).verdict
        named = {"approved": approved, "approval": approval, "publish": publish}
        said = {name: each for name, each in named.items() if each is not ...}
        counted = [name for name in said if name != "publish"]
        if field:
            counted = [*{*counted, field}]
        is_clear = (bool(field) or len(counted) == 1) and all(said.get(name) is True for name in counted)
        assert (verdict == "approved") == (status == "completed" and is_clear), (status, field, said)
        has_no = any(said.get(name) is False for name in counted)
        assert status != "completed" or (verdict == "rejected") == has_no


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"feedback": "Fine"}, "Fine"),
        ({"comment": "No", "reason": "Why"}, "No"),
        ({"feedback": " ", "message": "Look"}, "Look"),
        ({"feedback": 1}, None),
        ({"notes": "Fine"}, None),
    ],
)
def test_the_feedback_is_the_first_text_of_the_usual_names(result: dict[str, Any], words: str | None) -> None:
    assert read(**result).feedback == words


def test_edits_name_what_changed_and_nothing_else() -> None:
    content = {"arguments": {"amount": 50.0, "n": 1, "rows": [1, {"a": True}]}, "text": "a", "gone": 1}
    result = {"arguments": {"amount": 50, "n": True, "rows": [1, {"a": 1}], "new": 2}, "text": "b", "other": 3}
    edits = Review.from_json(review("completed", content=content, result=result)).edits
    assert edits == [
        Edit("arguments.n", 1, True),
        Edit("arguments.rows[1].a", True, 1),
        Edit("arguments.new", None, 2),
        Edit("text", "a", "b"),
    ]
    assert Review.from_json(review("expired", content=content, result=result)).edits == []


def test_a_review_as_a_dict_is_plain_json_with_its_verdict() -> None:
    made = Review.from_json(review("completed", content={"text": "a"}, result={"approved": True, "text": "b"}))
    plain = json.loads(json.dumps(made.to_dict()))
    assert (plain["verdict"], plain["feedback"]) == ("approved", None)
    assert plain["edits"] == [{"path": "text", "before": "a", "after": "b"}]


def test_the_table_for_notebooks_is_escaped() -> None:
    attack = "<script>alert('x')</script>"
    made = Review.from_json(review("completed", attack, result={attack: attack}, reviewer=attack))
    drawn = made._repr_html_()
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 4


def test_the_repr_shows_the_answer_and_no_more_of_it_than_a_line() -> None:
    assert "result={'approved': True}" in repr(read(approved=True))
    assert len(repr(read(text="x" * 10_000))) < 400
