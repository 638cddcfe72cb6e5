"""Sandboxes one after another over one file, for a test that kills them: `python sandbox_lives.py DATA PORT KEY`.

Each line on standard input begins a life. It is a copy of this process, which has imported everything already, so that
it costs some milliseconds. Its process id and a link into its inbox are printed as soon as it listens, and "dead" when
it is over.
"""

from __future__ import annotations

import os
import sys

from hitl.server.http.rate_limit import NO_RATE_LIMIT
from hitl.server.review_server import ReviewServer


def live(data: str, port: int, key: str) -> None:
    """Be a sandbox until somebody kills this process."""
    with ReviewServer(api_keys=[key], data=data, port=port, rate_limit=NO_RATE_LIMIT) as site:
        print(os.getpid(), site.inbox_url, flush=True)
        site.server().serve_forever()


def main(data: str, port: int, key: str) -> None:
    """Begin a life for each line."""
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            live(data, port, key)
            os._exit(1)  # it ended without being killed
        os.waitpid(child, 0)
        print("dead", flush=True)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
