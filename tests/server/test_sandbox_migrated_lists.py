"""Files of earlier versions: what lists are found by is made from what they hold."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hitl._verdict import verdict_of
from hitl.server.migrations import MIGRATIONS
from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery
from hitl.server.storage import Database

EARLIER = MIGRATIONS[: next(number for number, step in enumerate(MIGRATIONS) if any("deadline" in sql for sql in step))]
AT = "2026-11-23T12:00:00.000000Z"
RESULTS: list[tuple[str, dict[str, Any] | None, str | None]] = [
    ("completed", {"approved": True}, None),
    ("completed", {"approved": False}, None),
    ("completed", {"approved": True, "approval": True}, None),
    ("completed", {"approval": "yes"}, None),
    ("completed", {"ok \"'": True, "note": False}, "ok \"'"),
    ("completed", {"ok": True, "approved": False}, "ok"),
    ("completed", {"approved": True}, "ok"),
    ("completed", {}, None),
    ("rejected", {"approved": True}, None),
    ("expired", None, None),
    ("cancelled", None, None),
    ("assigned", None, None),
]


def earlier_file(path: Path, documents: list[dict[str, Any]], expires_at: str | None = None) -> None:
    with closing(Database(path, EARLIER)) as database, database.transaction():
        for number, document in enumerate(documents, 1):
            review = {
                "id": f"rev_{number}",
                "template_id": "t",
                "priority": "medium",
                "version": 1,
                "content": {},
                "metadata": {},
                "assignees": [],
                "reviewer": None,
                "completed_at": None,
                "due_date": None,
                "created_at": AT,
                "updated_at": AT,
                **document,
            }
            row = (review["id"], review["status"], AT, AT, expires_at, json.dumps(review), number)
            database.execute(
                "INSERT INTO reviews (id, template_id, status, priority, created_at, updated_at, expires_at, document, "
                "step) VALUES (?, 't', ?, 'medium', ?, ?, ?, ?, ?)",
                row,
            )
            database.execute(
                "INSERT INTO history (review_id, version, event, actor, at) VALUES (?, 1, 'created', NULL, ?)",
                (row[0], AT),
            )


@pytest.mark.parametrize(("status", "result", "field"), RESULTS)
def test_answers_of_an_earlier_version_have_their_verdicts(
    tmp_path: Path, status: str, result: dict[str, Any] | None, field: str | None
) -> None:
    earlier_file(tmp_path / "data.db", [{"status": status, "result": result, "verdict_field": field}])
    with ReviewServer(data=tmp_path / "data.db") as server:
        verdicts = ("approved", "rejected", "answered", "expired", "cancelled")
        found = [verdict for verdict in verdicts if server.reviews.list_reviews(ReviewQuery(verdict=verdict)).total]
    verdict = verdict_of(status, result or {}, field)
    assert found == ([verdict] if verdict else [])


def test_reviews_of_an_earlier_version_are_sorted_by_due_date_and_found_by_their_words(tmp_path: Path) -> None:
    due = ["2999-11-24T12:00:00.000000Z", None, "2999-11-23T12:00:00.000000Z"]
    made = [{"status": "created", "result": None, "due_date": each, "content": {"t": f"Word{each}"}} for each in due]
    earlier_file(tmp_path / "data.db", made)
    with ReviewServer(data=tmp_path / "data.db") as server:
        listed = server.reviews.list_reviews(ReviewQuery(sort="due", oldest_first=True)).items
        assert [review["id"] for review in listed] == ["rev_3", "rev_1", "rev_2"]
        for _ in range(2):
            assert server.reviews.list_reviews(ReviewQuery(search="word2999")).total == 2
            while server.reviews.index_texts(behind=0):
                pass
