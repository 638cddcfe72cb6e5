"""A team's server with a key that the test knows: `python team_lives.py DATA KEY SETTINGS PORT`.

SETTINGS are those of `TeamSettings` as JSON. It prints where it listens, takes over an inherited socket, and ends in an
orderly way on SIGTERM, like `hitl server`.
"""

from __future__ import annotations

import json
import logging
import os
import sys

from hitl.server.http.rate_limit import NO_RATE_LIMIT
from hitl.server.http.systemd import inherited_socket
from hitl.server.review_server import ReviewServer
from hitl.server.team_settings import TeamSettings


def live(data: str, key: str, settings: str, port: str) -> None:
    """Serve until SIGTERM."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(settings).items()}
    logging.basicConfig(level=logging.INFO)
    site = ReviewServer(
        api_keys=[key],
        data=data,
        port=int(port),
        rate_limit=NO_RATE_LIMIT,
        team=TeamSettings(**given),
        inherited=inherited_socket(os.environ, os.getpid()),
    )
    server = site.server()
    with site, server.capture_signals():
        print(site.listens_on, flush=True)
        server.serve_forever()


live(*sys.argv[1:])
