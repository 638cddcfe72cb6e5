"""Waiting for people: shared polls, paced by what is left of the rate limit, ended early by webhooks.

For the methods of the clients.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitl._lazy import lazy_names

if TYPE_CHECKING:
    from hitl._waiting.arguments import WaitOptions, subject, subjects, wait_options
    from hitl._waiting.as_completed import AsCompleted, AsyncCompletions, Completions
    from hitl._waiting.decision_cursor import DecisionFilter, position
    from hitl._waiting.decision_watch import DecisionWatch
    from hitl._waiting.decisions import (
        AsyncDecisions,
        CursorStore,
        Decisions,
        HandledDecisions,
        Handlers,
        cursor_store,
    )
    from hitl._waiting.kinds import REQUESTS, REVIEWS
    from hitl._waiting.outcomes import answer_of
    from hitl._waiting.rate_limit import WaitBudgetWarning
    from hitl._waiting.return_when import ALL, ANY_REJECTED, FIRST, ReturnWhen
    from hitl._waiting.waits import WaitRegistry, wait_for_many, wait_for_one

__all__ = [
    "ALL",
    "ANY_REJECTED",
    "FIRST",
    "REQUESTS",
    "REVIEWS",
    "AsCompleted",
    "AsyncCompletions",
    "AsyncDecisions",
    "Completions",
    "CursorStore",
    "DecisionFilter",
    "DecisionWatch",
    "Decisions",
    "HandledDecisions",
    "Handlers",
    "ReturnWhen",
    "WaitBudgetWarning",
    "WaitOptions",
    "WaitRegistry",
    "answer_of",
    "cursor_store",
    "position",
    "subject",
    "subjects",
    "wait_for_many",
    "wait_for_one",
    "wait_options",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "arguments": ("WaitOptions", "subject", "subjects", "wait_options"),
        "as_completed": ("AsCompleted", "AsyncCompletions", "Completions"),
        "decision_cursor": ("DecisionFilter", "position"),
        "decision_watch": ("DecisionWatch",),
        "decisions": ("AsyncDecisions", "CursorStore", "Decisions", "HandledDecisions", "Handlers", "cursor_store"),
        "kinds": ("REQUESTS", "REVIEWS"),
        "outcomes": ("answer_of",),
        "rate_limit": ("WaitBudgetWarning",),
        "return_when": ("ALL", "ANY_REJECTED", "FIRST", "ReturnWhen"),
        "waits": ("WaitRegistry", "wait_for_many", "wait_for_one"),
    },
)
