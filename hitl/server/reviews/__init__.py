"""Generation A of the API: reviews, their templates, and the people who answer them.

`service` holds the rules, `lifecycle` the states, the stores the SQL, `routes` the API. The inbox, `hitl.testing` and
the composition root use this room.
"""

from __future__ import annotations

from hitl.server.reviews.held_answer_store import HeldAnswer
from hitl.server.reviews.lifecycle import FINAL, OPEN
from hitl.server.reviews.list_query import ReviewQuery
from hitl.server.reviews.list_store import Place
from hitl.server.reviews.schemas import PRIORITIES
from hitl.server.reviews.service import ReviewService
from hitl.server.reviews.shown import shown_digest

__all__ = ["FINAL", "OPEN", "PRIORITIES", "HeldAnswer", "Place", "ReviewQuery", "ReviewService", "shown_digest"]
