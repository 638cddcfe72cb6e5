"""A review server that is killed while it decides about many reviews: `python bulk_lives.py DATA COMMITS`.

It asks for thirty reviews, prints the body of their confirmation, sends it, and dies at that commit of the decision.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from bulk_form import BulkForm
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from hitl.server.inbox import inbox_routes
from hitl.server.review_server import ReviewServer

YES = {"name": "approved", "type": "boolean", "required": True}
TEMPLATES = [
    {"id": "held", "name": "Held", "fields": [YES], "settings": {"undo_seconds": 3600}},
    {"id": "given", "name": "Given", "fields": [YES]},
]
ASKED = 30


def browser_of(server: ReviewServer) -> TestClient:
    """Return a browser of Kim's inbox."""
    routes = inbox_routes(
        server.reviews, server.loops, server.deliveries, server.uploads, server.agent_sessions, server.saved_views
    )
    browser = TestClient(Starlette(routes=[Mount("/inbox", routes=routes)]), base_url="http://127.0.0.1:4010")
    browser.cookies.set("hitl_reviewer", "kim@example.com")
    return browser


def live(data: str, commits: int) -> None:
    """Be killed at a commit."""
    with ReviewServer(data=data, templates=TEMPLATES) as server:
        for number in range(ASKED):
            server.reviews.create_review({"template_id": ("held", "given")[number % 2], "content": {"text": "A"}})
        browser = browser_of(server)
        page = browser.post("/inbox/bulk", data={"action": "approve", "all": "yes", "back": "?view=open"}).text
        sent = dict(BulkForm(page).sent())
        print(json.dumps(sent), flush=True)
        left = iter(range(commits))

        def die(_seconds: float) -> None:
            if next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        server.database.on_commit = die
        browser.post("/inbox/bulk", data=sent)


if __name__ == "__main__":
    live(sys.argv[1], int(sys.argv[2]))
