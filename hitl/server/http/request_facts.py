"""What is known of a request once it was answered, for those who count requests and log them.

A mutable thing in the ASGI scope, since middleware on the way may pass copies of the scope on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.routing import BaseRoute, Mount
from starlette.types import Scope

from hitl.server.http.responses import request_id
from hitl.server.primitives import Actor, actor_of

_KEY: Final = "hitl.request_facts"


@dataclass(slots=True)
class RequestFacts:
    """The facts of one request."""

    route: str = ""
    """The pattern of the path, such as `/v1/reviews/{review_id}`; empty for a path that is none of the server's."""

    request_id: str = ""
    actor: Actor | None = None
    review_id: str = ""
    delivery_id: str = ""


def watched(scope: Scope) -> RequestFacts:
    """Begin to note the facts of a request."""
    facts: RequestFacts = scope.setdefault(_KEY, RequestFacts())
    return facts


def note(scope: Scope) -> None:
    """Note what the scope tells after the application has answered, if somebody wants to know."""
    facts: RequestFacts | None = scope.get(_KEY)
    if facts is None:
        return
    facts.route = _pattern(scope)
    facts.request_id = request_id(scope)
    facts.actor = actor_of(scope)
    named = scope.get("path_params", {})
    facts.review_id = str(named.get("review_id", ""))
    facts.delivery_id = str(named.get("delivery_id", ""))


def _pattern(scope: Scope) -> str:
    """Return the pattern of a path, with those of the mounts above it, which are in the root path."""
    route: BaseRoute | None = scope.get("route")
    pattern = "" if isinstance(route, Mount) else getattr(route, "path", "")
    return f"{scope.get('root_path', '')}{pattern}" if route is not None else ""
