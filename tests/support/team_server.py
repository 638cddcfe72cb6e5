"""The template and the types of the fixtures of tests/server/team."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from starlette.testclient import TestClient

from hitl.server.review_server import ReviewServer

TEMPLATE = {
    "id": "tpl_ok",
    "name": "Approve",
    "fields": [{"name": "approved", "type": "boolean", "label": "Approve?", "required": True}],
}

MakeServer: TypeAlias = Callable[..., ReviewServer]
"""Opens the team's file with settings."""

CallAs: TypeAlias = Callable[[str], TestClient]
"""Returns the API for whoever has a key's text."""
