from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from script import review

from hitl.models import Review, Template

FULL = review(
    "completed", result={"approved": True}, reviewer="a@company.com", priority="high", version=3, sparkle="new"
)


def test_times_are_read_with_their_zone_and_fraction():
    made = Review.from_json(review(due_date="2027-01-20T18:00:00Z", completed_at="2026-01-15T10:31:00.250Z"))
    assert made.due_date == datetime(2027, 1, 20, 18, tzinfo=UTC)
    assert made.completed_at == datetime(2026, 1, 15, 10, 31, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "final", "answered"),
    [
        ("created", False, False),
        ("in_progress", False, False),
        ("something_new", False, False),
        ("completed", True, True),
        ("rejected", True, True),
        ("expired", True, False),
        ("cancelled", True, False),
    ],
)
def test_a_status_tells_whether_anything_will_still_happen(status, final, answered):
    made = Review.from_json(review(status))
    assert (made.state, made.is_final, made.is_answered) == (status, final, answered)


def test_a_review_cannot_be_changed_and_can_be_a_key():
    made = Review.from_json(FULL)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.status = "rejected"
    assert len({made, Review.from_json(FULL), Review.from_json(review())}) == 2


def test_the_repr_shows_no_content():
    assert repr(Review.from_json(FULL)) == (
        "Review(id='rev_1', status='completed', template_id='template_123', result={'approved': True}, priority='high')"
    )


def test_a_template_can_be_a_key():
    first = Template("tpl_1", "T", [{"name": "approved", "type": "boolean"}])
    assert {first: 1}[Template("tpl_1", "T", [{"name": "approved", "type": "boolean"}])] == 1
    assert repr(first) == "Template(id='tpl_1', name='T')"
