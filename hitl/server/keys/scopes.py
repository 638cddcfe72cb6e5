"""What keys may call: one table, by which every request of a key is judged, and from which the tests are made.

A key that may not do something is told that there is nothing (404), as if it asked for what does not exist: whoever
has stolen it learns nothing of others. No key answers: that takes a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from starlette.requests import Request

from hitl.server.http.api_guard import Caller
from hitl.server.http.requests import route_path
from hitl.server.primitives import ApiError, not_found

SCOPES: Final = {
    "ask": "creates reviews, and sees its own",
    "ask:all": "creates reviews, and sees all",
    "read": "sees everything, and changes nothing",
    "admin": "does everything that a key can, also with templates, webhooks and deliveries",
}
"""The scopes, and what a key with each may do."""

DEFAULT_SCOPE: Final = "ask"

Reach: TypeAlias = Literal["own", "all", "nothing"]
"""What a call may be about: what the key itself has asked, everything, or nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may make a call; `ask:all` is as `ask`, but for all."""

    methods: str
    path: str
    ask: Reach
    read: Reach
    admin: Reach

    def reach(self, scopes: Iterable[str]) -> Reach:
        """Return the widest reach of these scopes."""
        reaches = {self._of(each) for each in scopes}
        found: list[Reach] = [each for each in _WIDEST if each in reaches]
        return found[0] if found else "nothing"

    def _of(self, scope: str) -> Reach:
        if scope == "ask:all":
            return "all" if self.ask == "own" else self.ask
        by_scope: dict[str, Reach] = {"ask": self.ask, "read": self.read, "admin": self.admin}
        return by_scope.get(scope, "nothing")


_WIDEST: Final[Sequence[Reach]] = ("all", "own", "nothing")

_LOOP: Final = "/v1/api/loops/{loop_id}"
_REQUEST: Final = "/v1/api/requests/{request_id}"
_SESSION: Final = "/v1/api/sessions/{session_id}"
_TURN: Final = f"{_SESSION}/turns/{{turn_id}}"

# Loops, requests and sessions belong to the account of one key, as the vendor documents it: their services refuse what
# is another's, so that "all" is all of one account there.
RULES: Final = (
    Rule("GET", "/v1/reviews", "own", "all", "all"),
    Rule("POST", "/v1/reviews", "all", "nothing", "all"),
    Rule("GET", "/v1/reviews/{review_id}", "own", "all", "all"),
    Rule("PATCH DELETE", "/v1/reviews/{review_id}", "own", "nothing", "all"),
    Rule("PUT", "/v1/reviews/{review_id}/consumption", "own", "nothing", "all"),
    Rule("GET", "/v1/events", "own", "all", "all"),
    Rule("GET", "/v1/templates", "all", "all", "all"),
    Rule("POST", "/v1/templates", "nothing", "nothing", "all"),
    Rule("GET", "/v1/templates/{template_id}", "all", "all", "all"),
    Rule("PATCH DELETE", "/v1/templates/{template_id}", "nothing", "nothing", "all"),
    Rule("GET POST", "/v1/webhooks", "nothing", "nothing", "all"),
    Rule("GET", "/v1/webhooks/deliveries", "nothing", "nothing", "all"),
    Rule("POST", "/v1/webhooks/deliveries/{delivery_id}/replay", "nothing", "nothing", "all"),
    Rule("POST", "/v1/webhooks/{webhook_id}/test", "nothing", "nothing", "all"),
    Rule("PATCH DELETE", "/v1/webhooks/{webhook_id}", "nothing", "nothing", "all"),
    Rule("POST", "/v1/teams", "nothing", "nothing", "all"),
    Rule("GET", "/v1/teams/{team_id}/members", "all", "all", "all"),
    Rule("POST", "/v1/teams/{team_id}/members", "nothing", "nothing", "all"),
    Rule("GET", "/v1/test", "all", "all", "all"),
    Rule("GET", "/v1/api/loops", "all", "all", "all"),
    Rule("POST", "/v1/api/loops", "all", "nothing", "all"),
    Rule("GET", _LOOP, "all", "all", "all"),
    Rule("PUT DELETE", _LOOP, "all", "nothing", "all"),
    Rule("GET", f"{_LOOP}/members", "all", "all", "all"),
    Rule("DELETE", f"{_LOOP}/members/{{user_id}}", "all", "nothing", "all"),
    Rule("GET", f"{_LOOP}/requests", "all", "all", "all"),
    Rule("POST", f"{_LOOP}/requests", "all", "nothing", "all"),
    Rule("GET", "/v1/api/requests", "all", "all", "all"),
    Rule("GET", _REQUEST, "all", "all", "all"),
    Rule("PATCH DELETE", _REQUEST, "all", "nothing", "all"),
    Rule("POST", f"{_REQUEST}/feedback", "all", "nothing", "all"),
    Rule("GET", "/v1/api/sessions", "all", "all", "all"),
    Rule("POST", "/v1/api/sessions", "all", "nothing", "all"),
    Rule("GET", _SESSION, "all", "all", "all"),
    Rule("PUT", _SESSION, "all", "nothing", "all"),
    Rule("POST", f"{_SESSION}/pause", "all", "nothing", "all"),
    Rule("POST", f"{_SESSION}/resume", "all", "nothing", "all"),
    Rule("POST", f"{_SESSION}/complete", "all", "nothing", "all"),
    Rule("GET", f"{_SESSION}/turns", "all", "all", "all"),
    Rule("POST", f"{_SESSION}/turns", "all", "nothing", "all"),
    Rule("GET", _TURN, "all", "all", "all"),
    Rule("PUT", _TURN, "nothing", "nothing", "nothing"),  # a decision
    Rule("GET", f"{_TURN}/wait", "all", "all", "all"),
    Rule("POST", f"{_TURN}/action", "all", "nothing", "all"),
    Rule("POST", "/v1/upload/image", "all", "nothing", "all"),
    Rule("POST", "/v1/upload/document", "all", "nothing", "all"),
    Rule("POST", "/v1/workflows/{name}/trigger", "all", "nothing", "all"),
    Rule("POST", "/v1/workflows/webhook/{name}", "all", "nothing", "all"),
)

AskerOf: TypeAlias = Callable[[str], "str | None"]
"""Returns the id of the key that asked for a review; None for an unknown review, or one of no key."""


class Scopes:
    """Judges the requests of keys."""

    def __init__(self, asker_of: AskerOf) -> None:
        """Tell reviews of one key from those of others by `asker_of`."""
        self._asker_of = asker_of
        self._rules = [
            (re.compile(re.sub(r"\{[^}]+\}", "[^/]+", rule.path), re.DOTALL), rule.methods.split(), rule)
            for rule in RULES
        ]

    def __call__(self, request: Request, caller: Caller) -> str | None:
        """Refuse what a key may not do with 404; return its id if it may see only what it has asked itself."""
        path = route_path(request.scope)
        method = "GET" if request.method == "HEAD" else request.method
        at_path = [(methods, rule) for form, methods, rule in self._rules if form.fullmatch(path)]
        if not at_path:
            raise ApiError(404, "not_found", f"there is nothing at {path[:128]}; /openapi.yaml lists what there is")
        rule = next((rule for methods, rule in at_path if method in methods), None)
        if rule is None or caller.actor is None:
            return None  # no route has this method
        reach = rule.reach(caller.scopes)
        if reach == "nothing":
            held = ", ".join(sorted(caller.scopes))
            raise ApiError(404, "not_found", f"there is nothing here for this key, whose scope is {held}")
        if reach == "all":
            return None
        if "{review_id}" in rule.path:
            review_id = path.split("/")[3]
            if self._asker_of(review_id) != caller.actor.id:
                raise not_found("review", review_id)
        return caller.actor.id
