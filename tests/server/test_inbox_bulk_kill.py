"""A server is killed while it decides about many reviews: nothing is half done, and the same form does the rest."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bulk_form import BulkForm
from bulk_lives import ASKED, browser_of

from hitl.server.review_server import ReviewServer
from hitl.server.reviews import ReviewQuery

LIFE = Path(__file__).with_name("bulk_lives.py")


def killed(data: Path, commits: int) -> dict[str, Any]:
    """Let a server die at one of its commits; return the form that it was carrying out."""
    found = subprocess.run([sys.executable, LIFE, data, str(commits)], capture_output=True, text=True, check=False)
    assert found.returncode == -signal.SIGKILL, found.stderr
    sent: dict[str, Any] = json.loads(found.stdout)
    return sent


def completed(server: ReviewServer) -> int:
    return server.reviews.count_reviews(ReviewQuery(status="completed"))


@pytest.mark.parametrize("commits", [0, 1, 2])
def test_the_same_form_does_the_rest_and_undo_takes_back_all_of_it(tmp_path: Path, commits: int) -> None:
    sent = killed(tmp_path / "data.db", commits)
    with ReviewServer(data=tmp_path / "data.db") as server, browser_of(server) as browser:
        assert 0 < completed(server) <= ASKED // 2
        done = BulkForm(browser.post("/inbox/bulk", data=sent).text)
        assert done.title == f"Approved {ASKED} reviews"
        events = [event.event for event in server.outbox.events_after(0, 1000)]
        assert events.count("review.completed") == ASKED // 2
        assert "Took back 15 answers" in done.undo(browser).text
    with ReviewServer(data=tmp_path / "data.db", clock=tomorrow) as server:
        assert completed(server) == ASKED // 2


@pytest.mark.parametrize("commits", [0, 2])
def test_what_was_held_when_it_died_is_given_in_its_time(tmp_path: Path, commits: int) -> None:
    sent = killed(tmp_path / "data.db", commits)
    with ReviewServer(data=tmp_path / "data.db") as server:
        at_once = completed(server)
    with ReviewServer(data=tmp_path / "data.db", clock=tomorrow) as server:
        assert completed(server) == 2 * at_once  # each other one is held
        history = [server.reviews.history(pick.partition(":")[0]) for pick in sent["pick"]]
        assert max(len(steps) for steps in history) == 2  # created and completed


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)
