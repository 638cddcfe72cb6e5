"""A sandbox that keeps its data in a file, started twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from both_clients import Clock, Connect

from hitl.exceptions import TemplateNotFoundError
from hitl.testing import Sandbox

KEY = "hitl_kept_key"
ASKED: dict[str, Any] = {"template_id": "template_123", "content": {"text": "Žluťoučký kůň", "score": 0.1}}
FORM = [{"name": "approved", "type": "boolean"}]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reviews.db"


def test_a_restart_loses_nothing(connect: Connect, file: Path, clock: Clock) -> None:
    with Sandbox([KEY], file, clock=clock) as sandbox:
        client = connect(sandbox)
        template = client.create_template("Form", FORM)
        client.delete_template("code_review")
        open_review = client.create_review(**ASKED, assignees=["ann@example.com"], idempotency_key="once")
        answered = client.create_review(template.id, {"rows": [1, None]})
        sandbox.reviewer.complete(answered, {"approved": True})
        before = list(client.list_reviews())
        templates = list(client.list_templates())
    with Sandbox([KEY], file, clock=clock) as sandbox:
        client = connect(sandbox)
        assert list(client.list_reviews()) == before
        assert list(client.list_templates()) == templates
        with pytest.raises(TemplateNotFoundError):
            client.get_template("code_review")
        assert client.create_review(**ASKED, assignees=["ann@example.com"], idempotency_key="once") == open_review
        sandbox.reviewer.complete(open_review, {"approved": False})
        assert client.wait_for_review(open_review.id).result == {"approved": False}
        assert client.create_review(**ASKED).id not in {review.id for review in before}


def test_a_review_expires_also_while_the_sandbox_is_off(connect: Connect, file: Path, clock: Clock) -> None:
    with Sandbox([KEY], file, clock=clock) as sandbox:
        review = connect(sandbox).create_review(**ASKED, due_date="2124-01-20T18:00:00Z")
    clock.advance(days=36525)
    with Sandbox([KEY], file, clock=clock) as sandbox:
        expired = connect(sandbox).get_review(review.id)
    assert (expired.status, expired.updated_at) == ("expired", review.due_date)
