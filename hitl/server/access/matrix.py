"""Who may open which page: one table, from which the tests of every cell are made. What is not in it, nobody may open.

`access` finds the row of a request before any handler sees it. A page that one may not see and a page that does not
exist are one answer, 404.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from starlette.routing import compile_path

from hitl.server.primitives import Actor

Least: TypeAlias = Literal["anyone", "reviewer", "lead", "admin"]

Own: TypeAlias = Literal["", "review", "to answer", "batch"]

_RANKS: Final[dict[str, int]] = {"reviewer": 1, "lead": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table.

    Attributes:
        methods: `GET` stands for HEAD, too.
        path: A pattern of Starlette's, below the prefix of the public URL.
        least: The role from which on it may be opened; "anyone" needs no session.
        by_link: Whether a session for one review may open it, for that review.
        own: What must be a reviewer's own, though not a lead's: the review, assigned to him or to nobody, or the batch
            of answers, given by him. "to answer" opens the page of another's review, but only to read.
    """

    methods: tuple[str, ...]
    path: str
    least: Least
    by_link: bool = False
    own: Own = ""

    def match(self, path: str) -> dict[str, str] | None:
        """Return the parameters of a path; None for another path."""
        found = _pattern(self.path).fullmatch(path)
        return None if found is None else found.groupdict()

    def allows(self, actor: Actor, parameters: dict[str, str]) -> bool:
        """Return whether somebody who is signed in may open it; what is `own` is checked beside it."""
        if self.least == "anyone":
            return True
        if actor.review_id is not None:
            return self.by_link and parameters.get("review_id", actor.review_id) == actor.review_id
        return _RANKS.get(actor.role or "", 0) >= _RANKS[self.least]

    def must_own(self, actor: Actor) -> Own:
        """Return what of this must be an actor's own."""
        return self.own if actor.role == "reviewer" or actor.review_id is not None else ""


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return compile_path(path)[0]


_READ: Final = ("GET",)
_SEND: Final = ("POST",)
_FORM: Final = ("GET", "POST")  # a form's address: GET, as after a reload, leads to its page

RULES: Final[tuple[Rule, ...]] = (
    Rule(_READ, "/inbox/static/{path:path}", "anyone"),
    Rule(_FORM, "/enter/{token}", "anyone"),
    Rule(_FORM, "/m/{token}", "anyone"),
    Rule(_SEND, "/enter/{token}/again", "anyone"),
    Rule(_SEND, "/m/{token}/again", "anyone"),
    Rule(_FORM, "/signin", "anyone"),
    Rule(_SEND, "/signout", "reviewer", by_link=True),
    Rule(_READ, "/inbox", "reviewer"),
    Rule(_READ, "/inbox/", "reviewer"),
    Rule(_READ, "/inbox/events", "reviewer"),
    Rule(_READ, "/inbox/export.csv", "reviewer"),
    Rule(_READ, "/inbox/keys", "reviewer", by_link=True),
    Rule(_FORM, "/inbox/me", "reviewer"),
    Rule(_FORM, "/inbox/views", "reviewer"),
    Rule(_FORM, "/inbox/views/{number}/delete", "reviewer"),
    Rule(_FORM, "/inbox/preview", "reviewer", by_link=True),
    Rule(_FORM, "/inbox/pictures", "reviewer", by_link=True),
    Rule(_READ, "/inbox/reviews/{review_id}", "reviewer", by_link=True, own="to answer"),
    Rule(_READ, "/inbox/reviews/{review_id}/done", "reviewer", by_link=True),
    Rule(_READ, "/inbox/reviews/{review_id}/table", "reviewer", by_link=True),
    Rule(_FORM, "/inbox/reviews/{review_id}/look", "reviewer", by_link=True),
    Rule(_READ, "/inbox/reviews/{review_id}/answer", "reviewer", by_link=True),
    Rule(_SEND, "/inbox/reviews/{review_id}/answer", "reviewer", by_link=True, own="review"),
    Rule(_READ, "/inbox/reviews/{review_id}/start", "reviewer", by_link=True),
    Rule(_SEND, "/inbox/reviews/{review_id}/start", "reviewer", by_link=True, own="review"),
    Rule(_READ, "/inbox/undo/{batch}", "reviewer", by_link=True),
    Rule(_SEND, "/inbox/undo/{batch}", "reviewer", by_link=True, own="batch"),
    Rule(_READ, "/inbox/requests", "reviewer"),
    Rule(_READ, "/inbox/requests/export.csv", "reviewer"),
    Rule(_READ, "/inbox/requests/{request_id}", "reviewer"),
    Rule(_FORM, "/inbox/requests/{request_id}/answer", "reviewer"),
    Rule(_FORM, "/inbox/requests/{request_id}/look", "reviewer"),
    Rule(_READ, "/inbox/requests/{request_id}/table", "reviewer"),
    Rule(_FORM, "/inbox/requests/undo/{batch}", "reviewer"),
    Rule(_FORM, "/inbox/requests/{request_id}/claim", "reviewer"),
    Rule(_READ, "/inbox/sessions", "reviewer"),
    Rule(_FORM, "/inbox/sessions/others/end", "reviewer"),
    Rule(_FORM, "/inbox/sessions/{session_id}/end", "reviewer"),
    Rule(_FORM, "/inbox/bulk", "lead"),
    Rule(_READ, "/inbox/deliveries", "lead"),
    Rule(_FORM, "/inbox/deliveries/{delivery_id}/replay", "lead"),
    Rule(_READ, "/inbox/api-keys", "admin"),
    Rule(_FORM, "/inbox/api-keys/create", "admin"),
    Rule(_FORM, "/inbox/api-keys/{key_id}/revoke", "admin"),
    Rule(_READ, "/inbox/people", "admin"),
    Rule(_FORM, "/inbox/people/invite", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/role", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/link", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/disable", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/enable", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/signout", "admin"),
    Rule(_READ, "/inbox/people/{person_id}/sessions", "admin"),
    Rule(_FORM, "/inbox/people/{person_id}/sessions/{session_id}/end", "admin"),
)


def rule_of(method: str, path: str) -> tuple[Rule, dict[str, str]] | None:
    """Return the row of a request and the parameters of its path; None if nobody may open that."""
    method = "GET" if method == "HEAD" else method
    for rule in RULES:
        if method in rule.methods and (parameters := rule.match(path)) is not None:
            return rule, parameters
    return None
