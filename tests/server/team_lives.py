"""A team's server in a process of its own, under load: `python team_lives.py DATA`.

A thread creates reviews as fast as it can, and prints the id of each once it is stored. "ready" comes first.
"""

from __future__ import annotations

import sys
import threading

from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


def main(data: str) -> None:
    """Serve and create until somebody kills this process."""
    with ReviewServer(data=data, team=TeamSettings()) as site:
        server = site.server()

        def create() -> None:
            server.ready.wait()
            print("ready", flush=True)
            while True:
                made = site.reviews.create_review({"template_id": "template_123", "content": {"text": "x" * 2000}})
                print(made.document["id"], flush=True)

        threading.Thread(target=create, daemon=True).start()
        server.serve_forever()


main(sys.argv[1])
